import { describe, expect, test } from 'vitest';
import { nextStep } from '../../../src/cli/batch/next-step.ts';
import { wayOn } from '../../../src/cli/payout/way-on.ts';
import type { PayoutListRow } from '../../../src/store/payout-list.ts';
import { openTill, sandboxFor } from './till.ts';

describe('the last lines about a batch', () => {
  const lines = (states: Record<string, number>) => nextStep('nov', states, null)?.split('\n') ?? [];

  test('name every state that asks for a person, with its count and one command', () => {
    expect(lines({ paid: 5, returned: 1 })).toEqual([
      '1 was returned: payrun payout list --batch nov --state returned',
      'Pay a returned one again with: payrun payout retry REF',
    ]);
    expect(lines({ paid: 5, failed: 2, held: 1, returned: 3 })).toEqual([
      '2 failed, 1 is held for a decision, 3 were returned: payrun payout list --batch nov --state failed,held,returned',
      'Once the cause is gone, pay what failed again with: payrun payout retry --batch nov',
    ]);
  });

  test('go on with what is open before anything is paid again', () => {
    expect(lines({ failed: 1, pending: 1 })).toEqual([
      '1 failed: payrun payout list --batch nov --state failed',
      '1 is on its way. Follow it with: payrun payout sync --batch nov --wait',
    ]);
    expect(lines({ unknown: 2, pending: 1 })).toEqual([
      'The outcome of 2 is unknown. Ask again with: payrun batch submit nov --yes (nothing is paid twice)',
    ]);
    expect(lines({ pending: 3 })[0]).toContain('3 are on their way. Follow them');
  });

  test('are none where every outcome is proven', () => {
    expect(nextStep('nov', { paid: 3, cancelled: 1 }, null)).toBeNull();
  });
});

describe('the last line about a payout', () => {
  test('says what a person can do about it as it stands, from the list of held ones on', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    till.office.write(
      'bad.csv',
      'beneficiary_ref,name,account_number,ifsc\nbad,B Ad,100000030006,HDFC0000001\n',
    );
    await till.payrun('beneficiary', 'import', 'bad.csv');
    await till.importBatch('nov', 'beneficiary_ref,amount\nbad,100\nclosed,200\nasha,300\n');
    await till.payrun('batch', 'submit', 'nov', '--yes', '--wait', '10s');
    const said = async (...words: string[]) => (await till.payrun('payout', ...words)).stderr;
    expect(await said('list', '--state', 'held,failed')).toBe(
      'What can be decided, and how: payrun payout show nov-000001\n',
    );
    expect(await said('show', 'nov-000001')).toBe(
      'Let it go on with: payrun payout release nov-000001 --reason "…"\nLeave it out with: payrun payout cancel nov-000001\n',
    );
    expect(await said('show', 'nov-000002')).toContain('payrun payout retry nov-000002');
    expect(await said('show', 'nov-000003')).toBe('');
    const row = {
      batch: 'nov',
      reference_id: 'n-1',
      state: 'held',
      hold_reason: 'echo_differs',
      attempt_no: 1n,
    };
    expect(wayOn(row as PayoutListRow)).toContain('payrun payout resolve n-1 --as paid|failed|returned');
    expect(wayOn({ ...row, hold_reason: 'foreign_reference', attempt_no: 0n } as PayoutListRow)).toBeNull();
    expect(wayOn({ ...row, state: 'unknown' } as PayoutListRow)).toContain('payrun batch submit nov --yes');
  });
});

describe('a dry run', () => {
  test('that would go through ends with 0 and says what would be sent, of a file and of a batch at any time', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    const CSV = 'beneficiary_ref,amount,reference_id\nasha,100.00,a-1\nclosed,10,a-2\n';
    till.office.write('pay.csv', CSV);
    const said = async (...words: string[]) => {
      const ran = await till.payrun('batch', ...words, '-n');
      return [ran.exit, ran.stderr];
    };
    expect(await said('submit', 'pay.csv', '--name', 'nov')).toEqual([
      0,
      expect.stringContaining('Dry run: the file is good.'),
    ]);
    await till.importBatch('nov', CSV);
    expect(await said('approve', 'nov')).toEqual([
      0,
      'Dry run: nothing was approved. Without --dry-run, it would be.\n',
    ]);
    expect(await said('submit', 'nov')).toEqual([
      0,
      'Dry run: nothing was sent. Without --dry-run, 2 payouts would be sent.\n',
    ]);
    const sent = await till.payrun('batch', 'submit', 'nov', '--wait', '20s', '--yes');
    expect([sent.exit, sent.stderr]).toEqual([
      3,
      expect.stringContaining(
        '1 failed: payrun payout list --batch nov --state failed\nOnce the cause is gone, pay what failed again with: payrun payout retry --batch nov\n',
      ),
    ]);
    expect((await till.payrun('batch', 'show', 'nov')).stderr).toBe(
      sent.stderr.split('\n').slice(-3).join('\n'),
    );
    expect(await said('submit', 'nov')).toEqual([
      0,
      'Dry run: nothing was sent, and nothing is left to be sent.\n',
    ]);
  });
});
