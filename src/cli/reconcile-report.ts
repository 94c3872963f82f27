/** What `reconcile` is asked to tell beyond its own output: reports in files, annotations, and what fails a job. */
import packageJson from '../../package.json' with { type: 'json' };
import type { BreakKind } from '../domain/reconciliation/break.ts';
import { type FailRule, failsOn, parseRule } from '../domain/reconciliation/fail-on.ts';
import type { Reconciled } from '../operations/reconcile.ts';
import {
  argumentList,
  type Context,
  type Data,
  flag,
  type Input,
  type Option,
  text,
  texts,
} from './command.ts';
import type { ReportedBalance } from './output/reports/account-balance.ts';
import { githubAnnotations } from './output/reports/github.ts';
import type { Report, ReportedBreak, ReportedTotals } from './output/reports/report.ts';
import { type ReportTarget, reportTargets, writeReports } from './output/reports/write-reports.ts';

export const REPORT_OPTIONS: readonly Option[] = [
  {
    flags: '--fail-on <rule>',
    description:
      'exit 3 only for open breaks that fit, such as kind=amount_differs,amount>1000,age>2d: commas mean and, repeated flags mean or; days without a statement then fail nothing',
    repeatable: true,
  },
  {
    flags: '--report <file>',
    description:
      'write a report too, by the ending: .html a page, .xml JUnit, .md Markdown, .csv a sheet; may be repeated',
    repeatable: true,
  },
  { flags: '--github', description: 'print at most ten annotations for GitHub Actions on stderr' },
];

export interface Asked {
  rules: readonly FailRule[];
  fail_on: readonly string[];
  targets: readonly ReportTarget[];
  github: boolean;
  /** Whether the open breaks themselves are needed, not only their count. */
  breaks_needed: boolean;
}

/** Reads the flags before any work is done: nobody wants to learn afterwards that a rule was mistyped. */
export async function askedOf(context: Context, input: Input): Promise<Asked> {
  const fail_on = texts(input, 'failOn');
  const rules = fail_on.map((rule) => parseRule(rule, '--fail-on'));
  if (text(input, 'against') !== undefined && rules.flat().some(({ field }) => field === 'age'))
    context.warn({
      code: 'age_unknown',
      message:
        'Two files have no history: each difference counts as 0 business days old where --fail-on asks for its age.',
    });
  const { world, flags } = context;
  const inputs = [...argumentList(input, 0), text(input, 'against'), flags.config];
  const targets = await reportTargets(
    texts(input, 'report'),
    world,
    flags.output_file,
    inputs.filter((each) => typeof each === 'string'),
  );
  const github = flag(input, 'github');
  return { rules, fail_on, targets, github, breaks_needed: github || rules.length + targets.length > 0 };
}

export interface OpenBreak {
  item: Data;
  kind: BreakKind;
  difference_minor: bigint | null;
  currency: string | null;
  age_days: number | null;
  /** Where its line stands, where that is known. */
  file: string | null;
}

/** Without a rule every open break fails the job, as exit 3 says. */
export function judged(asked: Asked, breaks: readonly OpenBreak[]): ReportedBreak[] {
  return breaks.map((each) => ({
    ...each,
    fails: asked.rules.length === 0 || failsOn(asked.rules, each),
  }));
}

/** What came before this reconciliation. */
type Past = Pick<Reconciled, 'history' | 'latest' | 'withdrawn'>;

function pastOf({ history, latest, withdrawn }: Past): Pick<Report, keyof Past> {
  return {
    history: history.map(({ today_on, open_count, amounts }) => ({
      on: today_on,
      open_count: Number(open_count),
      amounts,
    })),
    latest: latest.map((each) => ({ ...each, already_imported: true })),
    withdrawn: withdrawn.map(({ id, file_name, withdrawn_at, withdrawn_by, withdrawn_reason }) => ({
      statement: Number(id),
      file: file_name,
      at: withdrawn_at ?? '',
      by: withdrawn_by ?? '',
      reason: withdrawn_reason ?? '',
    })),
  };
}

/** Writes the reports; answers the annotations, which are for stderr. */
export async function tell(
  context: Context,
  asked: Asked,
  data: Data,
  breaks: readonly ReportedBreak[],
  past: Past | null,
): Promise<string> {
  const report = reportOf(context, asked, data, breaks, past);
  await writeReports(asked.targets, report, context.world);
  return asked.github ? githubAnnotations(report) : '';
}

function reportOf(
  context: Context,
  asked: Asked,
  data: Data,
  breaks: readonly ReportedBreak[],
  past: Past | null,
): Report {
  const found = data as unknown as {
    provider: string | null;
    reconciliation: number | null;
    statements: Report['statements'];
    coverage: { from: string | null; to: string | null; missing_days: string[] };
    matched: number;
    expected: number;
    breaks: { open: number; new: number; carried: number; closed: number };
    totals: ReportedTotals[];
    balances?: ReportedBalance[];
  };
  return {
    provider: found.provider,
    reconciliation: found.reconciliation,
    made_at: context.world.now().toISOString(),
    actor: context.actor.name,
    os_user: context.actor.os_user,
    host: context.actor.host,
    version: packageJson.version,
    rehearsed: context.flags.dry_run,
    statements: found.statements,
    from: found.coverage.from,
    to: found.coverage.to,
    missing_days: found.coverage.missing_days,
    matched: found.matched,
    expected: found.expected,
    open: found.breaks.open,
    new: found.breaks.new,
    carried: found.breaks.carried,
    closed: found.breaks.closed,
    totals: found.totals,
    balances: found.balances ?? [],
    breaks,
    fail_on: asked.fail_on,
    ...pastOf(past ?? { history: [], latest: [], withdrawn: [] }),
  };
}
