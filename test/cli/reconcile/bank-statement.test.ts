/** A bank's statement under a profile of the user: payouts match by the UTR in its text, the rest is added up. */
import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seeded } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { CONFIG, createDesk } from './desk.ts';

const PROFILE = `
[statements.mybank]
delimiter = ";"
date_format = "DD-MMM-YY"
currency = "INR"
grouping = ","
trim = true
skip_patterns = ['^Closing balance']
unnamed_kind = "other"
kinds = [{ column = "Text", pattern = '\\bcharges?\\b', kind = "fee" }]
[statements.mybank.columns]
created_at = "Day"
utr = "Text"
debit = "Paid out"
credit = "Paid in"
[statements.mybank.patterns]
utr = 'UTR (\\S+)'
`;

const desk = createDesk();

function statement(utr: string | null | undefined, amount: string): string {
  return [
    'Day;Text;Paid out;Paid in',
    `18-Nov-26;NEFT UTR ${utr} thanks;${amount};`,
    '18-Nov-26;Charges for November; 5.90 ;',
    '19-Nov-26;Sales;;1,00,000.00',
    'Closing balance 98,994.09',
    '',
  ].join('\n');
}

test('debits match by their UTR, and what is no payout is counted as other and is no break', async () => {
  const payout = seeded(1);
  await desk.seed(payout);
  desk.file('payrun.toml', CONFIG + PROFILE);
  desk.file('bank.csv', statement(payout.utr, '1,000.01'));
  const result = await desk.reconcile('bank.csv');
  expect(result.matched).toBe(1);
  expect(result.breaks.open).toBe(0);
  expect(result.totals).toMatchObject([
    {
      statement: { total: '-98994.09', matched: '1000.01', other: '-99994.10', missing_in_ledger: '0.00' },
      unexplained: '0.00',
    },
  ]);
  const again = await desk.reconcile('bank.csv');
  expect(again.totals).toEqual(result.totals);
});

test('a line that cannot be read refuses the whole file, with its place', async () => {
  desk.file('payrun.toml', CONFIG + PROFILE);
  desk.file('bank.csv', statement('X1', '10,00.01'));
  const ran = await desk.payrun('statement', 'import', 'bank.csv', '--json');
  expect(ran.exit).toBe(4);
  const { error } = ran.json<unknown>() as { error: { rows: { line: number; code: string }[] } };
  expect(error.rows.map(({ line, code }) => [line, code])).toEqual([[2, 'amount_invalid']]);
  const listed = await desk.payrun('statement', 'list', '--json');
  expect(listed.json<{ items: unknown[] }>().data.items).toEqual([]);
});

test('inspect shows how a file would be read, and needs no ledger', async () => {
  const ledger = join(desk.folder, 'payrun.db');
  await desk.database.close();
  for (const end of ['', '-wal', '-shm']) rmSync(ledger + end, { force: true });
  desk.file('payrun.toml', CONFIG + PROFILE);
  desk.file('bank.csv', `${statement('X1', '1,000.01')}20-Nov-26;?;1e5;\n`);
  const ran = await desk.payrun('statement', 'inspect', 'bank.csv', '--json');
  expect(ran.exit).toBe(4);
  await expectMatchesSchema('statement inspect', ran.json());
  expect(ran.json<object>().data).toMatchObject({
    profile: 'mybank',
    candidates: ['mybank'],
    columns: [
      { column: 'Day', becomes: 'created_at' },
      { column: 'Text', becomes: 'utr, kind' },
      { column: 'Paid out', becomes: 'debit' },
      { column: 'Paid in', becomes: 'credit' },
    ],
    rows: [
      { line: 2, kind: 'payout', utr: 'X1', amount: '1000.01' },
      { line: 3, kind: 'fee', amount: '5.90' },
      { line: 4, kind: 'other', amount: '-100000.00' },
    ],
    problems: [{ line: 6, column: 'Paid out', code: 'amount_invalid' }],
  });
  // What to do is said of a file that no profile fits, and not of one with a bad line.
  expect((await desk.payrun('statement', 'inspect', 'bank.csv')).stderr).not.toContain('No profile fits');
  desk.file('other.csv', 'Tag;Betrag\n20-Nov-26;5,00\n');
  const other = await desk.payrun('statement', 'inspect', 'other.csv');
  expect([other.exit, other.stderr]).toEqual([
    4,
    expect.stringContaining('[statements.NAME] (docs/reference.md'),
  ]);
  expect(existsSync(ledger)).toBe(false);
});
