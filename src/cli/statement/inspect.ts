/**
 * How a report would be read: by which profile, what its columns become, and what stands in the way. It opens no
 * ledger and takes nothing in, so that a profile can be written step by step.
 */
import { formatAmount } from '../../domain/money/money.ts';
import { columnName, type Profile } from '../../statements/profile.ts';
import { fittingProfiles, headerOf, readStatement } from '../../statements/read-statement.ts';
import { argument, type Context, type Data, type Input, type Outcome, type Verb } from '../command.ts';
import { readInputFile } from '../input-file.ts';
import { configIfAny, readingTerms } from '../reconciliation-terms.ts';

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

async function run(context: Context, input: Input): Promise<Outcome> {
  const terms = readingTerms(await configIfAny(context), input, null);
  const file = await readInputFile(context, argument(input, 0));
  const candidates = fittingProfiles(file.bytes, terms.profiles);
  const profile = terms.profile ?? candidates[0] ?? terms.expected_profile;
  const read = readStatement(file.bytes, profile, terms.time_zone);
  const columns = headerOf(file.bytes, profile).map((column) => ({
    column,
    becomes: becomes(column, profile),
  }));
  const rows = read.rows.slice(0, ROWS_SHOWN).map((row) => ({
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
  const problems = read.errors
    .slice(0, PROBLEMS_SHOWN)
    .map(({ line, column, code, message }) => ({ line, column, code, message }));
  const names = candidates.map(({ name }) => name);
  return {
    data: { file: file.name, profile: profile.name, candidates: names, columns, rows, problems },
    view: [
      `${file.name}, read as ${profile.name}; its header fits: ${names.length === 0 ? 'no profile' : names.join(', ')}.`,
      table('Columns', ['column', 'becomes'], columns),
      table('First rows', ['line', 'kind', 'provider_reference', 'utr', 'amount', 'status', 'date'], rows),
      problems.length === 0 ? 'No problems.' : table('Problems', ['line', 'column', 'message'], problems),
    ],
  };
}

function table(title: string, keys: readonly string[], rows: readonly Data[]) {
  return { title, columns: keys.map((key) => ({ key })), rows };
}

/** The fields that a column gives, or null where it is not read. */
function becomes(column: string, profile: Profile): string | null {
  const name = columnName(column);
  const fields: string[] = Object.entries(profile.columns).flatMap(([field, title]) =>
    title === name ? [field] : [],
  );
  if (profile.kinds.some((rule) => rule.column === name)) fields.push('kind');
  return fields.length === 0 ? null : fields.join(', ');
}
