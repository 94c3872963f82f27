/**
 * Compares what stands in the tables of evidence with what the chain says must stand there: records row by row, rows
 * of batches against the hash of their import, and what no link covers. Others may write meanwhile; a record that
 * seems to differ is looked at once more, in one question, before it is called changed.
 */
import { createHash, type Hash } from 'node:crypto';
import type { LedgerSnapshot } from '../store/chain-pages.ts';
import type { Database } from '../store/database.ts';
import {
  hashedStatements,
  linesUnderWrongKey,
  linesWithoutStatement,
  placesWithoutLine,
  storedLinesHash,
} from '../store/line-hash.ts';
import {
  attemptsWithoutSend,
  batchesWithRows,
  type Compared,
  importedRows,
  recordKindsInUse,
  recordNow,
  recordPages,
  uncoveredRows,
  unlinkedAnswers,
  unsupportedSubmitting,
} from '../store/record-pages.ts';
import { RECORDS, type RecordKind, type RecordSpec, SERIES } from '../store/record-specs.ts';
import { contentOf, NOTHING } from '../store/records.ts';
import { PROBLEMS_LISTED, type Problem } from './chain-problem.ts';
import { verifyPages } from './verify-pages.ts';

export interface RecordsRequest {
  database: Database;
  snapshot: LedgerSnapshot;
  report(problem: Problem): void;
  onRecords?(count: number): void;
}

export async function verifyRecords(request: RecordsRequest): Promise<void> {
  for (const kind of await recordKindsInUse(request.database)) await verifyKind(request, kind);
  await verifyImports(request);
  await verifyStatements(request);
  await verifySeries(request);
}

async function verifyKind({ database, report, onRecords }: RecordsRequest, kind: RecordKind): Promise<void> {
  for await (const page of recordPages(database, kind)) {
    for (const item of page) {
      if (problemOf(kind, item) === null) continue;
      const problem = problemOf(kind, await recordNow(database, kind, item.item_id));
      if (problem !== null) report(problem);
    }
    onRecords?.(page.length);
  }
}

function problemOf(kind: RecordKind, item: Compared): Problem | null {
  if (!item.covered) return null;
  if (item.recorded === null && (item.rows.length === 0 || !item.required)) return null;
  if (item.recorded !== null && contentOf(item.rows) === item.recorded) return null;
  const { noun }: RecordSpec = RECORDS[kind];
  const what = `${noun} ${item.item_id}${item.label === null ? '' : ` (${item.label})`}`;
  if (item.recorded === null)
    return problem('record_extra', `${what} is in the ledger and not in the chain: payrun did not write it.`);
  if (item.rows.length > 0)
    return problem('record_changed', `${what} is not what payrun wrote: it was changed.`);
  return item.recorded === NOTHING
    ? null
    : problem('record_missing', `${what} is in the chain and no longer in the ledger: it was deleted.`);
}

function problem(code: string, message: string): Problem {
  return { code, message, entry: null };
}

/** The rows of every batch against the hash that was taken at its import. */
async function verifyImports({ database, report, onRecords }: RecordsRequest): Promise<void> {
  const { batches, last_payout } = await batchesWithRows(database);
  const hashes = new Map<bigint, Hash>();
  for await (const rows of importedRows(database, last_payout)) {
    let text = '';
    let current = rows[0]?.[1] ?? 0n;
    for (const [, batch, row] of rows) {
      if (batch !== current) {
        add(hashes, current, text);
        text = '';
        current = batch;
      }
      text += row;
    }
    add(hashes, current, text);
    onRecords?.(rows.length);
  }
  for (const { id, name, rows_sha256 } of batches.values()) {
    const found = (hashes.get(id) ?? createHash('sha256')).digest('hex');
    if (found === rows_sha256) continue;
    const message = `The rows of batch ${name} are not those that were imported: one was changed, added or removed.`;
    report(problem('batch_rows_changed', message));
  }
}

/** The lines of every statement against the hash that was taken when they were stored. */
async function verifyStatements({ database, report }: RecordsRequest): Promise<void> {
  for (const statement of await hashedStatements(database)) {
    if ((await storedLinesHash(database, statement)) === statement.lines_sha256) continue;
    const message = `The lines of statement ${statement.id} (${statement.file_name}) are not those of its file: one was changed, added or removed.`;
    report(problem('statement_lines_changed', message));
  }
  for (const id of await linesWithoutStatement(database, PROBLEMS_LISTED)) {
    const message = `Line ${id} stands in no statement: payrun did not write it.`;
    report(problem('record_extra', message));
  }
  for (const id of await linesUnderWrongKey(database, PROBLEMS_LISTED)) {
    const message = `Line ${id} is known by another key than that of what it says: it was changed.`;
    report(problem('record_changed', message));
  }
  for (const { statement_id, line_no } of await placesWithoutLine(database, PROBLEMS_LISTED)) {
    const message = `Line ${line_no} of statement ${statement_id} is not in the ledger, or its statement is not.`;
    report(problem('record_missing', message));
  }
  await verifyPages(database, report);
}

function add(hashes: Map<bigint, Hash>, batch: bigint, text: string): void {
  let hash = hashes.get(batch);
  if (hash === undefined) {
    hash = createHash('sha256');
    hashes.set(batch, hash);
  }
  hash.update(text);
}

async function verifySeries({ database, snapshot, report }: RecordsRequest): Promise<void> {
  const { last_send, last_status, last_break_event } = snapshot;
  const ends = { send: last_send, status: last_status, break_event: last_break_event };
  for (const kind of ['send', 'status', 'break_event'] as const) {
    for (const id of await uncoveredRows(database, kind, ends[kind], PROBLEMS_LISTED)) {
      const message = `${SERIES[kind].noun} ${id} is in the ledger and not in the chain: payrun did not write it.`;
      report(problem('record_extra', message));
    }
  }
  for (const id of await unlinkedAnswers(database, PROBLEMS_LISTED))
    report(problem('record_changed', `Send ${id} has an answer that the chain does not know.`));
  for (const { reference_id, attempt_no } of await attemptsWithoutSend(database, PROBLEMS_LISTED)) {
    const message = `Attempt ${attempt_no} of payout ${reference_id} has no send: payrun did not write it so.`;
    report(problem('record_extra', message));
  }
  for (const reference of await unsupportedSubmitting(database, PROBLEMS_LISTED)) {
    const message = `Payout ${reference} is said to be on its way out, and its sends and entries do not say so.`;
    report(problem('record_changed', message));
  }
}
