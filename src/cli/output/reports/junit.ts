/**
 * The report as JUnit XML, which CI servers show as tests: one for each kind of break, one for the days without a
 * report and one for each currency's proof. The names are unique and the findings stand in the body, since some
 * servers show neither duplicate names nor attributes. The job's outcome is still the exit code.
 */
import { BREAK_KINDS } from '../../../domain/reconciliation/break.ts';
import { sanitise } from '../sanitise.ts';
import { type Markup, markup, raw } from './markup.ts';
import { isProved, type Report, type ReportedBreak, sentenceOf, titleOf } from './report.ts';

// Servers refuse files of more than some megabytes, and nobody reads the hundred-and-first.
const SENTENCES = 100;

interface Case {
  name: string;
  /** What fails it; null where it passes. */
  failure: string | null;
  /** What there is to say all the same. */
  remark: string | null;
}

export function junitReport(report: Report): string {
  const cases = [
    ...BREAK_KINDS.map((kind) => kindCase(report, kind)),
    daysCase(report),
    ...totalsCases(report),
  ];
  const failures = String(cases.filter(({ failure }) => failure !== null).length);
  const tests = String(cases.length);
  const classname = `payrun.reconcile.${report.provider ?? 'files'}`;
  const page = markup`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="payrun reconcile" tests="${tests}" failures="${failures}" errors="0">
<testsuite name="${titleOf(report)}" tests="${tests}" failures="${failures}" errors="0" skipped="0" timestamp="${report.made_at}">
${cases.map((each) => caseMarkup(classname, each))}</testsuite>
</testsuites>
`;
  return page.text;
}

function caseMarkup(classname: string, { name, failure, remark }: Case): Markup {
  return markup`<testcase classname="${classname}" name="${name}" time="0">${
    failure === null ? raw('') : markup`<failure message="${name}" type="${name}">${failure}</failure>`
  }${remark === null ? raw('') : markup`<system-out>${remark}</system-out>`}</testcase>\n`;
}

function kindCase(report: Report, kind: (typeof BREAK_KINDS)[number]): Case {
  const ofKind = report.breaks.filter((each) => each.kind === kind);
  return {
    name: kind,
    failure: sentences(ofKind.filter(({ fails }) => fails)),
    remark: sentences(ofKind.filter(({ fails }) => !fails)),
  };
}

function sentences(breaks: readonly ReportedBreak[]): string | null {
  if (breaks.length === 0) return null;
  const more = breaks.length - SENTENCES;
  const lines = breaks.slice(0, SENTENCES).map(sentenceOf);
  return [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join('\n');
}

function daysCase({ missing_days, fail_on }: Report): Case {
  const said = missing_days.length === 0 ? null : `No statement for ${missing_days.join(', ')}.`;
  const gated = fail_on.length > 0;
  return { name: 'days_without_statement', failure: gated ? null : said, remark: gated ? said : null };
}

function totalsCases({ totals }: Report): Case[] {
  return totals.map((each) => {
    const { currency, differences, unexplained } = each;
    const said = sanitise(`Differences ${differences}, unexplained ${unexplained} ${currency}.`);
    const proved = isProved(each);
    return { name: `totals_${currency}`, failure: proved ? null : said, remark: proved ? said : null };
  });
}
