import { join } from 'node:path';
import { expect, test } from 'vitest';
import { reportRow, seeded } from '../../operations/seed-payouts.ts';
import { createDesk } from './desk.ts';

const desk = createDesk();
// Of some 150 bytes each: the file is one of those that are stored while they are read.
const LINES = 30_000;

function rows(): string[] {
  return Array.from({ length: LINES }, (_, index) => reportRow(seeded(index + 1)));
}

test('a large statement is taken in like a small one, once, and not at all where its last row is wrong', async () => {
  const all = rows();
  desk.write('bad.csv', [...all, reportRow(seeded(1), { amount: 'x' })]);
  const refused = await desk.payrun('statement', 'import', 'bad.csv', '--json');
  expect(refused.exit).toBe(4);
  expect(refused.json().error).toMatchObject({
    code: 'file_refused',
    rows: [{ line: LINES + 2, column: 'amount', code: 'amount_invalid' }],
  });
  desk.write('report.csv', [...all, all[0] ?? '']);
  const taken = (await desk.payrun('statement', 'import', 'report.csv', '--json')).json().data;
  expect(taken).toMatchObject({
    statement: 1,
    lines: LINES + 1,
    new_lines: LINES + 1,
    from: '2026-11-18',
    to: '2026-11-18',
    already_imported: false,
    count: { lines: LINES + 2, taken: LINES + 1, header: 1, refused: 0 },
  });
  const again = (await desk.payrun('statement', 'import', join('.', 'report.csv'), '--json')).json().data;
  expect(again).toMatchObject({ statement: 1, new_lines: 0, already_imported: true, sha256: taken.sha256 });
  desk.write('overlapping.csv', [...all.slice(0, -1), reportRow(seeded(LINES + 1))]);
  expect((await desk.payrun('statement', 'import', 'overlapping.csv', '--json')).json().data).toMatchObject({
    statement: 2,
    lines: LINES,
    new_lines: 1,
  });
  const { problems } = (await desk.payrun('ledger', 'verify', '--json')).json().data;
  expect(problems).toEqual([]);
}, 60_000);
