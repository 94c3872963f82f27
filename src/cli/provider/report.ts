import { PayrunError } from '../../domain/errors.ts';
import { fetchReport } from '../../operations/fetch-report.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { dayOf } from '../ledger/flags.ts';
import { counted } from '../output/counted.ts';
import { QUESTION_PATIENCE_MS } from '../waiting.ts';

export const verb: Verb = {
  name: 'provider report',
  summary: 'Fetch the provider’s report of a day',
  effect: 'reads',
  arguments: [{ name: '[provider]', description: 'its name in payrun.toml (default: the only one)' }],
  options: [
    {
      flags: '--date <date>',
      description: 'a day of the provider’s calendar, such as 2026-11-21, today or yesterday',
      required: true,
    },
  ],
  examples: ['payrun provider report nxt --date 2026-11-21 -o nxt-2026-11-21.csv'],
  run,
};

/** The bytes as they came; with -o they become the file, whole or not at all. */
async function run(context: Context, input: Input): Promise<Outcome> {
  const date = await readDay(context, text(input, 'date') ?? '');
  const settings = await context.providerConfig(argument(input, 0) || undefined);
  const provider = await context.provider(settings.name, QUESTION_PATIENCE_MS);
  const report = await fetchReport(provider, date);
  if (!report.counted) {
    context.warn({
      code: 'report_uncounted',
      message: `${settings.name} does not say how many rows the report has, so that nothing shows that none is missing.`,
    });
  }
  return {
    data: { provider: settings.name, date, rows: report.rows, sha256: report.sha256 },
    text: report.content,
    next: `${counted(report.rows, 'row', 'rows')}. Reconcile with: payrun reconcile ${context.flags.output_file ?? 'FILE'} --provider ${settings.name}`,
  };
}

async function readDay(context: Context, given: string): Promise<string> {
  const day = await dayOf(context, given);
  if (day !== null) return day;
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--date is "${given}"; write a day such as 2026-11-21, today or yesterday.`,
  );
}
