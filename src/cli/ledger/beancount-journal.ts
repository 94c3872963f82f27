/**
 * The journal in beancount's format. Its syntax wants every part of an account with a capital and without `_`, so that
 * assets:providers:nxt:available becomes Assets:Providers:Nxt:Available; `name` of each `open` has the account as it
 * is spelled here. Tolerances are set to zero: by default beancount lets a balance pass that is wrong by a minor unit,
 * and an entry that is out of balance by half of one.
 */
import { tagParts, tagsOf } from '../../domain/ledger/tags.ts';
import { formatAmount } from '../../domain/money/money.ts';
import type { JournalEntry } from '../../store/journal.ts';
import { type Balance, dayAfter, type Journal, writeInOrder } from './journal.ts';

// Before any entry, also before one that a later piece brings of an earlier day.
const OPENED_ON = '1970-01-01';

export async function* beancountJournal(journal: Journal): AsyncGenerator<string> {
  const names = beancountNames(journal.accounts);
  const { declared } = journal;
  const blocks = [
    [
      '; The journal of a payrun ledger.',
      'option "title" "payrun"',
      'option "inferred_tolerance_multiplier" "0"',
      ...declared.currencies.map((currency) => `option "operating_currency" "${currency}"`),
    ],
    declared.currencies.map((currency) => `${OPENED_ON} commodity ${currency}`),
    declared.accounts.flatMap((account) => [
      `${OPENED_ON} open ${names.get(account)}`,
      `  name: "${account}"`,
    ]),
  ];
  yield `${blocks.flatMap((lines) => (lines.length === 0 ? [] : [...lines, ''])).join('\n')}\n`;
  yield* writeInOrder(
    journal,
    (entry, opening) =>
      entry === null ? openingText(journal.opening?.day ?? '', opening, names) : entryText(entry, names),
    (day, balances) => assertions(dayAfter(day), balances, names),
  );
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
  for (const tag of tagsOf(entry.tags)) {
    const { key, value } = tagParts(tag);
    lines.push(`  ${key}: ${quoted(value)}`);
  }
  for (const { account, amount_minor, currency } of entry.postings) {
    lines.push(`  ${names.get(account)}  ${formatAmount(amount_minor, currency)} ${currency}`);
  }
  return `${lines.join('\n')}\n\n`;
}

function openingText(day: string, balances: readonly Balance[], names: ReadonlyMap<string, string>): string {
  const lines = balances.map(
    ({ account, balance_minor, currency }) =>
      `  ${names.get(account)}  ${formatAmount(balance_minor, currency)} ${currency}`,
  );
  return `${day} * "The balances before"\n${lines.join('\n')}\n\n`;
}

/** A balance is asserted as a day begins. */
function assertions(day: string, balances: Iterable<Balance>, names: ReadonlyMap<string, string>): string {
  let text = '';
  for (const { account, currency, balance_minor } of balances) {
    text += `${day} balance ${names.get(account)}  ${formatAmount(balance_minor, currency)} ${currency}\n`;
  }
  return `${text}\n`;
}

function quoted(text: string): string {
  return `"${text.replace(/\s+/g, ' ').trim().replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

/** By account, in the order in which they were opened; two that differ in `_` and `-` alone stay two. */
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
