/**
 * The report as one page that a controller can file: it holds all it needs, runs nothing and fetches nothing, so that it
 * can be mailed, opened anywhere and printed. Whatever comes from outside goes through the one template that escapes.
 */
import { BREAK_KINDS } from '../../../domain/reconciliation/break.ts';
import { sanitise } from '../sanitise.ts';
import { agesOf } from './aging.ts';
import { balanceSections } from './balance-section.ts';
import { breaksTable } from './breaks-table.ts';
import { chartsOf } from './chart.ts';
import { grouped, shownMinor, sizesOf } from './figures.ts';
import { type Markup, markup, raw } from './markup.ts';
import { minuteOf, pageText } from './page.ts';
import { isProved, type Report, type ReportedTotals, sumNames, titleOf } from './report.ts';

export function htmlReport(report: Report): string {
  const title = titleOf(report);
  const lead = markup`${period(report)} Made ${minuteOf(report.made_at)} by ${sanitise(report.actor)}.`;
  const main = markup`${verdict(report)}
${tiles(report)}
${report.missing_days.length === 0 ? '' : markup`<p class="bad">No statement for ${report.missing_days.join(', ')}.</p>`}
${report.fail_on.length === 0 ? '' : markup`<p>The job fails for: ${report.fail_on.map(sanitise).join(' or ')}.</p>`}
${report.breaks.length === 0 ? '' : markup`<div class="pair">${kindsSection(report)}${agesSection(report)}</div>`}
${chartSection(report)}
${balanceSections(report)}
${totalsSections(report.totals)}
${breaksTable(report)}
${statementsSection(report)}
${withdrawnSection(report)}`;
  return pageText({ title, lead, main, footer: footer(report) });
}

function period({ from, to }: Report): string {
  if (from === null || to === null) return 'The statements have no dated lines.';
  return from === to ? `Statements of ${from}.` : `Statements from ${from} to ${to}.`;
}

/** The one sentence that a reader needs who reads no more. */
function verdict(report: Report): Markup {
  if (!report.totals.every(isProved))
    return markup`<p class="verdict bad">The totals are not proved: amounts are left that no line and no payout explains.</p>`;
  if (report.open > 0) {
    const sizes = [...sizesOf(report.breaks)].map(([currency, minor]) => shownMinor(minor, currency));
    const worth = sizes.length === 0 ? '' : `: ${new Intl.ListFormat('en').format(sizes)}`;
    return markup`<p class="verdict">${counted(report.open, 'difference is', 'differences are')} open${worth}. Everything else is explained, to the last minor unit.</p>`;
  }
  return markup`<p class="verdict good">Nothing is open: every line of the statements and every payout of the books is explained, to the last minor unit.</p>`;
}

function counted(count: number, one: string, many: string): string {
  return `${grouped(String(count), null)} ${count === 1 ? one : many}`;
}

function tiles(report: Report): Markup {
  const failing = report.breaks.filter((each) => each.fails).length;
  const proved = report.totals.every(isProved);
  const tile = (name: string, value: string, tone: 'good' | 'bad' | 'plain') =>
    markup`<div class="tile ${tone}"><dt>${name}</dt><dd${raw(value.length > 14 ? ' class="long"' : '')}>${value}</dd></div>`;
  const count = (value: number) => grouped(String(value), null);
  return markup`<dl class="tiles">
${tile('lines matched', count(report.matched), 'plain')}
${tile('expected on a later statement', count(report.expected), 'plain')}
${tile('open differences', count(report.open), report.open === 0 ? 'good' : 'bad')}
${tile('new, carried on, closed', `${count(report.new)}, ${count(report.carried)}, ${count(report.closed)}`, 'plain')}
${report.fail_on.length === 0 ? '' : tile('that fail the job', count(failing), failing === 0 ? 'good' : 'bad')}
${tile('totals', proved ? 'proved' : 'not proved', proved ? 'good' : 'bad')}
</dl>`;
}

function amountsCell(sizes: ReadonlyMap<string, bigint>): Markup {
  if (sizes.size === 0) return markup`<td class="number nothing">–</td>`;
  const each = [...sizes].map(([currency, minor]) => markup`<span>${shownMinor(minor, currency)}</span>`);
  return markup`<td class="number">${each}</td>`;
}

function countsTable(
  title: string,
  head: string,
  rows: readonly { title: string; count: number; sizes: ReadonlyMap<string, bigint> }[],
  all: ReadonlyMap<string, bigint>,
): Markup {
  const total = rows.reduce((sum, { count }) => sum + count, 0);
  const body = rows.map(
    ({ title: name, count, sizes }) =>
      markup`<tr><th scope="row">${name}</th><td class="number">${grouped(String(count), null)}</td>${amountsCell(sizes)}</tr>\n`,
  );
  return markup`<section class="whole"><h2>${title}</h2>
<table><thead><tr><th scope="col">${head}</th><th scope="col" class="number">open</th><th scope="col" class="number">difference</th></tr></thead>
<tbody>${body}</tbody>
<tfoot><tr><th scope="row">all</th><td class="number">${grouped(String(total), null)}</td>${amountsCell(all)}</tr></tfoot></table></section>`;
}

function kindsSection({ breaks }: Report): Markup {
  const rows = BREAK_KINDS.flatMap((kind) => {
    const of = breaks.filter((each) => each.kind === kind);
    return of.length === 0
      ? []
      : [{ title: kind.replaceAll('_', ' '), count: of.length, sizes: sizesOf(of) }];
  });
  return countsTable('Open differences by kind', 'kind', rows, sizesOf(breaks));
}

/** Files that are compared have no ages. */
function agesSection({ provider, breaks }: Report): Markup {
  if (provider === null) return markup``;
  return countsTable('By age, in business days', 'age', agesOf(breaks), sizesOf(breaks));
}

function chartSection({ history }: Report): Markup | string {
  const charts = history.length < 2 ? [] : chartsOf(history);
  if (charts.length === 0) return '';
  const look = charts.length > 1 ? 'pair' : '';
  return markup`<section><h2>Open differences after each of the last ${String(history.length)} reconciliations</h2><div class="${look}">${charts}</div></section>`;
}

// Amounts that are in no sum: they moved no money.
const APART = new Set(['failed', 'in_flight']);

function totalsSections(totals: readonly ReportedTotals[]): Markup {
  if (totals.length === 0)
    return markup`<section><h2>Proof of the totals</h2><p class="note">There is nothing to add up: no lines and no payouts.</p></section>`;
  if (totals.length === 1)
    return markup`<section><h2>Proof of the totals</h2>${totals.map((each) => totalsTable(each, true))}</section>`;
  return markup`<section><h2>Proof of the totals</h2><p class="note">Sums of zero are left out.</p><div class="pair">${totals.map((each) => totalsTable(each, false))}</div></section>`;
}

function totalsTable(totals: ReportedTotals, zeros: boolean): Markup {
  const { currency, statement, ledger } = totals;
  const shown = (amount: string | undefined) => (amount === undefined ? '' : grouped(amount, currency));
  const isShown = (name: string) =>
    zeros || name === 'total' || [statement[name], ledger[name]].some((amount) => /[1-9]/.test(amount ?? ''));
  const names = sumNames(totals).filter(isShown);
  const inOrder = [...names.filter((name) => !APART.has(name)), ...names.filter((name) => APART.has(name))];
  const rows = inOrder.map((name) => {
    const look = APART.has(name) ? 'apart' : name === 'total' ? 'whole' : 'part';
    const title = APART.has(name)
      ? `${name.replaceAll('_', ' ')} (moved no money)`
      : name.replaceAll('_', ' ');
    const row = markup`<tr class="${look}"><th scope="row">${title}</th><td class="number">${shown(statement[name])}</td><td class="number">${shown(ledger[name])}</td></tr>\n`;
    return name === 'other' ? markup`${[row, ...othersRows(totals)]}` : row;
  });
  const explained = Object.entries(totals.explained).filter(([, amount]) => /[1-9]/.test(amount));
  const proved = isProved(totals);
  return markup`<div class="whole"><h3>${currency}</h3>
<table class="sums"><thead><tr><th></th><th scope="col" class="number">statements</th><th scope="col" class="number">books</th></tr></thead>
<tbody>${rows}</tbody>
<tfoot><tr><th scope="row">matched sums differ by</th><td class="number" colspan="2">${shown(totals.differences)}</td></tr>
${explained.map(([by, amount]) => markup`<tr class="apart"><th scope="row">of it explained by ${EXPLAINED_BY[by] ?? by}</th><td class="number" colspan="2">${shown(amount)}</td></tr>\n`)}<tr><th scope="row">in no sum (unexplained)</th><td class="number ${proved ? 'good' : 'bad'}" colspan="2">${shown(totals.unexplained)}</td></tr></tfoot></table></div>`;
}

const EXPLAINED_BY: Readonly<Record<string, string>> = {
  charges: 'the provider’s rates',
  tolerance: 'the tolerance that is configured',
};

/** What the lines are about that are no payouts. */
function othersRows({ others, currency }: ReportedTotals): Markup[] {
  return Object.entries(others).map(
    ([kind, amount]) =>
      markup`<tr class="apart within"><th scope="row">${kind}</th><td class="number">${grouped(amount, currency)}</td><td></td></tr>\n`,
  );
}

function statementsSection({ statements, latest }: Report): Markup {
  if (statements.length > 0)
    return markup`<section><h2>Statements read</h2>
${statementsTable(statements)}</section>
${ownProofs(statements)}`;
  const before =
    latest.length === 0 ? '' : markup`<p>The last that were taken in:</p>${statementsTable(latest)}`;
  return markup`<section><h2>Statements read</h2><p class="note">None: this looked again at what was open.</p>${before}</section>
${ownProofs(latest)}`;
}

function withdrawnSection({ withdrawn }: Report): Markup | string {
  if (withdrawn.length === 0) return '';
  const rows = withdrawn.map(
    ({ statement, file, at, by, reason }) =>
      markup`<tr><td>${sanitise(file)}<div class="hash">statement ${String(statement)}</div></td><td>${minuteOf(at)}</td><td>${sanitise(by)}</td><td>${sanitise(reason)}</td></tr>\n`,
  );
  return markup`<section class="whole"><h2>Statements withdrawn</h2><p class="note">Their lines count only where another statement has them too.</p>
<table><thead><tr><th scope="col">file</th><th scope="col">withdrawn</th><th scope="col">by</th><th scope="col">why</th></tr></thead>
<tbody>${rows}</tbody></table></section>`;
}

function statementsTable(statements: Report['statements']): Markup {
  const rows = statements.map(
    ({ file, profile, lines, sha256, already_imported: before }) =>
      markup`<tr><td>${sanitise(file)}<div class="hash">sha256 ${sha256}</div></td><td>${profile}</td><td class="number">${grouped(String(lines), null)}</td><td>${before ? 'taken in before' : 'new'}</td></tr>\n`,
  );
  return markup`<table><thead><tr><th scope="col">file</th><th scope="col">read as</th><th scope="col" class="number">lines</th><th scope="col"></th></tr></thead>
<tbody>${rows}</tbody></table>`;
}

/** Opening and movements are closing, and the like: a file that was cut off or edited does not add up. */
function ownProofs(statements: Report['statements']): Markup | string {
  const rows = statements.flatMap(({ file, proofs }) =>
    proofs.map(({ what, currency, line, stated, found, proved }) => {
      const shown = (amount: string) => (currency === null ? amount : grouped(amount, currency));
      return markup`<tr><th scope="row">${what.replaceAll('_', ' ')}${currency === null ? '' : ` in ${currency}`}</th><td>${sanitise(file)}, line ${String(line)}</td><td class="number">${shown(stated)}</td><td class="number">${shown(found)}</td><td class="${proved ? 'good' : 'bad'}">${proved ? 'proved' : 'differs'}</td></tr>\n`;
    }),
  );
  if (rows.length === 0) return '';
  return markup`<section class="whole"><h2>What the statements state of themselves</h2>
<table><thead><tr><th scope="col"></th><th scope="col">stated in</th><th scope="col" class="number">stated</th><th scope="col" class="number">from the rows</th><th scope="col"></th></tr></thead>
<tbody>${rows}</tbody></table></section>`;
}

function footer(report: Report): Markup {
  const who = report.os_user === report.actor ? '' : ` (system user ${sanitise(report.os_user)})`;
  const what = report.rehearsed
    ? 'This was a rehearsal; nothing of it is stored.'
    : 'Statements are evidence: nothing was booked and no payout was changed.';
  return markup`<p>Made ${report.made_at} by ${sanitise(report.actor)}${who} on ${sanitise(report.host)} with payrun ${report.version}. ${what}</p>`;
}
