/** Statements that are no such thing: each is refused with its places and exit 4, by every command, and nothing of it is kept. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { report, reportRow, seeded } from '../../operations/seed-payouts.ts';
import { CONFIG, createDesk } from './desk.ts';

const desk = createDesk();

const BANK = `
[statements.bank]
encoding = "windows-1252"
date_format = "DD/MM/YYYY"
currency = "INR"
grouping = ","
totals = ['^Closing,,,,(?<closing_balance>[\\d,.]+)', '^Opening,,,,(?<opening_balance>[\\d,.]+)']
columns = { created_at = "Day", utr = "Text", debit = "Out", credit = "In", balance = "Balance" }
`;
const GOOD = report([reportRow(seeded(1)), reportRow(seeded(2))]);
const bank = (...rows: string[]) => Buffer.from(`Day,Text,Out,In,Balance\n${rows.join('\n')}\n`, 'latin1');

interface Refused {
  rows: { line: number; column: string | null; code: string; message: string; value: string | null }[];
}

async function refusal(name: string, command: readonly string[]): Promise<[number, ...unknown[]]> {
  const ran = await desk.payrun(...command, '--json');
  const { error } = ran.json() as unknown as { error: Refused & { code: string; message: string } };
  expect(error.code).toBe('file_refused');
  expect(error.message).toContain(name);
  for (const row of error.rows) {
    expect(Object.keys(row).sort()).toEqual(['code', 'column', 'line', 'message', 'value']);
    expect(row.message).toMatch(/\.$/);
    expect(JSON.stringify(row).length).toBeLessThan(700);
  }
  return [ran.exit, ...error.rows.map(({ line, column, code }) => [line, column, code])];
}

describe('a statement that cannot be taken', () => {
  const cases: [string, string | Uint8Array, unknown[][]][] = [
    [
      'cut off in a quoted cell',
      GOOD.replace('pay-000002', '"pay-000002'),
      [[3, 'reference_id', 'quote_unclosed']],
    ],
    ['cut off in a row', GOOD.slice(0, -60), [[3, null, 'row_ragged']]],
    [
      'windows-1252 under a profile of UTF-8',
      Buffer.from(GOOD.replace('po_2', 'p\xf6_2'), 'latin1'),
      [[3, null, 'encoding_invalid']],
    ],
    ['UTF-16', Buffer.from(`\ufeff${GOOD}`, 'utf16le'), [[1, null, 'encoding_invalid']]],
    ['a column twice', GOOD.replace('failure_reason', 'UTR'), [[1, 'UTR', 'column_duplicate']]],
    ['a column less', GOOD.replace('utr,', 'urt,'), [[1, 'utr', 'column_missing']]],
    ['an instruction to Excel', `sep=,\n${GOOD}`, [[1, null, 'sep_line']]],
    ['a NUL', GOOD.replace('po_2', 'po\0_2'), [[3, 'payout_id', 'text_forbidden']]],
    ['an override of direction', GOOD.replace('po_2', 'po\u202e_2'), [[3, 'payout_id', 'text_forbidden']]],
    ['a cell without end', GOOD.replace('po_2', 'x'.repeat(70_000)), [[3, null, 'record_too_large']]],
    ['a long cell', GOOD.replace('po_2', 'x'.repeat(300)), [[3, 'payout_id', 'text_too_long']]],
    ['nothing', '', [[1, null, 'file_empty']]],
    ['a workbook', Buffer.from('PK\x03\x04rest', 'latin1'), [[1, null, 'file_not_csv']]],
    [
      'amounts in words and in other digits',
      GOOD.replace('1000.01', 'one thousand').replace('1000.02', '१०००'),
      [
        [2, 'amount', 'amount_invalid'],
        [3, 'amount', 'amount_invalid'],
      ],
    ],
    [
      'days in another order',
      bank('18/11/2026,U1,1.00,,', '11/19/2026,U2,1.00,,', '2026-11-20,U3,1.00,,'),
      [
        [3, 'Day', 'date_invalid'],
        [4, 'Day', 'date_invalid'],
      ],
    ],
    ['groups of no number', bank('18/11/2026,U1,"1,00,00.00",,'), [[2, 'Out', 'amount_invalid']]],
    ['a debit that is a credit, too', bank('18/11/2026,U1,1.00,2.00,'), [[2, 'Out', 'amount_invalid']]],
    [
      'UTF-8 under a profile of windows-1252',
      Buffer.from('Day,Text,Out,In,Balance\n18/11/2026,für,1.00,,\n'),
      [[2, null, 'encoding_invalid']],
    ],
    [
      'a row taken out',
      bank('18/11/2026,U1,1.00,,99.00', '18/11/2026,U3,1.00,,97.00'),
      [[3, 'Balance', 'balance_differs']],
    ],
    [
      'control totals of another file',
      bank('Opening,,,,100.00', '18/11/2026,U1,1.00,,', 'Closing,,,,98.00'),
      [[4, null, 'control_total_differs']],
    ],
  ];

  it.each(cases)('%s', async (_, file, expected) => {
    desk.file('payrun.toml', CONFIG + BANK);
    desk.file('ours.csv', 'reference_id,amount,state\npay-000001,1000.01,paid\n');
    writeFileSync(join(desk.folder, 'bad.csv'), file);
    const profile =
      expected.length > 0 && Buffer.from(file).includes('Day,Text') ? ['--profile', 'bank'] : [];
    for (const command of [
      ['statement', 'import', 'bad.csv', ...profile],
      ['reconcile', 'bad.csv', ...profile],
      ['reconcile', 'bad.csv', '--against', 'ours.csv', ...profile],
    ])
      expect(await refusal('bad.csv', command)).toEqual([4, ...expected]);
    const inspected = await desk.payrun('statement', 'inspect', 'bad.csv', ...profile, '--json');
    expect([inspected.exit, inspected.json().ok]).toEqual([4, true]);
    const { data } = inspected.json<{ problems: { line: number; column: string; code: string }[] }>();
    expect(data.problems.map(({ line, column, code }) => [line, column, code])).toEqual(expected);
    expect(
      (await desk.payrun('statement', 'list', '--json')).json<{ items: unknown[] }>().data.items,
    ).toEqual([]);
    expect(await desk.breaks('--state', 'all')).toEqual([]);
  });

  it('because a column was renamed is read as the profile that it nearly fits', async () => {
    const text = 'Date,Narration,Chq./Ref.No.,Value Dt,Paid,Deposit Amt.,Closing Balance\n';
    desk.file('bank.csv', text);
    expect(await refusal('bank.csv', ['statement', 'import', 'bank.csv'])).toEqual([
      4,
      [1, 'Debit Amount', 'column_missing'],
    ]);
    const { data } = (await desk.payrun('statement', 'inspect', 'bank.csv', '--json')).json<Data>();
    expect(data).toMatchObject({ profile: 'hdfc', candidates: [], near: [{ profile: 'hdfc' }] });
    desk.file('strange.csv', 'a,b\n1,2\n');
    const [, ...columns] = await refusal('strange.csv', ['statement', 'import', 'strange.csv']);
    expect(columns[0]).toEqual([1, 'payout_id', 'column_missing']);
    for (const command of [['statement', 'import'], ['reconcile']]) {
      const { stderr } = await desk.payrun(...command, 'strange.csv');
      expect(stderr.match(/the file has "a", "b"/g)).toHaveLength(1);
      expect(stderr).toMatch(/hint: .*`payrun statement inspect FILE`.*--profile/);
    }
  });

  it('takes a good one with it that came in the same command', async () => {
    desk.file('good.csv', GOOD);
    desk.file('bad.csv', GOOD.replace('1000.02', '1e5'));
    expect(await refusal('bad.csv', ['reconcile', 'good.csv', 'bad.csv'])).toEqual([
      4,
      [3, 'amount', 'amount_invalid'],
    ]);
    expect(
      (await desk.payrun('statement', 'list', '--json')).json<{ items: unknown[] }>().data.items,
    ).toEqual([]);
  });
});

it.each([
  ['a header alone', GOOD.split('\r\n')[0] ?? '', 0],
  ['a byte order mark', `\ufeff${GOOD}`, 2],
  ['blank lines and no end of the last', `\r\n${GOOD.trimEnd()}\r\n\r\n${reportRow(seeded(3))}`, 3],
])('%s is good, and every line of it is counted', async (_, file, lines) => {
  desk.file('good.csv', file);
  const ran = await desk.payrun('statement', 'import', 'good.csv', '--json');
  expect(ran.exit).toBe(0);
  const { data } = ran.json<{ lines: number; count: Record<string, number> }>();
  const { lines: all, ...parts } = data.count;
  expect(data.lines).toBe(lines);
  expect(Object.values(parts).reduce((sum, each) => sum + each, 0)).toBe(all);
  expect(data.count.refused).toBe(0);
});
