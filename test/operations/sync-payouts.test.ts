import { describe, expect, test } from 'vitest';
import {
  expectTruth,
  type Office,
  payoutsOf,
  sendsTo,
  statesIn,
  submit,
  withBatch,
} from '../independent/office.ts';

const PAYOUTS = { method: 'POST', path: '/payouts' } as const;

const stateOf = async (office: Office, reference: string) =>
  (await payoutsOf(office)).find((item) => item.reference_id === reference)?.state;

describe('sync', () => {
  test('never sends a payout, also one that the provider does not know', async () => {
    const office = await withBatch(4, {}, [1]);
    await office.bank.faults([{ ...PAYOUTS, kind: 'reset_before' }]);
    await office.hurry(...submit());
    const before = (await sendsTo(office.bank)).length;
    const synced = await office.ask('payout', 'sync', '--json');
    expect([synced.exit, statesIn(synced)]).toEqual([6, { unknown: 4 }]);
    expect((await sendsTo(office.bank)).length).toBe(before);
  });

  test('tells what it asked and what changed, and is quiet when nothing is open', async () => {
    const office = await withBatch(10);
    await office.ask(...submit());
    const synced = await office.ask('payout', 'sync', '--json');
    expect([synced.exit, synced.json().data]).toMatchObject([
      3,
      { asked: 10, changed: 10, states: { failed: 2, paid: 7, returned: 1 } },
    ]);
    expect((await office.ask('payout', 'sync', '--json')).json().data).toEqual({
      asked: 0,
      changed: 0,
      unusable: 0,
      states: {},
    });
    await expectTruth(office);
  });

  test('says what cannot be used of what it heard, and the story has it once for each change', async () => {
    const office = await withBatch(2, { settle_ms: 60_000 }, [1]);
    await office.ask(...submit());
    const one = { method: 'GET', path: '/payouts/' } as const;
    const nothingListed = { method: 'GET', path: '/payouts', kind: 'html_before' } as const;
    await office.bank.faults([
      { ...one, kind: 'wrong_echo', echo: { payout_id: 'po_of_somebody' } },
      nothingListed,
    ]);
    for (let turn = 0; turn < 3; turn += 1) {
      const synced = await office.ask('payout', 'sync', '--json');
      expect(synced.json().data).toEqual({
        asked: 2,
        changed: 0,
        unusable: 2,
        states: { pending: 2 },
      });
      const unusable = synced.json().warnings.find(({ code }) => code === 'answers_unusable');
      expect(unusable?.message).toContain(
        'salary-000001 (the answer to a status query is about another payout)',
      );
    }
    await office.bank.faults([{ ...one, kind: 'html_before' }, nothingListed]);
    await office.ask('payout', 'sync');
    const { data } = (await office.ask('payout', 'explain', 'salary-000001', '--json')).json<{
      items: { what: string; details: string }[];
    }>();
    expect(data.items.filter(({ what }) => what.includes('asked for its status'))).toMatchObject([
      { what: 'attempt 1 asked for its status: unusable' },
      {
        what: 'attempt 1 asked for its status: unusable',
        details: 'the answer to a status query is no payout',
      },
    ]);
    expect((await office.ask('ledger', 'verify')).exit).toBe(0);
  });

  test('is exit 5 when nobody answers, and changes nothing', async () => {
    const office = await withBatch(4, { settle_ms: 60_000 }, [1]);
    await office.ask(...submit());
    office.configure({ base_url: 'http://127.0.0.1:1' });
    const synced = await office.ask('payout', 'sync', '--json');
    expect([synced.exit, statesIn(synced)]).toEqual([5, { pending: 4 }]);
  });

  test('--older-than leaves alone what has just changed', async () => {
    const office = await withBatch(4, { settle_ms: 60_000 }, [1]);
    await office.ask(...submit());
    expect((await office.ask('payout', 'sync', '--older-than', '1h', '--json')).json().data.asked).toBe(0);
    expect((await office.ask('payout', 'sync', '--json')).json().data.asked).toBe(4);
  });

  test('an unknown status word keeps a payout open and its raw word', async () => {
    const office = await withBatch(1, { settle_ms: 60_000 }, [1]);
    await office.ask(...submit());
    await office.bank.faults([
      { method: 'GET', path: '/payouts', kind: 'wrong_echo', echo: { status: 'ON_HOLD_BY_COMPLIANCE' } },
    ]);
    expect(statesIn(await office.ask('payout', 'sync', '--json'))).toEqual({ pending: 1 });
    const [item] = (await office.ask('payout', 'list', '--json')).json<{
      items: { provider_status: string }[];
    }>().data.items;
    expect(item?.provider_status).toBe('ON_HOLD_BY_COMPLIANCE');
  });

  test('a payout that came back although it had failed is held', async () => {
    const office = await withBatch(2, {}, [1, 13]);
    await office.ask(...submit('--wait', '5s'));
    expect(await stateOf(office, 'salary-000002')).toBe('failed');
    // The provider changes its mind: what had failed now stands in its list of returns.
    await office.bank.settings({ rewrite: { 'salary-000002': 'REVERSED' } });
    const synced = await office.ask('payout', 'sync', '--json');
    expect(synced.exit).toBe(3);
    expect(await stateOf(office, 'salary-000002')).toBe('held');
  });
});
