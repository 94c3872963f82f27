/** What tells this ledger from every other: where its chain begins. A backup of it is the same ledger. */
import { CHAIN_START } from '../domain/ledger/chain.ts';
import type { Reader } from './database.ts';

/** 64 hex digits; zeros where nothing was ever decided or booked. */
export async function ledgerIdentity(reader: Reader): Promise<string> {
  const first = await reader.get<{ hash: string }>('select hash from chain order by seq limit 1');
  return first?.hash ?? CHAIN_START;
}
