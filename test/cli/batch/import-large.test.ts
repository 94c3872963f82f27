import { describe, expect, test } from 'vitest';
import { currentContent } from '../../../src/operations/batch-digest.ts';
import { batchByName } from '../../../src/store/batches.ts';
import { openTill } from './till.ts';

// More than two groups of rows, so that what holds within one has to hold across them.
const ROWS = 4_500;

function csv(reference: (index: number) => string, order: 'as it is' | 'turned' = 'as it is'): string {
  const rows = Array.from(
    { length: ROWS },
    (_, index) => `${index % 2 ? 'asha' : 'bina'},${index + 1}.50,${reference(index)}`,
  );
  if (order === 'turned') rows.reverse();
  return `beneficiary_ref,amount,reference_id\n${rows.join('\n')}\n`;
}

describe('a file of many groups of rows', () => {
  test('has the digest that the ledger derives, its totals, and ids in the order of its rows', async () => {
    const till = await openTill();
    const ran = await till.importBatch(
      'big',
      csv((index) => `r-${index}`),
    );
    expect(ran.exit, ran.stdout).toBe(0);
    const { data } = ran.json<{ digest: string }>();
    expect(data).toMatchObject({ rows: ROWS, amount: '10129500.00' });
    await till.office.ledger(async (database) => {
      const batch = await batchByName(database, 'big');
      expect(batch).toMatchObject({
        row_count: BigInt(ROWS),
        amount_minor: 1_012_950_000n,
        digest: data.digest,
      });
      expect((await currentContent(database, batch?.id ?? 0n)).digest).toBe(data.digest);
      const rows = await database.all<{ reference_id: string; row_no: bigint; line_no: bigint }>(
        'select reference_id, row_no, line_no from payouts order by id',
      );
      const expected = rows.map((_, index) => ({
        reference_id: `r-${index}`,
        row_no: BigInt(index + 1),
        line_no: BigInt(index + 2),
      }));
      expect(rows).toEqual(expected);
    });
  });

  test('is known again in another order, and gone on with under its name', async () => {
    const till = await openTill();
    await till.importBatch(
      'big',
      csv((index) => `r-${index}`),
    );
    const again = await till.importBatch(
      'other',
      csv((index) => `r-${index}`, 'turned'),
    );
    expect([again.exit, again.json().error.code]).toEqual([4, 'file_known']);
    till.office.write(
      'big.csv',
      csv((index) => `r-${index}`, 'turned'),
    );
    const gone = await till.payrun(
      'batch',
      'submit',
      'big.csv',
      '--name',
      'big',
      '--yes',
      '--dry-run',
      '--json',
    );
    expect(gone.json().data).toMatchObject({ batch: 'big', rows: ROWS });
  });

  test('with a reference twice, far apart, is refused with both lines, and nothing of it is kept', async () => {
    const till = await openTill();
    const ran = await till.importBatch(
      'big',
      csv((index) => (index === 4_200 ? 'R-7' : `r-${index}`)),
    );
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows).toMatchObject([{ line: 4_202, code: 'reference_duplicate' }]);
    expect(ran.json().error.rows[0]?.message).toContain('line 9 has it too');
    const left = await till.office.ledger((database) =>
      database.all('select id from payouts union all select id from batches'),
    );
    expect(left).toEqual([]);
  });

  test('with a wrong row and a taken reference is refused for the row, and then for the reference', async () => {
    const till = await openTill();
    await till.importBatch('small', 'beneficiary_ref,amount,reference_id\nasha,1.00,r-4400\n');
    const wrong = await till.importBatch(
      'big',
      csv((index) => (index === 4_300 ? 'no good' : `r-${index}`)),
    );
    expect(wrong.json().error.rows).toMatchObject([{ line: 4_302, code: 'reference_invalid' }]);
    const taken = await till.importBatch(
      'big',
      csv((index) => `r-${index}`),
    );
    expect(taken.json().error.rows).toMatchObject([{ line: 4_402, code: 'reference_duplicate' }]);
  });
});
