/** The bank reconciliation statement of the page: both balances, and every item that stands between them. */
import { sanitise } from '../sanitise.ts';
import { balanceRows, type ReportedBalance, STEP_TITLES } from './account-balance.ts';
import { grouped } from './figures.ts';
import { type Markup, markup } from './markup.ts';
import type { Report } from './report.ts';

// A page stays readable with so many; `reconcile --json` has all.
const ITEMS_SHOWN = 500;

export function balanceSections({ balances }: Report): Markup[] {
  return balances.map(
    (each) => markup`<section><h2>Bank reconciliation on ${each.on}</h2>
${stepsTable(each)}${itemsTable(each)}</section>`,
  );
}

function stepsTable(balance: ReportedBalance): Markup {
  const { currency, file, line } = balance;
  const rows = balanceRows(balance);
  const body = rows
    .slice(0, -1)
    .map(
      ({ what, amount, look }) =>
        markup`<tr class="${look}"><th scope="row">${what}</th><td class="number">${grouped(amount, currency)}</td></tr>\n`,
    );
  const met = /^0(\.0+)?$/.test(balance.difference);
  return markup`<div class="whole"><h3>${currency}</h3><p class="note">The bank’s balance is that of ${sanitise(file)}, line ${String(line)}.</p>
<table class="sums"><thead><tr><th></th><th scope="col" class="number">amount</th></tr></thead>
<tbody>${body}</tbody>
<tfoot><tr><th scope="row">difference</th><td class="number ${met ? 'good' : 'bad'}">${grouped(balance.difference, currency)}</td></tr></tfoot></table></div>`;
}

function itemsTable({ currency, items }: ReportedBalance): Markup | string {
  if (items.length === 0) return '';
  const rows = items
    .slice(0, ITEMS_SHOWN)
    .map(
      ({ step, date, name, amount }) =>
        markup`<tr><td>${date ?? ''}</td><td>${sanitise(name ?? '')}</td><td>${STEP_TITLES[step]}</td><td class="number">${grouped(amount, currency)}</td></tr>\n`,
    );
  const more = items.length - ITEMS_SHOWN;
  return markup`<table><thead><tr><th scope="col">day</th><th scope="col">entry or line</th><th scope="col">what it is</th><th scope="col" class="number">amount</th></tr></thead>
<tbody>${rows}</tbody></table>
${more > 0 ? markup`<p class="note">And ${String(more)} more; reconcile --json has all.</p>` : ''}`;
}
