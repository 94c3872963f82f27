/**
 * The whole job against the built-in sandbox, in a folder of its own: each step is a command that its reader could
 * type, run for real, with what it said. Ends with 0 where every step did what it should, breaks that were planted
 * and outcomes that fail on purpose included.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dayIn } from '../domain/calendar-day.ts';
import { PayrunError } from '../domain/errors.ts';
import { DEFAULT_API_KEY, DEFAULT_API_SECRET, startSandbox } from '../sandbox/sandbox.ts';
import { type Context, type Data, type Input, type Outcome, text, type Verb } from './command.ts';
import { plantDifferences } from './demo-differences.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { positiveInteger } from './submission.ts';
import type { Output, World } from './world.ts';

export const verb: Verb = {
  name: 'demo',
  summary: 'Show the whole job against the built-in sandbox',
  effect: 'reads',
  options: [
    { flags: '--rows <n>', description: 'pay so many generated rows in place of the example files' },
    {
      flags: '--keep <folder>',
      description: 'work in this new folder and leave it for you to look around in',
    },
  ],
  examples: ['payrun demo', 'payrun demo --rows 500 --keep demo'],
  run,
};

interface Step {
  says: string;
  argv: readonly string[];
  expect: ExitCode;
}

async function run(context: Context, input: Input): Promise<Outcome> {
  const rows = positiveInteger(text(input, 'rows'), '--rows');
  const keep = text(input, 'keep');
  const folder = makeFolder(context.world, keep);
  const sandbox = await startSandbox({ settle_ms: 150 });
  try {
    prepare(folder, sandbox.url, rows);
    const data = await tell(context, folder);
    const where =
      keep === undefined
        ? 'To look around in what it made: payrun demo --keep demo'
        : `Everything is in ${folder}; the sandbox has ended with the demo.`;
    return { data, text: '', next: `The tour in README.md goes through the same steps by hand. ${where}` };
  } finally {
    await sandbox.close();
    if (keep === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

function makeFolder(world: World, keep: string | undefined): string {
  if (keep === undefined) return mkdtempSync(join(tmpdir(), 'payrun-demo-'));
  const folder = resolve(world.cwd, keep);
  if (existsSync(folder)) {
    throw new PayrunError(
      'usage',
      'folder_exists',
      `${folder} exists already, and the demo overwrites nothing.`,
      {
        hint: 'Name a new folder with --keep.',
      },
    );
  }
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The configuration differs from what `init` writes in the port alone, and in waiting for no settlement day. */
function prepare(folder: string, url: string, rows: number | null): void {
  const toml = `[providers.nxt]
kind = "nxtbanking"
base_url = "${url}"
api_key = { env = "NXT_API_KEY" }
api_secret = { env = "NXT_API_SECRET" }

[providers.nxt.rails.IMPS]
fee = "3.50"
tax_rate = "0.18"

[reconciliation]
settlement_days = 0
`;
  writeFileSync(join(folder, 'payrun.toml'), toml);
  if (rows === null) {
    const fixtures = fixturesFolder();
    for (const file of ['beneficiaries.csv', 'payouts.csv']) cpSync(join(fixtures, file), join(folder, file));
    return;
  }
  const beneficiaries = ['beneficiary_ref,name,account_number,ifsc'];
  const payouts = ['beneficiary_ref,amount,narration'];
  for (let row = 1; row <= rows; row += 1) {
    // Every 25th account has an ending with which the sandbox fails the payout.
    const ending = row % 25 === 0 ? '0001' : String(2000 + (row % 7000));
    beneficiaries.push(
      `worker-${row},Worker ${row},5010${String(row).padStart(7, '0')}${ending},HDFC0000060`,
    );
    payouts.push(`worker-${row},${1000 + row}.${String(row % 100).padStart(2, '0')},Salary November`);
  }
  writeFileSync(join(folder, 'beneficiaries.csv'), `${beneficiaries.join('\n')}\n`);
  writeFileSync(join(folder, 'payouts.csv'), `${payouts.join('\n')}\n`);
}

/** The example files of the package, whether this runs from the bundle or from the source. */
function fixturesFolder(): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'fixtures', 'beneficiaries.csv'))) return join(folder, 'fixtures');
    if (folder === dirname(folder))
      throw new PayrunError('failed', 'file_missing', 'The example files of payrun are not installed.');
  }
}

async function tell(context: Context, folder: string): Promise<Data> {
  const steps: Data[] = [];
  const day = dayIn('Asia/Kolkata', context.world.now().toISOString());
  const show = async (step: Step): Promise<Data | null> => {
    const done = await runStep(context, folder, step);
    steps.push({ command: `payrun ${step.argv.join(' ')}`, exit: done.exit, expected: step.expect });
    return done.data;
  };
  for (const step of payingSteps(day)) await show(step);
  const ours = await show({
    says: 'Both sides as files: the comparison that a CI job makes, without ledger or key.',
    argv: ['reconcile', 'report.csv', '--against', 'ours.csv'],
    expect: 0,
  });
  const planted = plantDifferences(readFileSync(join(folder, 'report.csv'), 'utf8'));
  writeFileSync(join(folder, 'report-with-differences.csv'), planted.report);
  await say(context, `\nNow somebody edits the report: ${planted.says}.\n`);
  const found = await show({
    says: 'payrun finds each of them, and nothing else.',
    argv: ['reconcile', 'report-with-differences.csv'],
    expect: 3,
  });
  for (const step of closingSteps()) await show(step);
  const breaks = countOpen(found);
  const failed = steps.filter((step) => step.exit !== step.expected);
  if (failed.length > 0 || breaks !== planted.count || countOpen(ours) !== 0) {
    const what = failed
      .map((step) => `${step.command} ended with ${step.exit}, not ${step.expected}`)
      .join('; ');
    throw new PayrunError(
      'failed',
      'demo_failed',
      `The demo did not go as it should: ${what || `${planted.count} differences were planted and ${breaks} found`}.`,
    );
  }
  await say(
    context,
    `\nEvery step did what it should: ${planted.count} differences planted, ${breaks} found, the books balance.\n`,
  );
  return { steps, planted: planted.count, breaks };
}

function countOpen(data: Data | null): number {
  const breaks = data?.breaks;
  return breaks !== null && typeof breaks === 'object' && !Array.isArray(breaks)
    ? Number(breaks.open)
    : Number.NaN;
}

function payingSteps(day: string): Step[] {
  return [
    { says: 'A key and an empty ledger.', argv: ['init'], expect: EXIT.done },
    {
      says: 'Who can be paid. Account numbers are sealed before they reach the disk.',
      argv: ['beneficiary', 'import', 'beneficiaries.csv'],
      expect: EXIT.done,
    },
    {
      says: 'The payouts, with the totals that the sender announced.',
      argv: ['batch', 'import', 'payouts.csv', '--name', 'salary-nov'],
      expect: EXIT.done,
    },
    {
      says: 'Pay, and follow every payout until its outcome is proven. Some accounts of the sandbox fail on purpose.',
      argv: ['batch', 'submit', 'salary-nov', '--wait', '30s', '--yes', '--quiet'],
      expect: EXIT.findings,
    },
    {
      says: 'What failed, and why.',
      argv: ['payout', 'list', '--state', 'failed', '--limit', '5'],
      expect: EXIT.done,
    },
    {
      says: 'Money can come back days after it was paid: ask again.',
      argv: ['payout', 'sync', '--quiet'],
      expect: EXIT.done,
    },
    {
      says: 'The books: what left, what it cost, what is under way.',
      argv: ['ledger', 'balances'],
      expect: EXIT.done,
    },
    {
      says: 'The provider’s own report of the day.',
      argv: ['provider', 'report', 'nxt', '--date', day, '-o', 'report.csv'],
      expect: EXIT.done,
    },
    {
      says: 'Our side as a file.',
      argv: ['payout', 'list', '--format', 'csv', '-o', 'ours.csv'],
      expect: EXIT.done,
    },
  ];
}

function closingSteps(): Step[] {
  return [
    { says: 'Every difference, until somebody explains it.', argv: ['break', 'list'], expect: EXIT.done },
    {
      says: 'One of them, explained by a person.',
      argv: ['break', 'resolve', '1', '--reason', 'provider_error', '--note', 'corrected report requested'],
      expect: EXIT.done,
    },
    {
      says: 'The whole story of one payout.',
      argv: ['payout', 'explain', 'salary-nov-000001'],
      expect: EXIT.done,
    },
    { says: 'The proof of the books.', argv: ['ledger', 'verify', '--quiet'], expect: EXIT.done },
  ];
}

/** Runs one command with the same hands but another folder, and shows it as a terminal would. */
async function runStep(
  context: Context,
  folder: string,
  step: Step,
): Promise<{ exit: ExitCode; data: Data | null }> {
  const { run: runCommand } = await import('./main.ts');
  await say(context, `\n${step.says}\n\n  $ payrun ${step.argv.map(shellWord).join(' ')}\n`);
  const said: string[] = [];
  const exit = await runCommand(worldIn(context, folder, step.argv, said));
  await say(context, indent(said.join(''), folder));
  if (exit !== EXIT.done) await say(context, `  [exit ${exit}]\n`);
  // Once more as JSON costs nothing for a query, and a reconciliation of known lines changes nothing.
  const again = step.argv[0] === 'reconcile' ? await asData(runCommand, context, folder, step.argv) : null;
  return { exit, data: again };
}

async function asData(
  runCommand: (world: World) => Promise<ExitCode>,
  context: Context,
  folder: string,
  argv: readonly string[],
): Promise<Data | null> {
  const said: string[] = [];
  await runCommand(worldIn(context, folder, [...argv, '--json'], said));
  return (JSON.parse(said.join('')) as { data?: Data }).data ?? null;
}

function worldIn(
  { world, flags: { color: colour } }: Pick<Context, 'world' | 'flags'>,
  folder: string,
  argv: readonly string[],
  said: string[],
): World {
  const output: Output = {
    isTTY: false,
    columns: undefined,
    write: async (written) => {
      said.push(typeof written === 'string' ? written : Buffer.from(written).toString('utf8'));
    },
  };
  const env = {
    ...world.env,
    NXT_API_KEY: DEFAULT_API_KEY,
    NXT_API_SECRET: DEFAULT_API_SECRET,
    PAYRUN_CONFIG: undefined,
    PAYRUN_LEDGER_PATH: undefined,
    ...(colour ? {} : { NO_COLOR: '1' }),
  };
  const { isTTY, columns = 80 } = world.stdout;
  // Tables are laid out for the terminal that the demo is on, less what it is indented by.
  const stdout = isTTY ? { ...output, isTTY, columns: columns - INDENT.length } : output;
  return { ...world, argv, cwd: folder, env, stdout, stderr: output };
}

async function say(context: Context, words: string): Promise<void> {
  if (context.flags.format === 'table') await context.world.stdout.write(words);
}

const INDENT = '  ';

/** Temporary folders have long names that teach nothing. */
function indent(said: string, folder: string): string {
  const lines = said
    .replaceAll(`${folder}/`, '')
    .replaceAll(folder, relative(dirname(folder), folder))
    .trimEnd()
    .split('\n');
  return `${lines.map((line) => (line === '' ? '' : INDENT + line)).join('\n')}\n`;
}

function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:=-]+$/.test(word) ? word : `"${word}"`;
}
