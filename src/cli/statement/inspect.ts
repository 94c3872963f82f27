import { formatAmount } from '../../domain/money/money.ts';
import { LINE_KINDS } from '../../domain/reconciliation/statement-line.ts';
import type { Profile } from '../../statements/profile.ts';
import { anyOf, fitsOf, headerOf, nearlyFits, resolveColumns } from '../../statements/profile-fit.ts';
import { readStatement, type StatementRead } from '../../statements/read-statement.ts';
import { argument, type Context, type Data, type Input, type Outcome, type Verb } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { readInputFile } from '../input-file.ts';
import { configIfAny, readingTerms } from '../reconciliation-terms.ts';
import { countView, proofData, proofView } from './statement-proof.ts';

const ROWS_SHOWN = 10;
const PROBLEMS_SHOWN = 100;

export const verb: Verb = {
  name: 'statement inspect',
  summary: 'Show how a report would be read',
  effect: 'reads',
  arguments: [{ name: '<file>', description: 'the report; - for stdin' }],
  options: [{ flags: '--profile <name>', description: 'how to read it (default: told by its header)' }],
  examples: ['payrun statement inspect report-2026-11-20.csv'],
  run,
};

const DESCRIBE_IT =
  'No profile fits. Describe the file in payrun.toml as [statements.NAME] (docs/reference.md, "Writing a statement profile"), and look again with --profile NAME.';

async function run(context: Context, input: Input): Promise<Outcome> {
  const terms = readingTerms(await configIfAny(context), input, null);
  const file = await readInputFile(context, argument(input, 0));
  const fits = fitsOf(file.bytes, terms.profiles);
  const candidates = fits.filter(({ fits: whole }) => whole).map(({ profile }) => profile.name);
  const nearly = fits.filter(nearlyFits);
  const nearest = nearly[0]?.profile ?? terms.expected_profile;
  const profile = terms.profile ?? fits.find(({ fits: whole }) => whole)?.profile ?? nearest;
  const read = readStatement(file.bytes, profile, terms.time_zone);
  for (const warning of read.warnings) context.warn(warning);
  const header = headerOf(file.bytes, profile);
  const meanings = becomes(header, profile);
  const columns = header.map((column, index) => ({ column, becomes: meanings[index] ?? null }));
  const rows = rowsData(read);
  const problems = read.errors
    .slice(0, PROBLEMS_SHOWN)
    .map(({ line, column, code, message }) => ({ line, column, code, message }));
  const kinds = kindsData(read);
  const near = nearly.map((fit) => ({ profile: fit.profile.name, missing: fit.missing.map(anyOf) }));
  return {
    // The answer stands, and a script that only asks whether the file is good reads the code.
    exit: read.errors.length > 0 ? EXIT.refused_file : EXIT.done,
    ...(read.errors.length > 0 && candidates.length === 0 ? { next: DESCRIBE_IT } : {}),
    data: {
      file: file.name,
      profile: profile.name,
      encoding: profile.encoding,
      delimiter: profile.delimiter,
      candidates,
      near,
      columns,
      kinds,
      rows,
      count: { ...read.count },
      proofs: read.proofs.map(proofData),
      problem_count: read.errors.length,
      problems,
    },
    view: [
      `${file.name}, read as ${profile.name}: ${profile.encoding}, columns separated by ${nameOf(profile.delimiter)}. Its header fits: ${candidates.length === 0 ? 'no profile' : candidates.join(', ')}.`,
      ...near.map((each) => `It nearly fits ${each.profile}; missing: ${each.missing.join(', ')}.`),
      table('Columns', ['column', 'becomes'], columns),
      table('First rows', ['line', 'kind', 'provider_reference', 'utr', 'amount', 'status', 'date'], rows),
      table(
        'Kinds of rows',
        ['kind', 'rows', 'amounts'],
        kinds.map(({ kind, rows: count, amounts }) => ({
          kind,
          rows: count,
          amounts: shownAmounts(amounts),
        })),
      ),
      countView(read.count),
      ...proofView(read.proofs),
      ...problemsView(problems, read.errors.length),
    ],
  };
}

function rowsData(read: StatementRead): Data[] {
  return read.rows.slice(0, ROWS_SHOWN).map((row) => ({
    line: row.line_no,
    kind: row.kind,
    provider_id: row.provider_id,
    provider_reference: row.provider_reference,
    utr: row.utr,
    amount: formatAmount(row.amount_minor, row.currency),
    currency: row.currency,
    status: row.status,
    date: row.stated_on,
  }));
}

interface KindData extends Data {
  kind: string;
  rows: number;
  amounts: { currency: string; amount: string }[];
}

/** How many rows are about what, and the sum of their amounts; money that came in is negative. */
function kindsData({ rows }: StatementRead): KindData[] {
  return LINE_KINDS.flatMap((kind): KindData[] => {
    const of = rows.filter((row) => row.kind === kind);
    if (of.length === 0) return [];
    const sums = new Map<string, bigint>();
    for (const { currency, amount_minor } of of)
      sums.set(currency, (sums.get(currency) ?? 0n) + amount_minor);
    const amounts = [...sums]
      .sort()
      .map(([currency, sum]) => ({ currency, amount: formatAmount(sum, currency) }));
    return [{ kind, rows: of.length, amounts }];
  });
}

function shownAmounts(amounts: KindData['amounts']): string {
  return amounts.map(({ amount, currency }) => `${amount} ${currency}`).join(', ');
}

function problemsView(problems: readonly Data[], count: number) {
  if (count === 0) return ['No problems: every line is accounted for.'];
  const more = count - problems.length;
  return [
    table('Problems: the file would be refused as a whole', ['line', 'column', 'code', 'message'], problems),
    ...(more > 0 ? [`And ${more} more problems.`] : []),
  ];
}

function table(title: string, keys: readonly string[], rows: readonly Data[]) {
  const right = ['line', 'rows', 'amount', 'amounts'];
  return {
    title,
    columns: keys.map((key) => (right.includes(key) ? { key, align: 'right' as const } : { key })),
    rows,
  };
}

function nameOf(delimiter: string): string {
  return delimiter === ',' ? 'commas' : delimiter === '\t' ? 'tabs' : `"${delimiter}"`;
}

/** The fields that each column gives, or null where it is not read. */
function becomes(columns: readonly string[], profile: Profile): (string | null)[] {
  const { at, sums, kinds } = resolveColumns(columns, profile);
  const uses: [string, number][] = [
    ...at,
    ...[...sums].flatMap(([field, positions]) => positions.map((each): [string, number] => [field, each])),
    ...[...new Set(kinds)].map((position): [string, number] => ['kind', position]),
  ];
  return columns.map((_, index) => {
    const fields = uses.flatMap(([field, position]) => (position === index ? [field] : []));
    return fields.length === 0 ? null : fields.join(', ');
  });
}
