/**
 * Recomputes the chain from its first item to its last. Each hash is computed from the stored one before it, so that
 * an item that was changed is named by itself and not followed by everything after it.
 */
import { CHAIN_START, canonicalAuditEvent, canonicalEntry } from '../domain/ledger/chain.ts';
import type { NewEntry } from '../domain/ledger/entry.ts';
import { type ChainHead, chainHash } from '../store/chain.ts';
import {
  type ChainedItem,
  chainPages,
  countsUpTo,
  type LedgerSnapshot,
  ledgerSnapshot,
  unchained,
} from '../store/chain-pages.ts';
import type { Database } from '../store/database.ts';

export interface Problem {
  /** Stable; README lists them. */
  code: string;
  message: string;
  entry: bigint | null;
}

// Whoever has more than a thousand needs a backup and not a longer list.
export const PROBLEMS_LISTED = 1000;

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
  onEntry?(id: bigint, entry: NewEntry): void;
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
  for await (const page of chainPages(database, snapshot.last_seq)) {
    for (const item of page) {
      checkLink(item, head, report);
      head = { length: item.seq, head: item.hash };
      if (item.hash === options.from) fromSeq = item.seq;
      if (item.audit !== null) audits += 1n;
      if (item.entry === null) continue;
      entries += 1n;
      postings += BigInt(item.entry.postings.length);
      options.onEntry?.(item.item_id, item.entry);
    }
    options.onProgress?.(Number(head.length), Number(snapshot.last_seq));
  }
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

function checkLink(item: ChainedItem, before: ChainHead, report: (problem: Problem) => void): void {
  const entry = item.kind === 'entry' ? item.item_id : null;
  if (item.seq !== before.length + 1n) {
    const message = `The chain goes from item ${before.length} to item ${item.seq}; what stood between them was removed.`;
    report({ code: 'chain_gap', message, entry });
  }
  const canonical =
    item.entry !== null
      ? canonicalEntry(item.entry)
      : item.audit !== null
        ? canonicalAuditEvent(item.audit)
        : null;
  const what = nameOf(item.kind, item.item_id);
  if (canonical === null) {
    report({
      code: 'chain_item_missing',
      message: `${what} is in the chain and no longer in the ledger: it was deleted.`,
      entry,
    });
  } else if (chainHash(before.head, item.kind, item.item_id, canonical) !== item.hash) {
    const message = `${what} is not what it was when it was written: it, or the chain at item ${item.seq}, was changed.`;
    report({ code: 'chain_hash', message, entry });
  }
}

function notChained(kind: 'entry' | 'audit', id: bigint): Problem {
  const message = `${nameOf(kind, id)} is in the ledger and not in the chain: payrun did not write it.`;
  return { code: 'chain_item_extra', message, entry: kind === 'entry' ? id : null };
}

function nameOf(kind: 'entry' | 'audit', id: bigint): string {
  return kind === 'entry' ? `Entry ${id}` : `Audit event ${id}`;
}
