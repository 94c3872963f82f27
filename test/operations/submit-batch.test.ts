import { describe, expect, test } from 'vitest';
import {
  balanceOf,
  expectNoLie,
  expectTruth,
  IN_TRANSIT,
  payoutFile,
  payoutsOf,
  sendsTo,
  statesIn,
  submit,
  withBatch,
} from '../independent/office.ts';

const PAYOUTS = { method: 'POST', path: '/payouts' } as const;

describe('submitting', () => {
  test('--first sends so many rows in the order of the file, and the next run the rest', async () => {
    const office = await withBatch(10, {}, [1]);
    const one = await office.ask(...submit('--first', '3'));
    expect([one.exit, statesIn(one).approved]).toEqual([6, 7]);
    expect((await sendsTo(office.bank)).map((send) => send.reference).sort()).toEqual([
      'salary-000001',
      'salary-000002',
      'salary-000003',
    ]);
    await office.ask(...submit('--wait', '5s'));
    await expectTruth(office);
  });

  test('asks for a confirmation where nobody is there to give it', async () => {
    const office = await withBatch(1);
    const ran = await office.ask('batch', 'submit', 'salary', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([2, 'confirmation_needed']);
    expect(await sendsTo(office.bank)).toEqual([]);
  });

  test('a refusal in the provider’s own words is a failure with a reason and a code, and its money is available again', async () => {
    const office = await withBatch(3, {}, [1]);
    await office.bank.faults([
      { ...PAYOUTS, kind: 'status_before', status: 422, code: 'LIMIT_EXCEEDED', reference: '-000002$' },
    ]);
    const ran = await office.ask(...submit('--wait', '5s'));
    expect([ran.exit, statesIn(ran)]).toEqual([3, { failed: 1, paid: 2 }]);
    expect((await payoutsOf(office, '--state', 'failed'))[0]).toMatchObject({
      reference_id: 'salary-000002',
      failure_code: 'limit',
    });
    await expectTruth(office);
  });

  test('a refusal of a repeat proves nothing about the first send', async () => {
    const office = await withBatch(2, {}, [1]);
    // The first send is lost and executed only later; meanwhile the repeat is refused.
    await office.bank.faults([
      { ...PAYOUTS, kind: 'late', reference: '-000001$', times: 1, after_ms: 1200 },
      {
        ...PAYOUTS,
        kind: 'status_before',
        status: 422,
        code: 'INVALID_BENEFICIARY',
        reference: '-000001$',
        times: 1,
      },
    ]);
    await office.ask(...submit());
    await expectNoLie(office);
    expect(statesIn(await office.ask('batch', 'show', 'salary', '--json')).failed).toBeUndefined();
    await office.ask(...submit('--wait', '10s'));
    await expectTruth(office);
  });

  test('goes on where its first question was lost twice, and ends where it is lost again', async () => {
    const office = await withBatch(2, {}, [1]);
    const lost = {
      method: 'GET',
      path: '/balance',
      kind: 'status_before',
      status: 503,
      code: 'DOWN',
    } as const;
    await office.bank.faults([{ ...lost, times: 3 }]);
    expect((await office.ask(...submit())).exit).toBe(5);
    expect(await sendsTo(office.bank)).toEqual([]);
    await office.bank.faults([{ ...lost, times: 2 }]);
    expect((await office.ask(...submit('--wait', '5s'))).exit).toBe(0);
    await expectTruth(office);
  });

  test('after the tenth malformed request in a row nothing more leaves but what is on the wire', async () => {
    const office = await withBatch(300, { latency_ms: 30 }, [1]);
    await office.bank.faults([{ ...PAYOUTS, kind: 'status_before', status: 400, code: 'BAD_REQUEST' }]);
    const ran = await office.ask(...submit());
    const sends = await sendsTo(office.bank);
    expect([ran.exit, sends.length >= 10, ran.json().warnings[0]?.code]).toEqual([
      5,
      true,
      'too_many_bad_requests',
    ]);
    // Sixteen at once, as the configuration has it where it says nothing.
    expect(sends.length).toBeLessThanOrEqual(10 + 16);
    expect(statesIn(ran)).toEqual({ approved: 300 - sends.length, held: sends.length });
    expect((await office.bank.books()).payouts).toEqual([]);
  });

  test('ten malformed requests in a row stop the batch', async () => {
    const office = await withBatch(60, {}, [1]);
    await office.bank.faults([{ ...PAYOUTS, kind: 'status_before', status: 400, code: 'BAD_REQUEST' }]);
    office.configure({ provider: 'concurrency = 1' });
    const ran = await office.ask(...submit());
    expect([ran.exit, statesIn(ran)]).toEqual([5, { approved: 50, held: 10 }]);
    expect(await balanceOf(office, IN_TRANSIT)).toBe(
      (await payoutsOf(office, '--state', 'held')).reduce(
        (sum, item) => sum + Math.round(Number(item.amount) * 100),
        0,
      ),
    );
  });

  test('a provider that asks at the first question for a day of pause gets nothing, and it is exit 5', async () => {
    const office = await withBatch(3, {}, [1]);
    await office.bank.faults([{ method: 'GET', path: '/balance', kind: 'rate_limit', retry_after: 86_400 }]);
    const ran = await office.ask(...submit());
    expect([ran.exit, statesIn(ran)]).toEqual([5, { approved: 3 }]);
    expect(await sendsTo(office.bank)).toEqual([]);
    await office.bank.faults([]);
  });

  test('somebody else’s payout under our reference is not taken for ours', async () => {
    const office = await withBatch(1, {}, [1]);
    // It was made ten minutes before our attempt was stored.
    await office.bank.faults([
      { ...PAYOUTS, kind: 'wrong_echo', echo: { created_at: new Date(Date.now() - 600_000).toISOString() } },
    ]);
    await office.ask(...submit());
    expect(
      (await office.ask('payout', 'list', '--state', 'held', '--json')).json<{ items: unknown[] }>().data
        .items,
    ).toHaveLength(1);
  });

  test('a balance that cannot be asked for does not keep a payable batch back', async () => {
    const office = await withBatch(3, {}, [1]);
    await office.bank.faults([
      { method: 'GET', path: '/balance', kind: 'rate_limit', retry_after: 0, times: 1 },
    ]);
    expect(statesIn(await office.ask(...submit('--wait', '5s')))).toEqual({ paid: 3 });
    await expectTruth(office);
  });

  test('the same bytes go out every time, also after the configuration has changed', async () => {
    const office = await withBatch(5, {}, [1]);
    await office.bank.faults([{ ...PAYOUTS, kind: 'late', after_ms: 800 }]);
    await office.ask(...submit());
    await office.bank.faults([]);
    office.configure({ provider: 'concurrency = 2\nidempotency_window = "48h"' });
    await office.ask(...submit('--wait', '5s'));
    expect((await office.bank.books()).violations).toEqual([]);
    await expectTruth(office);
  });

  test('a batch whose look-ups are asked to slow down waits and does not give up', async () => {
    const office = await withBatch(10, {}, [1]);
    await office.bank.faults([
      { ...PAYOUTS, kind: 'reset_after', chance: 0.5 },
      { method: 'GET', path: '/payouts', kind: 'rate_limit', retry_after: 0, times: 3 },
    ]);
    expect(statesIn(await office.ask(...submit('--wait', '10s')))).toEqual({ paid: 10 });
    await expectTruth(office);
  });

  test('payouts of two batches keep to their own', async () => {
    const office = await withBatch(5, {}, [1]);
    office.write('other.csv', payoutFile(5, [1], 700));
    await office.ask('batch', 'import', 'other.csv', '--name', 'other');
    await office.ask(...submit('--wait', '5s'));
    expect(statesIn(await office.ask('batch', 'show', 'other', '--json'))).toEqual({ draft: 5 });
    expect((await sendsTo(office.bank)).every((send) => send.reference?.startsWith('salary-'))).toBe(true);
  });
});

describe('bank details that change before a payout was executed', () => {
  test('void the approval, and the money never goes to the old account', async () => {
    const office = await withBatch(2, {}, [1]);
    await office.bank.faults([
      { ...PAYOUTS, kind: 'status_before', status: 402, code: 'INSUFFICIENT_FUNDS' },
    ]);
    expect((await office.ask(...submit())).exit).toBe(5);
    await office.bank.faults([]);
    office.write(
      'changed.csv',
      'beneficiary_ref,name,account_number,ifsc\nb-0,Person 0,99990000111122,ICIC0000047\n',
    );
    expect((await office.ask('beneficiary', 'import', 'changed.csv', '--allow-changes')).exit).toBe(0);
    await office.ask(...submit('--wait', '5s'));
    const { payouts, beneficiaries } = await office.bank.books();
    const old = beneficiaries.find((beneficiary) => beneficiary.account_last4 === '0000')?.beneficiary_id;
    expect(old).toBeDefined();
    expect(payouts.filter((payout) => payout.beneficiary_id === old)).toEqual([]);
  });
});
