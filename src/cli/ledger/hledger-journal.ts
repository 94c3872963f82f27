/**
 * The journal in hledger's format, which Ledger reads too. Accounts are spelled as here, entries stand in the order
 * of their days (Ledger checks assertions as they stand in the file, hledger by day), and the journal ends by
 * asserting every balance. Commodities are declared without a sample amount: with one, hledger before 1.50 rounds
 * to its decimals and lets an entry pass that is out of balance by less.
 */
import { tagParts, tagsOf } from '../../domain/ledger/tags.ts';
import { formatAmount } from '../../domain/money/money.ts';
import type { JournalEntry } from '../../store/journal.ts';
import { type Balance, type Journal, writeInOrder } from './journal.ts';

const TAGS = ['event', 'reference', 'utr', 'entry-ref', 'reverses'] as const;

export async function* hledgerJournal(journal: Journal): AsyncGenerator<string> {
  const { declared } = journal;
  const blocks = [
    ['; The journal of a payrun ledger.'],
    declared.currencies.map((currency) => `commodity ${currency}`),
    // Both tools take a tag that is declared again, in a piece that is appended to others.
    [...TAGS, ...journal.tags].map((tag) => `tag ${tag}`),
    declared.accounts.map((account) => `account ${account}`),
  ];
  yield `${blocks.flatMap((lines) => (lines.length === 0 ? [] : [...lines, ''])).join('\n')}\n`;
  yield* writeInOrder(
    journal,
    (entry, opening) =>
      entry === null ? openingText(journal.opening?.day ?? '', opening) : entryText(entry),
    assertions,
  );
}

function entryText(entry: JournalEntry): string {
  const lines = [`${entry.booked_on} (${entry.id}) ${plainText(entry.description) || entry.event}`];
  const values: Record<(typeof TAGS)[number], string | null> = {
    event: entry.event,
    reference: entry.reference_id,
    utr: entry.utr,
    'entry-ref': entry.entry_ref,
    reverses: entry.reverses_id === null ? null : entry.reverses_id.toString(),
  };
  // One to a line: hledger ends a value at a comma, Ledger knows one tag to a comment.
  for (const tag of TAGS) {
    const value = values[tag];
    if (value !== null) lines.push(`    ; ${tag}: ${plainText(value).replaceAll(',', ' ')}`);
  }
  for (const tag of tagsOf(entry.tags)) {
    const { key, value } = tagParts(tag);
    lines.push(`    ; ${key}: ${value}`);
  }
  for (const { account, amount_minor, currency } of entry.postings) {
    lines.push(`    ${account}    ${formatAmount(amount_minor, currency)} ${currency}`);
  }
  return `${lines.join('\n')}\n\n`;
}

function openingText(day: string, balances: readonly Balance[]): string {
  const lines = balances.map(
    ({ account, balance_minor, currency }) =>
      `    ${account}    ${formatAmount(balance_minor, currency)} ${currency}`,
  );
  return `${day} The balances before\n${lines.join('\n')}\n\n`;
}

function assertions(day: string, balances: Iterable<Balance>, proven: boolean): string {
  const lines = [`${day} ${proven ? 'The balances that were proven and closed' : 'The balances at the end'}`];
  for (const { account, currency, balance_minor } of balances) {
    lines.push(
      `    ${account}    ${formatAmount(0n, currency)} ${currency} = ${formatAmount(balance_minor, currency)} ${currency}`,
    );
  }
  return `${lines.join('\n')}\n${proven ? '\n' : ''}`;
}

/** A semicolon begins a comment, a line break the next line. */
function plainText(text: string): string {
  return text.replaceAll(';', ',').replace(/\s+/g, ' ').trim();
}
