import { expect, test } from 'vitest';
import { openTill, sandboxFor } from '../batch/till.ts';

test('a new attempt is shown in few columns, with the way on, and a dry run says that it is one', async () => {
  const till = await openTill({ url: (await sandboxFor()).url });
  await till.importBatch('nov', 'beneficiary_ref,amount\nasha,1\nclosed,3\n');
  await till.payrun('batch', 'submit', 'nov', '--wait', '20s', '--yes', '--json');
  const dry = await till.payrun('payout', 'retry', 'nov-000002', '-n');
  expect([dry.exit, dry.stderr]).toEqual([
    0,
    'Dry run: nothing was sent. Without --dry-run, 1 payout would be paid again, once the provider confirms that nothing of it arrived.\n',
  ]);
  const paid = await till.payrun('payout', 'retry', 'nov-000001', '-n', '--json');
  expect([paid.exit, paid.json().error.code]).toEqual([1, 'payout_state']);
  const one = await till.payrun('payout', 'retry', 'nov-000002', '--yes');
  expect(one.stdout.split('\n')[0]).toBe(
    'reference id  attempt        beneficiary name  amount  currency  state    utr  reason',
  );
  expect([one.exit, one.stderr]).toEqual([
    6,
    'It is on its way. Follow it with: payrun payout sync --batch nov --wait\n',
  ]);
  await till.payrun('payout', 'sync', '--batch', 'nov', '--wait', '20s', '--json');
  const all = await till.payrun('payout', 'retry', '--batch', 'nov', '--yes');
  expect(all.stderr).toBe('1 is on its way. Follow it with: payrun payout sync --batch nov --wait\n');
  const none = await till.payrun('payout', 'retry', '--batch', 'nov', '-n');
  expect([none.exit, none.stdout]).toEqual([0, 'Nothing to pay again.\n']);
});
