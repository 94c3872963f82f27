/**
 * Recomputes the chain from its first item to its last. Each hash is computed from the stored one before it, so that
 * an item that was changed is named by itself and not followed by everything after it.
 */
import {
  CHAIN_START,
  type ChainKind,
  canonicalAuditEvent,
  canonicalContent,
} from '../domain/ledger/chain.ts';
import { type ChainHead, chainHash } from '../store/chain.ts';
import {
  type ChainedItem,
  chainPages,
  countsUpTo,
  type LedgerSnapshot,
  ledgerSnapshot,
  unchained,
} from '../store/chain-pages.ts';
import { type ChainedEntry, canonicalEntryAt } from '../store/chained-entries.ts';
import type { Database } from '../store/database.ts';
import { payoutsOfSeries, recordCount, seriesRows } from '../store/record-pages.ts';
import { RECORDS, type RecordSpec, SERIES, type SeriesKind } from '../store/record-specs.ts';
import { contentOf } from '../store/records.ts';
import { PROBLEMS_LISTED, type Problem } from './chain-problem.ts';
import { verifyRecords } from './verify-records.ts';

/** Of rows that were written together; enough to know which batch it was. */
const PAYOUTS_NAMED = 5;

export interface ChainVerification {
  entries: bigint;
  postings: bigint;
  audit_events: bigint;
  problems: Problem[];
  chain: ChainHead;
  snapshot: LedgerSnapshot;
  /** Where on the chain the head stands that was kept elsewhere; null where it is not on it, or none was given. */
  from_seq: bigint | null;
}

export interface VerifyOptions {
  /** A head that was kept elsewhere: it must be on the chain. */
  from?: string;
  onEntry?(id: bigint, entry: ChainedEntry): void;
  onProgress?(done: number, total: number): void;
}

export async function verifyChain(
  database: Database,
  options: VerifyOptions = {},
): Promise<ChainVerification> {
  const snapshot = await ledgerSnapshot(database);
  const problems: Problem[] = [];
  const report = (problem: Problem) => {
    if (problems.length < PROBLEMS_LISTED) problems.push(problem);
  };
  let head: ChainHead = { length: 0n, head: CHAIN_START };
  let fromSeq: bigint | null = options.from === CHAIN_START ? 0n : null;
  let entries = 0n;
  let audits = 0n;
  let postings = 0n;
  const total = Number(snapshot.last_seq) + (await recordCount(database));
  for await (const page of chainPages(database, snapshot.last_seq)) {
    for (const item of page) {
      await checkLink(database, item, head, report);
      if (item.kind in SERIES) await checkSeries(database, item, report);
      head = { length: item.seq, head: item.hash };
      if (item.hash === options.from) fromSeq = item.seq;
      if (item.audit !== null) audits += 1n;
      if (item.entry === null) continue;
      entries += 1n;
      postings += BigInt(item.entry.postings.length);
      options.onEntry?.(item.item_id, item.entry);
    }
    options.onProgress?.(Number(head.length), total);
  }
  let done = Number(head.length);
  await verifyRecords({
    database,
    snapshot,
    report,
    onRecords: (count) => {
      done += count;
      options.onProgress?.(done, total);
    },
  });
  const counts = await countsUpTo(database, snapshot);
  if (counts.entries !== entries || counts.audits !== audits) {
    for (const item of await unchained(database, snapshot, PROBLEMS_LISTED))
      report(notChained(item.kind, item.item_id));
  } else if (counts.postings !== postings) {
    const message = `There are ${counts.postings} postings, but ${postings} belong to the entries in the chain.`;
    report({ code: 'posting_orphaned', message, entry: null });
  }
  if (options.from !== undefined && fromSeq === null) {
    const message = `The head ${options.from} is not on this chain: what it stood for was changed or removed.`;
    report({ code: 'head_unknown', message, entry: null });
  }
  return {
    entries: counts.entries,
    postings: counts.postings,
    audit_events: counts.audits,
    problems,
    chain: head,
    snapshot,
    from_seq: fromSeq,
  };
}

async function checkLink(
  database: Database,
  item: ChainedItem,
  before: ChainHead,
  report: (problem: Problem) => void,
): Promise<void> {
  const entry = item.kind === 'entry' ? item.item_id : null;
  if (item.seq !== before.length + 1n) {
    const message = `The chain goes from item ${before.length} to item ${item.seq}; what stood between them was removed.`;
    report({ code: 'chain_gap', message, entry });
  }
  const hashes = (text: string | null) =>
    text !== null && chainHash(before.head, item.kind, item.item_id, text) === item.hash;
  if (hashes(quickText(item))) return;
  const canonical = await canonicalOf(database, item);
  if (canonical === null) {
    report({
      code: 'chain_item_missing',
      message: `${nameOf(item.kind, item.item_id)} is in the chain and no longer in the ledger: it was deleted.`,
      entry,
    });
  } else if (!hashes(canonical)) {
    const message = `${nameOf(item.kind, item.item_id)} is not what it was when it was written: it, or the chain at item ${item.seq}, was changed.`;
    report({ code: 'chain_hash', message, entry });
  }
}

/** What nearly every link hashes to, without another question. */
function quickText({ entry, content, item_count }: ChainedItem): string | null {
  if (content !== null) return canonicalContent(item_count, content);
  // An item's own text is one row's; no hash was ever made with another count.
  return item_count === 1n && entry !== null ? entry.canonical : null;
}

/** Null where what the link covers is gone. */
async function canonicalOf(
  database: Database,
  { item_id, entry, audit, content, item_count }: ChainedItem,
): Promise<string | null> {
  if (content !== null) return canonicalContent(item_count, content);
  if (item_count !== 1n) return '';
  if (entry !== null) return canonicalEntryAt(database, item_id, entry.postings);
  return audit === null ? null : canonicalAuditEvent(audit);
}

/** A run of rows that were written together and never changed since. */
async function checkSeries(
  database: Database,
  item: ChainedItem,
  report: (problem: Problem) => void,
): Promise<void> {
  const kind = item.kind as SeriesKind;
  const rows = await seriesRows(database, kind, item);
  if (contentOf(rows) === item.content) return;
  const payouts = await payoutsOfSeries(database, kind, item, PAYOUTS_NAMED + 1);
  const more = payouts.length > PAYOUTS_NAMED ? ' and others' : '';
  const of = payouts.length === 0 ? '' : ` (of ${payouts.slice(0, PAYOUTS_NAMED).join(', ')}${more})`;
  const what =
    BigInt(rows.length) === item.item_count
      ? 'what stands there is not what payrun wrote, it was changed.'
      : `${rows.length} of ${item.item_count} rows are there; some were deleted or moved.`;
  report({ code: 'record_changed', message: `${runText(kind, item)}${of}: ${what}`, entry: null });
}

/** A send is recorded with its attempt: either may be what was changed. */
function runText(kind: SeriesKind, { seq, item_id, item_count }: ChainedItem): string {
  if (kind === 'answer') return `An answer to a send, of those stored with link ${seq}`;
  const numbers = item_count === 1n ? `${item_id}` : `${item_id} to ${item_id + item_count - 1n}`;
  return kind === 'send' ? `Send ${numbers}, or its attempt` : `${SERIES[kind].noun} ${numbers}`;
}

function notChained(kind: ChainKind, id: bigint): Problem {
  const message = `${nameOf(kind, id)} is in the ledger and not in the chain: payrun did not write it.`;
  return { code: 'chain_item_extra', message, entry: kind === 'entry' ? id : null };
}

function nameOf(kind: ChainKind, id: bigint): string {
  if (kind === 'entry') return `Entry ${id}`;
  if (kind === 'audit') return `Audit event ${id}`;
  const known: Readonly<Record<string, Pick<RecordSpec, 'noun'>>> = { ...RECORDS, ...SERIES };
  return `${known[kind]?.noun ?? kind} ${id}`;
}
