import { describe, expect, test } from 'vitest';
import { expectTruth, payoutsOf, sendsTo, statesIn, submit, withBatch } from '../independent/office.ts';

const LOOK_UP = { method: 'GET', path: '/payouts' } as const;

/** One payout that the provider has failed, and a server that pays whatever comes next. */
async function withFailed(more = '') {
  const outcomes = Object.fromEntries(
    Array.from({ length: 100 }, (_, paise) => [
      String(paise).padStart(2, '0'),
      { status: 'FAILED', reason: 'BENEFICIARY_BANK_OFFLINE' },
    ]),
  );
  const office = await withBatch(1, { outcomes }, [1]);
  office.configure({ more });
  if (more !== '') await office.ask('batch', 'approve', 'salary', '--as', 'checker');
  expect(statesIn(await office.ask(...submit('--wait', '5s')))).toEqual({ failed: 1 });
  await office.bank.settings({ outcomes: {} });
  return office;
}

const retry = ['payout', 'retry', 'salary-000001', '--yes', '--json'];

describe('trying again', () => {
  test('a payout that failed is paid by a new attempt under a reference of its own', async () => {
    const office = await withFailed();
    await office.ask(...retry);
    await office.ask('payout', 'sync', '--wait', '5s', '--json');
    const [item] = await payoutsOf(office);
    expect(item).toMatchObject({ state: 'paid', provider_reference: 'salary-000001.r2', attempts: 2 });
    await expectTruth(office);
  });

  test('a provider that has taken its FAILED back is asked first, and nothing is paid twice', async () => {
    const office = await withFailed();
    await office.bank.faults([{ ...LOOK_UP, kind: 'wrong_echo', echo: { status: 'SUCCESS' } }]);
    const ran = await office.ask(...retry);
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'payout_state']);
    expect(ran.json().error.message).toBe(
      'salary-000001 is held and was not tried again: the provider says SUCCESS, where the payout is failed.',
    );
    expect((await sendsTo(office.bank)).map((send) => send.reference)).toEqual(['salary-000001']);
    expect((await payoutsOf(office))[0]?.state).toBe('held');
  });

  test('a provider that has it in flight again proves no failure, and there is no second attempt', async () => {
    const office = await withFailed();
    await office.bank.faults([{ ...LOOK_UP, kind: 'wrong_echo', echo: { status: 'PROCESSING' } }]);
    const ran = await office.ask(...retry);
    expect([ran.exit, ran.json().error.message]).toEqual([
      1,
      'salary-000001 was failed, and the provider says PROCESSING of it now.',
    ]);
    expect(await sendsTo(office.bank)).toHaveLength(1);
  });

  test('what came back, and is said to be paid now, is not paid again', async () => {
    const returned = { status: 'REVERSED', reason: 'RETURNED_BY_BANK' };
    const office = await withBatch(1, { outcomes: { '01': returned } }, [1]);
    expect(statesIn(await office.ask(...submit('--wait', '5s')))).toEqual({ returned: 1 });
    await office.bank.faults([{ ...LOOK_UP, kind: 'wrong_echo', echo: { status: 'SUCCESS' } }]);
    const ran = await office.ask(...retry);
    expect([ran.exit, ran.json().error.message]).toEqual([
      1,
      'salary-000001 was returned, and the provider says SUCCESS of it now.',
    ]);
    expect(await sendsTo(office.bank)).toHaveLength(1);
  });

  test('without an answer about the first attempt there is no second', async () => {
    const office = await withFailed();
    await office.bank.faults([{ ...LOOK_UP, kind: 'status_before', status: 503, code: 'DOWN' }]);
    expect((await office.ask(...retry)).exit).toBe(5);
    expect(await sendsTo(office.bank)).toHaveLength(1);
  });

  test('a person’s word that it failed is not enough, as long as no look-up agrees', async () => {
    const office = await withBatch(1, {}, [1]);
    office.configure({ timeout_ms: 300 });
    await office.bank.faults([
      { method: 'POST', path: '/payouts', kind: 'hang_after' },
      { ...LOOK_UP, kind: 'status_before', status: 404, code: 'NOT_FOUND' },
    ]);
    expect(statesIn(await office.hurry(...submit()))).toEqual({ unknown: 1 });
    const word = ['payout', 'resolve', 'salary-000001', '--as', 'failed', '--reason', 'they say so'];
    expect((await office.ask(...word)).exit).toBe(0);
    await office.bank.faults([{ ...LOOK_UP, kind: 'status_before', status: 404, code: 'NOT_FOUND' }]);
    const ran = await office.hurry(...retry);
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'retry_unproven']);
    expect(new Set((await sendsTo(office.bank)).map(({ reference }) => reference))).toEqual(
      new Set(['salary-000001']),
    );
  });

  test('an account that nobody approved is not paid, however the payout failed', async () => {
    const office = await withFailed('[approval]\nrequired = 1\n');
    const header = 'beneficiary_ref,name,account_number,ifsc\n';
    office.write('moved.csv', `${header}b-0,Person 0,60999999999,HDFC0000001\n`);
    expect((await office.ask('beneficiary', 'import', 'moved.csv', '--allow-changes')).exit).toBe(0);
    const ran = await office.ask(...retry);
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'approval_missing']);
    expect(await sendsTo(office.bank)).toHaveLength(1);
  });

  test('a new attempt needs the approvals that a first one would need today', async () => {
    const office = await withFailed('[approval]\nrequired = 1\n');
    office.configure({ more: '[approval]\nrequired = 1\nbands = [{ above = "0", required = 2 }]\n' });
    const refused = await office.ask(...retry);
    expect([refused.exit, refused.json().error.code]).toEqual([1, 'approval_missing']);
    expect(await sendsTo(office.bank)).toHaveLength(1);
    expect((await office.ask('batch', 'approve', 'salary', '--as', 'second')).exit).toBe(0);
    expect((await office.ask(...retry)).exit).not.toBe(1);
    expect(await sendsTo(office.bank)).toHaveLength(2);
  });
});

describe('one payout that cannot be asked about', () => {
  test('keeps no other from being settled', async () => {
    const office = await withBatch(6, {}, [1]);
    await office.ask(...submit());
    await office.bank.faults([
      { method: 'GET', path: '/payouts', kind: 'html', reference: '-000001$' },
      { method: 'GET', path: '/payouts/', kind: 'html', times: 1 },
    ]);
    await office.ask('payout', 'sync', '--wait', '5s', '--json');
    const paid = (await payoutsOf(office)).filter((item) => item.state === 'paid');
    expect(paid.length).toBeGreaterThanOrEqual(5);
  });
});
