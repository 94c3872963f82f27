/**
 * Lines of statements that are kept by the page, where one of them is asked for. Whatever is to be said of such a line
 * beyond that it and a payout agree is said of a row: the line becomes one, under its number, and stays one.
 */
import { PayrunError } from '../domain/errors.ts';
import { PackedLineReader } from '../statements/packed-lines.ts';
import type { RowForm } from '../statements/plain-row.ts';
import type { Reader, Transaction } from '../store/database.ts';
import {
  pageAfter,
  pageForms,
  pageOfLine,
  rowsAmong,
  type StatementPage,
  spanOf,
} from '../store/statement-pages.ts';
import { insertUnpacked } from '../store/statement-storing.ts';

export interface PackedStatement {
  provider: string;
  reader: PackedLineReader;
  /** Its lines count only where another statement has them too, as rows. */
  withdrawn: boolean;
}

/** How the lines of pages are read, by their statement. */
export async function packedStatements(reader: Reader): Promise<Map<bigint, PackedStatement>> {
  const statements = new Map<bigint, PackedStatement>();
  for (const [id, { provider, page_form, withdrawn }] of await pageForms(reader)) {
    statements.set(id, { provider, reader: readerOf(id, page_form), withdrawn: withdrawn === 1n });
  }
  return statements;
}

function readerOf(statement: bigint, form: string): PackedLineReader {
  try {
    return new PackedLineReader(JSON.parse(form) as RowForm);
  } catch (cause) {
    throw damaged(`How the lines of statement ${statement} are read`, cause);
  }
}

export function statementOf(
  statements: ReadonlyMap<bigint, PackedStatement>,
  { first_id, statement_id }: StatementPage,
): PackedStatement {
  const found = statements.get(statement_id);
  if (!found) throw damagedLine(first_id);
  return found;
}

export function damagedLine(line: bigint): PayrunError {
  return damaged(`Line ${line} of a statement`);
}

function damaged(what: string, cause?: unknown): PayrunError {
  return new PayrunError('failed', 'ledger_damaged', `${what} is not what payrun has written.`, {
    hint: '`payrun audit verify` says what was changed; go back to the last backup in which it finds nothing.',
    cause,
  });
}

/** Makes rows of those of these lines, whose numbers ascend, that stand in pages alone. */
export async function unpackLines(tx: Transaction, lines: readonly bigint[]): Promise<void> {
  if (lines.length === 0) return;
  const statements = await packedStatements(tx);
  for (let from = 0; from < lines.length; ) {
    const page = await pageOfLine(tx, lines[from] as bigint);
    if (!page) {
      // It never was anything but a row.
      from += 1;
      continue;
    }
    const span = spanOf(page);
    const { provider, reader } = statementOf(statements, page);
    const rows = await rowsAmong(tx, span);
    const wanted: bigint[] = [];
    for (; from < lines.length && (lines[from] as bigint) < span.end; from += 1)
      if (!rows.has(lines[from] as bigint)) wanted.push(lines[from] as bigint);
    const read = reader.lines(
      page.lines,
      wanted.map((id) => Number(id - span.first)),
    );
    const unpacked = [...read].map((line, index) => {
      const id = wanted[index] as bigint;
      if (line === null) throw damagedLine(id);
      return { id, line };
    });
    await insertUnpacked(tx, { provider, statement_id: page.statement_id }, unpacked);
  }
}

/** Makes rows of all lines of a provider that count, for whoever looks at them one by one. */
export async function unpackAllLines(tx: Transaction, provider: string): Promise<void> {
  const statements = await packedStatements(tx);
  for (let page = await pageAfter(tx, 0n); page; page = await pageAfter(tx, page.first_id)) {
    const { provider: of, withdrawn } = statementOf(statements, page);
    if (of !== provider || withdrawn) continue;
    const { first, end } = spanOf(page);
    await unpackLines(
      tx,
      Array.from({ length: Number(end - first) }, (_, index) => first + BigInt(index)),
    );
  }
}
