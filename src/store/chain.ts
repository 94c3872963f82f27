/**
 * The SHA-256 chain over everything that is evidence: each hash covers the one before it and an item's whole text, or
 * the hash of the rows that it covers, so that an edit, a deletion, an insertion or another order anywhere shows.
 */
import { hash } from 'node:crypto';
import { CHAIN_START, type ChainKind, canonicalContent, chainInput } from '../domain/ledger/chain.ts';
import type { Reader, Transaction } from './database.ts';
import type { Value } from './sql-value.ts';

export interface ChainItem {
  kind: ChainKind;
  item_id: bigint;
  /** From domain/ledger/chain.ts; of an entry or an audit event. */
  canonical: string;
}

/** One link for rows that are covered by the hash of their texts. */
export interface ContentItem {
  kind: ChainKind;
  item_id: bigint;
  item_count: bigint;
  /** SHA-256 in hexadecimal. */
  content: string;
}

export interface ChainHead {
  length: bigint;
  /** The last hash, in hexadecimal; zeros where the chain is empty. */
  head: string;
}

export function chainHash(previousHash: string, kind: ChainKind, itemId: bigint, canonical: string): string {
  return hash('sha256', chainInput(previousHash, kind, itemId, canonical), 'hex');
}

export async function chainHead(reader: Reader): Promise<ChainHead> {
  const last = await reader.get<{ seq: bigint; hash: string }>(
    'select seq, hash from chain order by seq desc limit 1',
  );
  return last ? { length: last.seq, head: last.hash } : { length: 0n, head: CHAIN_START };
}

/** Appends items in the order given; the transaction's write lock keeps two writers from the same place. */
export async function appendToChain(
  tx: Transaction,
  items: Iterable<ChainItem | ContentItem>,
): Promise<void> {
  const before = await chainHead(tx);
  await tx.insertMany(
    'chain',
    ['seq', 'kind', 'item_id', 'item_count', 'content', 'hash'],
    links(before, items),
  );
}

function* links(before: ChainHead, items: Iterable<ChainItem | ContentItem>): Iterable<Value[]> {
  let seq = before.length;
  let previous = before.head;
  for (const item of items) {
    const { kind, item_id } = item;
    const covered = 'content' in item ? item : { item_count: 1n, content: null };
    seq += 1n;
    previous = chainHash(previous, kind, item_id, textOf(item));
    yield [seq, kind, item_id, covered.item_count, covered.content, previous];
  }
}

function textOf(item: ChainItem | ContentItem): string {
  return 'content' in item ? canonicalContent(item.item_count, item.content) : item.canonical;
}
