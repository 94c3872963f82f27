/** hledger, Ledger and beancount read the export of a long history, add it up, and have to agree to the last minor unit. */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { PAYOUT_STATES } from '../../../src/domain/payout/payout.ts';
import { Chance } from '../../../src/sandbox/chance.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { insertApproved, live, post, settle } from './history.ts';

// Just enough for more than ten thousand entries.
const PAYOUTS = 2520;
const SEED = 20261124;
const CLOSED = '2026-09-20';

let office: Office;
let entryCount = 0;
let events = new Set<string>();
/** The export in pieces, as it would be made while the ledger grows. */
const pieces: Record<'hledger' | 'beancount', string> = { hledger: '', beancount: '' };

async function exported(...args: string[]): Promise<string> {
  const ran = await office.payrun('ledger', 'export', '--quiet', ...args);
  expect(ran.exit, ran.stderr).toBe(0);
  return ran.stdout;
}

beforeAll(async () => {
  office = await openOffice();
  const history = await office.ledger(async (database) => {
    const chance = new Chance(SEED);
    await insertApproved(database, PAYOUTS, chance);
    return live(database, PAYOUTS, chance);
  });
  entryCount = history.entries.length;
  events = new Set(history.entries.map((entry) => entry.event));
  // Cut by time of writing: later pieces have entries of earlier days.
  const cut = [0, Math.floor(entryCount / 3), Math.floor(entryCount / 2), entryCount];
  for (let index = 1; index < cut.length; index += 1) {
    const [from = 0, to = 0] = [cut[index - 1], cut[index]];
    await office.ledger((database) => post(database, history.entries.slice(from, to)));
    for (const format of ['hledger', 'beancount'] as const)
      pieces[format] += await exported('--format', format, '--since', `${from}`);
  }
  await office.ledger((database) => settle(database, history.payouts));
}, 120_000);

// hledger reads UTF-8 only where the locale says so.
const ENV = { ...process.env, LC_ALL: 'C.UTF-8' };
const present = (command: string) => spawnSync(command, ['--version'], { env: ENV }).error === undefined;

function file(name: string, text: string): string {
  const path = join(office.folder, name);
  writeFileSync(path, text);
  return path;
}

function run(command: string, ...args: string[]): { ok: boolean; out: string; said: string } {
  const ran = spawnSync(command, args, { env: ENV, maxBuffer: 64 * 1024 * 1024 });
  return { ok: ran.status === 0, out: ran.stdout.toString(), said: ran.stderr.toString() };
}

/** `account currency` → balance; zeros are left out, since not every tool writes them. */
type Balances = Record<string, string>;

function collect(rows: Iterable<readonly [account: string, currency: string, balance: string]>): Balances {
  const found: Balances = {};
  for (const [account, currency, balance] of rows)
    if (/[1-9]/.test(balance)) found[`${account} ${currency}`] = balance;
  return found;
}

async function ours(...args: string[]): Promise<Balances> {
  const { stdout } = await office.payrun('ledger', 'balances', '--format', 'csv', ...args);
  const rows = stdout.trim().split('\n').slice(1);
  return collect(rows.map((row) => row.split(',') as [string, string, string]));
}

/** Checked strictly and added up in one run; null where hledger refuses the journal. */
function byHledger(path: string): Balances | null {
  const ran = run('hledger', '-s', '-f', path, 'balance', '--flat', '-N', '-O', 'csv', '--layout=bare');
  if (!ran.ok) return null;
  const rows = ran.out.trim().split('\n').slice(1);
  return collect(rows.map((row) => row.replaceAll('"', '').split(',') as [string, string, string]));
}

function byLedger(path: string): Balances | null {
  const format = '%(account)|%(display_total)\n';
  const ran = run(
    ...(['ledger', '-f', path, '--pedantic', '--explicit', 'balance'] as const),
    ...['--flat', '--no-total', '--format', format],
  );
  if (!ran.ok) return null;
  let account = '';
  // An account of several currencies goes on over lines of its own.
  const rows = ran.out
    .trim()
    .split('\n')
    .map((line) => {
      const at = line.indexOf('|');
      if (at >= 0) account = line.slice(0, at);
      const [balance = '', currency = ''] = line.slice(at + 1).split(' ');
      return [account, currency, balance] as const;
    });
  return collect(rows);
}

/** beancount's spelling of accounts, back to ours by the names that the export gives them. */
function byBeancount(path: string, text: string): Balances | null {
  const query = 'select account, currency, sum(position) as total group by account, currency';
  const ran = run('bean-query', '-f', 'csv', path, query);
  if (!ran.ok || ran.said !== '') return null;
  const names = new Map(
    [...text.matchAll(/^\S+ open (\S+)\n {2}name: "(.+)"$/gm)].map(([, name, account]) => [name, account]),
  );
  const rows = ran.out
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((row) => row.split(',').map((cell) => cell.trim()));
  return collect(
    rows.map(([name = '', currency = '', total = '']) => [
      names.get(name) ?? name,
      currency,
      total.split(' ')[0] ?? '',
    ]),
  );
}

/** The text with one posting in the middle one minor unit off. */
function withPostingOff(text: string): string {
  const amounts = [...text.matchAll(/(?<=^ {2,}\S+ +)-?\d+\.\d\d(?= INR$)/gm)];
  const middle = amounts[Math.floor(amounts.length / 2)];
  if (!middle) throw new Error('The export has no posting.');
  const off = (Number(middle[0]) + 0.01).toFixed(2);
  return `${text.slice(0, middle.index)}${off}${text.slice(middle.index + middle[0].length)}`;
}

test('the history has more than 10,000 entries, and every state and event of a payout', async () => {
  console.log(entryCount);
  expect(entryCount).toBeGreaterThan(10_000);
  for (const event of [
    'submitted',
    'refused',
    'failed',
    'not_sent',
    'resolved',
    'paid',
    'returned',
    'fee',
    'tax',
    'failed_after_paid',
  ])
    expect(events, event).toContain(event);
  const rows = await office.ledger((database) =>
    database.all<{ state: string }>('select distinct state from payouts'),
  );
  // Nothing was a draft or cancelled once it had been sent.
  const lived = PAYOUT_STATES.filter((state) => state !== 'draft' && state !== 'cancelled');
  expect(rows.map((row) => row.state).sort()).toEqual([...lived].sort());
  const verified = await office.payrun('ledger', 'verify');
  expect(verified.exit, verified.stdout.slice(0, 500)).toBe(0);
});

test('a closing stands in the export as what was proven', async () => {
  const on = await office.payrun(
    'ledger',
    'balances',
    '--as-of',
    CLOSED,
    '--account',
    'assets:providers:nxt:available',
    '--json',
  );
  const [item] = on.json<{ items: { balance: string }[] }>().data.items;
  const closed = await office.payrun(
    'ledger',
    'close',
    '--through',
    CLOSED,
    '--provider',
    'nxt',
    '--balance',
    item?.balance ?? '',
    '--json',
  );
  expect(closed.exit, closed.stdout).toBe(0);
  expect(await exported()).toContain(
    `${CLOSED} The balances that were proven and closed\n    assets:providers:nxt:available    0.00 INR = ${item?.balance} INR\n`,
  );
});

describe.skipIf(!present('hledger'))('hledger', () => {
  test('finds the days in order, nothing undeclared, and the balances of payrun', async () => {
    const path = file('whole.journal', await exported());
    expect(run('hledger', '-f', path, 'check', '--strict', 'ordereddates')).toEqual({
      ok: true,
      out: '',
      said: '',
    });
    expect(normal(byHledger(path))).toEqual(normal(await ours()));
  });

  test('finds one posting that is off by a minor unit', async () => {
    expect(byHledger(file('off.journal', withPostingOff(await exported())))).toBeNull();
  });

  test('finds pieces, one behind the other, to be the whole', async () => {
    expect(normal(byHledger(file('pieces.journal', pieces.hledger)))).toEqual(normal(await ours()));
  });

  test('finds the days of a month between the balances before and after it', async () => {
    const month = await exported('--since', '2026-09-10', '--until', '2026-09-30');
    expect(normal(byHledger(file('month.journal', month)))).toEqual(
      normal(await ours('--as-of', '2026-09-30')),
    );
  });
});

describe.skipIf(!present('ledger'))('Ledger', () => {
  test('finds nothing undeclared, and the balances of payrun, in the whole and in pieces', async () => {
    const balances = normal(await ours());
    expect(normal(byLedger(file('whole.ledger', await exported())))).toEqual(balances);
    expect(normal(byLedger(file('pieces.ledger', pieces.hledger)))).toEqual(balances);
  });

  test('finds one posting that is off by a minor unit', async () => {
    expect(byLedger(file('off.ledger', withPostingOff(await exported())))).toBeNull();
  });
});

describe.skipIf(!present('bean-query'))('beancount', () => {
  test('says nothing, and finds the balances of payrun', async () => {
    const text = await exported('--format', 'beancount');
    expect(normal(byBeancount(file('whole.beancount', text), text))).toEqual(normal(await ours()));
  });

  test('finds pieces, one behind the other, to be the whole', async () => {
    const text = pieces.beancount;
    expect(normal(byBeancount(file('pieces.beancount', text), text))).toEqual(normal(await ours()));
  });

  test('finds one posting that is off by a minor unit', async () => {
    const days = await exported('--format', 'beancount', '--since', '2026-09-14', '--until', '2026-09-16');
    expect(run('bean-check', file('days.beancount', days)).ok).toBe(true);
    expect(run('bean-check', file('off.beancount', withPostingOff(days))).ok).toBe(false);
  });
});

/** Tools write 12.50 as 12.5, and 5.00 as 5: the digits count. */
function normal(balances: Balances | null): Balances | null {
  if (balances === null) return null;
  return Object.fromEntries(
    Object.entries(balances).map(([key, text]) => [
      key,
      text.includes('.') ? text.replace(/\.?0+$/, '') : text,
    ]),
  );
}

test('pieces have each entry of the whole once', async () => {
  const entriesOf = (text: string) =>
    text
      .split('\n\n')
      .filter((block) => /^\d{4}-\d\d-\d\d \(/.test(block))
      .sort();
  const numbers = (text: string) =>
    [...text.matchAll(/^\d{4}-\d\d-\d\d \((\d+)\)/gm)].map(([, id]) => Number(id)).sort((a, b) => a - b);
  expect(entriesOf(pieces.hledger)).toHaveLength(entryCount);
  expect(numbers(pieces.hledger)).toEqual(numbers(await exported()));
});
