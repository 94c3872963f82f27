/**
 * Statements and their lines. A line is stored once, whatever the number of files that bring it; each file keeps its
 * own list of the lines that it holds.
 */
import type { ProviderState } from '../domain/payout/payout.ts';
import type { LineKind, StatementLine } from '../domain/reconciliation/statement-line.ts';
import type { Reader, Transaction } from './database.ts';

export interface Statement {
  id: bigint;
  provider: string;
  profile: string;
  file_name: string;
  sha256: string;
  row_count: bigint;
  new_count: bigint;
  from_on: string | null;
  to_on: string | null;
  imported_at: string;
  imported_by: string;
}

/** With the word of whoever has withdrawn it; null while it counts. */
export interface KeptStatement extends Statement {
  withdrawn_at: string | null;
  withdrawn_by: string | null;
  withdrawn_reason: string | null;
}

/** The numbers of statements that are withdrawn. */
export const WITHDRAWN = 'select statement_id from statement_withdrawals where reinstated_at is null';

/** As read from a file; `statements/read-statement.ts` makes them, and statement-storing.ts takes them. */
export interface NewLine {
  line_no: number;
  content: string;
  occurrence: number;
  provider_id: string | null;
  provider_reference: string | null;
  utr: string | null;
  provider_beneficiary_id: string | null;
  kind: LineKind;
  amount_minor: bigint;
  currency: string;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  status: ProviderState;
  status_word: string;
  failure_reason: string | null;
  stated_at: string | null;
  stated_on: string | null;
  cells: string;
}

export const STATEMENT_COLUMNS =
  'id, provider, profile, file_name, sha256, row_count, new_count, from_on, to_on, imported_at, imported_by';

const withdrawal = (column: string) =>
  `(select w.${column} from statement_withdrawals w where w.statement_id = statements.id and w.reinstated_at is null)
     as ${column}`;
const SELECT = `select ${STATEMENT_COLUMNS}, ${withdrawal('withdrawn_at')}, ${withdrawal('withdrawn_by')},
  ${withdrawal('withdrawn_reason')} from statements`;

export async function statementBySha256(
  reader: Reader,
  provider: string,
  sha256: string,
): Promise<KeptStatement | undefined> {
  return reader.get<KeptStatement>(`${SELECT} where provider = :provider and sha256 = :sha256`, {
    provider,
    sha256,
  });
}

/** The same file, with lines, as a statement of another provider or account that still counts. */
export async function statementOfAnother(
  reader: Reader,
  provider: string,
  sha256: string,
): Promise<KeptStatement | undefined> {
  const rows = await reader.all<KeptStatement>(
    `${SELECT} where sha256 = :sha256 and provider <> :provider and row_count > 0 order by id`,
    { provider, sha256 },
  );
  return rows.find(({ withdrawn_at }) => withdrawn_at === null);
}

export async function statementById(reader: Reader, id: bigint): Promise<KeptStatement | undefined> {
  return reader.get<KeptStatement>(`${SELECT} where id = :id`, { id });
}

export interface StatementFilter {
  provider: string | null;
  /** Only statements after this id; 0 for all. */
  after: bigint;
  limit: number | null;
}

export async function listStatements(reader: Reader, filter: StatementFilter): Promise<KeptStatement[]> {
  return reader.all<KeptStatement>(
    `${SELECT} where id > :after and (:provider is null or provider = :provider) order by id limit :limit`,
    { after: filter.after, provider: filter.provider, limit: filter.limit ?? ALL },
  );
}

/** The last that were taken in and count, the newest first. */
export async function latestStatements(
  reader: Reader,
  provider: string,
  limit: number,
): Promise<Statement[]> {
  return reader.all<Statement>(
    `select ${STATEMENT_COLUMNS} from statements
     where provider = :provider and id not in (${WITHDRAWN}) order by id desc limit :limit`,
    { provider, limit },
  );
}

/** The last that were taken in and withdrawn, the newest first. */
export async function withdrawnStatements(
  reader: Reader,
  provider: string,
  limit: number,
): Promise<KeptStatement[]> {
  return reader.all<KeptStatement>(
    `${SELECT} where provider = :provider and id in (${WITHDRAWN}) order by id desc limit :limit`,
    { provider, limit },
  );
}

// A limit that no list reaches: "no limit" is written differently by every engine.
const ALL = 9_007_199_254_740_991n;

interface LineRow extends Omit<StatementLine, 'statement_ids' | 'occurrence'> {
  occurrence: bigint;
  statement_id: bigint;
}

/**
 * Lines of a provider that count, with the statements in which they stand and which count. `||`: their numbers narrow a
 * page down, and no index.
 */
export async function linesOfProvider(
  reader: Reader,
  provider: string,
  { after, through }: { after: bigint; through: bigint } = { after: 0n, through: ALL },
): Promise<StatementLine[]> {
  const rows = await reader.all<LineRow>(
    `select l.id as line_id, l.content_sha256 as content, l.occurrence, l.provider_id, l.provider_reference, l.utr,
       l.provider_beneficiary_id, l.kind, l.amount_minor, l.currency, l.fee_minor, l.tax_minor, l.status, l.status_word,
       l.stated_at, l.stated_on, r.statement_id
     from statement_lines l join statement_rows r on r.line_id = l.id
     where l.provider || '' = :provider and l.id > :after and l.id <= :through
       and r.statement_id not in (${WITHDRAWN})
     order by l.id, r.statement_id`,
    { provider, after, through },
  );
  const lines: (StatementLine & { statement_ids: bigint[] })[] = [];
  for (const { statement_id, occurrence, ...row } of rows) {
    const last = lines.at(-1);
    if (last?.line_id === row.line_id) last.statement_ids.push(statement_id);
    else lines.push({ ...row, occurrence: Number(occurrence), statement_ids: [statement_id] });
  }
  return lines;
}

/** What of a line decides whether it can be settled in bulk; amounts of 2^53 or more are not exact. */
export type PlainLine = readonly [
  line_id: number,
  provider_id: string | null,
  provider_reference: string | null,
  utr: string | null,
  kind: LineKind,
  amount_minor: number,
  currency: string,
  fee_minor: number | null,
  tax_minor: number | null,
  status: ProviderState,
  stated_on: string | null,
];

export async function plainLinesOfProvider(
  tx: Transaction,
  provider: string,
  { after, through }: { after: bigint; through: bigint },
): Promise<PlainLine[]> {
  return tx.values<PlainLine>(
    `select id, provider_id, provider_reference, utr, kind, amount_minor, currency, fee_minor, tax_minor, status, stated_on
     from statement_lines where provider || '' = :provider and id > :after and id <= :through
       and (not exists (${WITHDRAWN}) or exists (
         select 1 from statement_rows r where r.line_id = statement_lines.id and r.statement_id not in (${WITHDRAWN})))
     order by id`,
    { provider, after, through },
  );
}

/** Which line restates which, as it was written last; only lines that are restated. */
export async function storedSupersessions(reader: Reader, provider: string): Promise<Map<bigint, bigint>> {
  const rows = await reader.all<{ id: bigint; superseded_by: bigint }>(
    'select id, superseded_by from statement_lines where provider = :provider and superseded_by is not null',
    { provider },
  );
  return new Map(rows.map((row) => [row.id, row.superseded_by]));
}

export async function saveSupersessions(
  tx: Transaction,
  changes: Iterable<{ id: bigint; superseded_by: bigint | null }>,
): Promise<void> {
  await tx.runMany('update statement_lines set superseded_by = :superseded_by where id = :id', [...changes]);
}

export interface LineOfStatement {
  line_id: bigint;
  line_no: bigint;
  kind: LineKind;
  provider_id: string | null;
  provider_reference: string | null;
  utr: string | null;
  amount_minor: bigint;
  currency: string;
  fee_minor: bigint | null;
  tax_minor: bigint | null;
  status_word: string;
  stated_on: string | null;
  /** The line that restates it stands in a later statement. */
  superseded: bigint;
  /** How many payouts it explains: of a bulk debit more than one. */
  payout_count: bigint;
  /** Of the payout; null where there is none, or more than one. */
  reference_id: string | null;
  rule: string | null;
}

/** The lines of one statement in the order of the file, each with what it was matched with. */
export async function linesOfStatement(
  reader: Reader,
  statementId: bigint,
  after: bigint,
  limit: number | null,
): Promise<LineOfStatement[]> {
  return reader.all<LineOfStatement>(
    `select l.id as line_id, r.line_no, l.kind, l.provider_id, l.provider_reference, l.utr, l.amount_minor, l.currency,
       l.fee_minor, l.tax_minor, l.status_word, l.stated_on,
       case when l.superseded_by is null then 0 else 1 end as superseded,
       (select count(*) from matches m where m.line_id = l.id) as payout_count,
       (select case when count(*) = 1 then min(p.reference_id) end
        from matches m join payouts p on p.id = m.payout_id where m.line_id = l.id) as reference_id,
       (select min(m.rule) from matches m where m.line_id = l.id) as rule
     from statement_rows r
     join statement_lines l on l.id = r.line_id
     where r.statement_id = :statement and r.line_no > :after order by r.line_no limit :limit`,
    { statement: statementId, after, limit: limit ?? ALL },
  );
}

/** A line as it stands in the newest file that has it, of those that count while there is one. */
export interface LineInFile {
  line_id: bigint;
  file_name: string;
  statement_id: bigint;
  line_no: bigint;
  /** JSON of column → cell. */
  cells: string;
  /** No statement that has it counts. */
  withdrawn: bigint;
}

export async function lineInFile(reader: Reader, lineId: bigint): Promise<LineInFile | undefined> {
  return reader.get<LineInFile>(
    `select l.id as line_id, s.file_name, s.id as statement_id, r.line_no, l.cells,
       case when s.id in (${WITHDRAWN}) then 1 else 0 end as withdrawn
     from statement_lines l
     join statement_rows r on r.line_id = l.id
     join statements s on s.id = r.statement_id
     where l.id = :id order by withdrawn, s.id desc limit 1`,
    { id: lineId },
  );
}
