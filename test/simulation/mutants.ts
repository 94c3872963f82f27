/**
 * Bugs of the kind that lose money, each put between payrun and its surroundings: what the database is given, what the
 * provider is understood to say. An auditor that misses one of them would also miss it in the code itself.
 */
import type { LookUpOutcome, Provider, SubmitOutcome, SubmitRequest } from '../../src/providers/provider.ts';
import type { Database, Transaction } from '../../src/store/database.ts';
import type { Params } from '../../src/store/sql-value.ts';
import { tableOf } from './failpoints.ts';
import type { Mutant } from './run.ts';

export const MUTANTS: readonly Mutant[] = [
  understands('a send without an answer is called failed', (outcome) =>
    outcome.outcome === 'unknown' && outcome.answer.http_status === null ? refused(outcome) : outcome,
  ),
  understands('a 5xx is called failed', (outcome) =>
    outcome.outcome === 'unknown' && (outcome.answer.http_status ?? 0) >= 500 ? refused(outcome) : outcome,
  ),
  understands('a duplicate is called failed', (outcome) =>
    outcome.outcome === 'unknown' && outcome.because === 'duplicate' ? refused(outcome) : outcome,
  ),
  understands('a send without an answer is called accepted', (outcome, request) =>
    outcome.outcome === 'unknown' && outcome.because === 'no_proof' ? accepted(outcome, request) : outcome,
  ),
  {
    name: 'an echo is not compared',
    provider: (provider) => ({
      ...provider,
      submit: async (request, mayStart) => asMeant(await provider.submit(request, mayStart)),
      lookUp: async (reference) => asMeant(await provider.lookUp(reference)),
      status: async (providerId) => asMeant(await provider.status(providerId)),
    }),
  },
  understands('an empty account is called failed', (outcome) =>
    outcome.outcome === 'rejected' && outcome.rejection.because === 'funds' ? refused(outcome) : outcome,
  ),
  {
    name: 'a look-up that finds nothing is called failed',
    provider: (provider) => ({
      ...provider,
      lookUp: async (reference) => orFailed(await provider.lookUp(reference), reference),
    }),
  },
  sends('a repeat gets a new reference', (request, turn) =>
    turn === 0 ? request : { ...request, provider_reference: `${request.provider_reference}-${turn}` },
  ),
  sends('the bytes of a repeat are composed anew', (request, turn) =>
    turn === 0 ? request : { ...request, body: request.body.replace('}', ',"again":true}') },
  ),
  {
    name: 'an amount is off by one minor unit on its way',
    provider: (provider) => ({
      ...provider,
      compose: (input) => provider.compose({ ...input, amount_minor: input.amount_minor + 1n }),
    }),
  },
  {
    name: 'a send is repeated on its own where no answer comes, under another reference',
    provider: (provider) => ({
      ...provider,
      submit: async (request, mayStart) => {
        const outcome = await provider.submit(request, mayStart);
        if (outcome.outcome !== 'unknown') return outcome;
        return provider.submit(
          { ...request, provider_reference: `${request.provider_reference}-again` },
          mayStart,
        );
      },
    }),
  },
  {
    name: 'a reference is trusted for longer than the provider knows it',
    provider: (provider) => ({
      ...provider,
      capabilities: { ...provider.capabilities, idempotency_window_ms: 90 * 24 * 3_600_000 },
    }),
  },
  reads('a refused repeat is believed, whatever became of the first send', (sql) =>
    sql.includes("s.outcome = 'unknown'"),
  ),
  reads('nothing is recovered at the start', (sql) => sql.includes("state in ('submitting', 'unknown')")),
  { name: 'an owner that was replaced goes on writing', database: believingItself },
  writes('attempts and sends are committed after they left', (work, database) =>
    answerBeforeCommit(work, database),
  ),
  drops('the send is not stored before it leaves', (sql) => sql.startsWith('insert into sends (id')),
  drops('postings are lost', (sql) => tableOf(sql) === 'postings'),
  drops('entries are posted without the day sums', (sql) => tableOf(sql) === 'account_days'),
  drops('a state is stored without its entries', (sql) =>
    ['journal_entries', 'postings', 'account_days', 'chain'].includes(tableOf(sql)),
  ),
  drops('entries are posted and the state is not stored', (sql) => tableOf(sql) === 'payouts'),
];

function understands(
  name: string,
  change: (outcome: SubmitOutcome, request: SubmitRequest) => SubmitOutcome,
): Mutant {
  return {
    name,
    provider: (provider) => ({
      ...provider,
      submit: async (request, mayStart) => change(await provider.submit(request, mayStart), request),
    }),
  };
}

function refused({ answer }: SubmitOutcome): SubmitOutcome {
  return {
    answer,
    outcome: 'rejected',
    rejection: { because: 'refused', failure_code: 'other', reason: 'taken for refused' },
  };
}

type Report = Extract<SubmitOutcome, { outcome: 'accepted' }>['report'];

function accepted({ answer }: SubmitOutcome, request: SubmitRequest): SubmitOutcome {
  return { answer, outcome: 'accepted', report: madeUp(request.provider_reference, 'success') };
}

/** Whatever amount was stated, the one that was meant is heard. */
function asMeant<T extends SubmitOutcome | LookUpOutcome>(outcome: T): T {
  if (!('report' in outcome)) return outcome;
  const amount_minor = meantFor(outcome.report.provider_reference);
  return { ...outcome, report: { ...outcome.report, amount_minor } };
}

/** The amounts of the seeded batch grow with the row. */
function meantFor(reference: string): bigint {
  return 99_999n + BigInt(reference.replace('pay-', ''));
}

function orFailed(found: LookUpOutcome, reference: string): LookUpOutcome {
  return found.outcome === 'not_found' ? { outcome: 'found', report: madeUp(reference, 'failed') } : found;
}

function madeUp(reference: string, state: 'success' | 'failed'): Report {
  return {
    provider_id: `made-up-${reference}`,
    provider_reference: reference,
    provider_beneficiary_id: 'ben_1',
    amount_minor: meantFor(reference),
    currency: 'INR',
    state,
    status: state.toUpperCase(),
    utr: null,
    fee_minor: null,
    tax_minor: null,
    failure_reason: null,
    failure_code: null,
    created_at: null,
    completed_at: null,
    reversed_at: null,
    updated_at: null,
  };
}

/** `turn` counts the sends of one reference within a process. */
function sends(name: string, change: (request: SubmitRequest, turn: number) => SubmitRequest): Mutant {
  return {
    name,
    provider: (provider): Provider => {
      const turns = new Map<string, number>();
      return {
        ...provider,
        submit: (request, mayStart) => {
          const turn = turns.get(request.provider_reference) ?? 0;
          turns.set(request.provider_reference, turn + 1);
          return provider.submit(change(request, turn), mayStart);
        },
      };
    },
  };
}

type Work = (tx: Transaction) => Promise<unknown>;

function writes(name: string, run: (work: Work, database: Database) => Promise<unknown>): Mutant {
  return {
    name,
    database: (database) => ({
      ...database,
      transaction: async <T>(work: (tx: Transaction) => Promise<T>) => (await run(work, database)) as T,
    }),
  };
}

/** Answers as soon as the work is done; the commit comes when it comes. */
function answerBeforeCommit(work: Work, database: Database): Promise<unknown> {
  return new Promise((resolve, reject) => {
    database
      .transaction(async (tx) => {
        const done = await work(tx);
        resolve(done);
        await new Promise((later) => setTimeout(later, 1));
      })
      .catch(reject);
  });
}

function drops(name: string, dropped: (sql: string) => boolean): Mutant {
  return writes(name, (work, database) =>
    database.transaction((tx) =>
      work({
        ...tx,
        run: async (sql, params) => (dropped(sql) ? 1 : tx.run(sql, params)),
        runMany: async (sql, rows) => (dropped(sql) ? consumed(rows) : tx.runMany(sql, rows)),
        insertMany: async (table, columns, rows, same) =>
          dropped(`insert into ${table} (${columns.join(', ')})`)
            ? consumed(rows)
            : tx.insertMany(table, columns, rows, same),
      }),
    ),
  );
}

function consumed(rows: Iterable<unknown>): number {
  return [...rows].length;
}

/** A query that answers nothing. */
function reads(name: string, empty: (sql: string) => boolean): Mutant {
  return {
    name,
    database: (database) => ({
      ...database,
      all: async (sql, params) => (empty(sql) ? [] : database.all(sql, params)),
      transaction: (work) =>
        database.transaction((tx) =>
          work({ ...tx, all: async (sql, params) => (empty(sql) ? [] : tx.all(sql, params)) }),
        ),
    }),
  };
}

/** What the ledger said of its owner at first is what it is taken to say ever after. */
export function believingItself(database: Database): Database {
  let first: unknown;
  return {
    ...database,
    transaction: (work) =>
      database.transaction((tx) =>
        work({
          ...tx,
          get: async <T>(sql: string, params?: Params) => {
            if (!sql.includes('from runners')) return tx.get<T>(sql, params);
            first ??= await tx.get<T>(sql, params);
            return first as T;
          },
        }),
      ),
  };
}
