import { basename, resolve } from 'node:path';
import { PayrunError } from '../domain/errors.ts';
import type { RailRules } from '../domain/payout/rail.ts';
import { BREAK_KINDS, type BreakKind, type FoundBreak, type Terms } from '../domain/reconciliation/break.ts';
import type { Coverage } from '../domain/reconciliation/coverage.ts';
import { type Compared, compareFiles } from '../operations/compare-files.ts';
import type { StatementInput } from '../operations/import-statement.ts';
import { type Reconciled, reconcile } from '../operations/reconcile.ts';
import type { BreakRow } from '../store/breaks.ts';
import { breakItem, foundItem } from './break/break-item.ts';
import {
  argumentList,
  type Context,
  type Data,
  type Input,
  type Outcome,
  text,
  type Verb,
} from './command.ts';
import type { ProviderConfig } from './config.ts';
import { EXIT } from './exit-codes.ts';
import { readInputFile, regularFileSize } from './input-file.ts';
import { requireAccount } from './ledger/find-account.ts';
import { nextStep } from './next-step.ts';
import type { ReportedBreak } from './output/reports/report.ts';
import { type Asked, askedOf, judged, type OpenBreak, REPORT_OPTIONS, tell } from './reconcile-report.ts';
import { balanceData, totalsData, view } from './reconcile-view.ts';
import { comparisonTerms, configIfAny, type Reading, readingTerms } from './reconciliation-terms.ts';
import { warnOfOtherBusiness } from './statement/other-business.ts';
import { proofData } from './statement/statement-proof.ts';
import { stagesOf, statementInputs } from './statement-input.ts';

export const verb: Verb = {
  name: 'reconcile',
  summary: 'Match statements with the ledger and list every difference',
  effect: 'writes',
  arguments: [
    { name: '[file...]', description: 'statements to take in first; none: look again at what is open' },
  ],
  options: [
    {
      flags: '--provider <name>',
      description: 'whose statements these are (default: the only one configured)',
    },
    { flags: '--profile <name>', description: 'how to read the files (default: told by their header)' },
    {
      flags: '--against <file>',
      description: 'compare with this CSV of payouts; no ledger, configuration or key',
    },
    {
      flags: '--account <name>',
      description:
        'the statements of this account of the books, such as assets:bank:hdfc, against its entries',
    },
    ...REPORT_OPTIONS,
  ],
  examples: [
    'payrun reconcile report-2026-11-20.csv',
    'payrun reconcile',
    'payrun reconcile bank.csv --account assets:bank:hdfc',
    'payrun reconcile report.csv --against payouts.csv --json',
    "payrun reconcile report.csv --fail-on 'amount>1000,age>2d' --report day.html --report day.xml",
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const paths = argumentList(input, 0);
  const against = text(input, 'against');
  const asked = await askedOf(context, input);
  if (against !== undefined) return compareWith(context, input, paths, against, asked);
  const config = await context.config();
  const whose = await statementsMeant(context, input);
  const reading = readingTerms(config, input, whose.kind);
  const inputs = await statementInputs(context, paths);
  const deps = {
    database: await context.ledger(),
    actor: context.actor,
    now: () => context.world.now().toISOString(),
    stages: stagesOf(context),
  };
  const terms = comparisonTerms(context, config, whose.rails);
  const found = await reconcile(deps, inputs, { ...reading, provider: whose.name }, terms, {
    open_breaks: asked.breaks_needed,
    account: whose.account,
  }).finally(() => context.progress.end());
  for (const warning of found.warnings) context.warn(warning);
  for (const { id, entry_id } of found.outlived) {
    const message = `Entry ${entry_id} was booked to explain break ${id}, whose difference is gone or another now; if it is one too many: payrun ledger reverse ${entry_id} --reason TEXT`;
    context.warn({ code: 'entry_outlived', message });
  }
  if (!whose.account) await warnOfOtherBusiness(context, found.statements, whose);
  const taken = new Map(found.statements.map(({ statement }, index) => [statement, paths[index]]));
  const fileOf = ({ line_statement, line_file }: BreakRow) =>
    (line_statement === null ? undefined : named(taken.get(line_statement))) ?? line_file;
  const breaks = judged(
    asked,
    found.open_breaks.map((row) => openBreak(row, terms, fileOf(row))),
  );
  if (found.older > 0) context.warn(olderWarning(found, whose.name));
  const data = foundData(found, whose, failingData(asked, breaks));
  const annotations = await tell(context, asked, data, breaks, found);
  const left = found.open > 0 || found.coverage.missing_days.length > 0;
  return {
    data,
    exit: failsJob(asked, breaks, left) ? EXIT.findings : EXIT.done,
    view: view(data, []),
    annotations,
    ...nextStep(
      context,
      found.open > 0 ? `Look at them with: payrun break list --provider ${whose.name}` : undefined,
    ),
  };
}

interface Whose {
  /** Under which statements, breaks and reconciliations are kept. */
  name: string;
  account: boolean;
  kind: ProviderConfig['kind'] | null;
  rails: RailRules | null;
}

async function statementsMeant(context: Context, input: Input): Promise<Whose> {
  const account = text(input, 'account');
  if (account === undefined) {
    const { name, kind, rails } = await context.providerConfig(text(input, 'provider'));
    return { name, account: false, kind, rails };
  }
  if (text(input, 'provider') !== undefined) {
    throw new PayrunError(
      'usage',
      'usage',
      'A statement is a provider’s or an account’s, and both are named.',
      {
        hint: 'Write either --provider or --account.',
      },
    );
  }
  await requireAccount(await context.ledger(), account);
  return { name: account, account: true, kind: null, rails: null };
}

function olderWarning({ older, coverage }: Reconciled, account: string): { code: string; message: string } {
  const since =
    coverage.from === null
      ? 'no statement of it was taken in yet'
      : `its statements begin on ${coverage.from}`;
  const entries = older === 1 ? '1 entry' : `${older} entries`;
  const message = `${entries} on ${account} ${older === 1 ? 'was' : 'were'} not looked for: ${since}.`;
  return { code: 'entries_older', message };
}

function foundData(found: Reconciled, { name: provider, account }: Whose, failing: Data): Data {
  return {
    reconciliation: Number(found.reconciliation),
    provider,
    statements: found.statements.map(({ file, sha256, profile, lines, already_imported, proofs }) => ({
      file,
      sha256,
      profile,
      lines,
      already_imported,
      proofs: proofs.map(proofData),
    })),
    coverage: coverageData(found.coverage),
    matched: found.matched,
    expected: found.expected,
    breaks: {
      open: found.open,
      new: found.new,
      carried: found.carried,
      closed: found.closed,
      by_kind: kindsData(found.by_kind),
      ...failing,
    },
    totals: found.totals.map(totalsData),
    ...(account ? { balances: found.balances.map(balanceData) } : {}),
  };
}

/** With rules, only what they name fails the job; without, whatever is left. */
function failsJob(asked: Asked, breaks: readonly ReportedBreak[], left: boolean): boolean {
  return asked.rules.length > 0 ? breaks.some(({ fails }) => fails) : left;
}

function failingData(asked: Asked, breaks: readonly ReportedBreak[]): Data {
  return asked.rules.length === 0 ? {} : { failing: breaks.filter(({ fails }) => fails).length };
}

/** A file as the job names it, which is where others find it too. */
function named(path: string | undefined): string | undefined {
  return path === '-' ? undefined : path;
}

function openBreak(row: BreakRow, terms: Terms, file: string | null): OpenBreak {
  const { kind, difference_minor, currency } = row;
  const age_days = terms.calendar.between(row.opened_on, terms.today);
  return {
    item: breakItem(row, terms.today, terms.calendar),
    kind,
    difference_minor,
    currency,
    age_days,
    file,
  };
}

function checkComparison(input: Input, paths: readonly string[]): void {
  if (paths.length === 0) {
    throw new PayrunError(
      'usage',
      'usage',
      '--against compares a statement with a file of ours, and no statement is named.',
      {
        hint: 'Write for example: payrun reconcile report.csv --against payouts.csv',
      },
    );
  }
  if (text(input, 'account') !== undefined) {
    throw new PayrunError(
      'usage',
      'usage',
      'Two files are compared, and --account names entries of the ledger.',
      {
        hint: 'Leave --against out: the comparison of two files needs no account.',
      },
    );
  }
}

async function compareWith(
  context: Context,
  input: Input,
  paths: readonly string[],
  against: string,
  asked: Asked,
): Promise<Outcome> {
  checkComparison(input, paths);
  const config = await configIfAny(context);
  const found = await compareAll(context, paths, against, {
    reading: readingTerms(config, input, null),
    terms: comparisonTerms(context, config),
  });
  for (const warning of found.warnings) context.warn(warning);
  const byKind = new Map<BreakKind, number>();
  for (const { kind } of found.breaks) byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
  const placeOf = ({ line }: FoundBreak) => (line && found.places.get(line.line_id)) ?? null;
  const items = found.breaks.map((each) => foundItem(each, placeOf(each)?.line_no ?? null));
  const breaks = judged(
    asked,
    found.breaks.map((each, index) => {
      const { kind, difference_minor, currency } = each;
      const file = named(paths[placeOf(each)?.file ?? -1]) ?? null;
      return { item: items[index] ?? {}, kind, difference_minor, currency, age_days: null, file };
    }),
  );
  const data: Data = {
    reconciliation: null,
    provider: null,
    statements: found.statements.map(({ proofs, ...statement }) => ({
      ...statement,
      already_imported: false,
      proofs: proofs.map(proofData),
    })),
    coverage: coverageData(found.coverage),
    matched: found.matched,
    expected: found.expected,
    breaks: {
      open: items.length,
      new: items.length,
      carried: 0,
      closed: 0,
      by_kind: kindsData(byKind),
      ...failingData(asked, breaks),
    },
    totals: found.totals.map(totalsData),
    items,
  };
  const annotations = await tell(context, asked, data, breaks, null);
  const exit = failsJob(asked, breaks, items.length > 0) ? EXIT.findings : EXIT.done;
  return { data, exit, view: view(data, items), annotations };
}

// Below this, a thread for each side takes longer to begin than both files to be read.
const LARGE_BYTES = 4_000_000;

/** Large files are settled in bulk, where they can be; the result is the same. */
async function compareAll(
  context: Context,
  paths: readonly string[],
  against: string,
  { reading, terms }: { reading: Reading; terms: Terms },
): Promise<Compared> {
  const sizes = await Promise.all([...paths, against].map((path) => regularFileSize(context, path)));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (sizes.every((size) => size > 0) && bytes >= LARGE_BYTES) {
    const { compareLargeFiles } = await import('../operations/compare-large-files.ts');
    const large = (path: string) => ({ name: basename(path), path: resolve(context.world.cwd, path) });
    let read = 0;
    context.progress.start('Reading MB', Math.round(bytes / MEGABYTE));
    const found = await compareLargeFiles(paths.map(large), large(against), reading, terms, (more) => {
      read += more;
      context.progress.update({ done: Math.round(read / MEGABYTE) });
    }).finally(() => context.progress.end());
    if (found) return found;
  }
  const inputs = await readAll(context, paths);
  const [ours] = await readAll(context, [against]);
  return compareFiles(inputs, ours ?? { name: against, bytes: new Uint8Array() }, reading, terms);
}

const MEGABYTE = 1_000_000;

async function readAll(context: Context, paths: readonly string[]): Promise<StatementInput[]> {
  const inputs: StatementInput[] = [];
  for (const path of paths) inputs.push(await readInputFile(context, path));
  return inputs;
}

function coverageData(coverage: Coverage): Data {
  return { from: coverage.from, to: coverage.to, missing_days: coverage.missing_days };
}

/** In the order in which the kinds are listed everywhere. */
function kindsData(byKind: ReadonlyMap<BreakKind, number>): Data {
  const data: Data = {};
  for (const kind of BREAK_KINDS) {
    const count = byKind.get(kind);
    if (count !== undefined) data[kind] = count;
  }
  return data;
}
