/**
 * Lines that the ledger keeps by the page, held against what was made of them: the rows that some of them became, and
 * what they are known again by. That the pages themselves are what was written, the hash of their statement says.
 */

import { PayrunError } from '../domain/errors.ts';
import type { Database } from '../store/database.ts';
import { HASHED_COLUMNS, keyOf } from '../store/line-hash.ts';
import { keysThrough, lastPackedLine, pageAfter, spanOf, unpackedRows } from '../store/statement-pages.ts';
import { valuesOf } from '../store/statement-storing.ts';
import type { Problem } from './chain-problem.ts';
import { type PackedStatement, packedStatements } from './packed-lines.ts';

export async function verifyPages(database: Database, report: (problem: Problem) => void): Promise<void> {
  // Whatever is written meanwhile stands behind it.
  const last = await lastPackedLine(database);
  if (last === 0n) return;
  const statements = await packedStatements(database).catch(noneIfDamaged);
  const keys = new KeySum();
  for (let page = await pageAfter(database, 0n); page && page.first_id <= last; ) {
    const { provider, reader } = statements.get(page.statement_id) ?? {};
    const rows = await unpackedRows(database, spanOf(page), HASHED_COLUMNS);
    let id = page.first_id;
    for (const line of reader?.lines(page.lines) ?? []) {
      const row = rows.get(id);
      if (line !== null) keys.add(keyOf(line.content), id);
      const said = line && [provider, page.statement_id, BigInt(line.line_no), ...valuesOf(line)];
      if (row && (said === null || textOf(said) !== textOf(row)))
        report(problem('record_changed', `Line ${id} is not what its file says: it was changed.`));
      id += 1n;
    }
    page = await pageAfter(database, page.first_id);
  }
  const stored = new KeySum();
  for await (const [key, line] of keysThrough(database, last)) stored.add(key, line);
  if (stored.sum === keys.sum) return;
  const message =
    'The keys that lines of statements are known again by are not those of what they say: one was changed, added or removed.';
  report(problem('record_changed', message));
}

/** That they cannot be read, the hash of their statement says. */
function noneIfDamaged(error: unknown): ReadonlyMap<bigint, PackedStatement> {
  if (error instanceof PayrunError) return new Map();
  throw error;
}

/** Nothing is not the same as an empty text. */
function textOf(values: readonly unknown[]): string {
  return JSON.stringify(values.map((value) => (value === null ? null : String(value))));
}

function problem(code: string, message: string): Problem {
  return { code, message, entry: null };
}

/** A sum that no single change of a key or of its line leaves as it is, whatever the order. */
class KeySum {
  sum = 0n;

  add(key: Uint8Array, line: bigint): void {
    const bytes = Buffer.from(key.buffer, key.byteOffset, key.byteLength);
    let value = BigInt(key.length);
    for (let at = 0; at + 8 <= bytes.length; at += 8) value = value * PRIME + bytes.readBigUInt64BE(at);
    this.sum += (value + 1n) * line;
  }
}

const PRIME = 2n ** 89n - 1n;
