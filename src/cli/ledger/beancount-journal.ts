/**
 * The journal in beancount's format. Its syntax wants every part of an account with a capital and without `_`, so that
 * assets:providers:nxt:available becomes Assets:Providers:Nxt:Available; `name` of each `open` has the account as it
 * is spelled here. Tolerances are set to zero: by default beancount lets a balance pass that is wrong by a minor unit,
 * and an entry that is out of balance by half of one.
 */
import { formatAmount } from '../../domain/money/money.ts';
import type { JournalEntry } from '../../store/ledger-queries.ts';
import { BalanceSums, type Journal } from './journal.ts';

export async function* beancountJournal(journal: Journal): AsyncGenerator<string> {
  const names = beancountNames(journal.accounts);
  const lines = [
    '; The journal of a payrun ledger.',
    'option "title" "payrun"',
    'option "inferred_tolerance_multiplier" "0"',
  ];
  for (const currency of journal.currencies) lines.push(`option "operating_currency" "${currency}"`);
  lines.push('');
  const { first_day } = journal;
  if (first_day !== null) {
    for (const currency of journal.currencies) lines.push(`${first_day} commodity ${currency}`);
    for (const account of journal.accounts)
      lines.push(`${first_day} open ${names.get(account)}`, `  name: "${account}"`);
    lines.push('');
  }
  yield `${lines.join('\n')}\n`;
  const sums = new BalanceSums();
  let lastDay: string | undefined;
  for await (const page of journal.pages) {
    sums.add(page);
    lastDay = page.at(-1)?.booked_on ?? lastDay;
    yield page.map((entry) => entryText(entry, names)).join('');
  }
  if (lastDay !== undefined) yield assertions(dayAfter(lastDay), sums, names);
}

function entryText(entry: JournalEntry, names: ReadonlyMap<string, string>): string {
  const link = entry.reference_id === null ? '' : ` ^${entry.reference_id}`;
  const lines = [
    `${entry.booked_on} * ${quoted(entry.description)}${link}`,
    `  entry: "${entry.id}"`,
    `  event: ${quoted(entry.event)}`,
  ];
  const values = {
    reference: entry.reference_id,
    utr: entry.utr,
    entry_ref: entry.entry_ref,
    reverses: entry.reverses_id?.toString() ?? null,
  };
  for (const [key, value] of Object.entries(values))
    if (value !== null) lines.push(`  ${key}: ${quoted(value)}`);
  for (const { account, amount_minor, currency } of entry.postings) {
    lines.push(`  ${names.get(account)}  ${formatAmount(amount_minor, currency)} ${currency}`);
  }
  return `${lines.join('\n')}\n\n`;
}

/** A balance is asserted as a day begins: the day after the last entry. */
function assertions(day: string, sums: BalanceSums, names: ReadonlyMap<string, string>): string {
  const lines = [...sums.rows()].map(
    ({ account, currency, balance_minor }) =>
      `${day} balance ${names.get(account)}  ${formatAmount(balance_minor, currency)} ${currency}`,
  );
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `"${text.replace(/\s+/g, ' ').trim().replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** By account, in the order of names; two that differ in `_` and `-` alone stay two. */
function beancountNames(accounts: readonly string[]): Map<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const account of accounts) {
    const plain = account
      .split(':')
      .map((part) => part.charAt(0).toUpperCase() + part.slice(1).replaceAll('_', '-'))
      .join(':');
    let name = plain;
    for (let number = 2; taken.has(name); number += 1) name = `${plain}-${number}`;
    taken.add(name);
    names.set(account, name);
  }
  return names;
}

function dayAfter(day: string): string {
  const next = new Date(`${day}T00:00:00.000Z`);
  next.setUTCDate(next.getUTCDate() + 1);
  return next.toISOString().slice(0, 10);
}
