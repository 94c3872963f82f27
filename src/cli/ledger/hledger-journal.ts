/**
 * The journal in hledger's format, which Ledger reads too. Accounts are spelled as here, entries stand in the order
 * of their days (Ledger checks assertions as they stand in the file, hledger by day), and the journal ends by
 * asserting every balance. Commodities are declared without a sample amount: with one, hledger before 1.50 rounds
 * to its decimals and lets an entry pass that is out of balance by less.
 */
import { formatAmount } from '../../domain/money/money.ts';
import type { JournalEntry } from '../../store/ledger-queries.ts';
import { BalanceSums, type Journal } from './journal.ts';

const TAGS = ['event', 'reference', 'utr', 'entry-ref', 'reverses'] as const;

export async function* hledgerJournal(journal: Journal): AsyncGenerator<string> {
  const lines = ['; The journal of a payrun ledger.', ''];
  for (const currency of journal.currencies) lines.push(`commodity ${currency}`);
  lines.push(
    '',
    ...TAGS.map((tag) => `tag ${tag}`),
    '',
    ...journal.accounts.map((account) => `account ${account}`),
    '',
  );
  yield `${lines.join('\n')}\n`;
  const sums = new BalanceSums();
  let lastDay: string | undefined;
  for await (const page of journal.pages) {
    sums.add(page);
    lastDay = page.at(-1)?.booked_on ?? lastDay;
    yield page.map(entryText).join('');
  }
  if (lastDay !== undefined) yield assertions(lastDay, sums);
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
  for (const { account, amount_minor, currency } of entry.postings) {
    lines.push(`    ${account}    ${formatAmount(amount_minor, currency)} ${currency}`);
  }
  return `${lines.join('\n')}\n\n`;
}

function assertions(day: string, sums: BalanceSums): string {
  const lines = [`${day} The balances at the end`];
  for (const { account, currency, balance_minor } of sums.rows()) {
    lines.push(
      `    ${account}    ${formatAmount(0n, currency)} ${currency} = ${formatAmount(balance_minor, currency)} ${currency}`,
    );
  }
  return `${lines.join('\n')}\n`;
}

/** A semicolon begins a comment, a line break the next line. */
function plainText(text: string): string {
  return text.replaceAll(';', ',').replace(/\s+/g, ' ').trim();
}
