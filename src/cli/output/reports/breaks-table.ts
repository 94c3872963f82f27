/** The open breaks of the page, one row each. */
import type { Data } from '../../command.ts';
import { sanitise } from '../sanitise.ts';
import { grouped } from './figures.ts';
import { type Markup, markup, raw } from './markup.ts';
import type { Report, ReportedBreak } from './report.ts';

// A browser stays quick with so many rows; the sheet has all of them.
const ROWS_SHOWN = 5000;

interface BreakColumn {
  title: string;
  look: 'number' | 'kind' | 'name' | 'code';
  text(item: Data): string;
}

const text = (item: Data, key: string): string => {
  const value = item[key] ?? null;
  return value === null ? '' : sanitise(String(value));
};

// Kinds whose sides are words and names. A name may be all digits, as most UTRs are, and is no amount for that.
const OF_WORDS = new Set(['currency_differs', 'status_differs', 'utr_differs', 'in_transit_overdue']);
const WITH_NAME_OF_OURS = new Set(['duplicate_on_statement', 'ambiguous']);

/** What the two sides say is an amount where an amount differs, and a word elsewhere. */
const side = (item: Data, key: 'ledger' | 'statement'): string => {
  const kind = text(item, 'kind');
  const said = text(item, key);
  if (said === '') return 'nothing';
  const isWord = OF_WORDS.has(kind) || (key === 'ledger' && WITH_NAME_OF_OURS.has(kind));
  return isWord ? said : grouped(said, currencyOf(item));
};

const currencyOf = (item: Data): string | null => (typeof item.currency === 'string' ? item.currency : null);

const COLUMNS: readonly BreakColumn[] = [
  { title: 'no.', look: 'number', text: (item) => text(item, 'break') },
  { title: 'kind', look: 'kind', text: (item) => text(item, 'kind').replaceAll('_', ' ') },
  {
    title: 'reference',
    look: 'name',
    text: (item) => text(item, 'reference_id') || text(item, 'provider_id'),
  },
  { title: 'UTR', look: 'code', text: (item) => text(item, 'utr') },
  { title: 'line', look: 'number', text: (item) => text(item, 'line') },
  { title: 'file', look: 'name', text: (item) => text(item, 'file') },
  { title: 'books say', look: 'number', text: (item) => side(item, 'ledger') },
  { title: 'statement says', look: 'number', text: (item) => side(item, 'statement') },
  {
    title: 'difference',
    look: 'number',
    text: (item) => {
      const amount = text(item, 'difference');
      return amount === '' ? '' : `${grouped(amount, currencyOf(item))} ${text(item, 'currency')}`;
    },
  },
  { title: 'age', look: 'number', text: (item) => text(item, 'age_days') },
];

export function breaksTable({ breaks, fail_on, open }: Report): Markup {
  if (breaks.length === 0)
    return markup`<section><h2>Open differences</h2><p class="note">None.</p></section>`;
  // Lines of one file need not say which.
  const several = new Set(breaks.flatMap(({ file }) => file ?? [])).size > 1;
  const shown = breaks
    .slice(0, ROWS_SHOWN)
    .map((each) => ({ ...each, item: { ...each.item, file: several ? each.file : null } }));
  // A comparison of two files numbers nothing and remembers no age; empty columns only take room.
  const columns = COLUMNS.filter((column) => shown.some(({ item }) => column.text(item) !== ''));
  const head = columns.map(({ title, look }) => markup`<th scope="col" class="${look}">${title}</th>`);
  const rows = shown.map((each) => rowOf(each, columns, fail_on.length > 0));
  const more = open - ROWS_SHOWN;
  return markup`<section><h2>Open differences</h2>
<table class="breaks"><thead><tr>${head}</tr></thead>
<tbody>${rows}</tbody></table>
${more > 0 ? markup`<p class="note">And ${grouped(String(more), null)} more; a report with the ending .csv has all.</p>` : ''}</section>`;
}

function rowOf({ item, fails }: ReportedBreak, columns: readonly BreakColumn[], gated: boolean): Markup {
  const cells = columns.map((column) => {
    const shown = column.text(item);
    const empty = shown === 'nothing' ? ' nothing' : '';
    return markup`<td class="${column.look}${empty}">${shown}</td>`;
  });
  return markup`<tr${raw(fails && gated ? ' class="bad"' : '')}>${cells}</tr>\n`;
}
