import { breakVersion, SHEET_COLUMNS } from '../../operations/apply-break-sheet.ts';
import { type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { sheetText } from '../output/sheet.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { breakItem } from './break-item.ts';
import { FILTER_OPTIONS, filterOf } from './choice.ts';
import { fitting, STATES, stateOf } from './list.ts';

export const verb: Verb = {
  name: 'break export',
  summary: 'Write differences into a sheet, to be explained there',
  effect: 'reads',
  options: [
    { flags: '--state <state>', description: 'open (the default), resolved, closed or all', choices: STATES },
    ...FILTER_OPTIONS,
  ],
  examples: ['payrun break export -o breaks.csv', 'payrun break export --kind fee_differs -o fees.csv'],
  columns: SHEET_COLUMNS,
  run,
};

/** The sheet is for a spreadsheet; a terminal gets a table, and json, ndjson and csv are the exact data. */
async function run(context: Context, input: Input): Promise<Outcome> {
  const terms = comparisonTerms(context, await context.config());
  const { fits, ...filter } = await filterOf(context, input, terms);
  const database = await context.ledger();
  const rows = () =>
    fitting(database, { ...filter, state: stateOf(text(input, 'state')), after: 0n }, fits, (row) => ({
      ...breakItem(row, terms.today, terms.calendar),
      version: breakVersion(row),
      note: row.note,
    }));
  const { flags, world } = context;
  const shown = world.stdout.isTTY && flags.output_file === null;
  if (flags.format === 'table' && !shown) {
    const next = 'Fill in reason and note where you know why, then: payrun break apply FILE --dry-run';
    return { data: {}, text: sheetText(rows(), SHEET_COLUMNS), next };
  }
  return { data: {}, stream: rows() };
}
