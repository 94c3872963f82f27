import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import { GO_ON } from '../../src/sandbox/faults.ts';
import { type Body, codeOf, startCaller } from './caller.ts';

describe('tokens', () => {
  test('a wrong secret gets no token', async () => {
    const { call } = await startCaller();
    const reply = await call('POST', '/api/v1/auth/token', { api_key: 'sandbox-key', api_secret: 'guess' });
    expect([reply.status, codeOf(reply)]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('credentials of its own replace the documented ones', async () => {
    const { call } = await startCaller({ api_key: 'k1', api_secret: 's1' });
    expect(
      (await call('POST', '/api/v1/auth/token', { api_key: 'sandbox-key', api_secret: 'sandbox-secret' }))
        .status,
    ).toBe(401);
    expect((await call('POST', '/api/v1/auth/token', { api_key: 'k1', api_secret: 's1' })).status).toBe(200);
  });

  test('a token ends when its seconds have passed', async () => {
    const { call, clock } = await startCaller({ token_seconds: 60 });
    expect((await call('GET', '/api/v1/balance')).status).toBe(200);
    clock.ms += 59_999;
    expect((await call('GET', '/api/v1/balance')).status).toBe(200);
    clock.ms += 1;
    const reply = await call('GET', '/api/v1/balance');
    expect([reply.status, codeOf(reply)]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test.each([
    ['POST', '/api/v1/beneficiaries'],
    ['GET', '/api/v1/beneficiaries/ben_x'],
    ['POST', '/api/v1/payouts'],
    ['GET', '/api/v1/payouts'],
    ['GET', '/api/v1/payouts/pay_x'],
    ['GET', '/api/v1/balance'],
    ['GET', '/api/v1/reports/payouts?date=2026-11-21'],
  ] as const)('%s %s wants a token', async (method, path) => {
    const { call } = await startCaller();
    const body = method === 'POST' ? {} : undefined;
    for (const authorization of ['', 'Bearer made-up', 'Basic c2FuZGJveA==']) {
      const reply = await call(method, path, body, { authorization });
      expect([reply.status, codeOf(reply)]).toEqual([401, 'UNAUTHENTICATED']);
    }
  });
});

describe('beneficiaries', () => {
  const details = { name: 'Asha Rao', account_number: '50100012345678', ifsc: 'HDFC0000001' };

  test('a bank account is verified at once, with its name in capitals', async () => {
    const { call } = await startCaller();
    const { status, json } = await call('POST', '/api/v1/beneficiaries', details);
    expect(status).toBe(201);
    expect(json).toEqual({
      beneficiary_id: expect.stringMatching(/^ben_[0-9a-f]{24}$/),
      name: 'Asha Rao',
      status: 'VERIFIED',
      registered_name: 'ASHA RAO',
      account_last4: '5678',
      ifsc: 'HDFC0000001',
      failure_reason: null,
    });
    expect((await call('GET', `/api/v1/beneficiaries/${String(json.beneficiary_id)}`)).json).toEqual(json);
  });

  test('the same account again is 409 with its beneficiary_id, whatever the name', async () => {
    const { call } = await startCaller();
    const first = await call('POST', '/api/v1/beneficiaries', details);
    const again = await call('POST', '/api/v1/beneficiaries', { ...details, name: 'A. Rao' });
    expect(again.status).toBe(409);
    expect(again.json.beneficiary_id).toBe(first.json.beneficiary_id);
    expect(codeOf(again)).toBe('BENEFICIARY_EXISTS');
    const elsewhere = await call('POST', '/api/v1/beneficiaries', { ...details, ifsc: 'ICIC0000001' });
    expect(elsewhere.status).toBe(201);
  });

  test('a VPA is known again in other letter case', async () => {
    const { call } = await startCaller();
    const first = await call('POST', '/api/v1/beneficiaries', { name: 'Asha', vpa: 'asha@okbank' });
    expect(first.status).toBe(201);
    expect(first.json).not.toHaveProperty('ifsc');
    const again = await call('POST', '/api/v1/beneficiaries', { name: 'Asha', vpa: 'Asha@OKBank' });
    expect([again.status, again.json.beneficiary_id]).toEqual([409, first.json.beneficiary_id]);
  });

  test.each<[string, Body, string]>([
    ['no name', { ...details, name: ' ' }, 'INVALID_NAME'],
    ['an IFSC without its zero', { ...details, ifsc: 'HDFC1000001' }, 'INVALID_IFSC'],
    ['no IFSC', { name: 'A', account_number: '50100012345678' }, 'INVALID_IFSC'],
    ['an account number with spaces', { ...details, account_number: '5010 0012' }, 'INVALID_ACCOUNT'],
    ['a damaged account number', { ...details, account_number: '5.01E+13' }, 'INVALID_ACCOUNT'],
    ['a number for an account number', { ...details, account_number: 50100012345678 }, 'INVALID_REQUEST'],
    ['a VPA without a handle', { name: 'A', vpa: 'asha' }, 'INVALID_VPA'],
    ['an account and a VPA', { ...details, vpa: 'asha@okbank' }, 'INVALID_REQUEST'],
    ['neither', { name: 'A' }, 'INVALID_REQUEST'],
    ['an unknown type', { ...details, type: 'loan' }, 'INVALID_REQUEST'],
  ])('%s is refused with 422', async (_what, body, code) => {
    const { call } = await startCaller();
    const reply = await call('POST', '/api/v1/beneficiaries', body);
    expect([reply.status, codeOf(reply)]).toEqual([422, code]);
  });

  test('an unknown id is 404', async () => {
    const { call } = await startCaller();
    expect((await call('GET', '/api/v1/beneficiaries/ben_none')).status).toBe(404);
    expect((await call('GET', '/api/v1/beneficiaries/%ff')).status).toBe(404);
  });
});

describe('payouts', () => {
  test('a payout goes from QUEUED over PROCESSING to SUCCESS as time passes', async () => {
    const { account, pay, get, clock } = await startCaller();
    const beneficiary_id = await account();
    const { status, json } = await pay(beneficiary_id, 100.1, {
      reference_id: 'salary-000001',
      narration: 'salary',
    });
    expect(status).toBe(202);
    expect(json).toEqual({
      payout_id: expect.stringMatching(/^pay_[0-9a-f]{24}$/),
      reference_id: 'salary-000001',
      beneficiary_id,
      amount: 100.1,
      currency: 'INR',
      mode: 'IMPS',
      status: 'QUEUED',
      utr: null,
      fee: null,
      tax: null,
      failure_reason: null,
      created_at: '2026-11-21T06:00:00.000Z',
      completed_at: null,
      reversed_at: null,
      updated_at: '2026-11-21T06:00:00.000Z',
    });
    clock.ms += 1000;
    expect(await get(json.payout_id)).toMatchObject({
      status: 'PROCESSING',
      utr: null,
      updated_at: '2026-11-21T06:00:01.000Z',
    });
    clock.ms += 5000;
    expect(await get(json.payout_id)).toMatchObject({
      status: 'SUCCESS',
      fee: 3.5,
      tax: 0.63,
      completed_at: '2026-11-21T06:00:03.000Z',
      updated_at: '2026-11-21T06:00:03.000Z',
    });
  });

  test('a clock that goes back takes nothing back', async () => {
    const { account, pay, get, clock } = await startCaller();
    const { json } = await pay(await account(), 10);
    clock.ms += 3000;
    expect((await get(json.payout_id)).status).toBe('SUCCESS');
    clock.ms -= 10_000;
    expect((await get(json.payout_id)).status).toBe('SUCCESS');
  });

  test('each rail has its fee, its tax and its shape of UTR', async () => {
    const { account, vpa, pay, get, clock } = await startCaller();
    const bank = await account();
    const expected = [
      ['IMPS', 250_000, 3.5, 0.63, /^\d{12}$/],
      ['NEFT', 250_000, 2, 0.36, /^N\d{15}$/],
      ['RTGS', 250_000, 15, 2.7, /^[A-Z]{4}R[A-Z0-9]\d{16}$/],
      ['UPI', 99_999.99, 1.5, 0.27, /^\d{12}$/],
    ] as const;
    const utrs = new Set<unknown>();
    for (const [mode, amount, fee, tax, shape] of expected) {
      const made = await pay(mode === 'UPI' ? await vpa() : bank, amount, { mode });
      clock.ms += 3000;
      const payout = await get(made.json.payout_id);
      expect(payout).toMatchObject({ status: 'SUCCESS', mode, amount, fee, tax });
      expect(payout.utr).toMatch(shape);
      utrs.add(payout.utr);
    }
    expect(utrs.size).toBe(4);
  });

  test('tax is rounded half up to the paisa', async () => {
    const { account, pay, get, clock } = await startCaller({
      fees: { IMPS: '0.25', NEFT: '0.125', RTGS: '0', UPI: '0' },
    });
    const bank = await account();
    const imps = await pay(bank, 1);
    const neft = await pay(bank, 1, { mode: 'NEFT' });
    clock.ms += 3000;
    // 18 % of 25 paise is 4.5; 12.5 paise are charged as 13, and 18 % of that is 2.34.
    expect(await get(imps.json.payout_id)).toMatchObject({ fee: 0.25, tax: 0.05 });
    expect(await get(neft.json.payout_id)).toMatchObject({ fee: 0.13, tax: 0.02 });
  });

  test.each<[string, Body, number, string]>([
    ['three decimals', { amount: 100.105 }, 422, 'INVALID_AMOUNT'],
    ['a sum of floats', { amount: 0.1 + 0.2 }, 422, 'INVALID_AMOUNT'],
    ['zero', { amount: 0 }, 422, 'INVALID_AMOUNT'],
    ['a negative amount', { amount: -5 }, 422, 'INVALID_AMOUNT'],
    ['an amount beyond exact paise', { amount: 1e15, mode: 'NEFT' }, 422, 'INVALID_AMOUNT'],
    ['an amount as text', { amount: '100' }, 400, 'INVALID_REQUEST'],
    ['more than IMPS takes', { amount: 500_000.01 }, 422, 'LIMIT_EXCEEDED'],
    ['less than RTGS takes', { amount: 199_999.99, mode: 'RTGS' }, 422, 'INVALID_AMOUNT'],
    ['UPI to a bank account', { mode: 'UPI' }, 422, 'INVALID_MODE'],
    ['an unknown mode', { mode: 'CHEQUE' }, 422, 'INVALID_MODE'],
    ['an unknown beneficiary', { beneficiary_id: 'ben_none' }, 422, 'INVALID_BENEFICIARY'],
    ['a reference with a space', { reference_id: 'a b' }, 400, 'INVALID_REQUEST'],
    ['a reference that is too long', { reference_id: 'r'.repeat(65) }, 400, 'INVALID_REQUEST'],
    ['no reference', { reference_id: undefined }, 400, 'INVALID_REQUEST'],
    ['a narration that is too long', { narration: 'n'.repeat(101) }, 400, 'INVALID_REQUEST'],
  ])('%s is refused, and nothing is made', async (_what, fields, status, code) => {
    const { account, pay, sandbox, call } = await startCaller();
    const reply = await pay(await account(), 100, fields);
    expect([reply.status, codeOf(reply)]).toEqual([status, code]);
    expect(sandbox.stats().outstanding_minor).toBe(0n);
    expect((await call('GET', '/api/v1/payouts')).json.data).toEqual([]);
  });

  test('limits hold to the paisa', async () => {
    const { account, vpa, pay } = await startCaller();
    const bank = await account();
    expect((await pay(bank, 500_000)).status).toBe(202);
    expect((await pay(bank, 200_000, { mode: 'RTGS' })).status).toBe(202);
    expect((await pay(await vpa(), 100_000, { mode: 'UPI' })).status).toBe(202);
    const over = await pay(await vpa(), 100_000.01, { mode: 'UPI' });
    expect([over.status, codeOf(over)]).toEqual([422, 'LIMIT_EXCEEDED']);
  });

  test('a refused reference stays free', async () => {
    const { account, pay } = await startCaller({ opening_balance_minor: 10_000n });
    const bank = await account();
    const reference = { reference_id: 'again' };
    expect((await pay(bank, 100.001, reference)).status).toBe(422);
    const poor = await pay(bank, 100.01, reference);
    expect([poor.status, codeOf(poor)]).toEqual([402, 'INSUFFICIENT_FUNDS']);
    expect((await pay(bank, 100, reference)).status).toBe(202);
  });

  test('a reference again is 409 and moves no money, whatever the body', async () => {
    const { account, pay, available } = await startCaller();
    const bank = await account();
    await pay(bank, 100, { reference_id: 'once' });
    const before = await available();
    for (const fields of [{}, { amount: 5 }, { amount: 'x', mode: 7 }, { beneficiary_id: 'ben_none' }]) {
      const again = await pay(bank, 100, { reference_id: 'once', ...fields });
      expect([again.status, codeOf(again)]).toEqual([409, 'DUPLICATE_REFERENCE']);
    }
    expect(await available()).toBe(before);
  });

  test('a reference stays used after its payout has failed', async () => {
    const { account, pay, clock } = await startCaller();
    const closed = await account('0001');
    await pay(closed, 100, { reference_id: 'once' });
    clock.ms += 10_000;
    expect((await pay(await account(), 100, { reference_id: 'once' })).status).toBe(409);
  });

  test('where asked for, a reference again gives the earlier payout back', async () => {
    const { account, pay, available, clock } = await startCaller({ idempotent_answer: '200' });
    const bank = await account();
    const first = await pay(bank, 100, { reference_id: 'once' });
    clock.ms += 3000;
    const again = await pay(bank, 700, { reference_id: 'once' });
    expect(again.status).toBe(200);
    expect(again.json).toMatchObject({ payout_id: first.json.payout_id, amount: 100, status: 'SUCCESS' });
    expect(await available()).toBe(10_00_00_000 - 100 - 4.13);
  });

  test('many at once under one reference make one payout', async () => {
    const { account, pay, sandbox } = await startCaller();
    const bank = await account();
    const replies = await Promise.all(
      Array.from({ length: 20 }, () => pay(bank, 1, { reference_id: 'race' })),
    );
    expect(replies.filter(({ status }) => status === 202)).toHaveLength(1);
    expect(replies.filter(({ status }) => status === 409)).toHaveLength(19);
    expect(sandbox.stats().outstanding_minor).toBe(100n);
  });

  test('an unknown id is 404', async () => {
    const { call } = await startCaller();
    const reply = await call('GET', '/api/v1/payouts/pay_none');
    expect([reply.status, codeOf(reply)]).toEqual([404, 'NOT_FOUND']);
  });
});

describe('on the wire', () => {
  test('it says that it lives, and what it speaks', async () => {
    const { call } = await startCaller();
    expect((await call('GET', '/healthz', undefined, { authorization: '' })).json).toEqual({ status: 'ok' });
    expect((await call('GET', '/openapi.json', undefined, { authorization: '' })).json).toHaveProperty(
      'openapi',
      '3.1.0',
    );
  });

  test('an unknown path is 404, another method 405 with those that there are', async () => {
    const { call } = await startCaller();
    for (const path of ['/', '/api/v1', '/api/v2/payouts', '/api/v1/payouts/', '/api/v1/payouts/a/b']) {
      expect((await call('GET', path)).status).toBe(404);
    }
    const wrong = await call('DELETE', '/api/v1/payouts');
    expect([wrong.status, wrong.headers.allow, codeOf(wrong)]).toEqual([
      405,
      'POST, GET',
      'METHOD_NOT_ALLOWED',
    ]);
  });

  test.each([
    ['no JSON', '{"amount": '],
    ['a list', '[]'],
    ['nothing', ''],
    ['null', 'null'],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0xff, 0x7d])],
  ])('a body of %s is 400', async (_what, body) => {
    const { call } = await startCaller();
    const reply = await call('POST', '/api/v1/payouts', body);
    expect([reply.status, codeOf(reply)]).toEqual([400, 'INVALID_REQUEST']);
  });

  test('a body over 1 MiB is 413, told by its length or counted', async () => {
    const { call, sandbox } = await startCaller();
    const reply = await call('POST', '/api/v1/payouts', 'x'.repeat(1024 * 1024 + 1));
    expect([reply.status, codeOf(reply)]).toEqual([413, 'BODY_TOO_LARGE']);
    const { port } = new URL(sandbox.url);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), '127.0.0.1', () => {
        const chunk = `80000\r\n${'x'.repeat(0x80000)}\r\n`;
        socket.write(
          `POST /api/v1/payouts HTTP/1.1\r\nHost: sandbox\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}${chunk}`,
        );
      });
      socket.once('data', (data) => {
        socket.destroy();
        resolve(data.toString());
      });
      socket.once('error', reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });

  test('latency delays every answer', async () => {
    const { call } = await startCaller({ latency_ms: 40 });
    const started = performance.now();
    await call('GET', '/healthz');
    expect(performance.now() - started).toBeGreaterThan(38);
  });

  test('a request cut before it is handled makes no payout; one cut after it does', async () => {
    let cut: 'before' | 'after' | 'never' = 'never';
    const caller = await startCaller({
      faults: {
        before: async ({ path }) => (cut === 'before' && path.endsWith('/payouts') ? { act: 'cut' } : GO_ON),
        after: async ({ method }) => (cut === 'after' && method === 'POST' ? { act: 'cut' } : GO_ON),
      },
    });
    const bank = await caller.account();
    cut = 'before';
    await expect(caller.pay(bank, 1)).rejects.toThrow();
    expect(caller.sandbox.stats().statuses.QUEUED).toBe(0);
    cut = 'after';
    await expect(caller.pay(bank, 1)).rejects.toThrow();
    expect(caller.sandbox.stats().statuses.QUEUED).toBe(1);
  });

  test('a port that is taken is an error that says so', async () => {
    const { sandbox } = await startCaller();
    await expect(startCaller({ port: Number(new URL(sandbox.url).port) })).rejects.toMatchObject({
      code: 'port_unavailable',
    });
  });

  test('it counts what it answered', async () => {
    const { call, sandbox } = await startCaller();
    await call('GET', '/nowhere');
    expect(sandbox.stats()).toMatchObject({ requests: 2, answers: { 200: 1, 404: 1 } });
  });
});
