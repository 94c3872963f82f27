/** The lines of statements as a person asks for them, whether the ledger keeps them as rows or by the page. */
import type { PackedLineReader } from '../statements/packed-lines.ts';
import type { StatementRow } from '../statements/statement-row.ts';
import type { Reader } from '../store/database.ts';
import {
  matchAt,
  matchesOfPage,
  type PageMatch,
  pageLinesOfPayout,
  referencesOf,
} from '../store/page-matches.ts';
import { pageAfter, pageOfLine, rowsAmong, type StatementPage, spanOf } from '../store/statement-pages.ts';
import {
  type LineOfStatement,
  linesOfStatement,
  type Statement,
  statementById,
} from '../store/statements.ts';
import { lineEvent, storyOf } from '../store/story.ts';
import type { StoryEvent } from '../store/story-event.ts';
import { damagedLine, packedStatements, statementOf } from './packed-lines.ts';

/** The lines of one statement in the order of the file, each with what it was matched with. */
export async function linesOfFile(
  reader: Reader,
  { id }: Pick<Statement, 'id'>,
  after: bigint,
  limit: number | null,
): Promise<LineOfStatement[]> {
  const packed = await packedStatements(reader);
  const rows = await linesOfStatement(reader, id, after, limit);
  const read = packed.get(id);
  if (!read) return rows;
  const most = limit ?? Number.POSITIVE_INFINITY;
  const found: LineOfStatement[] = [];
  const matchOfRow = new Map<bigint, PageMatch>();
  for (let page = await pageAfter(reader, 0n, id); page && found.length < most; ) {
    if (read.reader.lastNumber(page.lines) > after)
      found.push(...(await linesOfPage(reader, read.reader, page, after, matchOfRow)));
    page = await pageAfter(reader, page.first_id, id);
  }
  const matches = [...matchOfRow.values()].map((match) => match.payout_id);
  const references = await referencesOf(reader, matches);
  const withMatch = (line: LineOfStatement): LineOfStatement => {
    const match = line.payout_count === 0n ? matchOfRow.get(line.line_id) : undefined;
    if (!match) return line;
    const reference_id = references.get(match.payout_id) ?? null;
    return { ...line, payout_count: 1n, reference_id, rule: match.rule };
  };
  const all = [...rows, ...found].sort((a, b) => Number(a.line_no - b.line_no));
  return all.slice(0, limit ?? all.length).map(withMatch);
}

/** Those behind `after` that are no rows; `matchOfRow` is told the match of each line, also of those that are rows. */
async function linesOfPage(
  reader: Reader,
  packed: PackedLineReader,
  page: StatementPage,
  after: bigint,
  matchOfRow: Map<bigint, PageMatch>,
): Promise<LineOfStatement[]> {
  const rows = await rowsAmong(reader, spanOf(page));
  const matched = (await matchesOfPage(reader, page.first_id)) ?? new Uint8Array();
  const lines: LineOfStatement[] = [];
  let index = -1;
  for (const row of packed.lines(page.lines)) {
    index += 1;
    const line_id = page.first_id + BigInt(index);
    if (row === null) throw damagedLine(line_id);
    if (row.line_no <= after) continue;
    const match = matchAt(matched, index);
    if (match) matchOfRow.set(line_id, match);
    if (!rows.has(line_id)) lines.push(lineOf(line_id, row));
  }
  return lines;
}

function lineOf(line_id: bigint, row: StatementRow): LineOfStatement {
  const { kind, provider_id, provider_reference, utr, amount_minor, currency } = row;
  const { fee_minor, tax_minor, status_word, stated_on } = row;
  return {
    line_id,
    line_no: BigInt(row.line_no),
    ...{ kind, provider_id, provider_reference, utr, amount_minor, currency },
    ...{ fee_minor, tax_minor, status_word, stated_on },
    superseded: 0n,
    payout_count: 0n,
    reference_id: null,
    rule: null,
  };
}

/** Everything that is stored about one payout, in the order in which it happened. */
export async function storyOfPayout(reader: Reader, payoutId: bigint): Promise<StoryEvent[]> {
  const packed = await packedStatements(reader);
  const events: StoryEvent[] = [];
  for (const { line_id, rule } of await pageLinesOfPayout(reader, payoutId)) {
    const page = await pageOfLine(reader, line_id);
    const statement = page && (await statementById(reader, page.statement_id));
    if (!page || !statement) throw damagedLine(line_id);
    const [row] = statementOf(packed, page).reader.lines(page.lines, [Number(line_id - page.first_id)]);
    if (!row) throw damagedLine(line_id);
    const { file_name: file, imported_at: at } = statement;
    const { status_word: status, amount_minor, currency, utr } = row;
    events.push(
      lineEvent({ at, file, line: BigInt(row.line_no), rule, status, amount_minor, currency, utr }),
    );
  }
  return storyOf(reader, payoutId, events);
}
