/**
 * The report as Markdown, for the summary page of a CI job. GitHub throws away a summary of more than a mebibyte as a
 * whole, so that this one stops before and says so. Names from outside are escaped: they make no links and no markup.
 */
import { sanitise } from '../sanitise.ts';
import { balanceRows, type ReportedBalance } from './account-balance.ts';
import { type Report, type ReportedTotals, summaryOf, sumNames, titleOf } from './report.ts';

const LARGEST_BYTES = 900_000;
const COLUMNS = [
  'break',
  'kind',
  'reference_id',
  'line',
  'ledger',
  'statement',
  'difference',
  'currency',
  'age_days',
];

export function markdownReport(report: Report): string {
  const lines = [`## ${escaped(titleOf(report))}`, '', escaped(summaryOf(report)), ''];
  if (report.missing_days.length > 0) lines.push(`No statement for ${report.missing_days.join(', ')}.`, '');
  if (report.fail_on.length > 0) {
    const failing = report.breaks.filter(({ fails }) => fails).length;
    lines.push(`${failing} of them fail the job, by: ${report.fail_on.map(escaped).join(' or ')}.`, '');
  }
  for (const balance of report.balances) lines.push(...balanceLines(balance), '');
  for (const totals of report.totals) lines.push(...totalsLines(totals), '');
  if (report.breaks.length > 0)
    lines.push(...breakLines(report, LARGEST_BYTES - bytes(lines.join('\n'))), '');
  return `${lines.join('\n').trimEnd()}\n`;
}

function balanceLines(balance: ReportedBalance): string[] {
  return [
    `### Bank reconciliation in ${balance.currency} on ${balance.on}`,
    '',
    '| | amount |',
    '| --- | ---: |',
    ...balanceRows(balance).map(({ what, amount }) => `| ${escaped(what)} | ${amount} |`),
  ];
}

function totalsLines(totals: ReportedTotals): string[] {
  return [
    `### Totals in ${totals.currency}: matched pairs differ by ${totals.differences} net; in no sum ${totals.unexplained}`,
    '',
    '| | statement | ledger |',
    '| --- | ---: | ---: |',
    ...sumNames(totals).map(
      (name) => `| ${escaped(name)} | ${totals.statement[name] ?? ''} | ${totals.ledger[name] ?? ''} |`,
    ),
  ];
}

function breakLines({ breaks }: Report, room: number): string[] {
  const lines = [
    '### Open breaks',
    '',
    `| ${COLUMNS.map(escaped).join(' | ')} |`,
    `|${COLUMNS.map(() => ' --- |').join('')}`,
  ];
  // Enough for the sentence that says how many are left out.
  let left = room - bytes(lines.join('\n')) - 200;
  for (const [index, { item }] of breaks.entries()) {
    const line = `| ${COLUMNS.map((column) => escaped(String(item[column] ?? ''))).join(' | ')} |`;
    left -= bytes(line) + 1;
    if (left < 0) {
      lines.push('', `And ${breaks.length - index} more; a report with the ending .csv has all.`);
      break;
    }
    lines.push(line);
  }
  return lines;
}

function bytes(text: string): number {
  return Buffer.byteLength(text);
}

/** As entities, which are a character and nothing more wherever they stand; addresses would become links. */
function escaped(text: string): string {
  return sanitise(text).replace(
    /[&<>"'`*_{}[\]()#+!~|\\@]|:(?=\/\/)|(?<=www)\./gi,
    (character) => `&#${character.codePointAt(0)};`,
  );
}
