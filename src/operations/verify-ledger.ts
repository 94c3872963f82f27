/**
 * Proves the books, and believes nothing that was computed before: every entry balances in each currency, the day
 * sums that balances are read from equal the postings, the chain holds, and the entries of every payout put its
 * amount where the payout says that it is.
 */

import { imbalances } from '../domain/ledger/entry.ts';
import { tagsOf } from '../domain/ledger/tags.ts';
import { formatAmount } from '../domain/money/money.ts';
import { type DaySum, type MisplacedPayout, misplacedPayouts } from '../store/chain-pages.ts';
import type { ChainedEntry } from '../store/chained-entries.ts';
import { type DifferingClosing, differingClosings } from '../store/closings.ts';
import type { Database } from '../store/database.ts';
import { PROBLEMS_LISTED, type Problem } from './chain-problem.ts';
import { type ChainVerification, verifyChain } from './verify-chain.ts';

export async function verifyLedger(
  database: Database,
  onProgress?: (done: number, total: number) => void,
): Promise<ChainVerification> {
  const found: Problem[] = [];
  const report = (problem: Problem) => {
    if (found.length < PROBLEMS_LISTED) found.push(problem);
  };
  const days = new DaySums();
  const verified = await verifyChain(database, {
    ...(onProgress ? { onProgress } : {}),
    onEntry: (id, entry) => {
      checkEntry(id, entry, report);
      days.add(entry);
    },
  });
  days.compare(verified.snapshot.days, report);
  for (const payout of await misplacedPayouts(database, PROBLEMS_LISTED)) report(misplaced(payout));
  for (const closing of await differingClosings(database, PROBLEMS_LISTED)) report(reopened(closing));
  return { ...verified, problems: [...verified.problems, ...found].slice(0, PROBLEMS_LISTED) };
}

function checkEntry(id: bigint, entry: ChainedEntry, report: (problem: Problem) => void): void {
  const { postings } = entry;
  if (postings.length < 2) {
    report({
      code: 'entry_postings_missing',
      message: `Entry ${id} has ${postings.length} postings; it needs two or more.`,
      entry: id,
    });
  }
  const [first, second] = postings;
  const plain = postings.length === 2 && first?.currency === second?.currency;
  if (plain && first?.amount_minor === -(second?.amount_minor ?? 0n)) return;
  for (const [currency, sum] of imbalances(postings)) {
    report({
      code: 'entry_unbalanced',
      message: `Entry ${id} is out of balance by ${amountText(sum, currency)}.`,
      entry: id,
    });
  }
}

interface Sum {
  debit_minor: bigint;
  credit_minor: bigint;
  posting_count: bigint;
}

/** Debits and credits by day, account and currency, in all and for each tag, as the postings themselves have them. */
class DaySums {
  readonly #sums = new Map<string, Map<string, Map<string, Sum>>>();

  add(entry: ChainedEntry): void {
    this.#addTo(within(this.#sums, entry.booked_on), entry);
    for (const tag of tagsOf(entry.tags))
      this.#addTo(within(this.#sums, dayOfTag(entry.booked_on, tag)), entry);
  }

  #addTo(accounts: Map<string, Map<string, Sum>>, entry: ChainedEntry): void {
    for (const { account, currency, amount_minor } of entry.postings) {
      const currencies = within(accounts, account);
      const sum = currencies.get(currency) ?? { debit_minor: 0n, credit_minor: 0n, posting_count: 0n };
      if (sum.posting_count === 0n) currencies.set(currency, sum);
      if (amount_minor > 0n) sum.debit_minor += amount_minor;
      else sum.credit_minor -= amount_minor;
      sum.posting_count += 1n;
    }
  }

  /** What is left after taking out every stored sum was never stored. */
  compare(stored: readonly DaySum[], report: (problem: Problem) => void): void {
    for (const day of stored) {
      const sum = this.#take(day);
      const equal =
        sum.debit_minor === day.debit_minor &&
        sum.credit_minor === day.credit_minor &&
        sum.posting_count === day.posting_count;
      if (!equal)
        report(balanceDiffers(day, sum.debit_minor - sum.credit_minor, day.debit_minor - day.credit_minor));
    }
    for (const [day, accounts] of this.#sums) {
      const { booked_on, tag } = dayAndTag(day);
      for (const [account, currencies] of accounts) {
        for (const [currency, sum] of currencies) {
          report(
            balanceDiffers({ booked_on, tag, account, currency }, sum.debit_minor - sum.credit_minor, 0n),
          );
        }
      }
    }
  }

  #take(day: DaySum): Sum {
    const currencies = this.#sums.get(dayOfTag(day.booked_on, day.tag))?.get(day.account);
    const sum = currencies?.get(day.currency);
    currencies?.delete(day.currency);
    return sum ?? { debit_minor: 0n, credit_minor: 0n, posting_count: 0n };
  }
}

/** A day's sums for one tag stand beside those of the day. */
function dayOfTag(day: string, tag: string | null): string {
  return tag === null ? day : `${day} ${tag}`;
}

function dayAndTag(key: string): { booked_on: string; tag: string | null } {
  const at = key.indexOf(' ');
  return at < 0 ? { booked_on: key, tag: null } : { booked_on: key.slice(0, at), tag: key.slice(at + 1) };
}

/** The inner map under a key, made when it is first asked for. */
function within<V>(map: Map<string, Map<string, V>>, key: string): Map<string, V> {
  const found = map.get(key);
  if (found) return found;
  const made = new Map<string, V>();
  map.set(key, made);
  return made;
}

function balanceDiffers(
  day: Pick<DaySum, 'account' | 'booked_on' | 'currency' | 'tag'>,
  postings: bigint,
  stored: bigint,
): Problem {
  const message =
    `${day.account} on ${day.booked_on}${day.tag === null ? '' : ` with ${day.tag}`}: the postings move ${amountText(postings, day.currency)}, ` +
    `the balances were kept with ${amountText(stored, day.currency)}.`;
  return { code: 'balance_differs', message, entry: null };
}

function misplaced(payout: MisplacedPayout): Problem {
  const text = (minor: bigint) => amountText(minor, payout.currency);
  const message =
    `Payout ${payout.reference_id} is ${payout.state}, its ${text(payout.amount_minor)} ${payout.position.replace('_', ' ')}; ` +
    `its entries have ${text(payout.in_transit_minor)} in transit and ${text(payout.booked_minor)} paid.`;
  return { code: 'payout_position', message, entry: null };
}

function reopened({ account, through, currency, closed_minor, balance_minor }: DifferingClosing): Problem {
  const message =
    `${account} was closed through ${through} with ${amountText(closed_minor, currency)}; ` +
    `its balance of that day is now ${amountText(balance_minor, currency)}.`;
  return { code: 'closing_differs', message, entry: null };
}

/** A currency that nobody knows must not stop the listing of what is wrong with it. */
function amountText(minor: bigint, currency: string): string {
  try {
    return `${formatAmount(minor, currency)} ${currency}`;
  } catch {
    return `${minor} minor units of ${currency}`;
  }
}
