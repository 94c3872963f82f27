import { connect } from 'node:net';
import { performance } from 'node:perf_hooks';
import { describe, expect, test } from 'vitest';
import { FAULT_NAMES, FAULT_SETS, FAULTS, type FaultName } from '../../src/sandbox/fault-table.ts';
import type { SandboxOptions } from '../../src/sandbox/sandbox.ts';
import { type Body, type Caller, codeOf, type Reply, startCaller } from './caller.ts';

/** A sandbox whose faults are off until the caller has its token and an account. */
async function withFault(name: FaultName, ms = 0, options: SandboxOptions = {}) {
  const knobs = new Map<FaultName, { chance: number; ms: number }>();
  const caller = await startCaller({ chaos: { knobs, seed: 7 }, ...options });
  const bank = await caller.account();
  const turn = (on: boolean) => knobs.set(name, { chance: on ? 1 : 0, ms });
  turn(true);
  return { ...caller, bank, turn };
}

async function log({ call }: Caller): Promise<Body[]> {
  const { text, status } = await call('GET', '/sandbox/log', undefined, { authorization: '' });
  expect(status).toBe(200);
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Body);
}

const executed = async (caller: Caller) => (await log(caller)).map(({ reference_id }) => reference_id);

/** The code of undici's error, or the status where there was an answer. */
async function outcome(reply: Promise<Reply>): Promise<unknown> {
  try {
    return (await reply).status;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

const CUT_OFF: unknown[] = ['ECONNRESET', 'UND_ERR_SOCKET', 'EPIPE'];
const SERVER_ERRORS: unknown[] = [500, 503];
const LOST: unknown[] = [...CUT_OFF, ...SERVER_ERRORS];

describe('what is lost, before and after it was done', () => {
  test.each([
    ['error-before', SERVER_ERRORS, 0],
    ['error-after', SERVER_ERRORS, 1],
    ['reset-before', CUT_OFF, 0],
    ['reset-after', CUT_OFF, 1],
    ['hang-before', CUT_OFF, 0],
    ['hang-after', CUT_OFF, 1],
  ] as const)('%s', async (name, outcomes, done) => {
    const caller = await withFault(name, 30);
    const seen = new Set<unknown>();
    for (let index = 0; index < 8; index += 1) {
      const got = await outcome(caller.pay(caller.bank, 5, { reference_id: `r${index}` }));
      expect(outcomes).toContain(got);
      seen.add(got);
    }
    if (outcomes === SERVER_ERRORS) expect(seen).toEqual(new Set(SERVER_ERRORS));
    expect(await log(caller)).toHaveLength(8 * done);
    expect(caller.sandbox.stats().faults).toEqual({ [name]: 8 });
  });

  test('a hang lasts until the client gives up', async () => {
    const { sandbox } = await withFault('hang-before', 60_000);
    const { port } = new URL(sandbox.url);
    const socket = connect(Number(port), '127.0.0.1');
    socket.write('GET /api/v1/balance HTTP/1.1\r\nHost: s\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(socket.bytesRead).toBe(0);
    socket.destroy();
    const started = performance.now();
    await sandbox.close();
    expect(performance.now() - started).toBeLessThan(900);
  });
});

test('a late acceptance is executed once, and nobody can see it until its time', async () => {
  const caller = await withFault('late', 5000);
  const { bank, pay, call, clock } = caller;
  expect(LOST).toContain(await outcome(pay(bank, 12, { reference_id: 'once' })));
  caller.turn(false);
  expect(await executed(caller)).toEqual(['once']);
  const found = async () => (await call('GET', '/api/v1/payouts?reference_id=once')).json.data as Body[];
  const payoutId = String((await log(caller))[0]?.payout_id);
  expect(await found()).toEqual([]);
  expect((await call('GET', '/api/v1/payouts')).json.data).toEqual([]);
  expect((await call('GET', `/api/v1/payouts/${payoutId}`)).status).toBe(404);
  for (let turn = 0; turn < 6; turn += 1)
    expect(LOST).toContain(await outcome(pay(bank, 12, { reference_id: 'once' })));
  clock.ms += 5000;
  expect(await found()).toMatchObject([{ payout_id: payoutId, status: 'SUCCESS' }]);
  expect((await call('GET', `/api/v1/payouts/${payoutId}`)).status).toBe(200);
  expect((await pay(bank, 12, { reference_id: 'once' })).status).toBe(409);
  expect(await executed(caller)).toEqual(['once']);
});

test('a refused payout is refused, late or not', async () => {
  const { bank, pay, turn } = await withFault('late', 5000);
  expect((await pay(bank, 0, { reference_id: 'no' })).status).toBe(422);
  turn(false);
  expect((await pay(bank, 1, { reference_id: 'no' })).status).toBe(202);
});

test('a forgotten reference is not found, and sent again it is paid again', async () => {
  const caller = await withFault('forget', 5000);
  const { bank, pay, call, clock, get } = caller;
  const first = await pay(bank, 12, { reference_id: 'twice' });
  clock.ms += 4999;
  expect((await pay(bank, 12, { reference_id: 'twice' })).status).toBe(409);
  clock.ms += 1;
  expect((await call('GET', '/api/v1/payouts?reference_id=twice')).json.data).toEqual([]);
  expect(await get(first.json.payout_id)).toMatchObject({ reference_id: 'twice', status: 'SUCCESS' });
  expect((await pay(bank, 12, { reference_id: 'twice' })).status).toBe(202);
  expect(await executed(caller)).toEqual(['twice', 'twice']);
});

describe('429', () => {
  test.each([
    ['limit-seconds', '1'],
    ['limit-date', 'Sat, 21 Nov 2026 06:00:02 GMT'],
    ['limit-garbage', 'soon'],
    ['limit-huge', '315360000'],
    ['limit-missing', undefined],
    ['limit-zero', '0'],
    ['limit-fraction', '0.5'],
    ['limit-negative', '-5'],
    ['limit-past', 'Sat, 21 Nov 2026 05:00:00 GMT'],
    ['limit-twice', ['1', '2']],
  ] as const)('%s', async (name, word) => {
    const caller = await withFault(name);
    const reply = await caller.pay(caller.bank, 5);
    expect([reply.status, codeOf(reply), reply.headers['retry-after']]).toEqual([429, 'RATE_LIMITED', word]);
    expect(await log(caller)).toEqual([]);
  });
});

describe('bodies that are not the answer', () => {
  test('truncate ends in the middle, with its length told or not', async () => {
    const caller = await withFault('truncate');
    const ends = new Set<unknown>();
    for (let turn = 0; turn < 12; turn += 1) {
      const error: unknown = await caller.call('GET', '/api/v1/balance').catch((reason: unknown) => reason);
      // Half a JSON document does not parse: the caller got it without an error from the network.
      ends.add(error instanceof SyntaxError ? 'half' : (error as { code?: unknown }).code);
    }
    expect(ends.delete('half')).toBe(true);
    expect(ends.size).toBeGreaterThan(0);
    for (const code of ends) expect([...CUT_OFF, 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH']).toContain(code);
  });

  test('html has four statuses, and is done or not', async () => {
    const caller = await withFault('html');
    const seen = new Set<number>();
    for (let turn = 0; turn < 30; turn += 1) {
      const reply = await caller.pay(caller.bank, 1);
      expect(reply.headers['content-type']).toBe('text/html; charset=utf-8');
      expect(reply.text).toContain('<!DOCTYPE html>');
      seen.add(reply.status);
    }
    expect(seen).toEqual(new Set([200, 404, 422, 502]));
    const done = (await log(caller)).length;
    expect(done).toBeGreaterThan(5);
    expect(done).toBeLessThan(25);
  });

  test('empty is 200 with nothing, and is done or not', async () => {
    const caller = await withFault('empty');
    for (let turn = 0; turn < 30; turn += 1) {
      const raw = await caller
        .call('POST', '/api/v1/payouts', { mode: 'X' })
        .catch((error: unknown) => error);
      expect(raw).toBeInstanceOf(SyntaxError);
      await caller.pay(caller.bank, 1).catch(() => undefined);
    }
    const done = (await log(caller)).length;
    expect(done).toBeGreaterThan(5);
    expect(done).toBeLessThan(25);
  });

  test('content-type has the right words under the wrong name', async () => {
    const caller = await withFault('content-type');
    const reply = await caller.pay(caller.bank, 7, { reference_id: 'named' });
    expect([reply.status, reply.headers['content-type']]).toEqual([202, 'text/plain; charset=utf-8']);
    expect(JSON.parse(reply.text)).toMatchObject({ reference_id: 'named', amount: 7 });
  });
});

describe('payouts that are told wrong', () => {
  const wrong: [FaultName, Body][] = [
    ['unknown-status', { status: expect.stringMatching(/^(ON_HOLD|INITIATED|SENT_TO_BENEFICIARY_BANK)$/) }],
    ['echo-hundredfold', { amount: 1250 }],
    ['echo-beneficiary', { beneficiary_id: expect.stringMatching(/^ben_[0-9a-f]{24}$/) }],
    ['echo-reference', { reference_id: 'other-told' }],
  ];
  test.each(wrong)('%s, in each answer that has the payout', async (name, fields) => {
    const caller = await withFault(name);
    const made = await caller.pay(caller.bank, 12.5, { reference_id: 'told' });
    expect(made).toMatchObject({ status: 202, json: fields });
    expect(await caller.get(made.json.payout_id)).toMatchObject(fields);
    const page = await caller.call('GET', '/api/v1/payouts?reference_id=told');
    expect(page.json.data).toMatchObject([fields]);
    expect(await log(caller)).toMatchObject([{ reference_id: 'told', amount: '12.50' }]);
    caller.turn(false);
    const right = await caller.get(made.json.payout_id);
    expect(right).toMatchObject({ reference_id: 'told', amount: 12.5, beneficiary_id: caller.bank });
  });

  test('echo-paisa is one paisa more or less', async () => {
    const caller = await withFault('echo-paisa');
    const amounts = new Set<unknown>();
    for (let turn = 0; turn < 12; turn += 1) amounts.add((await caller.pay(caller.bank, 100.1)).json.amount);
    expect(amounts).toEqual(new Set([100.09, 100.11]));
    expect((await caller.pay(caller.bank, 0.01)).json.amount).toBe(0.02);
  });

  test('echo-no-amount leaves it out', async () => {
    const caller = await withFault('echo-no-amount');
    const made = await caller.pay(caller.bank, 12.5);
    expect(made.json).toHaveProperty('payout_id');
    expect(made.json).not.toHaveProperty('amount');
  });

  test('regress says PROCESSING of what is final, and only in that answer', async () => {
    const caller = await withFault('regress');
    const made = await caller.pay(caller.bank, 12.5);
    expect(made.json.status).toBe('QUEUED');
    caller.clock.ms += 3000;
    expect(await caller.get(made.json.payout_id)).toMatchObject({
      status: 'PROCESSING',
      utr: null,
      fee: null,
    });
    caller.turn(false);
    expect(await caller.get(made.json.payout_id)).toMatchObject({ status: 'SUCCESS', fee: 3.5 });
  });

  test('of a page one payout is wrong', async () => {
    const caller = await withFault('echo-hundredfold');
    for (let turn = 0; turn < 5; turn += 1) await caller.pay(caller.bank, 3);
    const page = (await caller.call('GET', '/api/v1/payouts')).json.data as Body[];
    expect(page.map(({ amount }) => amount).sort()).toEqual([3, 3, 3, 3, 300]);
  });
});

test('an expired token is refused from then on, and a new one is taken', async () => {
  const caller = await withFault('token-expiry');
  expect((await caller.pay(caller.bank, 1)).status).toBe(401);
  caller.turn(false);
  expect((await caller.pay(caller.bank, 1)).status).toBe(401);
  const credentials = { api_key: 'sandbox-key', api_secret: 'sandbox-secret' };
  const fresh = (await caller.call('POST', '/api/v1/auth/token', credentials)).json.access_token;
  const balance = await caller.call('GET', '/api/v1/balance', undefined, {
    authorization: `Bearer ${String(fresh)}`,
  });
  expect(balance.status).toBe(200);
  expect(await log(caller)).toEqual([]);
});

test('a payout that would be paid is returned; one that fails still fails', async () => {
  const caller = await withFault('return');
  const paid = await caller.pay(caller.bank, 12);
  const failed = await caller.pay(await caller.account('0001'), 12);
  caller.clock.ms += 3000;
  expect((await caller.get(paid.json.payout_id)).status).toBe('SUCCESS');
  caller.clock.ms += 3000;
  expect(await caller.get(paid.json.payout_id)).toMatchObject({
    status: 'REVERSED',
    failure_reason: 'RETURNED_BY_BENEFICIARY_BANK',
  });
  expect((await caller.get(failed.json.payout_id)).status).toBe('FAILED');
});

/** What a fixed list of requests meets. */
async function course(seed: number): Promise<unknown[]> {
  const knobs = new Map<FaultName, { chance: number; ms: number }>();
  const caller = await startCaller({ chaos: { knobs, seed } });
  for (const name of ['error-before', 'reset-after', 'limit-seconds', 'html'] as const)
    knobs.set(name, { chance: 0.1, ms: 0 });
  const met: unknown[] = [];
  for (let turn = 0; turn < 120; turn += 1) {
    const path = turn % 3 === 0 ? '/api/v1/payouts?limit=5' : '/api/v1/balance';
    met.push(await outcome(caller.call('GET', path)));
  }
  met.push(caller.sandbox.stats().faults);
  return met;
}

test('the same seed is the same course, and another seed another', async () => {
  const first = await course(1);
  expect(await course(1)).toEqual(first);
  expect(await course(2)).not.toEqual(first);
  expect(new Set(first.slice(0, -1)).size).toBeGreaterThan(3);
});

test('whatever the faults, no paisa appears or disappears and nothing is executed twice', async () => {
  const knobs = new Map<FaultName, { chance: number; ms: number }>();
  const caller = await startCaller({ chaos: { knobs, seed: 3 }, opening_balance_minor: 2_000_00n });
  const accounts = await Promise.all(
    ['7777', '0001', '0004', '0011'].map((digits) => caller.account(digits)),
  );
  for (const [name, knob] of FAULT_SETS.heavy) knobs.set(name, { ...knob, ms: Math.min(knob.ms, 20) });
  for (let turn = 0; turn < 400; turn += 1) {
    const bank = accounts[turn % accounts.length] ?? '';
    await caller.pay(bank, 1 + (turn % 90), { reference_id: `r${turn % 150}` }).catch(() => undefined);
    caller.clock.ms += 40;
    const stats = caller.sandbox.stats();
    expect(stats.available_minor + stats.outstanding_minor).toBe(
      stats.opening_minor - stats.paid_minor - stats.fees_minor,
    );
  }
  const references = await executed(caller);
  expect(references.length).toBeGreaterThan(10);
  expect(new Set(references).size).toBe(references.length);
  expect(Object.keys(caller.sandbox.stats().faults).length).toBeGreaterThan(10);
});

describe('the limit of requests per second', () => {
  test('more than the limit in any rolling second is 429, until the second has passed', async () => {
    const clock = { ms: 0 };
    const caller = await startCaller({ requests_per_second: 3, monotonic_ms: () => clock.ms });
    const ask = async () => (await caller.call('GET', '/api/v1/balance')).status;
    // The token was the first.
    clock.ms = 600;
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
    clock.ms = 999;
    const refused = await caller.call('GET', '/api/v1/balance');
    expect([refused.status, refused.headers['retry-after']]).toEqual([429, '1']);
    clock.ms = 1000;
    expect([await ask(), await ask()]).toEqual([200, 429]);
    clock.ms = 1600;
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429]);
  });

  test('the figures say what was asked, what was answered, and the peak', async () => {
    const clock = { ms: 0 };
    const caller = await startCaller({ requests_per_second: 3, monotonic_ms: () => clock.ms });
    for (const ms of [500, 700, 899, 1800]) {
      clock.ms = ms;
      await caller.call('GET', '/api/v1/balance');
    }
    const { json } = await caller.call('GET', '/sandbox/stats', undefined, { authorization: '' });
    expect(json).toMatchObject({
      requests: 5,
      answers: { 200: 4, 429: 1 },
      peak_900ms: 4,
      available: '100000000.00',
      faults: {},
    });
  });
});

test('every fault has its sentence, and no set forgets references or asks for ten years', () => {
  for (const name of FAULT_NAMES) expect(FAULTS[name].says).toMatch(/\.$/);
  for (const knobs of Object.values(FAULT_SETS)) {
    expect(knobs.has('forget')).toBe(false);
    expect(knobs.has('limit-huge')).toBe(false);
  }
});
