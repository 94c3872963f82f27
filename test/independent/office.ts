/** A folder with a configuration, beneficiaries and payouts, paid by the real bundle through the independent server. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { asMade } from '../cli/beneficiary/office.ts';
import { type Ran, runPayrun, type Spawned, spawnPayrun } from '../cli/run-payrun.ts';
import { type Bank, type BankPayout, type BankRequest, startBank } from './bank-process.ts';

export interface Office {
  folder: string;
  bank: Bank;
  start(...args: string[]): Spawned;
  /** The bundle as a process, to its end. */
  run(...args: string[]): Promise<Ran>;
  /** The same in this process: quicker, for what is only asked or prepared. */
  ask(...args: string[]): Promise<Ran>;
  /** And without waiting long between tries. */
  hurry(...args: string[]): Promise<Ran>;
  write(name: string, text: string): void;
  read(name: string): string;
  configure(settings: { base_url?: string; timeout_ms?: number; provider?: string; more?: string }): void;
}

const ENV = { NXT_API_KEY: 'key', NXT_API_SECRET: 'secret' };
const BENEFICIARIES = 20;

type Finally = (work: () => void | Promise<void>) => void;

/** With twenty beneficiaries imported, `b-0` … `b-19`. `last` is what has it closed: the end of the test, if it says nothing. */
export async function openOffice(
  options: Record<string, unknown> = {},
  last: Finally = onTestFinished,
): Promise<Office> {
  const bank = await startBank(options);
  last(() => bank.stop());
  const folder = mkdtempSync(join(tmpdir(), 'payrun-office-'));
  last(() => rmSync(folder, { recursive: true, force: true }));
  const start = (...args: string[]) => spawnPayrun(args, { cwd: folder, env: ENV });
  const office: Office = {
    folder,
    bank,
    start,
    run: (...args) => start(...args).done,
    ask: (...args) => runPayrun(args, { cwd: folder, env: ENV }),
    hurry: (...args) => runPayrun(args, { cwd: folder, env: ENV, haste: 10 }),
    write: (name, text) => writeFileSync(join(folder, name), text),
    read: (name) => readFileSync(join(folder, name), 'utf8'),
    configure: ({ base_url = bank.url, timeout_ms = 2000, provider = '', more = '' }) =>
      office.write(
        'payrun.toml',
        `[providers.nxt]
kind = "nxtbanking"
base_url = "${base_url}"
api_key = { env = "NXT_API_KEY" }
api_secret = { env = "NXT_API_SECRET" }
requests_per_second = 0
timeout_ms = ${timeout_ms}
${provider}
[reconciliation]
settlement_days = 0
${more}`,
      ),
  };
  office.configure({});
  await asMade('bank office', folder, async () => {
    expect((await office.ask('init')).exit).toBe(0);
    const rows = Array.from(
      { length: BENEFICIARIES },
      (_, index) => `b-${index},Person ${index},${50100000000 + index},HDFC0000001`,
    );
    office.write('beneficiaries.csv', ['beneficiary_ref,name,account_number,ifsc', ...rows, ''].join('\n'));
    expect((await office.ask('beneficiary', 'import', 'beneficiaries.csv')).exit).toBe(0);
  });
  office.configure({});
  return office;
}

/** A payout file of so many rows; the paise decide what the server makes of a row. */
export function payoutFile(
  count: number,
  paise: readonly number[] = [0, 50, 13, 1, 17, 99, 19, 25, 7, 42],
  from = 100,
): string {
  const rows = Array.from({ length: count }, (_, index) => {
    const ending = String(paise[index % paise.length]).padStart(2, '0');
    return `b-${index % BENEFICIARIES},${from + index}.${ending}`;
  });
  return ['beneficiary_ref,amount', ...rows, ''].join('\n');
}

export interface Item {
  reference_id: string;
  provider_reference: string | null;
  provider_id: string | null;
  state: string;
  amount: string;
  utr: string | null;
  fee: string | null;
  failure_code: string | null;
}

export async function payoutsOf(office: Office, ...filter: string[]): Promise<Item[]> {
  const listed = await office.ask('payout', 'list', '--format', 'ndjson', ...filter);
  expect(listed.exit).toBe(0);
  return listed.lines<Item>();
}

/** Minor units of one account, zero where the ledger does not name it. */
export async function balanceOf(office: Office, account: string): Promise<number> {
  const { data } = (await office.ask('ledger', 'balances', '--json')).json<{
    items: { account: string; balance: string }[];
  }>();
  return Math.round(Number(data.items.find((item) => item.account === account)?.balance ?? '0') * 100);
}

export const AVAILABLE = 'assets:providers:nxt:available';
export const IN_TRANSIT = 'assets:providers:nxt:in-transit';

const SAYS: Readonly<Record<BankPayout['status'], readonly string[]>> = {
  QUEUED: ['pending', 'unknown', 'submitting'],
  PROCESSING: ['pending', 'unknown', 'submitting'],
  SUCCESS: ['paid'],
  FAILED: ['failed'],
  REVERSED: ['returned'],
};

/** Holds a ledger in which every outcome is proven against the server's own books. */
export async function expectTruth(office: Office): Promise<void> {
  const books = await office.bank.books();
  expect(books.violations).toEqual([]);
  const references = books.payouts.map((payout) => payout.reference_id);
  expect(new Set(references).size).toBe(references.length);
  const made = new Map(books.payouts.map((payout) => [payout.reference_id, payout]));
  const items = await payoutsOf(office);
  const lies = items.filter((item) => {
    const payout = made.get(item.provider_reference ?? item.reference_id);
    if (!payout) return ['paid', 'pending', 'returned', 'submitting', 'unknown'].includes(item.state);
    return (
      !SAYS[payout.status].includes(item.state) || payout.paise !== Math.round(Number(item.amount) * 100)
    );
  });
  expect(lies).toEqual([]);
  const known = new Set(items.map((item) => item.reference_id));
  expect(references.filter((reference) => !known.has(reference.replace(/\.r\d+$/, '')))).toEqual([]);
  const verified = await office.ask('ledger', 'verify', '--json');
  expect([verified.exit, verified.json<{ problems: string[] }>().data.problems]).toEqual([0, []]);
  expect(await balanceOf(office, AVAILABLE)).toBe(books.moved);
  const underWay = books.payouts.filter((payout) => SAYS[payout.status].includes('pending'));
  expect(await balanceOf(office, IN_TRANSIT)).toBe(underWay.reduce((sum, payout) => sum + payout.paise, 0));
}

/** How many payouts are in each state, as the command that pays tells it. */
export function statesIn(ran: Ran): Record<string, number> {
  return ran.json<{ states: Record<string, number> }>().data.states;
}

/** With a draft of so many payouts as the batch `salary`. */
export async function withBatch(
  rows: number,
  options: Record<string, unknown> = {},
  paise?: readonly number[],
  last?: Finally,
): Promise<Office> {
  const office = await openOffice(options, last);
  office.write('payouts.csv', payoutFile(rows, paise));
  expect((await office.ask('batch', 'import', 'payouts.csv', '--name', 'salary')).exit).toBe(0);
  return office;
}

export const submit = (...more: string[]) => ['batch', 'submit', 'salary', '--yes', '--json', ...more];

/** The sends that reached the server. */
export async function sendsTo(bank: Bank): Promise<BankRequest[]> {
  return (await bank.log()).filter(
    (request) => request.method === 'POST' && request.path.endsWith('/payouts'),
  );
}

/** What is not proven yet may be open; nothing is called failed or paid that is not. */
export async function expectNoLie(office: Office): Promise<void> {
  const { payouts, violations } = await office.bank.books();
  const made = new Map(payouts.map((payout) => [payout.reference_id, payout.status]));
  const wrong = (await payoutsOf(office)).filter((item) => {
    const status = made.get(item.provider_reference ?? item.reference_id);
    if (item.state === 'failed') return status !== undefined && status !== 'FAILED';
    return item.state === 'paid' && status !== 'SUCCESS' && status !== 'REVERSED';
  });
  expect(wrong).toEqual([]);
  expect(violations).toEqual([]);
}
