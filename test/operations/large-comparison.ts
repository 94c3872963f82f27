/** Two files of one day with every kind of difference in them, written in every form that the readers take. */
import { randomOf, shuffled } from '../domain/reconciliation/truth.ts';

export interface Day {
  reports: string[];
  ours: string;
}

const REPORT =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';
const OURS = 'reference_id,name,amount,currency,state,provider_id,provider_reference,utr,fee,tax,paid_at';

interface Pair {
  line: Record<string, string>;
  ours: Record<string, string>;
}

type Change = (pair: Pair, other: Pair) => void;

/** What may be otherwise with a pair; `other` is another pair of the day, so that the two have to do with each other. */
const CHANGES: readonly Change[] = [
  ({ line }) => set(line, 'amount', '77.77'),
  ({ ours }) => set(ours, 'amount', '0'),
  ({ line }) => set(line, 'fee', '9.99'),
  ({ ours }) => set(ours, 'tax', '0.01'),
  ({ line }) => set(line, 'fee', ''),
  ({ ours }) => {
    set(ours, 'fee', '');
    set(ours, 'tax', ' ');
  },
  ({ line }) => set(line, 'utr', 'OTHER'),
  ({ line }) => set(line, 'utr', `${line.utr?.slice(0, 4)} ${line.utr?.slice(4).toLowerCase()}`),
  ({ ours }) => set(ours, 'utr', (ours.utr ?? '').toLowerCase()),
  ({ line }, other) => set(line, 'utr', other.line.utr ?? ''),
  ({ ours }, other) => set(ours, 'utr', other.ours.utr ?? ''),
  ({ line }) => set(line, 'payout_id', ''),
  ({ line }) => set(line, 'reference_id', ''),
  ({ line }) => {
    set(line, 'payout_id', '');
    set(line, 'reference_id', '');
  },
  ({ ours }) => set(ours, 'provider_id', ''),
  ({ ours }) => {
    set(ours, 'provider_id', '');
    set(ours, 'provider_reference', '');
  },
  ({ line }) => {
    for (const name of ['payout_id', 'reference_id', 'utr']) set(line, name, '');
  },
  ({ line }, other) => {
    for (const name of ['payout_id', 'reference_id', 'utr']) set(line, name, '');
    set(line, 'amount', (Number(line.amount) + Number(other.line.amount)).toFixed(2));
  },
  ({ line }) => {
    for (const name of ['payout_id', 'reference_id', 'utr']) set(line, name, '');
    set(line, 'status', 'FAILED');
  },
  ({ line }, other) => set(line, 'payout_id', other.line.payout_id ?? ''),
  ({ line }, other) => set(line, 'reference_id', other.line.reference_id ?? ''),
  ({ ours }, other) => set(ours, 'provider_id', other.ours.provider_id ?? ''),
  ({ ours }, other) => set(ours, 'reference_id', other.ours.reference_id ?? ''),
  ({ ours }, other) => set(ours, 'provider_reference', `${other.ours.reference_id}.r3`),
  ({ ours }) => set(ours, 'provider_reference', `${ours.reference_id}.R2`),
  ({ line, ours }) => {
    set(ours, 'provider_reference', `${ours.reference_id}.r2`);
    set(line, 'reference_id', `${ours.reference_id}.r2`);
  },
  ({ line }) => set(line, 'status', 'REVERSED'),
  ({ line }) => set(line, 'status', 'success'),
  ({ line }) => set(line, 'status', 'PARKED'),
  ({ line }) => set(line, 'status', 'QUEUED'),
  ({ line }) => set(line, 'status', 'FAILED'),
  ({ line, ours }) => {
    set(line, 'status', 'FAILED');
    set(ours, 'state', 'failed');
  },
  ({ ours }) => set(ours, 'state', ''),
  ({ line, ours }) => {
    set(line, 'status', 'FAILED');
    set(ours, 'state', '');
  },
  ({ ours }) => set(ours, 'state', 'returned'),
  ({ ours }) => set(ours, 'state', 'pending'),
  ({ ours }) => set(ours, 'state', 'failed'),
  ({ line }) => set(line, 'currency', 'USD'),
  ({ ours }) => set(ours, 'currency', 'JPY'),
  ({ line }) => set(line, 'completed_at', ''),
  ({ line }) => set(line, 'completed_at', '2026-11-20'),
  ({ line }) => set(line, 'completed_at', '2026-11-20 23:10:00'),
  ({ line }) => set(line, 'completed_at', '2026-11-20T18:29:59.999999Z'),
  ({ line }) => set(line, 'completed_at', '2026-11-20T18:30:00Z'),
  ({ ours }) => set(ours, 'paid_at', '2026-12-01T00:00:00+05:30'),
  ({ ours }) => set(ours, 'paid_at', ''),
  ({ ours }) => set(ours, 'name', 'Zoë "Z" करण'),
  ({ line }) => set(line, 'failure_reason', 'two\nlines, "quoted"'),
  ({ line }) => set(line, 'amount', `${Number(line.amount)}`),
  ({ line, ours }) => {
    set(line, 'amount', '98765432109876543.21');
    set(ours, 'amount', '98765432109876543.21');
  },
  ({ line, ours }) => {
    for (const name of ['amount', 'fee', 'tax']) {
      set(line, name, '0');
      set(ours, name, '0.00');
    }
  },
];

function set(row: Record<string, string>, column: string, value: string): void {
  row[column] = value;
}

/** `count` payouts, some with no line, some with two, and lines of nobody's; about one in three pairs is changed. */
export function differentDay(seed: number, count: number): Day {
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  const pairs = Array.from({ length: count }, (_, index) => cleanPair(index + 1));
  const lines: Record<string, string>[] = [];
  const ours: Record<string, string>[] = [];
  for (const pair of pairs) {
    for (let times = random() < 0.65 ? 0 : 1 + Math.floor(random() * 2); times > 0; times -= 1)
      pick(CHANGES)(pair, pick(pairs));
  }
  for (const pair of pairs) {
    const fate = random();
    if (fate > 0.03) lines.push(pair.line);
    if (fate < 0.97) ours.push(pair.ours);
    if (fate > 0.4 && fate < 0.43) lines.push({ ...pair.line });
    if (fate > 0.5 && fate < 0.52) lines.push({ ...pair.line, status: 'REVERSED' });
    if (fate > 0.6 && fate < 0.62) lines.push({ ...pair.line, fee: '', completed_at: '' });
    if (fate > 0.7 && fate < 0.71) ours.push({ ...pair.ours });
  }
  const style = { random, end: pick(['\n', '\r\n']), quoted: random() < 0.2 };
  const reports = [lines, random() < 0.4 ? lines.filter(() => random() < 0.5) : []]
    .filter((rows) => rows.length > 0)
    .map((rows) => written(REPORT, shuffled(rows, random), style));
  const columns = random() < 0.2 ? OURS.replace(',currency', '') : OURS;
  return { reports, ours: written(columns, shuffled(ours, random), style) };
}

function cleanPair(no: number): Pair {
  const padded = String(no).padStart(5, '0');
  const amount = `${100 + no}.50`;
  const utr = `NX${padded}UTR`;
  const at = `2026-11-${String(10 + (no % 9)).padStart(2, '0')}T${String(no % 24).padStart(2, '0')}:00:00Z`;
  return {
    line: {
      payout_id: `po_${padded}`,
      reference_id: `ref-${padded}`,
      utr,
      beneficiary_id: `ben_${no % 7}`,
      amount,
      fee: '3.50',
      tax: '0.63',
      currency: 'INR',
      mode: 'IMPS',
      status: 'SUCCESS',
      failure_reason: '',
      created_at: at,
      completed_at: at,
    },
    ours: {
      reference_id: `ref-${padded}`,
      name: '••••7890',
      amount,
      currency: 'INR',
      state: 'paid',
      provider_id: `po_${padded}`,
      provider_reference: `ref-${padded}`,
      utr,
      fee: '3.50',
      tax: '0.63',
      paid_at: at,
    },
  };
}

interface Style {
  random: () => number;
  end: string;
  quoted: boolean;
}

function written(header: string, rows: readonly Record<string, string>[], style: Style): string {
  const columns = header.split(',');
  const lines = rows.flatMap((row) => {
    const written = columns.map((column) => cell(row[column] ?? '', style)).join(',');
    if (style.random() > 0.03) return [written];
    const nothing = columns.map(() => (style.random() < 0.2 ? '" "' : '')).join(',');
    return header === REPORT ? ['', nothing, written] : ['', written];
  });
  return `${[header, ...lines].join(style.end)}${style.random() < 0.8 ? style.end : ''}`;
}

function cell(value: string, { random, quoted }: Style): string {
  const needed = /[",\r\n]/.test(value);
  return needed || (quoted && random() < 0.9) ? `"${value.replaceAll('"', '""')}"` : value;
}
