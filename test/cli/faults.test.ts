import { describe, expect, test } from 'vitest';
import type { Fault } from '../independent/bank-process.ts';
import { expectTruth, sendsTo, statesIn, submit, withBatch } from '../independent/office.ts';

const PAYOUTS = { method: 'POST', path: '/payouts' } as const;

describe('whatever goes wrong on the way, nothing is failed wrongly and nothing is paid twice', () => {
  const faults: readonly (readonly [string, readonly Fault[]])[] = [
    ['500 after it was executed', [{ ...PAYOUTS, kind: 'status_after', chance: 0.3 }]],
    ['500 before it was executed', [{ ...PAYOUTS, kind: 'status_before', chance: 0.12 }]],
    [
      '503 and 502',
      [
        { ...PAYOUTS, kind: 'status_before', status: 503, chance: 0.12 },
        { ...PAYOUTS, kind: 'status_after', status: 502, chance: 0.2 },
      ],
    ],
    ['a reset after it was executed', [{ ...PAYOUTS, kind: 'reset_after', chance: 0.3 }]],
    ['a reset before it was executed', [{ ...PAYOUTS, kind: 'reset_before', chance: 0.12 }]],
    ['half a body', [{ ...PAYOUTS, kind: 'truncate', chance: 0.3 }]],
    [
      'HTML with 200',
      [
        { ...PAYOUTS, kind: 'html_after', chance: 0.2 },
        { ...PAYOUTS, kind: 'html_before', chance: 0.2 },
      ],
    ],
    ['HTML with 422', [{ ...PAYOUTS, kind: 'html_after', status: 422, chance: 0.3 }]],
    ['HTML with 404', [{ ...PAYOUTS, kind: 'html_after', status: 404, chance: 0.3 }]],
    ['429 with Retry-After', [{ ...PAYOUTS, kind: 'rate_limit', retry_after: 1, times: 3 }]],
    ['a token that ends in the middle', [{ ...PAYOUTS, kind: 'unauthorized', times: 2 }]],
    ['a late acceptance', [{ ...PAYOUTS, kind: 'late', chance: 0.2, after_ms: 400 }]],
    [
      'no answer at all',
      [
        { ...PAYOUTS, kind: 'hang_after', times: 3 },
        { ...PAYOUTS, kind: 'hang_before', times: 3 },
      ],
    ],
    [
      'look-ups that fail as well',
      [
        { ...PAYOUTS, kind: 'reset_after', chance: 0.3 },
        { method: 'GET', path: '/payouts', kind: 'status_before', status: 503, chance: 0.1 },
      ],
    ],
  ];
  test.each(faults)(
    '%s',
    async (_name, these) => {
      const office = await withBatch(30);
      await office.bank.faults(these);
      let last = await office.ask(...submit('--wait', '10s'));
      for (let turn = 0; turn < 10 && [5, 6].includes(last.exit); turn += 1)
        last = await office.ask(...submit('--wait', '10s'));
      await office.bank.faults([]);
      last = await office.ask(...submit('--wait', '10s'));
      expect([last.exit, statesIn(last)]).toEqual([3, { failed: 6, paid: 21, returned: 3 }]);
      await expectTruth(office);
      expect((await office.bank.log()).some((request) => request.fault !== null)).toBe(true);
    },
    60_000,
  );

  test.each(['200', 'mixed'])('a server that answers a known reference with %s', async (duplicates) => {
    const office = await withBatch(30, { duplicates });
    await office.bank.faults([{ ...PAYOUTS, kind: 'late', chance: 0.4, after_ms: 150 }]);
    await office.ask(...submit('--wait', '10s'));
    await office.bank.faults([]);
    expect(statesIn(await office.ask(...submit('--wait', '10s')))).toEqual({
      failed: 6,
      paid: 21,
      returned: 3,
    });
    await expectTruth(office);
  }, 60_000);

  test.each([
    ['amount', { amount: 1 }],
    ['no amount', { amount: null }],
    ['currency', { currency: 'USD' }],
    ['beneficiary', { beneficiary_id: 'bene_99' }],
    ['reference', { reference_id: 'somebody-else' }],
  ])('an answer that names another %s holds the payout', async (_name, echo) => {
    const office = await withBatch(5, {}, [1]);
    await office.bank.faults([{ ...PAYOUTS, kind: 'wrong_echo', times: 1, echo }]);
    const paid = await office.ask(...submit('--wait', '5s'));
    expect([paid.exit, statesIn(paid)]).toEqual([3, { held: 1, paid: 4 }]);
  });

  test('while a pause is asked for, nothing is sent', async () => {
    const office = await withBatch(40);
    await office.bank.faults([{ ...PAYOUTS, kind: 'rate_limit', retry_after: 2, times: 1 }]);
    await office.ask(...submit('--wait', '10s'));
    const log = await office.bank.log();
    const limited = log.find((request) => request.status === 429);
    const asked = limited?.at_ms ?? 0;
    const during = log.filter((request) => request.at_ms > asked + 400 && request.at_ms < asked + 1900);
    expect(during).toEqual([]);
    await expectTruth(office);
  });
});

describe('what is never found', () => {
  test('is held when the provider is no longer trusted to know the reference, and paid when it turns up after all', async () => {
    const office = await withBatch(3, {}, [1]);
    // The margin for travel eats a window of a minute whole.
    office.configure({ provider: 'idempotency_window = "1m"' });
    await office.bank.faults([{ ...PAYOUTS, kind: 'late', times: 1, after_ms: 1500 }]);
    const first = await office.ask(...submit());
    expect([first.exit, statesIn(first).held]).toEqual([6, 1]);
    expect((await sendsTo(office.bank)).length).toBe(3);
    await expect.poll(async () => (await office.bank.books()).payouts.length, { timeout: 10_000 }).toBe(3);
    expect((await office.ask('payout', 'sync', '--wait', '10s')).exit).toBe(0);
    await expectTruth(office);
  }, 30_000);
});
