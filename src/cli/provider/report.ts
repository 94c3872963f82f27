import { dayIn } from '../../domain/calendar-day.ts';
import { PayrunError } from '../../domain/errors.ts';
import { fetchReport } from '../../operations/fetch-report.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
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

const DAYS_BACK: Readonly<Record<string, number>> = { today: 0, yesterday: 1 };

async function readDay(context: Context, given: string): Promise<string> {
  const back = DAYS_BACK[given];
  if (back !== undefined) {
    const { ledger } = await context.config();
    return dayIn(ledger.time_zone, new Date(context.world.now().getTime() - back * 86_400_000).toISOString());
  }
  const ms = /^\d{4}-\d\d-\d\d$/.test(given) ? Date.parse(`${given}T12:00:00Z`) : Number.NaN;
  if (!Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === given) return given;
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--date is "${given}"; write a day such as 2026-11-21, today or yesterday.`,
  );
}
