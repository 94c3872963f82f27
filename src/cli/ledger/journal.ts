/**
 * What every export of the journal is made of: one state of it, in one order, whatever is posted meanwhile. Three kinds:
 * the whole; the days from one to another, which open with the balances before them; and what was written after an
 * entry, which is appended to what was exported before, and so declares nothing twice and asserts no balance.
 */
import { accountsOfProvider } from '../../domain/ledger/account.ts';
import type { Database } from '../../store/database.ts';
import {
  accountsInUse,
  type JournalEntry,
  journalPages,
  lastEntryId,
  type ProvenBalance,
  provenBalances,
  tagKeys,
  type UsedAccount,
} from '../../store/journal.ts';
import { listBalances } from '../../store/ledger-queries.ts';

export type Asked =
  | { kind: 'whole' }
  | { kind: 'days'; since: string | null; until: string | null }
  | { kind: 'piece'; after: bigint };

export interface Balance {
  account: string;
  currency: string;
  balance_minor: bigint;
}

export interface Journal {
  /** All of them in the order in which they were opened, so that a name that is made from them never changes. */
  accounts: readonly string[];
  /** Those that this export declares, in the order of names; in a piece only what no piece before it had. */
  declared: { accounts: readonly string[]; currencies: readonly string[] };
  /** Names of the tags that entries bear. */
  tags: readonly string[];
  /** What the accounts held before the first day; empty unless only some days were asked for. */
  opening: { day: string; balances: readonly Balance[] } | null;
  /** What closings have proven: it holds on their day in every whole export, however much comes after. */
  proven: readonly { day: string; balances: readonly Balance[] }[];
  /** False in a piece: what comes after it may be of an earlier day. */
  asserts: boolean;
  /** The last entry that this export reaches to; `--since` takes it to go on. */
  last_entry: bigint;
  /** By day, entries of a day as they were written. To be read once. */
  pages: AsyncIterable<JournalEntry[]>;
}

export async function readJournal(database: Database, asked: Asked): Promise<Journal> {
  const last = await lastEntryId(database);
  // Read after the end was fixed: it may name an account too many, and never one too few.
  const used = await accountsInUse(database);
  const after = asked.kind === 'piece' ? asked.after : 0n;
  const [since, until] = asked.kind === 'days' ? [asked.since, asked.until] : [null, null];
  const opened = used.filter((each) => each.first_entry > after);
  const known = new Set(used.filter((each) => each.first_entry <= after).map((each) => each.currency));
  const accountsBefore = new Set(
    used.filter((each) => each.first_entry <= after).map((each) => each.account),
  );
  return {
    accounts: [...new Set(used.map((each) => each.account))],
    declared: {
      accounts: sorted(opened.map((each) => each.account).filter((account) => !accountsBefore.has(account))),
      currencies: sorted(opened.map((each) => each.currency).filter((currency) => !known.has(currency))),
    },
    tags: await tagKeys(database),
    opening: since === null ? null : { day: since, balances: await balancesBefore(database, since) },
    proven:
      asked.kind === 'whole'
        ? (await provenBalances(database)).map((closing) => provenOn(closing, used))
        : [],
    asserts: asked.kind !== 'piece',
    last_entry: last,
    pages: journalPages(database, { after, last, since, until }),
  };
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

async function balancesBefore(database: Database, day: string): Promise<Balance[]> {
  const rows = await listBalances(database, { as_of: dayBefore(day), account: null, tag: null });
  return rows
    .map(({ account, currency, debit_minor, credit_minor }) => ({
      account,
      currency,
      balance_minor: debit_minor - credit_minor,
    }))
    .filter((row) => row.balance_minor !== 0n);
}

function provenOn(
  closing: ProvenBalance,
  used: readonly UsedAccount[],
): { day: string; balances: Balance[] } {
  const { available, in_transit } = accountsOfProvider(closing.provider);
  const { currency } = closing;
  const balances = [
    { account: available, currency, balance_minor: closing.available_minor },
    { account: in_transit, currency, balance_minor: closing.in_transit_minor },
  ];
  // What was never posted to is declared nowhere, and its zero needs no proof.
  const exists = (account: string) => used.some((each) => each.account === account);
  return { day: closing.through, balances: balances.filter(({ account }) => exists(account)) };
}

/** Balances as the exported postings make them, so that what an export asserts is what it says. */
export class BalanceSums {
  readonly #sums = new Map<string, Map<string, bigint>>();

  add(postings: Iterable<{ account: string; currency: string; amount_minor: bigint }>): void {
    for (const { account, currency, amount_minor } of postings) {
      const currencies = this.#sums.get(account) ?? new Map<string, bigint>();
      currencies.set(currency, (currencies.get(currency) ?? 0n) + amount_minor);
      this.#sums.set(account, currencies);
    }
  }

  *rows(): Iterable<Balance> {
    for (const account of [...this.#sums.keys()].sort()) {
      const currencies = [...(this.#sums.get(account) ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [currency, balance_minor] of currencies) yield { account, currency, balance_minor };
    }
  }
}

export function dayBefore(day: string): string {
  return shifted(day, -1);
}

export function dayAfter(day: string): string {
  return shifted(day, 1);
}

function shifted(day: string, days: number): string {
  const moved = new Date(`${day}T00:00:00.000Z`);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** Calls `write` for each entry and `assert` for each day's balances, in the order of the days. */
export async function* writeInOrder(
  journal: Journal,
  write: (entry: JournalEntry | null, opening: readonly Balance[]) => string,
  assert: (day: string, balances: Iterable<Balance>, proven: boolean) => string,
): AsyncGenerator<string> {
  const sums = new BalanceSums();
  const proven = [...journal.proven];
  let lastDay: string | null = null;
  if (journal.opening !== null && journal.opening.balances.length > 0) {
    const { balances } = journal.opening;
    sums.add(balances.map(({ balance_minor, ...of }) => ({ ...of, amount_minor: balance_minor })));
    lastDay = journal.opening.day;
    yield write(null, balances);
  }
  for await (const page of journal.pages) {
    let text = '';
    for (const entry of page) {
      for (let next = proven[0]; next !== undefined && next.day < entry.booked_on; next = proven[0]) {
        text += assert(next.day, next.balances, true);
        proven.shift();
      }
      sums.add(entry.postings);
      lastDay = entry.booked_on;
      text += write(entry, []);
    }
    yield text;
  }
  if (!journal.asserts || lastDay === null) return;
  yield assert(lastDay, sums.rows(), false);
}
