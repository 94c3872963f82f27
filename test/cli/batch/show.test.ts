import { describe, expect, test } from 'vitest';
import { PAYOUT_COLUMNS } from '../../../src/cli/payout/item.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { openTill, sandboxFor } from './till.ts';

const CSV = 'beneficiary_ref,amount,reference_id\nasha,100.00,a-1\nbina,250.5,a-2\nclosed,10,a-3\n';

describe('batches that were sent', () => {
  test('show says where every row is, what failed and why', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    await till.importBatch('nov', CSV);
    const sent = await till.payrun('batch', 'submit', 'nov', '--wait', '20s', '--yes', '--json');
    expect(sent.exit, sent.stdout + sent.stderr).toBe(3);
    const ran = await till.payrun('batch', 'show', 'nov', '--json');
    expect(ran.exit).toBe(0);
    await expectMatchesSchema('batch show', ran.json());
    expect(ran.json().data).toMatchObject({
      batch: 'nov',
      provider: 'nxt',
      rows: 3,
      amount: '360.50',
      states: { paid: 2, failed: 1 },
      amounts: { paid: '350.50', failed: '10.00' },
      success_rate: '0.6666',
      failures: [{ code: 'beneficiary_account', rail: 'IMPS', count: 1, amount: '10.00' }],
      by_rail: [{ rail: 'IMPS', count: 3, amount: '360.50', paid: 2, not_paid: 1 }],
      approvals: [{ actor: 'tester', valid: true }],
    });
    const table = await till.payrun('batch', 'show', 'nov');
    expect(table.stdout).toContain('success rate 66.66 %');
  });

  test('export writes one row per payout, in the order of the file', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    await till.importBatch('nov', CSV);
    await till.importBatch('dec', 'beneficiary_ref,amount\nasha,5\n');
    await till.payrun('batch', 'submit', 'nov', '--wait', '20s', '--yes', '--json');
    const ran = await till.payrun('batch', 'export', 'nov');
    const [header = '', ...rows] = ran.stdout.trimEnd().split('\n');
    expect(header).toBe(PAYOUT_COLUMNS.join(','));
    expect(rows.map((row) => row.split(',')[0])).toEqual(['a-1', 'a-2', 'a-3']);
    expect((await till.payrun('batch', 'export', 'nov', '--format', 'csv')).stdout).toBe(ran.stdout);
    const json = await till.payrun('batch', 'export', 'nov', '--json');
    await expectMatchesSchema('batch export', json.json());
  });

  test('cancel stops what was not sent and keeps the rest, and the name stays taken', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    await till.importBatch('nov', CSV);
    await till.payrun('batch', 'submit', 'nov', '--first', '1', '--wait', '20s', '--yes', '--json');
    const ran = await till.payrun('batch', 'cancel', 'nov', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    await expectMatchesSchema('batch cancel', ran.json());
    expect(ran.json().data).toEqual({
      batch: 'nov',
      cancelled: 2,
      kept: 1,
      states: { paid: 1, cancelled: 2 },
    });
    expect(ran.json().warnings).toMatchObject([{ code: 'rows_kept' }]);
    expect((await till.importBatch('nov', CSV)).json().error.code).toBe('file_known');
    const again = await till.payrun('batch', 'cancel', 'nov', '--json');
    expect([again.exit, again.json().error.code]).toEqual([1, 'batch_sent']);
  });

  test('a row whose send provably did not happen is cancelled, and its reference stays taken', async () => {
    const till = await openTill({ url: (await sandboxFor({ opening_balance_minor: 1n })).url });
    await till.importBatch('nov', 'beneficiary_ref,amount,reference_id\nasha,100,a-1\n');
    const sent = await till.payrun('batch', 'submit', 'nov', '--yes', '--json', '--on-low-balance', 'skip');
    expect([5, 6]).toContain(sent.exit);
    const attempts = await till.office.ledger((database) => database.all('select attempt_no from attempts'));
    expect(attempts).toHaveLength(1);
    const ran = await till.payrun('batch', 'cancel', 'nov', '--json');
    expect(ran.json().data).toMatchObject({ cancelled: 1, kept: 0 });
    const again = await till.importBatch('nov', 'beneficiary_ref,amount,reference_id\nasha,100,a-1\n');
    expect(again.json().error.rows).toMatchObject([{ code: 'reference_duplicate' }]);
  });

  test('going on with the same file under the same name pays nothing twice', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    till.office.write('pay.csv', CSV);
    const submit = () =>
      till.payrun('batch', 'submit', 'pay.csv', '--name', 'nov', '--wait', '20s', '--yes', '--json');
    expect((await submit()).json().data.states).toEqual({ paid: 2, failed: 1 });
    expect((await submit()).json().data.states).toEqual({ paid: 2, failed: 1 });
    const sends = await till.office.ledger((database) =>
      database.all("select id from sends where kind = 'submit'"),
    );
    expect(sends).toHaveLength(3);
  });
});

describe('batch list', () => {
  test('lists batches in the order of import, page by page', async () => {
    const till = await openTill();
    for (const name of ['one', 'two', 'three'])
      await till.importBatch(name, `beneficiary_ref,amount,reference_id\nasha,1,${name}\n`);
    const first = await till.payrun('batch', 'list', '--limit', '2', '--json');
    await expectMatchesSchema('batch list', first.json());
    const { data } = first.json<{ items: { batch: string; states: object }[]; next: string }>();
    expect(data.items.map((item) => item.batch)).toEqual(['one', 'two']);
    expect(data.items[0]?.states).toEqual({ draft: 1 });
    const rest = await till.payrun('batch', 'list', '--after', data.next, '--json');
    expect(rest.json().data).toMatchObject({ items: [{ batch: 'three' }], next: null });
    expect((await till.payrun('batch', 'list', '--format', 'ndjson')).lines()).toHaveLength(3);
  });
});
