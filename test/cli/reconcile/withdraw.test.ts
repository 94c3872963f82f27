/** A report that was wrong is taken back when the provider sends a corrected one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { reportRow, seeded } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { createDesk } from './desk.ts';

const desk = createDesk();
const [one, two, three] = [seeded(1), seeded(2), seeded(3)] as const;

/** One is right in both; two is dear in the wrong one; three stands in neither, and a stranger in the wrong one. */
async function bothReports(): Promise<void> {
  await desk.seed(one, two, three);
  desk.write('wrong.csv', [
    reportRow(one),
    reportRow(two, { amount: '7.00', utr: 'X1' }),
    reportRow(seeded(9)),
  ]);
  desk.write('corrected.csv', [reportRow(one), reportRow(two)]);
  expect((await desk.reconcile('wrong.csv')).breaks.by_kind).toEqual({
    missing_on_statement: 1,
    missing_in_ledger: 1,
    amount_differs: 1,
    utr_differs: 1,
  });
}

async function turn(verb: 'withdraw' | 'reinstate', ...args: string[]) {
  const ran = await desk.payrun('statement', verb, ...args, '--json');
  if (ran.exit === 0) await expectMatchesSchema(`statement ${verb}`, ran.json());
  return { ...ran, ...ran.json<Data & { breaks: Data }>() };
}

const because = ['--reason', 'the provider sent another'];

test('a corrected report in place of a wrong one leaves only what is really different', async () => {
  await bothReports();
  // Beside the wrong one it is a second line for the same payout.
  expect((await desk.reconcile('corrected.csv')).breaks.by_kind).toMatchObject({ duplicate_on_statement: 1 });
  const rehearsed = await turn('withdraw', '1', ...because, '--dry-run');
  expect(rehearsed.data.breaks).toMatchObject({ open: 1 });
  expect((await desk.breaks()).length).toBeGreaterThan(1);
  expect((await turn('withdraw', '1', ...because)).data).toMatchObject({
    statement: 1,
    file: 'wrong.csv',
    withdrawn_by: 'meera',
    withdrawn_reason: 'the provider sent another',
    matched: 2,
    breaks: { open: 1, new: 0, carried: 1 },
  });
  expect(await desk.breaks()).toMatchObject([
    { kind: 'missing_on_statement', reference_id: three.reference_id },
  ]);
  const looked = await desk.reconcile();
  expect(looked).toMatchObject({ matched: 2, breaks: { open: 1, new: 0, closed: 0 } });
  expect(looked.totals[0]).toMatchObject({ unexplained: '0.00', differences: '0.00' });
  const listed = await desk.payrun('statement', 'list', '--json');
  await expectMatchesSchema('statement list', listed.json());
  expect(listed.json<{ items: Data[] }>().data.items).toMatchObject([
    { statement: 1, withdrawn_by: 'meera' },
    { statement: 2, withdrawn_at: null },
  ]);
  expect((await desk.payrun('statement', 'show', '1')).stdout).toContain('Withdrawn by meera at');
  const [closed] = await desk.breaks('--state', 'closed', '--kind', 'missing_in_ledger');
  const told = await desk.payrun('break', 'show', String(closed?.break), '--json');
  await expectMatchesSchema('break show', told.json());
  expect(told.json().data.statement_line).toMatchObject({ file: 'wrong.csv', withdrawn: true });
  // The line that both files have is told of each, and of which it was that was taken back.
  const story = (await desk.payrun('payout', 'explain', one.reference_id)).stdout;
  expect(story).toContain('on withdrawn statement wrong.csv, line 2');
  expect(story).toContain('on statement corrected.csv, line 2');
  await desk.payrun('reconcile', '--report', 'day.html');
  const page = readFileSync(join(desk.folder, 'day.html'), 'utf8');
  expect(page).toMatch(/Statements withdrawn[\s\S]*wrong\.csv[\s\S]*meera[\s\S]*the provider sent another/);
  const log = (await desk.payrun('audit', 'log', '--json')).json<{ items: Data[] }>().data.items;
  expect(log.map(({ action }) => action)).toContain('statement_withdrawn');
  expect((await desk.payrun('audit', 'verify')).exit).toBe(0);
});

test('its file is not taken in in passing, and counts again when a person says so', async () => {
  await bothReports();
  await turn('withdraw', '1', ...because);
  const refused = await desk.payrun('reconcile', 'wrong.csv', '--json');
  expect([refused.exit, refused.json().error]).toMatchObject([4, { code: 'statement_withdrawn' }]);
  expect(await turn('withdraw', '1', ...because)).toMatchObject({
    exit: 1,
    error: { code: 'statement_withdrawn' },
  });
  expect(await turn('reinstate', '1', ...because)).toMatchObject({
    exit: 0,
    data: { withdrawn_at: null, breaks: { open: 4 } },
  });
  expect(await turn('reinstate', '1', ...because)).toMatchObject({
    exit: 1,
    error: { code: 'statement_not_withdrawn' },
  });
  expect(await desk.reconcile('wrong.csv')).toMatchObject({ breaks: { open: 4, new: 0 } });
  expect((await desk.payrun('audit', 'verify')).exit).toBe(0);
});

test('what a person has decided because of it stands in the way until it is taken back, with its entry', async () => {
  await bothReports();
  const stranger = (await desk.breaks('--kind', 'missing_in_ledger'))[0]?.break;
  const resolve = [
    'break',
    'resolve',
    `${stranger}`,
    '--reason',
    'written_off',
    '--book',
    'write-off',
    '--yes',
  ];
  expect((await desk.payrun(...resolve)).exit).toBe(0);
  // This one is about no line: it would be there without the statement too.
  const missing = (await desk.breaks('--kind', 'missing_on_statement'))[0]?.break;
  await desk.payrun('break', 'resolve', `${missing}`, '--reason', 'timing');
  const refused = await turn('withdraw', '1', ...because);
  expect([refused.exit, refused.error]).toMatchObject([
    1,
    { code: 'statement_decided', hint: `Take that back first: payrun break reopen ${stranger}.` },
  ]);
  expect((await desk.payrun('statement', 'list', '--json')).stdout).toContain('"withdrawn_at":null');
  await desk.payrun('break', 'reopen', `${stranger}`);
  expect((await turn('withdraw', '1', ...because)).exit).toBe(0);
  const trial = (await desk.payrun('ledger', 'balances', '--account', 'expenses:write-offs', '--json')).json<{
    items: Data[];
  }>();
  expect(trial.data.items.every(({ balance }) => balance === '0.00')).toBe(true);
  expect(await desk.breaks('--state', 'resolved')).toMatchObject([{ break: missing, reason: 'timing' }]);
  expect((await desk.payrun('audit', 'verify')).exit).toBe(0);
});

test('an entry of an explanation that no longer holds is reversed first', async () => {
  await desk.seed(one);
  desk.write('wrong.csv', [reportRow(one, { fee: '9.00' })]);
  await desk.reconcile('wrong.csv');
  await desk.payrun('break', 'resolve', '1', '--reason', 'fee_agreed', '--book', 'fee', '--yes');
  // Another fee: the break is open again, and the entry of its explanation stands.
  desk.write('more.csv', [reportRow(one, { fee: '12.00', completed_at: '2026-11-18T07:00:00Z' })]);
  const { breaks } = await desk.reconcile('more.csv');
  expect(breaks).toMatchObject({ open: 1, new: 1 });
  expect((await turn('withdraw', '2', ...because)).error).toMatchObject({
    code: 'statement_decided',
    hint: expect.stringContaining('payrun ledger reverse'),
  });
});

test('a reason is one line of text that can be seen', async () => {
  await bothReports();
  for (const reason of [' ', 'two\nlines', 'turned \u202e round'])
    expect(await turn('withdraw', '1', '--reason', reason)).toMatchObject({
      exit: 2,
      error: { code: 'option_invalid' },
    });
});

test('the statement of an account of the books is withdrawn too', async () => {
  desk.file(
    'entries.csv',
    [
      'entry_ref,date,account,debit,credit,currency,description',
      'O-1,2026-11-01,assets:bank:hdfc,10000.00,,INR,opening',
      'O-1,2026-11-01,equity:opening-balances,,10000.00,INR,opening',
      'R-1,2026-11-17,expenses:rent,7000.00,,INR,rent',
      'R-1,2026-11-17,assets:bank:hdfc,,7000.00,INR,rent',
      '',
    ].join('\n'),
  );
  await desk.payrun('ledger', 'record', 'entries.csv', '--yes');
  const header = 'Date,Narration,Chq./Ref.No.,Value Dt,Withdrawal Amt.,Deposit Amt.,Closing Balance';
  const row = (amount: string, balance: string) => `17/11/26,RENT,,17/11/26,${amount},,${balance}`;
  desk.file('bank.csv', `${header}\n${row('7000.00', '3000.00')}\n${row('90.00', '2910.00')}\n`);
  const account = ['--account', 'assets:bank:hdfc'];
  expect(await desk.reconcile('bank.csv', ...account)).toMatchObject({ matched: 1, breaks: { open: 1 } });
  expect((await turn('withdraw', '1', ...because)).data).toMatchObject({
    provider: 'assets:bank:hdfc',
    matched: 0,
    breaks: { open: 0, closed: 1 },
  });
});
