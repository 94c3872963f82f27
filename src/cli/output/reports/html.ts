/**
 * The report as one page that holds all it needs: no script, nothing fetched, so that it can be mailed and opened
 * anywhere. Whatever comes from outside goes through the one template that escapes.
 */
import type { Data } from '../../command.ts';
import { sanitise } from '../sanitise.ts';
import { agesOf } from './aging.ts';
import { chartOf } from './chart.ts';
import { type Markup, markup, raw } from './markup.ts';
import { type Report, type ReportedTotals, summaryOf, sumNames, titleOf } from './report.ts';
import { STYLE } from './style.ts';

// A browser stays quick with so many rows; the sheet has all of them.
const ROWS_SHOWN = 5000;

const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

export function htmlReport(report: Report): string {
  const title = titleOf(report);
  const page = markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<header>
<h1>${title}</h1>
<p>${period(report)} Made ${report.made_at}.</p>
</header>
<main>
${tiles(report)}
<p>${summaryOf(report)}</p>
${report.missing_days.length === 0 ? '' : markup`<p class="bad">No statement for ${report.missing_days.join(', ')}.</p>`}
${report.fail_on.length === 0 ? '' : markup`<p>The job fails for: ${report.fail_on.join(' or ')}.</p>`}
${agesSection(report)}
${report.history.length < 2 ? '' : markup`<section><h2>Open breaks after each reconciliation</h2>${chartOf(report.history)}</section>`}
${report.totals.map(totalsSection)}
${breaksSection(report)}
${statementsSection(report)}
</main>
</body>
</html>
`;
  return page.text;
}

function period({ from, to }: Report): string {
  if (from === null || to === null) return 'The statements have no dated lines.';
  return from === to ? `Statements of ${from}.` : `Statements from ${from} to ${to}.`;
}

function tiles(report: Report): Markup {
  const failing = report.breaks.filter((each) => each.fails).length;
  const proved = report.totals.every(({ unexplained }) => /^0(\.0+)?$/.test(unexplained));
  const tile = (name: string, value: string, tone: 'good' | 'bad' | 'plain') =>
    markup`<div class="tile ${tone}"><dt>${name}</dt><dd>${value}</dd></div>`;
  return markup`<dl class="tiles">
${tile('lines matched', String(report.matched), 'plain')}
${tile('open breaks', String(report.open), report.open === 0 ? 'good' : 'bad')}
${report.fail_on.length === 0 ? '' : tile('that fail the job', String(failing), failing === 0 ? 'good' : 'bad')}
${tile('expected later', String(report.expected), 'plain')}
${tile('totals', proved ? 'proved' : 'not proved', proved ? 'good' : 'bad')}
</dl>`;
}

function agesSection(report: Report): Markup | string {
  if (report.provider === null || report.breaks.length === 0) return '';
  const rows = agesOf(report.breaks).map(
    ({ title, count, amounts }) =>
      markup`<tr><th scope="row">${title}</th><td class="number">${String(count)}</td><td class="number">${amounts.join(', ') || '–'}</td></tr>\n`,
  );
  return markup`<section><h2>Age of open breaks, in business days</h2>
<table><thead><tr><th scope="col">age</th><th scope="col" class="number">breaks</th><th scope="col" class="number">difference</th></tr></thead>
<tbody>${rows}</tbody></table></section>`;
}

function totalsSection(totals: ReportedTotals): Markup {
  const rows = sumNames(totals).map(
    (name) =>
      markup`<tr><th scope="row">${name.replaceAll('_', ' ')}</th><td class="number">${totals.statement[name] ?? ''}</td><td class="number">${totals.ledger[name] ?? ''}</td></tr>\n`,
  );
  return markup`<section><h2>Proof of the totals in ${totals.currency}</h2>
<table><thead><tr><th></th><th scope="col" class="number">statement</th><th scope="col" class="number">ledger</th></tr></thead>
<tbody>${rows}</tbody>
<tfoot><tr><th scope="row">matched sums differ by</th><td class="number" colspan="2">${totals.differences}</td></tr>
<tr><th scope="row">unexplained</th><td class="number" colspan="2">${totals.unexplained}</td></tr></tfoot></table></section>`;
}

const COLUMNS: readonly { key: string; title: string; number?: true }[] = [
  { key: 'break', title: 'break', number: true },
  { key: 'kind', title: 'kind' },
  { key: 'reference_id', title: 'reference' },
  { key: 'provider_id', title: 'provider id' },
  { key: 'utr', title: 'UTR' },
  { key: 'line', title: 'line', number: true },
  { key: 'ledger', title: 'ledger' },
  { key: 'statement', title: 'statement' },
  { key: 'difference', title: 'difference', number: true },
  { key: 'currency', title: 'currency' },
  { key: 'age_days', title: 'age', number: true },
];

function breaksSection({ breaks, fail_on, open }: Report): Markup {
  if (breaks.length === 0) return markup`<section><h2>Breaks</h2><p>None is open.</p></section>`;
  const head = COLUMNS.map(
    ({ title, number }) => markup`<th scope="col"${number ? raw(' class="number"') : ''}>${title}</th>`,
  );
  const rows = breaks
    .slice(0, ROWS_SHOWN)
    .map(
      ({ item, fails }) =>
        markup`<tr${fails && fail_on.length > 0 ? raw(' class="bad"') : ''}>${COLUMNS.map(({ key, number }) => cell(item, key, number))}</tr>\n`,
    );
  const more = open - ROWS_SHOWN;
  return markup`<section><h2>Open breaks</h2>
<table class="breaks"><thead><tr>${head}</tr></thead>
<tbody>${rows}</tbody></table>
${more > 0 ? markup`<p>And ${String(more)} more; a report with the ending .csv has all.</p>` : ''}</section>`;
}

function cell(item: Data, key: string, number: true | undefined): Markup {
  const value = item[key] ?? null;
  const shown = value === null ? '' : sanitise(String(value));
  const look = number ? ' class="number"' : key === 'kind' ? ' class="kind"' : '';
  return markup`<td${raw(look)}>${shown}</td>`;
}

function statementsSection({ statements }: Report): Markup | string {
  if (statements.length === 0) return '';
  const rows = statements.map(
    ({ file, profile, lines }) =>
      markup`<tr><td>${sanitise(file)}</td><td>${profile}</td><td class="number">${String(lines)}</td></tr>\n`,
  );
  return markup`<section><h2>Statements read</h2>
<table><thead><tr><th scope="col">file</th><th scope="col">read as</th><th scope="col" class="number">lines</th></tr></thead>
<tbody>${rows}</tbody></table></section>`;
}
