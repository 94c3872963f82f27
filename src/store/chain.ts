/**
 * The SHA-256 chain over journal entries and audit events: each hash covers the one before it and the item's whole
 * text, so that an edit, a deletion, an insertion or another order anywhere shows in every later hash.
 */
import { hash } from 'node:crypto';
import { CHAIN_START, type ChainKind, chainInput } from '../domain/ledger/chain.ts';
import type { ListValue, Reader, Transaction } from './database.ts';

export interface ChainItem {
  kind: ChainKind;
  item_id: bigint;
  /** From domain/ledger/chain.ts. */
  canonical: string;
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
export async function appendToChain(tx: Transaction, items: Iterable<ChainItem>): Promise<void> {
  const before = await chainHead(tx);
  await tx.insertMany('chain', ['seq', 'kind', 'item_id', 'hash'], links(before, items));
}

function* links(before: ChainHead, items: Iterable<ChainItem>): Iterable<ListValue[]> {
  let seq = before.length;
  let previous = before.head;
  for (const item of items) {
    seq += 1n;
    previous = chainHash(previous, item.kind, item.item_id, item.canonical);
    yield [seq, item.kind, item.item_id, previous];
  }
}
