import { describe, expect, test } from 'vitest';
import { currentContent } from '../../../src/operations/batch-digest.ts';
import { batchByName } from '../../../src/store/batches.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { openTill, type Till } from './till.ts';

const GOOD = 'beneficiary_ref,amount,reference_id,narration\nasha,100.00,a-1,Pay\nbina,250.5,a-2,Pay\n';

async function codesOf(till: Till, csv: string, ...flags: string[]): Promise<string[]> {
  const ran = await till.importBatch('bad', csv, ...flags);
  expect(ran.exit).toBe(4);
  await expectMatchesSchema('batch import', ran.json());
  const { error } = ran.json();
  return error.rows.map((row) => `${row.line} ${row.column} ${row.code}`);
}

async function rowsIn(till: Till): Promise<number> {
  return till.office.ledger(async (database) => (await database.all('select id from payouts')).length);
}

describe('batch import', () => {
  test('takes a file in as a draft, and its digest is the one that the ledger derives later', async () => {
    const till = await openTill();
    const ran = await till.importBatch('nov', GOOD);
    expect(ran.exit, ran.stdout).toBe(0);
    await expectMatchesSchema('batch import', ran.json());
    const { data } = ran.json<{ rows: number; amount: string; digest: string; currency: string }>();
    expect(data).toMatchObject({ batch: 'nov', rows: 2, amount: '350.50', currency: 'INR' });
    await till.office.ledger(async (database) => {
      const batch = await batchByName(database, 'NOV');
      expect(batch?.digest).toBe(data.digest);
      expect((await currentContent(database, batch?.id ?? 0n)).digest).toBe(data.digest);
      const rows = await database.all(
        'select reference_id, row_no, line_no, rail, state, account, position from payouts order by id',
      );
      expect(rows).toEqual([
        {
          reference_id: 'a-1',
          row_no: 1n,
          line_no: 2n,
          rail: 'IMPS',
          state: 'draft',
          account: 'expenses:payouts',
          position: 'available',
        },
        {
          reference_id: 'a-2',
          row_no: 2n,
          line_no: 3n,
          rail: 'IMPS',
          state: 'draft',
          account: 'expenses:payouts',
          position: 'available',
        },
      ]);
    });
  });

  test('reports every wrong row at once, and takes nothing', async () => {
    const till = await openTill();
    const csv = [
      'beneficiary_ref,amount,reference_id,currency,rail,narration,account,purpose',
      'nobody,100,r-1,,,,,',
      'Asha,100,r-2,,,,,',
      'asha,1e5,r-3,,,,,',
      'asha,100.505,r-4,,,,,',
      'asha,0,r-5,,,,,',
      'asha,100,r-6,XYZ,,,,',
      'asha,100,r-7,USD,,,,',
      'asha,100,r-8,,WIRE,,,',
      'asha,100,r-9,,UPI,,,',
      'devi,100,r-10,,IMPS,,,',
      'asha,600000,r-11,,IMPS,,,',
      'devi,100001,r-12,,,,,',
      'asha,100,-bad,,,,,',
      'asha,100,r-1.r2,,,,,',
      'asha,100,R-8,,,,,',
      `asha,100,r-13,,,${'x'.repeat(101)},,`,
      'asha,100,r-14,,,,expense,',
      'asha,100,r-15,,,,assets:providers:nxt:available,',
      '"asha","100","r-16","","","two\nlines","",""',
      'bina,5,r-17,,,,,',
    ].join('\n');
    expect(await codesOf(till, `${csv}\n`)).toEqual([
      '2 beneficiary_ref beneficiary_unknown',
      '3 beneficiary_ref beneficiary_unknown',
      '4 amount amount_invalid',
      '5 amount amount_precision',
      '6 amount amount_not_positive',
      '7 currency currency_unknown',
      '8 currency currency_mixed',
      '9 rail rail_unknown',
      '10 rail rail_unfit',
      '11 rail rail_unfit',
      '12 rail rail_limit',
      '13 amount rail_limit',
      '14 reference_id reference_invalid',
      '15 reference_id reference_invalid',
      '16 reference_id reference_duplicate',
      '17 narration text_too_long',
      '18 account account_invalid',
      '19 account account_invalid',
      '20 narration text_forbidden',
    ]);
    expect(await rowsIn(till)).toBe(0);
  });

  test('a batch in a currency that no rail carries is refused', async () => {
    const till = await openTill();
    expect(await codesOf(till, 'beneficiary_ref,amount,currency\nasha,100,USD\n')).toEqual([
      '2 currency rail_unfit',
    ]);
  });

  test('a row without a reference gets one from the batch and the row, and the rail follows amount and destination', async () => {
    const till = await openTill();
    const csv = 'beneficiary_ref,amount\nasha,500000.00\nbina,500000.01\ndevi,100000\n';
    expect((await till.importBatch('mix', csv)).exit).toBe(0);
    const rows = await till.office.ledger((database) =>
      database.all('select reference_id, rail from payouts order by id'),
    );
    expect(rows).toEqual([
      { reference_id: 'mix-000001', rail: 'IMPS' },
      { reference_id: 'mix-000002', rail: 'RTGS' },
      { reference_id: 'mix-000003', rail: 'UPI' },
    ]);
  });

  test('the same rows in other clothes are known, and the message says as which batch', async () => {
    const till = await openTill();
    expect((await till.importBatch('nov', GOOD)).exit).toBe(0);
    const clothes =
      '\ufeffamount,narration,beneficiary_ref,currency,reference_id\r\n250.50,Pay,bina,INR,a-2\r\n100,Pay,asha,INR,a-1\r\n';
    const other = await till.importBatch('again', clothes);
    expect(other.exit).toBe(4);
    expect(other.json().error).toMatchObject({
      code: 'file_known',
      message: expect.stringContaining('"nov"'),
    });
    const same = await till.importBatch('nov', GOOD);
    expect(same.json().error.code).toBe('file_known');
    expect(await rowsIn(till)).toBe(2);
  });

  test('a known list is imported again only under a new name and when a person says so', async () => {
    const till = await openTill();
    const csv = 'beneficiary_ref,amount\nasha,100\n';
    expect((await till.importBatch('one', csv)).exit).toBe(0);
    expect((await till.importBatch('one', csv, '--allow-duplicate-file')).json().error.code).toBe(
      'file_known',
    );
    expect((await till.importBatch('two', csv)).json().error.code).toBe('file_known');
    expect((await till.importBatch('two', csv, '--allow-duplicate-file')).exit).toBe(0);
    expect(await rowsIn(till)).toBe(2);
  });

  test('a name or a reference that is taken is refused whatever its case', async () => {
    const till = await openTill();
    expect((await till.importBatch('nov', GOOD)).exit).toBe(0);
    const name = await till.importBatch('NOV', 'beneficiary_ref,amount\nasha,1\n');
    expect([name.exit, name.json().error.code]).toEqual([4, 'batch_name_taken']);
    expect(await codesOf(till, 'beneficiary_ref,amount,reference_id\nasha,1,A-1\nasha,2,new\n')).toEqual([
      '2 reference_id reference_duplicate',
    ]);
  });

  test('after a cancel with nothing sent the same file may come again', async () => {
    const till = await openTill();
    expect((await till.importBatch('nov', GOOD)).exit).toBe(0);
    const cancelled = await till.payrun('batch', 'cancel', 'nov', '--json');
    expect(cancelled.json().data).toEqual({ batch: 'nov', cancelled: 2, kept: 0, states: { cancelled: 2 } });
    expect((await till.importBatch('nov', GOOD)).exit).toBe(0);
    const shown = await till.payrun('payout', 'show', 'a-1', '--json');
    expect(shown.json().data.state).toBe('draft');
  });

  test('control totals that differ refuse the file', async () => {
    const till = await openTill();
    const rows = await till.importBatch('nov', GOOD, '--expect-rows', '3');
    expect([rows.exit, rows.json().error.code]).toEqual([4, 'control_total_differs']);
    const amount = await till.importBatch('nov', GOOD, '--expect-amount', '350.51');
    expect([amount.exit, amount.json().error.code]).toEqual([4, 'control_total_differs']);
    expect((await till.importBatch('nov', GOOD, '--expect-rows', '2', '--expect-amount', '350.5')).exit).toBe(
      0,
    );
  });

  test('a booking account comes from the row, else the flag, else the configuration; a near miss is pointed out', async () => {
    const till = await openTill();
    const csv = 'beneficiary_ref,amount,account\nasha,1,expenses:payout\nbina,2,\n';
    const ran = await till.importBatch('nov', csv, '--account', 'liabilities:vendors', '--yes');
    expect(ran.exit).toBe(0);
    expect(ran.json().warnings).toMatchObject([{ code: 'account_similar' }]);
    const accounts = await till.office.ledger((database) =>
      database.all('select account from payouts order by id'),
    );
    expect(accounts).toEqual([{ account: 'expenses:payout' }, { account: 'liabilities:vendors' }]);
    const bad = await till.importBatch('dec', csv, '--account', 'Vendors');
    expect([bad.exit, bad.json().error.code]).toEqual([2, 'account_invalid']);
  });

  test('a bad name is wrong usage, a dry run keeps nothing', async () => {
    const till = await openTill();
    const bad = await till.importBatch('x'.repeat(33), GOOD);
    expect([bad.exit, bad.json().error.code]).toEqual([2, 'batch_name_invalid']);
    expect((await till.importBatch('nov', GOOD, '--dry-run')).exit).toBe(0);
    expect(await rowsIn(till)).toBe(0);
  });
});
