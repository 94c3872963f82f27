import { describe, expect, test } from 'vitest';
import { openTill, sandboxFor, type Till } from '../batch/till.ts';

/** `nov-000003` failed and was tried again, as `.r2`. */
async function retried(): Promise<Till> {
  const till = await openTill({ url: (await sandboxFor()).url });
  const rows = ['asha,1', 'bina,2', 'closed,3', ...Array.from({ length: 8 }, () => 'asha,4')];
  await till.importBatch('nov', `beneficiary_ref,amount\n${rows.join('\n')}\n`);
  const sent = await till.payrun('batch', 'submit', 'nov', '--wait', '20s', '--yes', '--json');
  expect(sent.exit, sent.stdout).toBe(3);
  await till.payrun('payout', 'retry', 'nov-000003', '--yes', '--json');
  return till;
}

interface Story {
  payout: { reference_id: string };
}

describe('the names of a payout', () => {
  test('the provider’s reference of an attempt names its payout, whatever its case', async () => {
    const till = await retried();
    const shown = await till.payrun('payout', 'show', 'NOV-000003.r2', '--json');
    expect(shown.json().data, shown.stdout).toMatchObject({ reference_id: 'nov-000003', attempts: 2 });
    const told = await till.payrun('payout', 'explain', 'nov-000003.R2', '--json');
    expect(told.json<Story>().data.payout.reference_id).toBe('nov-000003');
    // The name is good; it is the state that does not allow it.
    for (const words of [
      ['payout', 'release', 'nov-000003.r2', '--reason', 'x'],
      ['payout', 'resolve', 'nov-000003.r2', '--as', 'paid', '--reason', 'x'],
      ['payout', 'cancel', 'nov-000003.r2'],
    ]) {
      const ran = await till.payrun(...words, '--json');
      expect(ran.json().error, words.join(' ')).toMatchObject({
        code: 'payout_state',
        message: expect.stringContaining('nov-000003 is '),
      });
    }
  });

  test('nobody decides about a payout by the name of an attempt that came before the current one', async () => {
    const till = await retried();
    await till.payrun('payout', 'sync', '--batch', 'nov', '--wait', '20s', '--json');
    const again = await till.payrun('payout', 'retry', 'nov-000003.r2', '--yes', '--json');
    expect(again.json().data, again.stdout).toMatchObject({ retried: 1 });
    const ran = await till.payrun(
      ...['payout', 'resolve', 'nov-000003.r2', '--as', 'failed', '--reason', 'x', '--json'],
    );
    expect([ran.exit, ran.json().error.code, ran.json().error.message]).toEqual([
      1,
      'payout_state',
      'nov-000003.r2 is an earlier attempt of payout nov-000003, whose current one is nov-000003.r3.',
    ]);
  });

  test('what may have been meant is never a payout of another number', async () => {
    const till = await openTill();
    await till.importBatch(
      'nov',
      `beneficiary_ref,amount\n${Array.from({ length: 12 }, () => 'asha,1').join('\n')}\n`,
    );
    const hint = async (reference: string) =>
      (await till.payrun('payout', 'show', reference, '--json')).json().error.hint;
    expect(await hint('nov-000010.r2')).toBe('Did you mean "nov-000010"?');
    expect(await hint('nov-10')).toBe('Did you mean "nov-000010"?');
    expect(await hint('nov-000013')).toBe('List references with `payrun payout list`.');
    expect(await hint('nov-000100')).toBe('List references with `payrun payout list`.');
  });
});
