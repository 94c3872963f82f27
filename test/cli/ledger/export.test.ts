import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { postEntries } from '../../../src/store/ledger.ts';
import { handEntry, insertPayouts, moveEntries } from '../../store/ledger-rows.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';

let office: Office;
let hledger: string;
let beancount: string;

// What a description and a reference may hold that means something in the formats.
const NASTY = 'semi;colon "quoted" back\\slash, comma | bar  two spaces';

beforeAll(async () => {
  office = await openOffice();
  await office.ledger(async (database) => {
    await insertPayouts(database, ['paid', 'in_transit', 'returned']);
    await database.transaction((tx) =>
      postEntries(tx, [
        handEntry('OB-1; x, y', 'assets:bank:hdfc_one', 'equity:opening-balances', 10000001n, {
          description: NASTY,
          booked_on: '2026-12-31',
        }),
        ...moveEntries(1, 'available', 'paid'),
        ...moveEntries(2, 'available', 'in_transit', { booked_on: '2026-11-18' }),
        ...moveEntries(3, 'available', 'returned', { booked_on: '2026-11-21' }),
        handEntry('OB-2', 'assets:bank:hdfc-one', 'equity:opening-balances', 5n, {
          description: '',
          booked_on: '2026-11-01',
        }),
        handEntry('FX-1', 'assets:bank:jpy', 'equity:opening-balances', 5n, {
          postings: [
            { account: 'assets:bank:hdfc-one', amount_minor: 1200n, currency: 'JPY' },
            { account: 'assets:bank:kwd', amount_minor: 1001n, currency: 'KWD' },
            { account: 'equity:opening-balances', amount_minor: -1200n, currency: 'JPY' },
            { account: 'equity:opening-balances', amount_minor: -1001n, currency: 'KWD' },
          ],
        }),
      ]),
    );
  });
  hledger = (await office.payrun('ledger', 'export', '--format', 'hledger')).stdout;
  beancount = (await office.payrun('ledger', 'export', '--format', 'beancount')).stdout;
});

interface Oracle {
  name: string;
  command: string;
  args(file: string): string[];
}
const HLEDGER: Oracle = {
  name: 'hledger',
  command: 'hledger',
  args: (file) => ['-f', file, 'check', '--strict', 'ordereddates'],
};
const LEDGER: Oracle = {
  name: 'Ledger',
  command: 'ledger',
  args: (file) => ['-f', file, '--pedantic', '--explicit', 'balance'],
};
const BEANCOUNT: Oracle = { name: 'bean-check', command: 'bean-check', args: (file) => [file] };

// hledger reads UTF-8 only where the locale says so.
const LOCALE = { ...process.env, LC_ALL: 'C.UTF-8' };
const present = (command: string) => spawnSync(command, ['--version'], { env: LOCALE }).error === undefined;

function accepts(oracle: Oracle, text: string): boolean {
  const file = join(office.folder, 'export.txt');
  writeFileSync(file, text);
  const ran = spawnSync(oracle.command, oracle.args(file), { env: LOCALE });
  return ran.status === 0;
}

/** The text with the n-th amount one minor unit, or a fraction of one, off. */
function withAmountOff(text: string, occurrence: number, change: (amount: string) => string): string {
  let seen = 0;
  return text.replace(/(?<=^ +\S+ +)-?\d+\.\d\d(?= INR$)/gm, (amount) =>
    seen++ === occurrence ? change(amount) : amount,
  );
}
const oneMore = (amount: string) => (Number(amount) + 0.01).toFixed(2);
const aFractionMore = (amount: string) => `${amount}4`;

describe.each([
  [HLEDGER, () => hledger],
  [LEDGER, () => hledger],
  [BEANCOUNT, () => beancount],
] as const)('$name', (oracle, journal) => {
  test.skipIf(!present(oracle.command))(
    `accepts the export (skipped where ${oracle.command} is not installed)`,
    () => {
      expect(accepts(oracle, journal())).toBe(true);
    },
  );

  test.skipIf(!present(oracle.command))(
    'refuses it with an amount that is off by a minor unit, or by less',
    () => {
      expect(accepts(oracle, withAmountOff(journal(), 0, oneMore))).toBe(false);
      expect(accepts(oracle, withAmountOff(journal(), 2, aFractionMore))).toBe(false);
    },
  );

  test.skipIf(!present(oracle.command))('refuses it with any balance at the end off by a minor unit', () => {
    const lines = journal().trimEnd().split('\n');
    const asserted = lines.flatMap((line, index) =>
      / = |balance /.test(line) && /\d [A-Z]{3}$/.test(line) ? [index] : [],
    );
    // hdfc_one; hdfc-one in INR and JPY; kwd; available and in transit; equity in INR, JPY and KWD; payouts.
    expect(asserted).toHaveLength(10);
    for (const index of asserted) {
      const wrong = [...lines];
      wrong[index] = (lines[index] ?? '').replace(
        /(\d)( [A-Z]{3})$/,
        (_all, digit: string, rest: string) => `${(Number(digit) + 1) % 10}${rest}`,
      );
      expect(accepts(oracle, `${wrong.join('\n')}\n`), lines[index]).toBe(false);
    }
  });
});

test.skipIf(!present('hledger'))('hledger answers the balances that payrun answers', async () => {
  writeFileSync(join(office.folder, 'export.journal'), hledger);
  const ran = spawnSync(
    'hledger',
    [
      '-f',
      join(office.folder, 'export.journal'),
      'balance',
      '--flat',
      '-N',
      '-E',
      '-O',
      'csv',
      '--layout=bare',
    ],
    { env: LOCALE },
  );
  const theirs = ran.stdout
    .toString()
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.replaceAll('"', ''));
  const ours = (await office.payrun('ledger', 'balances', '--format', 'csv')).stdout
    .trim()
    .split('\n')
    .slice(1);
  // hledger's bare layout writes zero without decimals, and a zero row for a commodity that an account shares.
  const plain = (row: string) => {
    const [account, currency, balance] = row.split(',');
    return `${account} ${currency} ${Number(balance)}`;
  };
  const nonZero = (rows: string[]) =>
    rows
      .map(plain)
      .filter((row) => !row.endsWith(' 0'))
      .sort();
  expect(nonZero(theirs)).toEqual(nonZero(ours));
});

describe('the export', () => {
  test('has the entries in the order of their days', () => {
    const days = [...hledger.matchAll(/^(\d{4}-\d\d-\d\d) \(\d+\)/gm)].map((found) => found[1]);
    expect(days).toHaveLength(9);
    expect(days).toEqual([...days].sort());
  });

  test('is the same each time', async () => {
    expect((await office.payrun('ledger', 'export', '--format', 'hledger')).stdout).toBe(hledger);
    expect((await office.payrun('ledger', 'export')).stdout).toBe(hledger);
    expect((await office.payrun('ledger', 'export', '--format', 'beancount')).stdout).toBe(beancount);
  });

  test('carries the reference and the UTR', () => {
    expect(hledger).toContain('    ; reference: p-1\n    ; utr: UTR1\n');
    expect(beancount).toContain('  reference: "p-1"\n  utr: "UTR1"\n');
  });

  test('spells accounts as payrun does for hledger, and as its syntax demands for beancount', () => {
    expect(hledger).toContain('account assets:bank:hdfc_one\n');
    expect(beancount).toContain('open Assets:Bank:Hdfc-one-2\n  name: "assets:bank:hdfc-one"');
    // Two accounts stay two, also where beancount knows no underscore; the one that was opened later has the number.
    expect(beancount).toContain('open Assets:Bank:Hdfc-one\n  name: "assets:bank:hdfc_one"');
  });

  test('goes into a file, and is one row for each posting in csv and json', async () => {
    await office.payrun('ledger', 'export', '--format', 'hledger', '-o', 'out.journal');
    expect(readFileSync(join(office.folder, 'out.journal'), 'utf8')).toBe(hledger);
    const csv = (await office.payrun('ledger', 'export', '--format', 'csv')).stdout.trim().split('\n');
    expect(csv).toHaveLength(1 + 8 * 2 + 4);
    expect(csv[0]).toBe(
      'Journal No,Journal Date,Account Name,Description,Debits,Credits,Currency,Event,Reference,UTR,Provider,Entry Ref,Reverses,Tags,Actor,Recorded At',
    );
    const json = await office.payrun('ledger', 'export', '--format', 'json');
    const { items } = json.json<{ items: Record<string, unknown>[] }>().data;
    expect(items).toHaveLength(20);
    expect(items.find((item) => item.entry === 1)).toMatchObject({
      debit: '100000.01',
      credit: null,
      currency: 'INR',
      description: NASTY,
    });
  });

  test('of an empty ledger is an empty journal that the tools accept', async () => {
    const empty = await openOffice();
    for (const oracle of [HLEDGER, LEDGER, BEANCOUNT]) {
      if (!present(oracle.command)) continue;
      const format = oracle === BEANCOUNT ? 'beancount' : 'hledger';
      expect(accepts(oracle, (await empty.payrun('ledger', 'export', '--format', format)).stdout)).toBe(true);
    }
  });
});
