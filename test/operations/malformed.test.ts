/** What follows when a provider calls our requests malformed, and when it cannot say what it has. */
import { describe, expect, test } from 'vitest';
import {
  balanceOf,
  IN_TRANSIT,
  type Office,
  payoutsOf,
  sendsTo,
  statesIn,
  submit,
  withBatch,
} from '../independent/office.ts';

const MALFORMED = {
  method: 'POST',
  path: '/payouts',
  kind: 'status_before',
  status: 400,
  code: 'BAD_REQUEST',
} as const;
const RESOLVE = ['payout', 'resolve', '--batch', 'salary', '--as', 'failed', '--reason', 'misconfigured'];

interface Resolved {
  resolved: number;
  left: { reference_id: string; reason: string }[];
}

/** Ten rows are held, and the others wait. */
async function refused(rows: number, provider = ''): Promise<Office> {
  const office = await withBatch(rows, {}, [1]);
  office.configure({ provider: `concurrency = 1\n${provider}` });
  await office.bank.faults([MALFORMED]);
  expect(statesIn(await office.ask(...submit()))).toEqual({ approved: rows - 10, held: 10 });
  return office;
}

describe('after ten malformed requests in a row', () => {
  test('the last line says how many are held and how to see them', async () => {
    const office = await refused(60);
    const ran = await office.ask('batch', 'submit', 'salary', '--yes');
    expect(ran.stderr).toContain(
      '11 are held for a decision: payrun payout list --batch salary --state held\n49 still to be sent. Go on',
    );
  });

  test('the next run tries one row, and stops where that is malformed too', async () => {
    const office = await refused(60);
    for (const held of [11, 12]) {
      const ran = await office.ask(...submit());
      expect([ran.exit, ran.json().warnings[0]?.code, statesIn(ran)]).toEqual([
        5,
        'too_many_bad_requests',
        { approved: 60 - held, held },
      ]);
    }
    expect(await sendsTo(office.bank)).toHaveLength(12);
  });

  test('the next run sends all the others where that one is accepted', async () => {
    const office = await refused(60);
    await office.bank.faults([]);
    expect(statesIn(await office.ask(...submit('--wait', '10s')))).toEqual({ held: 10, paid: 50 });
  });

  test('one word settles the held rows, but none that may still be executed', async () => {
    const office = await refused(12);
    const early = await office.ask(...RESOLVE, '--json');
    expect([early.exit, early.json<Resolved>().data]).toMatchObject([3, { resolved: 0 }]);
    expect(early.json<Resolved>().data.left[0]?.reason).toContain('may still be executed until');
    expect(statesIn(await office.ask('batch', 'show', 'salary', '--json'))).toEqual({
      approved: 2,
      held: 10,
    });
  });

  test('one word settles the held rows that the provider does not know, and no other', async () => {
    const office = await refused(12, 'idempotency_window = "1s"');
    // It said 400, and has executed one of them all the same.
    await office.bank.faults([]);
    const [liar] = await payoutsOf(office, '--state', 'held');
    await pay(office, liar?.reference_id ?? '');
    await new Promise((done) => setTimeout(done, 1_100));
    const ran = await office.ask(...RESOLVE, '--json');
    const { resolved, left } = ran.json<Resolved>().data;
    expect([ran.exit, resolved, left.map((each) => each.reference_id)]).toEqual([3, 9, [liar?.reference_id]]);
    expect(left[0]?.reason).toMatch(/^the provider has it as /);
    expect(statesIn(await office.ask('batch', 'show', 'salary', '--json'))).toEqual({
      approved: 2,
      failed: 9,
      held: 1,
    });
    const failed = await payoutsOf(office, '--state', 'failed');
    expect(failed[0]).toMatchObject({ failure_code: 'other', failure_reason: 'BAD_REQUEST: bad_request' });
    expect(await balanceOf(office, IN_TRANSIT)).toBe(Math.round(Number(liar?.amount) * 100));
    expect((await office.ask('ledger', 'verify')).exit).toBe(0);
    const story = await office.ask('payout', 'explain', 'salary-000005');
    expect(story.stdout).toContain('asked by reference: not found');
  });
});

/** Somebody executes the request of this reference at the bank, with the bytes that payrun has stored. */
async function pay(office: Office, reference: string): Promise<void> {
  const { data } = (await office.ask('payout', 'explain', reference, '--json')).json<{
    items: { kind: string; details: string }[];
  }>();
  const body = data.items.find(({ kind }) => kind === 'attempt')?.details.replace(/ \(sha256.*$/, '') ?? '';
  const url = `${office.bank.url}/api/v1`;
  const post = (path: string, text: string, headers: Record<string, string>) =>
    fetch(url + path, { method: 'POST', body: text, headers });
  const token = (await (
    await post('/auth/token', JSON.stringify({ api_key: 'key', api_secret: 'secret' }), {})
  ).json()) as { access_token: string };
  const answer = await post('/payouts', body, {
    authorization: `Bearer ${token.access_token}`,
    'idempotency-key': reference,
  });
  expect(answer.status).toBeLessThan(300);
}

describe('a balance that cannot be read', () => {
  const BALANCE = { method: 'GET', path: '/balance' } as const;
  test.each([
    ['is no JSON', { kind: 'html_before', status: 200 }, 'no balance'],
    ['lacks its amount', { kind: 'wrong_echo', echo: { available: null } }, 'no balance'],
    ['is in another currency', { kind: 'wrong_echo', echo: { currency: 'USD' } }, 'in USD'],
    ['is not there', { kind: 'status_before', status: 404, code: 'NOT_FOUND' }, '404'],
  ])('because it %s is said, and the rows are sent', async (_why, fault, words) => {
    const office = await withBatch(2, {}, [1]);
    await office.bank.faults([{ ...BALANCE, ...fault }]);
    const ran = await office.ask(...submit('--wait', '5s'));
    expect([ran.exit, statesIn(ran)]).toEqual([0, { paid: 2 }]);
    const [warning] = ran.json().warnings;
    expect([warning?.code, warning?.message]).toEqual(['balance_unknown', expect.stringContaining(words)]);
    expect(ran.stderr).toContain('The balance of nxt could not be read');
  });

  test('because of a pause is asked for again after it', async () => {
    const office = await withBatch(2, { opening_balance: 0 }, [1]);
    await office.bank.settings({ balance: 0 });
    await office.bank.faults([{ ...BALANCE, kind: 'rate_limit', retry_after: 0, times: 1 }]);
    const ran = await office.ask(...submit());
    expect([ran.exit, ran.json().warnings.map(({ code }) => code)]).toEqual([5, ['insufficient_funds']]);
    expect(ran.json().warnings[0]?.message).toMatch(
      /need 201\.02: 201\.02 are missing.*--on-low-balance skip/,
    );
    expect(await sendsTo(office.bank)).toEqual([]);
  });
});
