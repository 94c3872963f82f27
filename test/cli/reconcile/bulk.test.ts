/** One line for many payouts and many rows for one, as banks and providers write them, from the file to the break. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { seeded } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { CONFIG, createDesk } from './desk.ts';

const PROFILE = `
[providers.nxt.rails.IMPS]
fee = "3.50"
tax_rate = "0.18"
[statements.mybank]
date_format = "YYYY-MM-DD"
currency = "INR"
unnamed_kind = "payout"
kinds = [
  { column = "Text", pattern = '^fee', kind = "fee" },
  { column = "Text", pattern = '^gst', kind = "tax" },
  { column = "Text", pattern = '^returned', kind = "return" },
]
[statements.mybank.columns]
created_at = "Day"
provider_reference = "Text"
debit = "Out"
credit = "In"
[statements.mybank.patterns]
provider_reference = '(?:batch|payout) (\\S+)'
`;

const desk = createDesk();

async function bank(...rows: string[]) {
  desk.file('payrun.toml', CONFIG + PROFILE);
  desk.file('bank.csv', `${['Day,Text,Out,In', ...rows].join('\n')}\n`);
  return desk.reconcile('bank.csv');
}

test('a debit that names a batch explains its payouts, and says so of the line and of each payout', async () => {
  const [one, two, three] = [seeded(1), seeded(2), seeded(3)] as const;
  await desk.seed(one, two, three);
  const [{ name } = { name: '' }] = await desk.database.all<{ name: string }>('select name from batches');
  const found = await bank(`2026-11-18,batch ${name},3000.06,`);
  expect(found).toMatchObject({ exit: 0, matched: 1, breaks: { open: 0 } });
  expect(found.totals[0]).toMatchObject({
    statement: { matched: '3000.06' },
    ledger: { matched: '3000.06' },
  });
  const shown = await desk.payrun('statement', 'show', '1', '--json');
  await expectMatchesSchema('statement show', shown.json());
  expect(shown.json<{ items: Data[] }>().data.items).toMatchObject([
    { payouts: 3, reference_id: null, rule: 'batch' },
  ]);
  for (const { reference_id } of [one, two, three]) {
    const { stdout } = await desk.payrun('payout', 'explain', reference_id);
    expect(stdout).toContain('on statement bank.csv, line 2: SUCCESS 3000.06 INR');
    expect(stdout).toContain('matched by batch');
  }
  // Again, and with nothing new: the same matches, not one more.
  const before = await desk.database.all('select * from matches order by line_id, payout_id');
  await desk.reconcile('bank.csv');
  expect(await desk.database.all('select * from matches order by line_id, payout_id')).toEqual(before);
});

test('a debit of another amount than the batch is one difference, and of two sets none is guessed', async () => {
  await desk.seed(seeded(1), seeded(2), seeded(3));
  const [{ name } = { name: '' }] = await desk.database.all<{ name: string }>('select name from batches');
  expect((await bank(`2026-11-18,batch ${name},2999.06,`)).breaks.by_kind).toEqual({ amount_differs: 1 });
  const [differs] = await desk.breaks();
  expect(differs).toMatchObject({
    reference_id: name,
    ledger: '3000.06 of 3 payouts',
    statement: '2999.06',
    difference: '-1.00',
    line: 2,
  });
});

test('a debit without a name explains the only payouts of its day that add up to it', async () => {
  await desk.seed(seeded(1), seeded(2), seeded(3, { amount_minor: 5_000n }));
  const found = await bank('2026-11-18,thank you,1050.02,', '2026-11-18,interest,,4.00');
  expect(found).toMatchObject({ exit: 3, matched: 1, breaks: { by_kind: { missing_on_statement: 1 } } });
  expect((await desk.breaks()).map((each) => each.reference_id)).toEqual(['pay-000001']);
  expect(found.totals[0]).toMatchObject({ others: { other: '-4.00' }, unexplained: '0.00' });
});

test('one credit for what came back of a batch explains each return, and closes what was open of them', async () => {
  const back = { state: 'returned', position: 'returned', returned_at: '2026-11-18T09:00:00.000Z' } as const;
  await desk.seed(
    seeded(1),
    seeded(2, back),
    seeded(3, back),
    seeded(4, { ...back, amount_minor: 100_001n }),
  );
  const [{ name } = { name: '' }] = await desk.database.all<{ name: string }>('select name from batches');
  const debit = `2026-11-18,batch ${name},4000.07,`;
  expect((await bank(debit)).breaks.by_kind).toEqual({ missing_on_statement: 3 });
  const found = await bank(debit, `2026-11-18,returned of batch ${name},,2000.05`);
  expect(found).toMatchObject({ matched: 2, breaks: { by_kind: { missing_on_statement: 1 }, closed: 2 } });
  expect(found.totals[0]).toMatchObject({
    statement: { matched: '2000.02' },
    ledger: { matched: '2000.02', missing_on_statement: '-1000.01' },
    unexplained: '0.00',
  });
  expect((await desk.breaks()).map((each) => each.reference_id)).toEqual(['pay-000004']);
  const { stdout } = await desk.payrun('payout', 'explain', 'pay-000002');
  expect(stdout).toContain('on statement bank.csv, line 3: RETURN 2000.05 INR');
});

test('a credit without a name explains all that came back on a day before', async () => {
  const back = { state: 'returned', position: 'returned', returned_at: '2026-11-18T09:00:00.000Z' } as const;
  await desk.seed(seeded(1), seeded(2, back), seeded(3, back));
  const found = await bank('2026-11-18,thank you,3000.06,', '2026-11-20,returned payments,,2000.05');
  expect(found).toMatchObject({ exit: 0, matched: 2, breaks: { open: 0 } });
  expect(found.totals[0]).toMatchObject({ unexplained: '0.00', differences: '0.00' });
});

test('a credit for a batch that is more than what came back of it is booked as more, and closes nothing else', async () => {
  const back = { state: 'returned', position: 'returned', returned_at: '2026-11-18T09:00:00.000Z' } as const;
  await desk.seed(seeded(1, back), seeded(2, back));
  const [{ name } = { name: '' }] = await desk.database.all<{ name: string }>('select name from batches');
  const rows = [`2026-11-18,batch ${name},2000.03,`, `2026-11-18,returned of batch ${name},,2000.53`];
  expect((await bank(...rows)).breaks.by_kind).toEqual({ amount_differs: 1 });
  expect(await desk.breaks()).toMatchObject([
    { ledger: '-2000.03 of 2 returned payouts', statement: '-2000.53', difference: '-0.50' },
  ]);
  const resolved = ['--reason', 'provider_error', '--note', 'more came back', '--book', 'return'];
  expect((await desk.payrun('break', 'resolve', '1', ...resolved)).exit).toBe(0);
  const postings = await desk.database.all(
    'select a.name, p.amount_minor from postings p join accounts a on a.id = p.account_id order by a.name',
  );
  expect(postings).toEqual([
    { name: 'assets:providers:nxt:available', amount_minor: 50n },
    { name: 'expenses:payouts', amount_minor: -50n },
  ]);
});

test('gross, fee and tax on rows of their own are one payout, and what it has cost', async () => {
  await desk.seed(seeded(1));
  const rows = ['2026-11-18,payout pay-000001,1000.01,', '2026-11-18,fee payout pay-000001,3.50,'];
  const agreed = await bank(...rows, '2026-11-18,gst payout pay-000001,0.63,');
  expect(agreed).toMatchObject({ exit: 0, matched: 1 });
  expect(agreed.totals[0]).toMatchObject({
    statement: { matched: '1000.01', other: '4.13' },
    others: { fee: '3.50', tax: '0.63' },
  });
  // The next file brings the fee a second time.
  desk.file('next.csv', 'Day,Text,Out,In\n2026-11-19,fee payout pay-000001,3.60,\n');
  expect((await desk.reconcile('next.csv')).breaks.by_kind).toEqual({ fee_differs: 1 });
  expect(await desk.breaks()).toMatchObject([{ ledger: '3.50', statement: '7.10', difference: '3.60' }]);
});

test('an amount with the charges in it is explained by the provider’s rates, and a tolerance only where configured', async () => {
  await desk.seed(seeded(1), seeded(2, { fee_minor: null, tax_minor: null }), seeded(3));
  const rows = [
    '2026-11-18,payout pay-000001,1004.14,',
    '2026-11-18,payout pay-000002,1004.15,',
    '2026-11-18,payout pay-000003,1000.05,',
  ];
  const found = await bank(...rows);
  expect(found.breaks.by_kind).toEqual({ amount_differs: 1 });
  expect(found.totals[0]).toMatchObject({
    differences: '8.28',
    explained: { charges: '8.26', tolerance: '0.00' },
    unexplained: '0.00',
  });
  desk.file(
    'payrun.toml',
    `${CONFIG.replace('settlement_days = 1', '$&\namount_tolerance = { INR = "0.02" }')}${PROFILE}`,
  );
  const tolerated = await desk.reconcile();
  expect(tolerated).toMatchObject({ exit: 0, breaks: { open: 0, closed: 1 } });
  expect(tolerated.totals[0]).toMatchObject({ explained: { charges: '8.26', tolerance: '0.02' } });
});

test('a tolerance that is no amount is refused with its line', async () => {
  desk.file('payrun.toml', CONFIG.replace('settlement_days = 1', '$&\namount_tolerance = { INR = "0.025" }'));
  const ran = await desk.payrun('reconcile', '--json');
  expect(ran.exit).toBe(2);
  expect(ran.json().error.message).toMatch(/payrun\.toml:4: \[reconciliation\] amount_tolerance\.INR: /);
});

test('a statement with balances proves that opening and movements are closing, in its data and in the table', async () => {
  await desk.seed(seeded(1));
  const profile = PROFILE.replace('credit = "In"', 'credit = "In"\nbalance = "Balance"');
  desk.file('payrun.toml', CONFIG + profile);
  const rows = ['2026-11-18,payout pay-000001,1000.01,,3999.99', '2026-11-19,fee,3.50,,3996.49'];
  desk.file('bank.csv', `${['Day,Text,Out,In,Balance', ...rows].join('\n')}\n`);
  const ran = await desk.payrun('reconcile', 'bank.csv', '--dry-run');
  expect(ran.stdout).toContain('What the files state, held against their rows');
  const { statements } = await desk.reconcile('bank.csv');
  expect(statements).toMatchObject([
    { proofs: [{ what: 'running_balance', stated: '3996.49', found: '3996.49', proved: true }] },
  ]);
  // Kept with the statement, for whoever looks at it later.
  expect((await desk.reconcile('bank.csv')).statements).toEqual([
    { ...statements[0], already_imported: true },
  ]);
  const shown = await desk.payrun('statement', 'show', '1', '--json');
  await expectMatchesSchema('statement show', shown.json());
  expect(shown.json<{ proofs: Data[] }>().data.proofs).toEqual([
    { what: 'running_balance', currency: 'INR', line: 3, stated: '3996.49', found: '3996.49', proved: true },
  ]);
  // Looked at again without a file: what the files stated stands on the page still.
  await desk.reconcile('--report', 'again.html');
  const again = readFileSync(join(desk.folder, 'again.html'), 'utf8');
  expect(again).toMatch(/The last that were taken in:.*bank\.csv.*sha256/s);
  expect(again).toMatch(/running balance in INR.*bank\.csv, line 3.*3,996\.49.*3,996\.49.*proved/);
  desk.file('ours.csv', 'reference_id,amount\npay-000001,1000.01\n');
  const against = ['bank.csv', '--profile', 'mybank', '--against', 'ours.csv', '--report', 'day.html'];
  expect((await desk.reconcile(...against)).statements).toEqual([
    { ...statements[0], already_imported: false },
  ]);
  const page = readFileSync(join(desk.folder, 'day.html'), 'utf8');
  expect(page).toContain('What the statements state of themselves');
  expect(page).toMatch(/running balance in INR.*bank\.csv, line 3.*3,996\.49.*3,996\.49.*proved/);
  desk.file('cut.csv', `${['Day,Text,Out,In,Balance', rows[0], '2026-11-20,fee,3.50,,3.00'].join('\n')}\n`);
  expect((await desk.payrun('reconcile', 'cut.csv', '--json')).exit).toBe(4);
});
