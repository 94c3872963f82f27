import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { changePayout, reportRow, seeded } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { createDesk } from '../reconcile/desk.ts';

const desk = createDesk();

/** Three breaks: a fee, a stranger with a name that wants to run, a missing line. */
async function exported(): Promise<string[]> {
  const [one, two] = [seeded(1), seeded(2)] as const;
  await desk.seed(one, two);
  desk.write('report.csv', [
    reportRow(one, { fee: '9.99' }),
    reportRow(seeded(9), { reference_id: '=cmd|/c calc!A1' }),
  ]);
  expect((await desk.reconcile('report.csv')).exit).toBe(3);
  expect((await desk.payrun('break', 'export', '-o', 'sheet.csv')).exit).toBe(0);
  return sheet();
}

function sheet(): string[] {
  return readFileSync(join(desk.folder, 'sheet.csv'), 'utf8').split('\r\n').slice(0, -1);
}

/** Fills in the last two columns of the rows whose kind is named, as a person would. */
function fill(lines: readonly string[], answers: Record<string, string>, name = 'sheet.csv'): void {
  const filled = lines.map((line) => {
    const answer = answers[line.split(',')[1] ?? ''];
    return answer === undefined ? line : line.replace(/,,$/, `,${answer}`);
  });
  desk.file(name, `${filled.join('\r\n')}\r\n`);
}

async function apply(...flags: string[]) {
  const ran = await desk.payrun('break', 'apply', 'sheet.csv', ...flags, '--json');
  await expectMatchesSchema('break apply', ran.json());
  return ran.json<Data & { resolved: number }>();
}

describe('a sheet of breaks', () => {
  it('has a byte order mark, safe text and plain numbers', async () => {
    const [header, ...rows] = await exported();
    expect(header).toBe(
      '\ufeffbreak,kind,reference_id,provider_id,utr,line,ledger,statement,difference,currency,opened_on,age_days,state,resolved_by,version,reason,note',
    );
    expect(rows).toHaveLength(3);
    const stranger = rows.find((row) => row.includes('missing_in_ledger'));
    expect(stranger).toContain(",'=cmd|/c calc!A1,");
    expect(rows.find((row) => row.includes('missing_on_statement'))).toContain(',-1000.02,INR,');
    for (const row of rows) expect(row).toMatch(/,v[0-9a-f]{20},,$/);
    const json = await desk.payrun('break', 'export', '--json');
    await expectMatchesSchema('break export', json.json());
    expect(json.json<{ items: Data[] }>().data.items).toContainEqual(
      expect.objectContaining({ reference_id: '=cmd|/c calc!A1' }),
    );
  });

  it('is rehearsed, as every decision is, with the word that nothing was kept', async () => {
    fill(await exported(), { fee_differs: 'fee_agreed,' });
    for (const args of [
      ['break', 'apply', 'sheet.csv'],
      ['break', 'resolve', '1', '--reason', 'timing'],
      ['break', 'resolve', '--kind', 'fee_differs', '--reason', 'timing'],
      ['statement', 'import', 'report.csv'],
      ['reconcile', 'report.csv'],
    ]) {
      const ran = await desk.payrun(...args, '--dry-run');
      expect(ran.stderr, args.join(' ')).toContain('A dry run: nothing was kept.');
      expect(ran.stderr).not.toContain('payrun break list');
    }
    expect(await desk.breaks()).toHaveLength(3);
    expect((await desk.payrun('break', 'resolve', '1', '--reason', 'timing')).stderr).not.toContain(
      'dry run',
    );
    expect((await desk.payrun('break', 'reopen', '1', '--dry-run')).stderr).toContain('A dry run');
  });

  it('is applied as people filled it in, audited row by row, and changes nothing again', async () => {
    const lines = await exported();
    fill(lines, { fee_differs: "fee_agreed,'=new tariff", missing_in_ledger: 'provider_error,' });
    expect((await apply('--dry-run')).data).toEqual({
      file: 'sheet.csv',
      rows: 3,
      resolved: 2,
      unchanged: 1,
    });
    expect(await desk.breaks()).toHaveLength(3);
    expect((await apply()).data).toEqual({ file: 'sheet.csv', rows: 3, resolved: 2, unchanged: 1 });
    expect((await desk.breaks()).map(({ kind }) => kind)).toEqual(['missing_on_statement']);
    const [fee] = await desk.breaks('--state', 'resolved', '--kind', 'fee_differs');
    expect(fee).toMatchObject({ reason: 'fee_agreed', resolved_by: 'meera' });
    const shown = (await desk.payrun('break', 'show', String(fee?.break), '--json')).json();
    expect(shown.data.note).toBe('=new tariff');
    expect((await apply()).data).toMatchObject({ resolved: 0, unchanged: 3 });
    const audits = await desk.database.all<{ action: string }>('select action from audit_events');
    expect(audits.map(({ action }) => action)).toEqual(['break_resolved', 'break_resolved']);
    expect((await desk.payrun('audit', 'verify', '--json')).exit).toBe(0);
  });

  it('is refused as a whole where a break has changed since', async () => {
    const lines = await exported();
    await changePayout(desk.database, 'pay-000001', { fee_minor: 400n });
    await desk.reconcile();
    fill(lines, { fee_differs: 'fee_agreed,', missing_in_ledger: 'provider_error,' });
    const refused = await desk.payrun('break', 'apply', 'sheet.csv', '--json');
    expect(refused.exit).toBe(4);
    const line = lines.findIndex((each) => each.includes('fee_differs')) + 1;
    expect(refused.json().error).toMatchObject({
      code: 'file_refused',
      rows: [{ line, column: 'version', code: 'break_changed' }],
    });
    expect(await desk.breaks()).toHaveLength(3);
  });

  it('says all that is wrong with its rows at once', async () => {
    const lines = await exported();
    const [header = '', first = '', second = '', third = ''] = lines;
    const row = (line: string, id: string, end: string) => line.replace(/^\d+/, id).replace(/,,$/, end);
    desk.file(
      'sheet.csv',
      [
        header,
        row(first, '99', ',timing,'),
        row(first, 'x', ',timing,'),
        row(first, '1', ',because,'),
        row(first, '1', ',timing,'),
        row(second, '2', ',,no reason'),
        row(third, '3', `,timing,${'n'.repeat(501)}`),
        '',
      ].join('\r\n'),
    );
    const { error } = await apply();
    expect(error.rows.map(({ line, code }) => [line, code])).toEqual([
      [2, 'break_unknown'],
      [3, 'break_invalid'],
      [4, 'reason_unknown'],
      [5, 'break_duplicate'],
      [6, 'value_missing'],
      [7, 'text_too_long'],
    ]);
    expect(error.hint).toContain('break export');
  });

  it('does not decide anew about a break that somebody resolved meanwhile', async () => {
    const lines = await exported();
    const id =
      lines
        .find((each) => each.includes('fee_differs'))
        ?.replace('\ufeff', '')
        .split(',')[0] ?? '';
    await desk.payrun('break', 'resolve', id, '--reason', 'timing');
    fill(lines, { fee_differs: 'fee_agreed,' });
    expect((await apply()).error.rows).toMatchObject([{ code: 'break_changed' }]);
    // Exported again it is known to be resolved, and is still not open.
    await desk.payrun('break', 'export', '--state', 'resolved', '-o', 'sheet.csv');
    desk.file('sheet.csv', `${sheet().join('\r\n').replace(',timing,', ',fee_agreed,')}\r\n`);
    expect((await apply()).error.rows).toMatchObject([{ code: 'break_not_open' }]);
  });
});
