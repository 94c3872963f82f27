import { BREAK_KINDS } from '../../domain/reconciliation/break.ts';
import { breakVersion, SHEET_COLUMNS } from '../../operations/apply-break-sheet.ts';
import { type BreakFilter, everyBreak } from '../../store/breaks.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { sheetText } from '../output/sheet.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { breakItem } from './break-item.ts';
import { kindOf, STATES, stateOf } from './list.ts';

export const verb: Verb = {
  name: 'break export',
  summary: 'Write differences into a sheet, to be explained there',
  effect: 'reads',
  options: [
    { flags: '--state <state>', description: 'open (the default), resolved, closed or all', choices: STATES },
    { flags: '--kind <kind>', description: 'only this kind', choices: BREAK_KINDS },
    { flags: '--provider <name>', description: 'only of this provider' },
  ],
  examples: ['payrun break export -o breaks.csv', 'payrun break export --kind fee_differs -o fees.csv'],
  columns: SHEET_COLUMNS,
  run,
};

/** The sheet is for a spreadsheet; a terminal gets a table, and json, ndjson and csv are the exact data. */
async function run(context: Context, input: Input): Promise<Outcome> {
  const provider = text(input, 'provider');
  const filter = {
    state: stateOf(text(input, 'state')),
    kind: kindOf(text(input, 'kind')),
    provider: provider === undefined ? null : (await context.providerConfig(provider)).name,
    after: 0n,
  };
  const rows = () => exported(context, filter);
  const { flags, world } = context;
  const shown = world.stdout.isTTY && flags.output_file === null;
  if (flags.format === 'table' && !shown) {
    const next = 'Fill in reason and note where you know why, then: payrun break apply FILE --dry-run';
    return { data: {}, text: sheetText(rows(), SHEET_COLUMNS), next };
  }
  return { data: {}, stream: rows() };
}

async function* exported(context: Context, filter: Omit<BreakFilter, 'limit'>): AsyncGenerator<Data> {
  const terms = comparisonTerms(context, await context.config());
  for await (const row of everyBreak(await context.ledger(), filter)) {
    yield { ...breakItem(row, terms.today, terms.calendar), version: breakVersion(row), note: row.note };
  }
}
