/**
 * What a report states about itself, held against its rows: control totals, opening and closing balances, the running
 * balance of every row. A file that was cut off, edited or read with the wrong profile does not add up.
 */
import type { RowError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import type { Profile } from './profile.ts';
import { STATED_TOTALS, type StatedTotalName } from './profile-schema.ts';
import type { CsvWarning } from './read-csv.ts';
import { readSigned } from './statement-amount.ts';
import type { TotalsLine } from './statement-text.ts';

/** What one row adds; amounts in minor units, positive where money left. */
export interface Movement {
  line: number;
  currency: string;
  moved: bigint;
  fee: bigint | null;
  balance: bigint | null;
}

export interface Proof {
  what: StatedTotalName | 'running_balance';
  currency: string | null;
  /** Where it is stated; of a running balance, the first row that differs, else the last. */
  line: number;
  stated: string;
  /** What the rows come to. */
  found: string;
  proved: boolean;
}

export interface Proved {
  proofs: Proof[];
  errors: RowError[];
  warnings: CsvWarning[];
}

interface Stated {
  what: StatedTotalName;
  currency: string | null;
  line: number;
  value: bigint;
  text: string;
}

export function needsProof(profile: Profile, totals: readonly TotalsLine[]): boolean {
  return profile.columns.balance !== undefined || totals.length > 0 || profile.totals_required;
}

/** Where things stand in the file, for whoever has to look there. */
export interface Places {
  /** Where a file ends that states nothing. */
  last_line: number;
  /** The title of the column of running balances. */
  balance_column: string | null;
}

export function prove(
  movements: readonly Movement[],
  totals: readonly TotalsLine[],
  profile: Profile,
  places: Places,
): Proved {
  const errors: RowError[] = [];
  const stated = totals.flatMap((line) => statedBy(line, movements, profile, errors));
  const unstated = profile.totals_required ? unstatedTotals(profile, totals) : null;
  if (unstated !== null) {
    const message = `No line states ${unstated}, which every ${profile.name} report does; it was cut off.`;
    errors.push({
      line: places.last_line,
      column: null,
      code: 'control_total_missing',
      message,
      value: null,
    });
  }
  if (errors.length > 0) return { proofs: [], errors, warnings: [] };
  const proofs = stated.flatMap((each) => proofOf(each, stated, movements) ?? []);
  const balances = balanceProofs(movements, stated, profile);
  const findings = [
    ...proofs.filter(({ proved }) => !proved).map(totalDiffers),
    ...balances.flatMap(({ breaks }) => breaks.map((each) => ({ ...each, column: places.balance_column }))),
  ];
  const all = [...proofs, ...balances.map(({ proof }) => proof)];
  if (profile.totals_differ === 'refuse') return { proofs: all, errors: findings, warnings: [] };
  const warnings = findings.map(({ code, line, message }) => ({ code, message: `Line ${line}: ${message}` }));
  return { proofs: all, errors: [], warnings };
}

function totalDiffers({ what, line, stated, found, currency }: Proof): RowError {
  const name = what.replaceAll('_', ' ');
  const unit = currency === null ? '' : ` ${currency}`;
  const message = `The file states ${name} of ${stated}${unit}, and its rows come to ${found}${unit}.`;
  return { line, column: null, code: 'control_total_differs', message, value: stated };
}

/** What the patterns of the profile look for, and no line of theirs has: an opening balance alone ends no report. */
function unstatedTotals(profile: Profile, totals: readonly TotalsLine[]): string | null {
  if (totals.length === 0) return 'control totals';
  const missing = STATED_TOTALS.filter(
    (what) =>
      profile.totals.some((pattern) => pattern.includes(`(?<${what}>`)) &&
      !totals.some(({ stated }) => what in stated),
  );
  return missing.length === 0 ? null : missing.map((what) => what.replaceAll('_', ' ')).join(' and ');
}

function statedBy(
  { line, stated }: TotalsLine,
  movements: readonly Movement[],
  profile: Profile,
  errors: RowError[],
): Stated[] {
  const currency = stated.currency ?? onlyCurrency(movements) ?? profile.currency ?? null;
  const found: Stated[] = [];
  for (const what of STATED_TOTALS) {
    const text = stated[what]?.trim();
    if (text === undefined || text === '') continue;
    const isCount = what.endsWith('rows');
    const parsed = isCount
      ? /^\d{1,15}$/.test(text)
        ? { ok: true as const, minor: BigInt(text) }
        : { ok: false as const, message: `"${text}" is no number of rows.` }
      : readSigned(text, currency ?? '', profile);
    if (!parsed.ok) {
      errors.push({
        line,
        column: null,
        code: 'control_total_invalid',
        message: parsed.message,
        value: text,
      });
      continue;
    }
    const side = stated[what.replace('balance', 'side')]?.trim().toUpperCase();
    const negative = side !== undefined && profile.directionOf.get(side) === 'debit';
    found.push({
      what,
      line,
      text,
      value: negative ? -parsed.minor : parsed.minor,
      currency: isCount ? (stated.currency ?? null) : currency,
    });
  }
  return found;
}

function onlyCurrency(movements: readonly Movement[]): string | undefined {
  const first = movements[0]?.currency;
  return movements.every(({ currency }) => currency === first) ? first : undefined;
}

/** Null where nothing in the file can be held against it. */
function proofOf(each: Stated, stated: readonly Stated[], movements: readonly Movement[]): Proof | null {
  const of = movements.filter(({ currency }) => each.currency === null || currency === each.currency);
  const found = foundFor(each, of, stated);
  if (found === null) return null;
  const shown = (value: bigint) =>
    each.what.endsWith('rows') || each.currency === null ? String(value) : formatAmount(value, each.currency);
  return {
    what: each.what,
    currency: each.currency,
    line: each.line,
    stated: shown(each.value),
    found: shown(found),
    proved: found === each.value,
  };
}

function foundFor(each: Stated, of: readonly Movement[], stated: readonly Stated[]): bigint | null {
  const sum = (amounts: Iterable<bigint>) => {
    let total = 0n;
    for (const amount of amounts) total += amount;
    return total;
  };
  const left = of.filter(({ moved }) => moved > 0n);
  const came = of.filter(({ moved }) => moved < 0n);
  const fees = of.map(({ fee }) => fee ?? 0n);
  switch (each.what) {
    case 'rows':
      return BigInt(of.length);
    case 'debit_rows':
      return BigInt(left.length);
    case 'credit_rows':
      return BigInt(came.length);
    case 'debits':
      return sum(left.map(({ moved }) => moved));
    case 'credits':
      return -sum(came.map(({ moved }) => moved));
    case 'fee_debits':
      return sum(fees.filter((fee) => fee > 0n));
    case 'fee_credits':
      return -sum(fees.filter((fee) => fee < 0n));
    case 'opening_balance':
      // It is the other end of the closing balance's proof, or of the running balance's.
      return null;
    case 'closing_balance': {
      const opening = stated.find(
        ({ what, currency }) => what === 'opening_balance' && currency === each.currency,
      );
      return opening === undefined ? null : opening.value - sum(of.map(({ moved }) => moved));
    }
  }
}

interface BalanceProof {
  proof: Proof;
  breaks: RowError[];
}

function balanceProofs(
  movements: readonly Movement[],
  stated: readonly Stated[],
  profile: Profile,
): BalanceProof[] {
  const byCurrency = new Map<string, Movement[]>();
  for (const each of movements) {
    const rows = byCurrency.get(each.currency);
    if (rows) rows.push(each);
    else byCurrency.set(each.currency, [each]);
  }
  const proofs: BalanceProof[] = [];
  for (const [currency, rows] of byCurrency) {
    if (rows.every(({ balance }) => balance === null)) continue;
    const end = (what: StatedTotalName) =>
      stated.find((each) => each.what === what && each.currency === currency)?.value ?? null;
    const opening = end('opening_balance');
    const forwards = () => runThrough(rows, currency, opening, end('closing_balance'));
    const backwards = () => runThrough([...rows].reverse(), currency, opening, end('closing_balance'));
    if (profile.balance_order === 'newest_first') proofs.push(backwards());
    else {
      const first = forwards();
      const other = profile.balance_order === 'either' && first.breaks.length > 0 ? backwards() : undefined;
      proofs.push(other && other.breaks.length < first.breaks.length ? other : first);
    }
  }
  return proofs;
}

/** From the oldest row to the newest. A row whose balance differs is said once: the next are held against what it says. */
function runThrough(
  rows: readonly Movement[],
  currency: string,
  opening: bigint | null,
  closing: bigint | null,
): BalanceProof {
  const breaks: RowError[] = [];
  const shown = (value: bigint) => formatAmount(value, currency);
  let balance = opening;
  let last = rows[0]?.line ?? 1;
  for (const { line, moved, balance: says } of rows) {
    const expected = balance === null ? null : balance - moved;
    if (says !== null && expected !== null && says !== expected) {
      const message = `The balance is ${shown(says)} ${currency}, and ${shown(expected)} would follow from the row before.`;
      breaks.push({ line, column: null, code: 'balance_differs', message, value: shown(says) });
    }
    balance = says ?? expected;
    last = line;
  }
  if (closing !== null && balance !== null && balance !== closing) {
    const message = `The last balance is ${shown(balance)} ${currency}, and the file states ${shown(closing)} as its closing balance.`;
    breaks.push({ line: last, column: null, code: 'balance_differs', message, value: shown(balance) });
  }
  const [first] = breaks;
  return {
    proof: {
      what: 'running_balance',
      currency,
      line: first?.line ?? last,
      stated: first?.value ?? shown(balance ?? 0n),
      found: first ? `${breaks.length} rows differ` : shown(balance ?? 0n),
      proved: breaks.length === 0,
    },
    breaks,
  };
}
