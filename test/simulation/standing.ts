/** A ledger's tables as an auditor reads them, with SQL of its own, and what is wrong with them by themselves. */
import SqliteDatabase from 'better-sqlite3';
import type { Finding, Promised } from './auditor.ts';

export interface Row {
  id: bigint;
  reference_id: string;
  state: string;
  position: string;
  hold_reason: string | null;
  amount_minor: bigint;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  provider_reference: string | null;
  resolved_as: string | null;
  /** When its present attempt was stored. */
  stored_at: string | null;
  /** A person has settled it at some time. */
  spoken_for: boolean;
}

export interface AttemptRow {
  payout_id: bigint;
  provider_reference: string;
  provider_beneficiary_id: string;
  /** Of an attempt that has ended. */
  state: string | null;
  /** It failed by a person's word. */
  by_word: boolean;
}

export interface Sums {
  available: bigint;
  in_transit: bigint;
  booking: bigint;
}

export interface Standing {
  rows: Row[];
  /** By reference. */
  attempts: Map<string, AttemptRow>;
  references: Map<bigint, string[]>;
  sums: Sums;
  /** Fees and taxes of attempts that have ended, in minor units. */
  charged: bigint;
  findings: Finding[];
}

export function readStanding(path: string, promised: readonly Promised[]): Standing {
  const connection = new SqliteDatabase(path, { readonly: true });
  connection.defaultSafeIntegers(true);
  try {
    const attempts = connection
      .prepare(
        `select a.payout_id, a.provider_reference, a.provider_beneficiary_id, a.state, coalesce(a.fee_minor, 0) as fee,
           coalesce(a.tax_minor, 0) as tax, exists (select 1 from audit_events e join payouts p on p.id = a.payout_id
             where e.action = 'payout_resolved' and e.subject = p.reference_id) as spoken
         from attempts a`,
      )
      .all() as {
      payout_id: bigint;
      provider_reference: string;
      provider_beneficiary_id: string;
      state: string | null;
      fee: bigint;
      tax: bigint;
      spoken: bigint;
    }[];
    const references = new Map<bigint, string[]>();
    for (const { payout_id, provider_reference } of attempts)
      references.set(payout_id, [...(references.get(payout_id) ?? []), provider_reference]);
    const rows = connection
      .prepare(
        `select id, reference_id, state, position, hold_reason, amount_minor, fee_minor, tax_minor, provider_reference,
           resolved_as, (select a.stored_at from attempts a where a.payout_id = payouts.id
             and a.attempt_no = payouts.attempt_no) as stored_at,
           exists (select 1 from audit_events e where e.action = 'payout_resolved'
             and e.subject = reference_id) as spoken
         from payouts`,
      )
      .all() as (Omit<Row, 'spoken_for'> & { spoken: bigint })[];
    return {
      rows: rows.map(({ spoken, ...row }) => ({ ...row, spoken_for: spoken === 1n })),
      attempts: new Map(
        attempts.map(({ spoken, ...attempt }) => [
          attempt.provider_reference,
          { ...attempt, by_word: spoken === 1n },
        ]),
      ),
      references,
      sums: readSums(connection),
      charged: attempts.reduce((sum, { fee, tax }) => sum + fee + tax, 0n),
      findings: findingsOf(connection, promised),
    };
  } finally {
    connection.close();
  }
}

function readSums(connection: SqliteDatabase.Database): Sums {
  const sum = connection
    .prepare(
      'select coalesce(sum(p.amount_minor), 0) from postings p join accounts a on a.id = p.account_id where a.name = ?',
    )
    .pluck();
  return {
    available: sum.get('assets:providers:nxt:available') as bigint,
    in_transit: sum.get('assets:providers:nxt:in-transit') as bigint,
    booking: sum.get('expenses:payouts') as bigint,
  };
}

/** From and to; whatever else a status did to a payout is no step of its life (I11). */
const STEPS: Readonly<Record<string, readonly string[]>> = {
  draft: ['held'],
  approved: ['held', 'submitting'],
  submitting: ['pending', 'paid', 'failed', 'returned', 'unknown', 'held'],
  unknown: ['pending', 'paid', 'failed', 'returned', 'held'],
  pending: ['paid', 'failed', 'returned', 'held'],
  held: ['pending', 'paid', 'failed', 'returned'],
  paid: ['returned', 'held'],
  failed: ['held'],
  returned: ['held'],
  cancelled: [],
};

function findingsOf(connection: SqliteDatabase.Database, promised: readonly Promised[]): Finding[] {
  const findings: Finding[] = [];
  const all = <T>(sql: string) => connection.prepare(sql).all() as T[];
  // I19.
  const check = connection.pragma('quick_check', { simple: true });
  if (check !== 'ok') findings.push({ crime: 'damaged_file', what: String(check) });
  for (const _ of connection.pragma('foreign_key_check') as unknown[])
    findings.push({ crime: 'damaged_file', what: 'a row points to nothing' });
  // I13.
  for (const { entry_id } of all<{ entry_id: bigint }>(
    'select entry_id from postings group by entry_id, currency having sum(amount_minor) <> 0',
  ))
    findings.push({ crime: 'unbalanced_entries', what: `entry ${entry_id}` });
  for (const { id } of all<{ id: bigint }>(
    'select id from journal_entries where id not in (select entry_id from postings)',
  ))
    findings.push({ crime: 'unbalanced_entries', what: `entry ${id} has no postings` });
  // I16.
  for (const { name } of all<{ name: string }>(
    `select a.name from accounts a
     where coalesce((select sum(d.debit_minor) - sum(d.credit_minor) from account_days d where d.account_id = a.id), 0)
       <> coalesce((select sum(p.amount_minor) from postings p where p.account_id = a.id), 0)`,
  ))
    findings.push({ crime: 'unbalanced_entries', what: `the days of ${name}` });
  for (const { state_before, state_after } of all<{ state_before: string; state_after: string }>(
    'select state_before, state_after from status_events where state_before <> state_after',
  ))
    if (!STEPS[state_before]?.includes(state_after))
      findings.push({ crime: 'forbidden_step', what: `${state_before} → ${state_after}` });
  // I17, I18.
  const hash = connection.prepare('select hash from chain where seq = ?').pluck();
  for (const head of promised)
    if (head.length > 0n && hash.get(head.length) !== head.hash)
      findings.push({ crime: 'forgotten_promise', what: `the head at ${head.length} is gone` });
  return findings;
}

/** The head of the chain, to be held against what the ledger says later. */
export function headOf(path: string): Promised {
  const connection = new SqliteDatabase(path, { readonly: true });
  connection.defaultSafeIntegers(true);
  try {
    const row = connection.prepare('select seq, hash from chain order by seq desc limit 1').get() as
      | { seq: bigint; hash: string }
      | undefined;
    return { length: row?.seq ?? 0n, hash: row?.hash ?? '' };
  } finally {
    connection.close();
  }
}

export function countRows(path: string): number {
  const connection = new SqliteDatabase(path, { readonly: true });
  try {
    return connection.prepare('select count(*) from payouts').pluck().get() as number;
  } finally {
    connection.close();
  }
}
