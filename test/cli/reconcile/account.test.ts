/** The bank's statement of an account of the books: entries on it matched, and what is left lives on as breaks. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportRow, seeded } from '../../operations/seed-payouts.ts';
import { createDesk } from './desk.ts';

const ACCOUNT = 'assets:bank:hdfc';
const desk = createDesk();

/** Debits of each row: from the account where the amount is positive, to it where it is negative. */
async function book(...rows: [ref: string, on: string, other: string, amount: string, text: string][]) {
  const lines = rows.flatMap(([ref, on, other, amount, text]) => {
    const [paid, received] = amount.startsWith('-') ? [ACCOUNT, other] : [other, ACCOUNT];
    const sum = amount.replace('-', '');
    return [`${ref},${on},${paid},${sum},,INR,${text}`, `${ref},${on},${received},,${sum},INR,${text}`];
  });
  desk.file(
    'entries.csv',
    `${['entry_ref,date,account,debit,credit,currency,description', ...lines].join('\n')}\n`,
  );
  const recorded = await desk.payrun('ledger', 'record', 'entries.csv', '--yes', '--json');
  expect(recorded.exit, recorded.stdout).toBe(0);
}

function bank(name: string, ...rows: string[]): void {
  const header = 'Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance';
  desk.file(name, `${[header, ...rows].join('\n')}\n`);
}

async function booked(): Promise<void> {
  await book(
    ['OPEN-1', '2026-10-31', 'equity:opening-balances', '-500000.00', 'opening'],
    ['CAP-1', '2026-11-16', 'equity:capital', '-20000.00', 'capital of a partner'],
    ['FUND-17', '2026-11-17', 'assets:providers:nxt:available', '100000.00', 'funding N123456789012345'],
    ['RENT-11', '2026-11-17', 'expenses:rent', '7000.00', 'office rent'],
  );
}

const FIRST = [
  '16/11/26,NEFT CR-HDFC0000001-PARTNER,N000000000000001,16/11/26,,20000.00,520000.00',
  '17/11/26,NEFT DR-N123456789012345-NXT,N123456789012345,17/11/26,100000.00,,420000.00',
  '17/11/26,AMB CHRG INCL GST,,17/11/26,590.00,,419410.00',
];

test('entries are matched by reference, else by amount and day; the rest are breaks of the account', async () => {
  await booked();
  bank('bank.csv', ...FIRST);
  const found = await desk.reconcile('bank.csv', '--account', ACCOUNT);
  expect(found).toMatchObject({
    exit: 3,
    provider: ACCOUNT,
    matched: 2,
    breaks: { open: 2, by_kind: { missing_on_statement: 1, missing_in_ledger: 1 } },
    totals: [
      {
        statement: { total: '80590.00', matched: '80000.00', missing_in_ledger: '590.00' },
        ledger: { total: '87000.00', matched: '80000.00', missing_on_statement: '7000.00' },
        unexplained: '0.00',
      },
    ],
  });
  expect(await desk.breaks('--provider', ACCOUNT)).toMatchObject([
    { kind: 'missing_on_statement', reference_id: 'RENT-11', difference: '-7000.00', line: null },
    { kind: 'missing_in_ledger', reference_id: null, difference: '590.00', line: 4 },
  ]);
});

test('a list of breaks of a provider and of an account says of each whose it is; an account that is not there, how it begins', async () => {
  const unknown = await desk.payrun('reconcile', 'bank.csv', '--account', ACCOUNT);
  expect(unknown.stderr).toMatch(
    /no account assets:bank:hdfc[\s\S]*begins to exist when something is booked on it/,
  );
  await booked();
  bank('bank.csv', ...FIRST);
  await desk.reconcile('bank.csv', '--account', ACCOUNT);
  expect((await desk.payrun('break', 'list')).stdout).toMatch(/^break {2}kind/);
  desk.write('report.csv', [reportRow(seeded(9))]);
  await desk.reconcile('report.csv');
  const { stdout } = await desk.payrun('break', 'list');
  expect(stdout).toMatch(/^assets:bank:hdfc\nbreak .*\n {4}1 [\s\S]*\n\nnxt\nbreak .*\n {4}3 /);
  expect((await desk.payrun('break', 'show', '2')).stdout).toContain('Ledger: no entry.');
});

test('a file that counts for a provider already is warned of where it is taken in for an account, until it is withdrawn', async () => {
  await booked();
  bank('bank.csv', ...FIRST);
  await desk.payrun('statement', 'import', 'bank.csv', '--provider', 'nxt');
  const twice = await desk.payrun('reconcile', 'bank.csv', '--account', ACCOUNT, '--dry-run');
  expect(twice.stderr).toContain(
    'bank.csv counts for nxt too, as statement 1. If that is a mistake: payrun statement withdraw 1',
  );
  expect((await desk.payrun('statement', 'withdraw', '1', '--reason', 'it is the bank’s')).exit).toBe(0);
  const once = await desk.payrun('reconcile', 'bank.csv', '--account', ACCOUNT);
  expect(once.stderr).not.toContain('counts for nxt');
});

test('a bank’s statement that is taken in as a provider’s by mistake is told of, with the way back', async () => {
  await booked();
  bank('bank.csv', ...FIRST);
  const mistaken = await desk.payrun('reconcile', 'bank.csv');
  expect(mistaken.stderr).toContain(
    'No line of bank.csv is matched with a payout of nxt. If it is the statement of an account of the books: payrun statement withdraw 1 ',
  );
  await desk.payrun('statement', 'withdraw', '1', '--reason', 'it is the bank’s');
  const meant = await desk.payrun('reconcile', 'bank.csv', '--account', ACCOUNT);
  expect(meant.stderr).not.toContain('No line of');
});

test('a later statement closes what it shows, and the same one again changes nothing', async () => {
  await booked();
  bank('bank.csv', ...FIRST);
  await desk.reconcile('bank.csv', '--account', ACCOUNT);
  expect((await desk.reconcile('bank.csv', '--account', ACCOUNT)).breaks).toMatchObject({
    open: 2,
    new: 0,
    carried: 2,
  });
  bank('next.csv', FIRST[2] ?? '', '18/11/26,NEFT DR-RENT,N987654321098765,18/11/26,7000.00,,412410.00');
  expect(await desk.reconcile('next.csv', '--account', ACCOUNT)).toMatchObject({
    matched: 3,
    breaks: { open: 1, closed: 1 },
  });
  // Without a file: what is open is looked at again, here after the charge was booked by hand.
  await book(['CHG-1', '2026-11-17', 'expenses:bank-charges', '590.00', 'charges of November']);
  expect(await desk.reconcile('--account', ACCOUNT)).toMatchObject({
    exit: 0,
    breaks: { open: 0, closed: 1 },
  });
});

test('a charge is booked with its explanation, which then stands', async () => {
  await booked();
  bank('bank.csv', ...FIRST);
  await desk.reconcile('bank.csv', '--account', ACCOUNT);
  const resolved = await desk.payrun(
    'break',
    'resolve',
    '2',
    '--reason',
    'fee_agreed',
    '--book',
    'fee',
    '--yes',
  );
  expect(resolved.exit, resolved.stderr).toBe(0);
  const balances = await desk.payrun('ledger', 'balances', '--json');
  expect(balances.stdout).toContain(
    '"account":"expenses:fees:bank:hdfc","currency":"INR","balance":"590.00"',
  );
  const again = await desk.payrun('reconcile', '--account', ACCOUNT, '--json');
  expect(again.json<{ breaks: unknown }>().data.breaks).toMatchObject({ open: 1, new: 0, carried: 1 });
  expect(again.stdout).not.toContain('entry_outlived');
  const refused = await desk.payrun(
    'break',
    'resolve',
    '1',
    '--reason',
    'other',
    '--book',
    'write-off',
    '--yes',
  );
  expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining('ledger reverse')]);
  expect((await desk.payrun('audit', 'verify')).exit).toBe(0);
});

test('entries from before the first statement are not looked for, and that is said', async () => {
  await booked();
  bank('bank.csv', ...FIRST);
  const told = await desk.payrun('reconcile', 'bank.csv', '--account', ACCOUNT);
  expect(told.stderr).toContain(
    `1 entry on ${ACCOUNT} was not looked for: its statements begin on 2026-11-16.`,
  );
});

test.each([
  [['--account', 'assets:bank:hdfcc'], 1, 'Did you mean assets:bank:hdfc?'],
  [['--account', ACCOUNT, '--provider', 'nxt'], 2, 'either --provider or --account'],
  [['bank.csv', '--account', ACCOUNT, '--against', 'bank.csv'], 2, 'needs no account'],
] as const)('%j is refused with %i', async (args, exit, words) => {
  await booked();
  bank('bank.csv', ...FIRST);
  const ran = await desk.payrun('reconcile', ...args);
  expect([ran.exit, ran.stderr]).toEqual([exit, expect.stringContaining(words)]);
});

interface Balance {
  statement: string;
  steps: { step: string; count: number; amount: string }[];
  adjusted: string;
  ledger: string;
  difference: string;
  items: { step: string; name: string | null; amount: string }[];
}

async function balanceBy(...args: string[]): Promise<Balance | undefined> {
  const found = await desk.reconcile(...args, '--account', ACCOUNT);
  return (found as unknown as { balances: Balance[] }).balances[0];
}

test('the bank’s closing balance is led over to that of the books, item by item', async () => {
  await booked();
  bank('bank.csv', ...FIRST);
  expect(await balanceBy('bank.csv')).toMatchObject({
    ...{ currency: 'INR', on: '2026-11-17', file: 'bank.csv', line: 4, statement: '419410.00' },
    steps: [
      { step: 'payments_not_on_statement', count: 1, amount: '-7000.00' },
      { step: 'payments_not_in_ledger', count: 1, amount: '590.00' },
    ],
    ...{ adjusted: '413000.00', ledger: '413000.00', difference: '0.00' },
    items: [
      { step: 'payments_not_on_statement', date: '2026-11-17', name: 'RENT-11', amount: '-7000.00' },
      { step: 'payments_not_in_ledger', date: '2026-11-17', name: null, amount: '590.00' },
    ],
  });
  const told = await desk.payrun(
    'reconcile',
    '--account',
    ACCOUNT,
    '--report',
    'day.html',
    '--report',
    'day.md',
  );
  expect(told.stdout).toMatch(/balance per bank +419410.00\n/);
  expect(told.stdout).toMatch(/plus payments on the statement that are not in the books \(1\) +590.00\n/);
  expect(told.stdout).toMatch(/\ndifference +0.00\n/);
  const page = readFileSync(join(desk.folder, 'day.html'), 'utf8');
  expect(page).toContain('Bank reconciliation on 2026-11-17');
  expect(page).toContain('<td class="number good">0.00</td>');
  expect(readFileSync(join(desk.folder, 'day.md'), 'utf8')).toContain('| balance per books | 413000.00 |');
  // What is booked with a break is in the books, and explains its line.
  await desk.payrun('break', 'resolve', '2', '--reason', 'fee_agreed', '--book', 'fee', '--yes');
  bank(
    'next.csv',
    FIRST[2] ?? '',
    '18/11/26,NEFT DR-RENT,N987654321098765,18/11/26,7000.00,,412410.00',
    '20/11/26,INTEREST,,20/11/26,,10.00,412420.00',
  );
  expect(await balanceBy('next.csv')).toMatchObject({
    steps: [
      { step: 'payments_not_in_ledger', amount: '590.00' },
      { step: 'receipts_not_in_ledger', amount: '-10.00' },
      { step: 'booked_with_breaks', amount: '-590.00' },
    ],
    ...{ statement: '412420.00', ledger: '412410.00', difference: '0.00' },
  });
});

test('of two files of one day the one with more of its lines has the balance, in whatever order they come', async () => {
  await booked();
  bank('evening.csv', ...FIRST);
  bank('noon.csv', ...FIRST.slice(0, 2));
  await desk.reconcile('evening.csv', '--account', ACCOUNT);
  expect(await balanceBy('noon.csv')).toMatchObject({ file: 'evening.csv', difference: '0.00' });
});

test('a balance that no line and no entry explains is a break until an entry by hand explains it', async () => {
  await booked();
  bank(
    'bank.csv',
    '16/11/26,NEFT CR-HDFC0000001-PARTNER,N000000000000001,16/11/26,,20000.00,1020000.00',
    '17/11/26,NEFT DR-N123456789012345-NXT,N123456789012345,17/11/26,100000.00,,920000.00',
  );
  expect(await balanceBy('bank.csv')).toMatchObject({ difference: '500000.00' });
  const [found] = await desk.breaks('--provider', ACCOUNT, '--kind', 'amount_differs');
  expect(found).toMatchObject({
    ...{ reference_id: 'balance before the first line', line: null },
    ...{ ledger: '500000.00', statement: '1000000.00', difference: '500000.00' },
  });
  const number = String(found?.break);
  const refused = await desk.payrun(
    'break',
    'resolve',
    number,
    '--reason',
    'other',
    '--book',
    'write-off',
    '--yes',
  );
  expect([refused.exit, refused.stderr]).toEqual([1, expect.stringContaining('ledger record')]);
  await desk.payrun('break', 'resolve', number, '--reason', 'timing');
  // The explanation stands as statements go on.
  bank('next.csv', '18/11/26,NEFT DR-RENT,N987654321098765,18/11/26,7000.00,,913000.00');
  expect(await balanceBy('next.csv')).toMatchObject({ difference: '500000.00' });
  expect(await desk.breaks('--provider', ACCOUNT, '--kind', 'amount_differs')).toEqual([]);
  await desk.payrun('break', 'reopen', number);
  await book(['OPEN-2', '2026-11-01', 'equity:opening-balances', '-500000.00', 'the other half']);
  expect(await balanceBy()).toMatchObject({ ledger: '913000.00', difference: '0.00' });
  expect(await desk.breaks('--provider', ACCOUNT, '--kind', 'amount_differs')).toEqual([]);
});
