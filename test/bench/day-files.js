/** A provider's report and a list of ours of the same payouts, shuffled, with a few of each kind of difference. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';

const REPORT =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';
// As `payout list --format csv` writes it, the account masked.
const OURS =
  'reference_id,batch,row,beneficiary_ref,beneficiary_name,account,amount,currency,rail,state,provider,provider_id,provider_reference,provider_status,utr,return_utr,fee,tax,failure_code,failure_reason,attempts,created_at,updated_at,submitted_at,paid_at,returned_at';
const FIRST_DAY = Date.parse('2026-11-01T00:00:00Z');
// A prime, so that differences fall on every kind of row.
const EVERY = 997;
const KINDS = ['missing', 'amount', 'fee', 'utr', 'twice'];

/** Writes `report` and `ours`; one payout in fifty has failed, one in 997 differs. */
export async function writeDay(count, report, ours) {
  await write(report, REPORT, shuffled(count, 1), reportRow);
  await write(ours, OURS, shuffled(count, 2), ourRow);
}

/** What is true of a payout, whichever side tells it. */
export function facts(id) {
  const failed = id % 50 === 49;
  return {
    reference: `sal-2026-11-${String(id).padStart(7, '0')}`,
    provider_id: `po_${((id * 2654435761) % 4294967296).toString(16).padStart(8, '0')}${id.toString(16).padStart(8, '0')}`,
    utr: failed ? '' : `N${326000000000 + id}`,
    amount: ((100_000 + ((id * 7919) % 9_000_000)) / 100).toFixed(2),
    at: new Date(FIRST_DAY + (id % 20) * 86_400_000 + (id % 86_000) * 1000).toISOString().replace('.000', ''),
    failed,
  };
}

function reportRow(id) {
  const { reference, provider_id, utr, amount, at, failed } = facts(id);
  const kind = id % EVERY === 0 ? KINDS[(id / EVERY) % KINDS.length] : null;
  if (kind === 'missing') return '';
  const said = kind === 'amount' ? (Number(amount) + 1).toFixed(2) : amount;
  const end = failed ? 'FAILED,INVALID_ACCOUNT' : 'SUCCESS,';
  const row = `${provider_id},${reference},${kind === 'utr' ? `X${utr}` : utr},ben_${id % 50_000},${said},${kind === 'fee' ? '9.99' : '3.50'},0.63,INR,IMPS,${end},${at},${at}\n`;
  return kind === 'twice' ? row + row : row;
}

function ourRow(id) {
  const { reference, provider_id, utr, amount, at, failed } = facts(id);
  const states = failed ? ['failed', 'FAILED'] : ['paid', 'SUCCESS'];
  return `${reference},sal-2026-11,${id + 1},emp-${id % 50_000},Person Number ${id % 50_000},••••7890,${amount},INR,IMPS,${states[0]},nxt,${provider_id},${reference},${states[1]},${utr},,3.50,0.63,,,1,${at},${at},${at},${failed ? '' : at},\n`;
}

async function write(path, header, order, row) {
  const stream = createWriteStream(path);
  let text = `${header}\n`;
  for (const id of order) {
    text += row(id);
    if (text.length < 1 << 20) continue;
    if (!stream.write(text)) await once(stream, 'drain');
    text = '';
  }
  stream.end(text);
  await once(stream, 'close');
}

/** Every number below `count` once, in an order that the seed decides. */
function shuffled(count, seed) {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let state = seed;
  for (let last = count - 1; last > 0; last -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state / 4294967296) * (last + 1));
    [order[last], order[other]] = [order[other], order[last]];
  }
  return order;
}
