/**
 * What the independent provider knows: beneficiaries, payouts and a balance, in memory and in paise. Written from the
 * wire contract alone and sharing no line with payrun, so that a mistake of one is not excused by the other.
 */
import { createHash } from 'node:crypto';

const LAKH = 1_00_000_00;
const IST_MS = 5.5 * 3_600_000;

/** Fees in paise; what the last two digits of an amount bring about. */
export const DEFAULTS = {
  opening_balance: 1_000_000_000_00,
  settle_ms: 0,
  reverse_ms: 0,
  fee: 500,
  tax: 90,
  duplicates: '409',
  penny_drop: 'VERIFIED',
  outcomes: {
    13: { status: 'FAILED', reason: 'Beneficiary account is closed' },
    17: { status: 'FAILED', reason: 'Beneficiary bank is offline' },
    19: { status: 'REVERSED', reason: 'Returned by the beneficiary bank' },
    29: { status: 'PROCESSING' },
  },
};

export function createBooks(options) {
  const settings = { ...DEFAULTS, ...options };
  return {
    settings,
    balance: settings.opening_balance,
    beneficiaries: new Map(),
    beneficiaryByAccount: new Map(),
    payouts: [],
    byId: new Map(),
    byReference: new Map(),
    /** In the order in which they fall due, since all wait equally long. */
    settling: [],
    reversing: [],
    /** What a client must never do, in words. */
    violations: [],
  };
}

export const iso = (ms) => new Date(ms).toISOString();

/** Lets everything happen that has fallen due. */
export function advance(books, now) {
  while (books.settling.length > 0 && books.settling[0].due <= now)
    settle(books, books.settling.shift(), now);
  while (books.reversing.length > 0 && books.reversing[0].due <= now) {
    const { payout } = books.reversing.shift();
    payout.status = 'REVERSED';
    payout.failure_reason = outcomeOf(books, payout).reason;
    books.balance += payout.paise;
    payout.reversed_at = stamp(payout, now);
  }
}

function settle(books, { payout }, now) {
  const { status, reason } = outcomeOf(books, payout);
  if (status === 'PROCESSING') {
    payout.status = 'PROCESSING';
    stamp(payout, now);
    return;
  }
  const at = stamp(payout, now);
  payout.completed_at = at;
  if (status === 'FAILED') {
    payout.status = 'FAILED';
    payout.failure_reason = reason;
    books.balance += payout.paise;
    return;
  }
  payout.status = 'SUCCESS';
  payout.utr = `4${String(payout.seq).padStart(11, '0')}`;
  payout.fee = books.settings.fee;
  payout.tax = books.settings.tax;
  books.balance -= payout.fee + payout.tax;
  if (status === 'REVERSED') books.reversing.push({ payout, due: now + books.settings.reverse_ms });
}

function outcomeOf(books, payout) {
  const ending = String(payout.paise % 100).padStart(2, '0');
  return books.settings.outcomes[ending] ?? { status: 'SUCCESS' };
}

function stamp(payout, now) {
  payout.updated_at = iso(now);
  payout.changed_on.add(iso(now + IST_MS).slice(0, 10));
  return payout.updated_at;
}

const refuse = (status, code, message, more = {}) => ({
  status,
  body: { error: { code, message }, ...more },
});

export function register(books, body) {
  if (typeof body.name !== 'string' || body.name === '')
    return refuse(422, 'INVALID_NAME', 'name is required');
  const bank = typeof body.account_number === 'string' && /^[A-Z]{4}0[A-Z0-9]{6}$/.test(body.ifsc ?? '');
  const vpa = typeof body.vpa === 'string' && body.vpa.includes('@');
  if (bank === vpa) return refuse(422, 'INVALID_BENEFICIARY', 'give account_number and ifsc, or vpa');
  const key = bank ? `${body.account_number} ${body.ifsc}` : body.vpa.toLowerCase();
  const known = books.beneficiaryByAccount.get(key);
  if (known)
    return refuse(409, 'BENEFICIARY_EXISTS', 'registered already', { beneficiary_id: known.beneficiary_id });
  const beneficiary = {
    beneficiary_id: `bene_${books.beneficiaries.size + 1}`,
    name: body.name,
    status: books.settings.penny_drop,
    registered_name: books.settings.penny_drop === 'VERIFIED' ? body.name.toUpperCase() : null,
    ...(bank ? { account_last4: body.account_number.slice(-4), ifsc: body.ifsc } : {}),
    failure_reason: books.settings.penny_drop === 'FAILED' ? 'Account is blocked' : null,
  };
  books.beneficiaries.set(beneficiary.beneficiary_id, { ...beneficiary, vpa });
  books.beneficiaryByAccount.set(key, beneficiary);
  return { status: 201, body: beneficiary };
}

export function beneficiary(books, id) {
  const found = books.beneficiaries.get(id);
  if (!found) return refuse(404, 'NOT_FOUND', 'no such beneficiary');
  const { vpa: _, ...shown } = found;
  return { status: 200, body: shown };
}

/** `raw` is the body as it came: the same reference has to come with the same bytes each time. */
export function pay(books, body, raw, now) {
  const reference = body.reference_id;
  if (typeof reference !== 'string' || !/^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/.test(reference))
    return refuse(400, 'BAD_REQUEST', 'reference_id is malformed');
  const sha = createHash('sha256').update(raw).digest('hex');
  const earlier = books.byReference.get(reference);
  if (earlier) {
    earlier.asked += 1;
    if (earlier.sha !== sha) books.violations.push(`${reference} came again with other bytes`);
    const again =
      books.settings.duplicates === '200' || (books.settings.duplicates === 'mixed' && earlier.seq % 2 === 0);
    return again
      ? { status: 200, body: wire(earlier) }
      : refuse(409, 'DUPLICATE_REFERENCE', 'this reference was used before');
  }
  const problem = problemOf(books, body);
  return problem ?? accept(books, body, sha, now);
}

function problemOf(books, body) {
  const known = books.beneficiaries.get(body.beneficiary_id);
  if (!known) return refuse(422, 'INVALID_BENEFICIARY', 'no such beneficiary');
  const { amount, mode } = body;
  if (typeof amount !== 'number' || !(amount > 0) || !/^\d+(\.\d{1,2})?$/.test(String(amount)))
    return refuse(422, 'INVALID_AMOUNT', 'rupees with at most two decimals');
  if (!['IMPS', 'NEFT', 'RTGS', 'UPI'].includes(mode) || (mode === 'UPI') !== known.vpa)
    return refuse(422, 'INVALID_MODE', `${mode} does not reach this beneficiary`);
  const paise = Math.round(amount * 100);
  const most = { IMPS: 5 * LAKH, UPI: LAKH }[mode] ?? Number.POSITIVE_INFINITY;
  if (paise > most || (mode === 'RTGS' && paise < 2 * LAKH))
    return refuse(422, 'LIMIT_EXCEEDED', `outside the limits of ${mode}`);
  if (body.narration !== undefined && String(body.narration).length > 100)
    return refuse(400, 'BAD_REQUEST', 'narration is too long');
  if (paise > books.balance) return refuse(402, 'INSUFFICIENT_FUNDS', 'the balance is too low');
  return null;
}

function accept(books, body, sha, now) {
  const seq = books.payouts.length + 1;
  const payout = {
    seq,
    sha,
    asked: 1,
    payout_id: `pout_${seq}`,
    reference_id: body.reference_id,
    beneficiary_id: body.beneficiary_id,
    paise: Math.round(body.amount * 100),
    mode: body.mode,
    status: 'QUEUED',
    utr: null,
    fee: null,
    tax: null,
    failure_reason: null,
    created_at: iso(now),
    completed_at: null,
    reversed_at: null,
    updated_at: iso(now),
    changed_on: new Set(),
  };
  stamp(payout, now);
  if (books.byReference.has(payout.reference_id))
    books.violations.push(`${payout.reference_id} was made twice`);
  books.balance -= payout.paise;
  books.payouts.push(payout);
  books.byId.set(payout.payout_id, payout);
  books.byReference.set(payout.reference_id, payout);
  books.settling.push({ payout, due: now + books.settings.settle_ms });
  return { status: 202, body: wire(payout), payout };
}

const rupees = (paise) => (paise === null ? null : paise / 100);

export function wire(payout) {
  const { payout_id, reference_id, beneficiary_id, mode, status, utr, failure_reason } = payout;
  const { created_at, completed_at, reversed_at, updated_at } = payout;
  const money = {
    amount: rupees(payout.paise),
    currency: 'INR',
    fee: rupees(payout.fee),
    tax: rupees(payout.tax),
  };
  const times = { created_at, completed_at, reversed_at, updated_at };
  return { payout_id, reference_id, beneficiary_id, ...money, mode, status, utr, failure_reason, ...times };
}

export function one(books, id) {
  const payout = books.byId.get(id);
  return payout ? { status: 200, body: wire(payout) } : refuse(404, 'NOT_FOUND', 'no such payout');
}

/** Newest first; the cursor is the number below which the next page begins. */
export function list(books, query) {
  const reference = query.get('reference_id');
  if (reference !== null) {
    const payout = books.byReference.get(reference);
    return { status: 200, body: { data: payout ? [wire(payout)] : [], next_cursor: null } };
  }
  const limit = Math.min(Number(query.get('limit') ?? 100), 500);
  const [from, to, status] = [query.get('from'), query.get('to'), query.get('status')];
  const data = [];
  let next = null;
  for (let seq = Number(query.get('cursor') ?? books.payouts.length); seq > 0; seq -= 1) {
    const payout = books.payouts[seq - 1];
    if (status !== null && payout.status !== status) continue;
    if (from !== null && Date.parse(payout.updated_at) < Date.parse(from)) continue;
    if (to !== null && Date.parse(payout.updated_at) >= Date.parse(to)) continue;
    if (data.length === limit) {
      next = String(seq);
      break;
    }
    data.push(wire(payout));
  }
  return { status: 200, body: { data, next_cursor: next } };
}

const COLUMNS =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';

export function report(books, date) {
  const rows = books.payouts
    .filter((payout) => payout.changed_on.has(date))
    .map((payout) => {
      const shown = wire(payout);
      const fixed = (value) => (value === null ? '' : value.toFixed(2));
      const values = { ...shown, amount: fixed(shown.amount), fee: fixed(shown.fee), tax: fixed(shown.tax) };
      return COLUMNS.split(',')
        .map((name) => cell(values[name] ?? ''))
        .join(',');
    });
  return { count: rows.length, text: [COLUMNS, ...rows].map((line) => `${line}\r\n`).join('') };
}

const cell = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

/** A final status that becomes another one, as no honest provider does. */
export function rewrite(books, reference, status) {
  const payout = books.byReference.get(reference);
  payout.status = status;
  payout.updated_at = iso(Date.now());
}

/** Everything that an auditor needs, in paise. */
export function audit(books) {
  return {
    balance: books.balance,
    opening_balance: books.settings.opening_balance,
    moved: books.balance - books.settings.opening_balance,
    beneficiaries: [...books.beneficiaries.values()],
    violations: books.violations,
    payouts: books.payouts.map(({ changed_on: _, sha: __, ...payout }) => payout),
  };
}
