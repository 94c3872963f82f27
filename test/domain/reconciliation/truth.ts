/** A ledger and a report that agree, into which differences are planted of which the truth is known. */
import type { BreakKind } from '../../../src/domain/reconciliation/break.ts';
import type { LedgerAttempt } from '../../../src/domain/reconciliation/ledger-attempt.ts';
import type { StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';

export const DAY = '2026-11-18';

/** mulberry32: small, seeded, the same on every machine. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const result = [...items];
  for (let index = result.length - 1; index > 0; index -= 1) {
    const other = Math.floor(random() * (index + 1));
    [result[index], result[other]] = [result[other] as T, result[index] as T];
  }
  return result;
}

export function attempt(no: number, changes: Partial<LedgerAttempt> = {}): LedgerAttempt {
  return {
    payout_id: BigInt(no),
    attempt_no: 1,
    batch: null,
    rail: 'IMPS',
    reference_id: `ref-${String(no).padStart(5, '0')}`,
    provider_reference: `ref-${String(no).padStart(5, '0')}`,
    provider_id: `po_${no}`,
    utr: `UTR${String(no).padStart(9, '0')}`,
    return_utr: null,
    provider_beneficiary_id: `ben_${no % 7}`,
    amount_minor: 100_00n + BigInt(no % 50) * 50n,
    currency: 'INR',
    fee_minor: 350n,
    tax_minor: 63n,
    state: 'paid',
    paid: true,
    returned: false,
    submitted_on: DAY,
    paid_on: DAY,
    returned_on: null,
    failed_on: null,
    ...changes,
  };
}

let nextLine = 0n;

/** The line that agrees with an attempt; its content follows from what it says. */
export function lineOf(from: LedgerAttempt, changes: Partial<StatementLine> = {}): StatementLine {
  const status = from.returned
    ? 'reversed'
    : from.paid
      ? 'success'
      : from.state === 'failed'
        ? 'failed'
        : 'in_flight';
  const line: StatementLine = {
    line_id: 0n,
    statement_ids: [1n],
    content: '',
    occurrence: 1,
    provider_id: from.provider_id,
    provider_reference: from.provider_reference,
    utr: from.utr,
    provider_beneficiary_id: from.provider_beneficiary_id,
    kind: 'payout',
    amount_minor: from.amount_minor,
    currency: from.currency,
    fee_minor: from.fee_minor,
    tax_minor: from.tax_minor,
    status,
    status_word: { success: 'SUCCESS', failed: 'FAILED', reversed: 'REVERSED', in_flight: 'PROCESSING' }[
      status
    ],
    stated_at: `${DAY}T06:00:00.000Z`,
    stated_on: DAY,
    ...changes,
  };
  const { line_id: _, statement_ids: __, content: ___, occurrence: ____, ...said } = line;
  nextLine += 1n;
  const content = JSON.stringify(said, (_key, value) =>
    typeof value === 'bigint' ? value.toString() : value,
  );
  return { ...line, line_id: changes.line_id ?? nextLine, content };
}

export interface Truth {
  attempts: LedgerAttempt[];
  lines: StatementLine[];
  /** `kind reference` of every break that there has to be, sorted. */
  planted: string[];
}

const PLANTS = [
  'none',
  'missing_on_statement',
  'in_transit_overdue',
  'missing_in_ledger',
  'amount_differs',
  'currency_differs',
  'status_differs',
  'utr_differs',
  'fee_differs',
  'duplicate_on_statement',
  'ambiguous',
  'two_differences',
  'returned_only',
  'returned_both',
  'failed',
  'retried',
  'in_flight',
  'charged_apart',
  'charged_twice',
  'other_kinds',
  'bulk_of_batch',
  'bulk_of_part',
  'bulk_amount',
  'bulk_copy',
  'bulk_of_day',
  'bulk_of_beneficiary',
  'bulk_ambiguous',
  'bulk_returned',
  'bulk_gives_back',
  'bulk_gives_back_other',
  'bulk_gives_back_unknown',
  'bulk_gives_back_ambiguous',
] as const;

/** `count` payouts; about one in four carries a difference or a story of its own. */
export function plant(
  seed: number,
  count: number,
  stories: readonly (typeof PLANTS)[number][] = PLANTS,
): Truth {
  const random = randomOf(seed);
  const truth: Truth = { attempts: [], lines: [], planted: [] };
  for (let no = 1; no <= count; no += 1) {
    const plants = stories[Math.floor(random() * stories.length)] ?? 'none';
    plantOne(truth, no, random() < 0.7 ? 'none' : plants, random);
  }
  truth.attempts = shuffled(truth.attempts, random);
  truth.lines = shuffled(truth.lines, random);
  truth.planted.sort();
  return truth;
}

function plantOne(truth: Truth, no: number, what: (typeof PLANTS)[number], random: () => number): void {
  const ours = attempt(no);
  const expect = (kind: BreakKind, reference = ours.reference_id) =>
    truth.planted.push(`${kind} ${reference}`);
  const add = (attempts: LedgerAttempt[], lines: StatementLine[]): void => {
    truth.attempts.push(...attempts);
    truth.lines.push(...lines);
  };
  // Any of the names is enough, each in turn.
  const nameless = [{}, { provider_id: null }, { provider_id: null, provider_reference: null }][
    Math.floor(random() * 3)
  ];
  switch (what) {
    case 'none':
      add([ours], [lineOf(ours, nameless)]);
      return;
    case 'missing_on_statement':
      expect('missing_on_statement');
      add([ours], []);
      return;
    case 'in_transit_overdue':
      expect('in_transit_overdue');
      add([attempt(no, { state: 'pending', paid: false, paid_on: null })], []);
      return;
    case 'missing_in_ledger':
      // Everything but the names is that of a payout of ours.
      expect('missing_in_ledger', `alien-${no}`);
      add(
        [ours],
        [lineOf(ours), lineOf(ours, { provider_id: `alien_${no}`, provider_reference: `alien-${no}` })],
      );
      return;
    case 'amount_differs':
      expect('amount_differs');
      add([ours], [lineOf(ours, { ...nameless, amount_minor: ours.amount_minor + 1n })]);
      return;
    case 'currency_differs':
      expect('currency_differs');
      add([ours], [lineOf(ours, { currency: 'USD' })]);
      return;
    case 'status_differs':
      expect('status_differs');
      add([ours], [lineOf(ours, { status: 'failed', status_word: 'FAILED' })]);
      return;
    case 'utr_differs':
      expect('utr_differs');
      add([ours], [lineOf(ours, { utr: `X${no}` })]);
      return;
    case 'fee_differs':
      expect('fee_differs');
      add([ours], [lineOf(ours, { fee_minor: 351n, tax_minor: null })]);
      return;
    case 'duplicate_on_statement':
      expect('duplicate_on_statement');
      add([ours], [lineOf(ours), lineOf(ours, { occurrence: 2 })]);
      return;
    case 'ambiguous': {
      // Two payouts that are alike in everything, and a line that names neither.
      const twin = attempt(no + 100_000, { provider_beneficiary_id: `twin_${no}`, amount_minor: 7n });
      const other = attempt(no + 200_000, { provider_beneficiary_id: `twin_${no}`, amount_minor: 7n });
      const unnamed = { provider_id: null, provider_reference: null, utr: null };
      expect('ambiguous', '-');
      add([ours, twin, other], [lineOf(ours), lineOf(twin, unnamed)]);
      return;
    }
    case 'two_differences':
      expect('amount_differs');
      expect('utr_differs');
      add([ours], [lineOf(ours, { amount_minor: 1n, utr: `X${no}` })]);
      return;
    case 'returned_only':
    case 'returned_both': {
      const back = attempt(no, { state: 'returned', returned: true, returned_on: DAY });
      const lines = what === 'returned_both' ? [lineOf(back), lineOf(ours)] : [lineOf(back)];
      add([back], lines);
      return;
    }
    case 'failed': {
      const failed = attempt(no, { state: 'failed', paid: false, paid_on: null, failed_on: DAY, utr: null });
      add([failed], [lineOf(failed)]);
      return;
    }
    case 'retried': {
      const first = attempt(no, { state: 'failed', paid: false, paid_on: null, failed_on: DAY, utr: null });
      const names = {
        attempt_no: 2,
        provider_reference: `${ours.reference_id}.r2`,
        provider_id: `po_${no}_2`,
      };
      const second = attempt(no, names);
      add([first, second], [lineOf(first), lineOf(second)]);
      return;
    }
    case 'charged_apart':
    case 'charged_twice':
    case 'other_kinds':
      plantCharges(truth, ours, what);
      return;
    case 'in_flight': {
      const open = attempt(no, {
        state: 'pending',
        paid: false,
        paid_on: null,
        submitted_on: '2026-11-20',
        utr: null,
      });
      add([open], [lineOf(open)]);
      return;
    }
    default:
      plantBulk(truth, no, what, random);
  }
}

/** Rows that are about no payout, or about what one has cost. */
function plantCharges(
  truth: Truth,
  ours: LedgerAttempt,
  what: 'charged_apart' | 'charged_twice' | 'other_kinds',
): void {
  const gross = { fee_minor: null, tax_minor: null };
  const row = (kind: 'fee' | 'tax' | 'funding', amount: bigint, changes: Partial<StatementLine> = {}) =>
    lineOf(ours, { ...gross, kind, amount_minor: amount, ...changes });
  truth.attempts.push(ours);
  if (what === 'other_kinds') {
    const unnamed = { provider_id: null, provider_reference: null, utr: null };
    truth.lines.push(lineOf(ours), row('fee', 590n, unnamed), row('funding', -5_000_00n, unnamed));
    return;
  }
  truth.lines.push(lineOf(ours, gross), row('fee', 350n), row('tax', 63n));
  if (what === 'charged_twice') {
    truth.lines.push(row('fee', 350n, { occurrence: 2 }));
    truth.planted.push(`fee_differs ${ours.reference_id}`);
  }
}

/** Payouts that a bank debits at once: two to six of them, of amounts of which no two sets add up to the same. */
function plantBulk(
  truth: Truth,
  no: number,
  what: Extract<(typeof PLANTS)[number], `bulk_${string}`>,
  random: () => number,
): void {
  const count = 2 + Math.floor(random() * 5);
  const batch = `batch-${no}`;
  // A day of its own for each, so that the payouts of one are no candidates of the other.
  const day = what === 'bulk_of_day' ? new Date(no * 86_400_000).toISOString().slice(0, 10) : DAY;
  const members = Array.from({ length: what.endsWith('ambiguous') ? 4 : count }, (_, index) =>
    attempt(no + (index + 3) * 1_000_000, {
      batch,
      provider_beneficiary_id: what === 'bulk_of_day' ? `ben_${no}_${index}` : `bulk_${no}`,
      // 3, 5, 2 and 6: two pairs of them are 8.
      amount_minor: what.endsWith('ambiguous')
        ? ([300n, 500n, 200n, 600n][index] ?? 1n)
        : 10_000_000n + BigInt(Math.floor(random() * 1e12)),
      paid_on: day,
      submitted_on: day,
    }),
  );
  truth.attempts.push(...members);
  const sum = (of: readonly LedgerAttempt[]) => of.reduce((all, each) => all + each.amount_minor, 0n);
  const bulk = (of: readonly LedgerAttempt[], changes: Partial<StatementLine> = {}) =>
    lineOf(attempt(no), {
      provider_id: null,
      provider_reference: batch,
      utr: null,
      provider_beneficiary_id: null,
      fee_minor: null,
      tax_minor: null,
      amount_minor: sum(of),
      stated_on: day,
      ...changes,
    });
  const [first, ...others] = members;
  if (!first) return;
  switch (what) {
    case 'bulk_of_batch':
      // One of them has a line of its own.
      truth.lines.push(bulk(others), lineOf(first));
      return;
    case 'bulk_of_part':
      truth.lines.push(bulk(others));
      truth.planted.push(`missing_on_statement ${first.reference_id}`);
      return;
    case 'bulk_amount':
      truth.lines.push(bulk(members, { amount_minor: sum(members) + 1n }));
      truth.planted.push(`amount_differs ${batch}`);
      return;
    case 'bulk_copy':
      truth.lines.push(bulk(members), bulk(members, { occurrence: 2 }));
      truth.planted.push(`duplicate_on_statement ${batch}`);
      return;
    case 'bulk_of_day':
      truth.lines.push(bulk(members, { provider_reference: null }));
      return;
    case 'bulk_of_beneficiary':
      truth.lines.push(bulk(members, { provider_reference: null, provider_beneficiary_id: `bulk_${no}` }));
      return;
    case 'bulk_ambiguous':
      truth.lines.push(
        bulk(members, {
          provider_reference: null,
          provider_beneficiary_id: `bulk_${no}`,
          amount_minor: 800n,
        }),
      );
      truth.planted.push('ambiguous -');
      return;
    case 'bulk_returned': {
      const back = { ...first, state: 'returned', returned: true, returned_on: DAY } as const;
      truth.attempts.splice(truth.attempts.indexOf(first), 1, back);
      truth.lines.push(bulk(members), lineOf(back));
      return;
    }
    // Each member has left by a line of its own, and came back with the others by one.
    case 'bulk_gives_back':
    case 'bulk_gives_back_other':
    case 'bulk_gives_back_unknown':
    case 'bulk_gives_back_ambiguous': {
      truth.lines.push(...members.map((each) => lineOf(each)));
      const back = { status: 'reversed', status_word: 'REVERSED' } as const;
      if (what === 'bulk_gives_back_unknown') {
        truth.lines.push(bulk(members, back));
        truth.planted.push(`missing_in_ledger ${batch}`);
        return;
      }
      const cameBack = { state: 'returned', returned: true, returned_on: day } as const;
      truth.attempts.splice(-members.length, members.length, ...members.map((m) => ({ ...m, ...cameBack })));
      if (what === 'bulk_gives_back_ambiguous') {
        // By 8 of 3, 5, 2 and 6: that it is one of two pairs is told once, and no return of them is called missing.
        truth.lines.push(bulk(members, { ...back, amount_minor: 800n }));
        truth.planted.push(`ambiguous ${batch}`);
        return;
      }
      const differs = what === 'bulk_gives_back_other';
      truth.lines.push(bulk(members, { ...back, amount_minor: sum(members) + (differs ? 1n : 0n) }));
      if (differs) truth.planted.push(`amount_differs ${batch}`);
    }
  }
}
