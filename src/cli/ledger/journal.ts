/** What every export of the journal is made of: one state of it, in one order, whatever is posted meanwhile. */
import type { Database } from '../../store/database.ts';
import { accountsInUse, type JournalEntry, journalPages, lastEntryId } from '../../store/ledger-queries.ts';

export interface Journal {
  /** In the order of names, as are the currencies. */
  accounts: readonly string[];
  currencies: readonly string[];
  /** Null where nothing is booked. */
  first_day: string | null;
  /** By day, entries of a day as they were written. To be read once. */
  pages: AsyncIterable<JournalEntry[]>;
}

export async function readJournal(database: Database): Promise<Journal> {
  const lastId = await lastEntryId(database);
  // Read after the end was fixed: it may name an account too many, and never one too few.
  const used = await accountsInUse(database);
  const days = used.map((each) => each.first_booked_on).sort();
  return {
    accounts: [...new Set(used.map((each) => each.account))].sort(),
    currencies: [...new Set(used.map((each) => each.currency))].sort(),
    first_day: days[0] ?? null,
    pages: journalPages(database, lastId),
  };
}

/** Balances as the exported postings make them, so that what an export asserts is what it says. */
export class BalanceSums {
  readonly #sums = new Map<string, Map<string, bigint>>();

  add(entries: readonly JournalEntry[]): void {
    for (const { postings } of entries) {
      for (const { account, currency, amount_minor } of postings) {
        const currencies = this.#sums.get(account) ?? new Map<string, bigint>();
        currencies.set(currency, (currencies.get(currency) ?? 0n) + amount_minor);
        this.#sums.set(account, currencies);
      }
    }
  }

  *rows(): Iterable<{ account: string; currency: string; balance_minor: bigint }> {
    for (const account of [...this.#sums.keys()].sort()) {
      const currencies = [...(this.#sums.get(account) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [currency, balance_minor] of currencies) yield { account, currency, balance_minor };
    }
  }
}
