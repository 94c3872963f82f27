import { describe, expect, test } from 'vitest';
import {
  AVAILABLE,
  balanceOf,
  expectTruth,
  IN_TRANSIT,
  type Office,
  payoutsOf,
  statesIn,
  submit,
  withBatch,
} from '../independent/office.ts';

const first = 'salary-000001';

async function refusal(office: Office, ...args: string[]): Promise<string> {
  const ran = await office.ask(...args, '--json');
  return `${ran.exit} ${ran.json().error?.code}`;
}

const stateOf = async (office: Office, reference: string) =>
  (await payoutsOf(office)).find((item) => item.reference_id === reference)?.state;

/** One payout of which nobody knows anything but that it was sent. */
async function withUnknown(): Promise<Office> {
  const office = await withBatch(2, {}, [1]);
  await office.bank.faults([
    { kind: 'reset_after', method: 'POST', path: '/payouts', reference: `^${first}$` },
    { kind: 'status_before', status: 503, method: 'GET', path: '/payouts', reference: `^${first}$` },
  ]);
  await office.ask(...submit());
  expect(await stateOf(office, first)).toBe('unknown');
  return office;
}

describe('cancelling', () => {
  test('takes a draft and an approved payout, and the rest of the batch is paid', async () => {
    const office = await withBatch(4, {}, [1]);
    expect((await office.ask('payout', 'cancel', first)).exit).toBe(0);
    await office.ask('batch', 'approve', 'salary');
    expect((await office.ask('payout', 'cancel', 'salary-000002')).exit).toBe(0);
    expect(statesIn(await office.ask(...submit('--wait', '5s')))).toEqual({ cancelled: 2, paid: 2 });
    await expectTruth(office);
  });

  test('is refused for whatever may have left', async () => {
    const office = await withUnknown();
    expect(await refusal(office, 'payout', 'cancel', first)).toBe('1 payout_state');
    await office.bank.faults([]);
    await office.ask(...submit('--wait', '5s'));
    expect(await refusal(office, 'payout', 'cancel', first)).toBe('1 payout_state');
    expect(await refusal(office, 'payout', 'cancel', 'nobody')).toBe('1 payout_unknown');
    await expectTruth(office);
  });
});

describe('resolving', () => {
  test('can be taken back by another word, until the provider confirms it', async () => {
    const office = await withUnknown();
    const before = await balanceOf(office, AVAILABLE);
    const say = async (word: string) =>
      office.ask('payout', 'resolve', first, '--as', word, '--reason', 'what the bank says now', '--json');
    for (const [word, moved] of [
      ['paid', 0],
      ['failed', 10001],
      ['paid', 0],
      ['returned', 10001],
      ['paid', 0],
    ] as const) {
      expect((await say(word)).exit).toBe(0);
      expect(await stateOf(office, first)).toBe(word);
      expect((await balanceOf(office, AVAILABLE)) - before).toBe(moved);
      expect((await say(word)).json().error?.code).toBe('payout_state');
    }
    expect((await office.ask('ledger', 'verify')).exit).toBe(0);
    await office.bank.faults([]);
    await office.ask('payout', 'sync', '--wait', '5s');
    expect((await say('failed')).json().error?.code).toBe('payout_state');
    await expectTruth(office);
  });

  test.each([
    ['paid', -10001],
    ['failed', 0],
    ['returned', 0],
  ] as const)('an unknown payout as %s moves the money where the word says', async (word, moved) => {
    const office = await withUnknown();
    const before = await balanceOf(office, AVAILABLE);
    expect(await balanceOf(office, IN_TRANSIT)).toBeGreaterThan(0);
    const resolved = await office.ask(
      'payout',
      'resolve',
      first,
      '--as',
      word,
      '--reason',
      'the bank says so',
      '--on',
      '2026-11-18',
    );
    expect(resolved.exit).toBe(0);
    expect(await stateOf(office, first)).toBe(word);
    expect((await balanceOf(office, AVAILABLE)) - before).toBe(moved + 10001);
    expect((await office.ask('ledger', 'verify')).exit).toBe(0);
  });

  test('is refused for a day that has not come yet', async () => {
    const office = await withUnknown();
    const ran = await office.ask(
      ...['payout', 'resolve', first, '--as', 'paid', '--reason', 'a slip', '--on', '2999-01-01'],
    );
    expect([ran.exit, ran.stderr]).toEqual([2, expect.stringContaining('a day that has not come yet')]);
    expect(await stateOf(office, first)).toBe('unknown');
  });

  test('is only for what is unknown, or held after it was sent', async () => {
    const office = await withBatch(2, {}, [1]);
    const resolve = ['payout', 'resolve', first, '--as', 'paid', '--reason', 'x'];
    expect(await refusal(office, ...resolve)).toBe('1 payout_state');
    await office.ask(...submit('--wait', '5s'));
    expect(await refusal(office, ...resolve)).toBe('1 payout_state');
  });

  test('wrongly as failed is seen at the next sync, and the payout is held and not paid again', async () => {
    const office = await withUnknown();
    await office.ask('payout', 'resolve', first, '--as', 'failed', '--reason', 'nobody has it');
    await office.bank.faults([]);
    const synced = await office.ask('payout', 'sync', '--wait', '5s', '--json');
    expect(synced.exit).toBe(3);
    expect(await stateOf(office, first)).toBe('held');
    expect(await refusal(office, 'payout', 'retry', first, '--yes')).toBe('1 payout_state');
    await office.ask('payout', 'resolve', first, '--as', 'paid', '--reason', 'it was paid after all');
    await office.ask('payout', 'sync');
    expect(await stateOf(office, first)).toBe('paid');
    expect((await office.ask('ledger', 'verify')).exit).toBe(0);
    expect(await balanceOf(office, IN_TRANSIT)).toBe(0);
  });
});

describe('releasing', () => {
  test('lets a payout go on that was held before it was sent', async () => {
    const office = await withBatch(2, { penny_drop: 'FAILED' }, [1]);
    const held = await office.ask(...submit());
    expect([held.exit, statesIn(held)]).toEqual([3, { held: 2 }]);
    expect(await refusal(office, 'payout', 'resolve', first, '--as', 'paid', '--reason', 'x')).toBe(
      '1 payout_state',
    );
    expect((await office.ask('payout', 'release', first, '--reason', 'checked by phone')).exit).toBe(0);
    expect(statesIn(await office.ask(...submit('--wait', '5s')))).toEqual({ held: 1, paid: 1 });
    await expectTruth(office);
  });

  test('also one that was tried before, of which the provider executed nothing', async () => {
    const office = await withBatch(2, {}, [1]);
    await office.bank.faults([
      { kind: 'status_before', status: 402, code: 'INSUFFICIENT_FUNDS', method: 'POST', path: '/payouts' },
    ]);
    expect((await office.ask(...submit())).exit).toBe(5);
    await office.bank.faults([]);
    // The same amounts to the same accounts in another batch, which this ledger is told to hold.
    office.write('again.csv', `${office.read('payouts.csv')}b-9,9.00\n`);
    await office.ask('batch', 'import', 'again.csv', '--name', 'again');
    office.configure({ more: '[checks]\nlook_alikes = "hold"\n' });
    expect(statesIn(await office.ask(...submit()))).toEqual({ held: 2 });
    expect((await office.ask('payout', 'release', first, '--reason', 'meant twice')).exit).toBe(0);
    expect(statesIn(await office.ask(...submit('--wait', '5s')))).toEqual({ held: 1, paid: 1 });
    await expectTruth(office);
  });

  test('never one that was sent', async () => {
    const office = await withBatch(1, {}, [1]);
    await office.bank.faults([{ kind: 'wrong_echo', method: 'POST', path: '/payouts', echo: { amount: 7 } }]);
    await office.ask(...submit());
    expect(await stateOf(office, first)).toBe('held');
    expect(await refusal(office, 'payout', 'release', first, '--reason', 'x')).toBe('1 payout_state');
    expect(
      (await office.ask('payout', 'resolve', first, '--as', 'paid', '--reason', 'seen at the bank')).exit,
    ).toBe(0);
  });
});
