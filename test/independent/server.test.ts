import { afterEach, describe, expect, onTestFinished, test } from 'vitest';
import { type Bank, startBank } from './bank-process.ts';

let token = '';
afterEach(() => {
  token = '';
});

async function bank(options: Record<string, unknown> = {}): Promise<Bank> {
  const started = await startBank(options);
  onTestFinished(() => started.stop());
  return started;
}

interface Answered {
  status: number;
  /** The fields that some test looks at; which of them are there is what it finds out. */
  body: {
    beneficiary_id: string;
    error: { code: string };
    data: { reference_id: string; amount: number }[];
    next_cursor: string | null;
  };
  text: string;
  headers: Headers;
}

async function ask(on: Bank, method: string, path: string, body?: unknown): Promise<Answered> {
  if (token === '') {
    const granted = await fetch(`${on.url}/api/v1/auth/token`, {
      method: 'POST',
      body: JSON.stringify({ api_key: 'k', api_secret: 's' }),
    });
    token = ((await granted.json()) as { access_token: string }).access_token;
  }
  const reference = (body as { reference_id?: string } | undefined)?.reference_id;
  const response = await fetch(`${on.url}/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(reference ? { 'idempotency-key': reference } : {}) },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text.startsWith('{') ? JSON.parse(text) : {},
    text,
  };
}

async function withBeneficiary(on: Bank): Promise<string> {
  return (
    await ask(on, 'POST', '/beneficiaries', {
      name: 'Asha',
      account_number: '123456789',
      ifsc: 'HDFC0000001',
    })
  ).body.beneficiary_id;
}

const payout = (beneficiary_id: string, reference_id: string, amount = 100) => ({
  beneficiary_id,
  amount,
  mode: 'IMPS',
  reference_id,
});

describe('the independent server', () => {
  test('lets nobody in without a token', async () => {
    const on = await bank();
    expect((await fetch(`${on.url}/api/v1/balance`)).status).toBe(401);
    const refused = await fetch(`${on.url}/api/v1/auth/token`, {
      method: 'POST',
      body: JSON.stringify({ api_key: 'k', api_secret: 'wrong' }),
    });
    expect(refused.status).toBe(401);
  });

  test('registers an account once and gives its name back after that', async () => {
    const on = await bank();
    const id = await withBeneficiary(on);
    const again = await ask(on, 'POST', '/beneficiaries', {
      name: 'A',
      account_number: '123456789',
      ifsc: 'HDFC0000001',
    });
    expect([again.status, again.body.beneficiary_id, again.body.error.code]).toEqual([
      409,
      id,
      'BENEFICIARY_EXISTS',
    ]);
    expect((await ask(on, 'GET', `/beneficiaries/${id}`)).body).toMatchObject({
      status: 'VERIFIED',
      account_last4: '6789',
    });
  });

  test('keeps a balance that its payouts explain to the last paisa', async () => {
    const on = await bank();
    const id = await withBeneficiary(on);
    for (const [index, amount] of [100, 100.13, 100.19, 100.29].entries())
      await ask(on, 'POST', '/payouts', payout(id, `p-${index}`, amount));
    const books = await on.books();
    expect(books.payouts.map((each) => each.status)).toEqual(['SUCCESS', 'FAILED', 'REVERSED', 'PROCESSING']);
    // 100 and its fee, the fee of the one that came back, and what is still under way.
    expect(books.moved).toBe(-(10000 + 590) - 590 - 10029);
  });

  test.each([
    ['409', 409],
    ['200', 200],
  ])('with duplicates %s answers a reference that it knows with %i, and pays once', async (duplicates, status) => {
    const on = await bank({ duplicates });
    const id = await withBeneficiary(on);
    await ask(on, 'POST', '/payouts', payout(id, 'p-1'));
    expect((await ask(on, 'POST', '/payouts', payout(id, 'p-1'))).status).toBe(status);
    expect(await on.books()).toMatchObject({ violations: [], payouts: [{ asked: 2 }] });
    await ask(on, 'POST', '/payouts', payout(id, 'p-1', 200));
    expect((await on.books()).violations).toEqual(['p-1 came again with other bytes']);
  });

  test('refuses what the contract refuses, and then the reference stays free', async () => {
    const on = await bank({ opening_balance: 1_000_00 });
    const id = await withBeneficiary(on);
    const refusals = [
      payout('bene_99', 'p-1'),
      payout(id, 'p-1', 1.005),
      payout(id, 'p-1', 5_00_001),
      { ...payout(id, 'p-1'), mode: 'UPI' },
      payout(id, 'p-1', 1000.01),
      payout(id, '-bad'),
    ];
    const codes = [];
    for (const body of refusals) {
      const { status, body: answer } = await ask(on, 'POST', '/payouts', body);
      codes.push(`${status} ${answer.error.code}`);
    }
    expect(codes).toEqual([
      '422 INVALID_BENEFICIARY',
      '422 INVALID_AMOUNT',
      '422 LIMIT_EXCEEDED',
      '422 INVALID_MODE',
      '402 INSUFFICIENT_FUNDS',
      '400 BAD_REQUEST',
    ]);
    expect((await ask(on, 'POST', '/payouts', payout(id, 'p-1'))).status).toBe(202);
  });

  test('lists newest first, page by page, and finds by status and reference', async () => {
    const on = await bank();
    const id = await withBeneficiary(on);
    for (let index = 1; index <= 5; index += 1)
      await ask(on, 'POST', '/payouts', payout(id, `p-${index}`, index === 3 ? 1.19 : index));
    const page = await ask(on, 'GET', '/payouts?limit=2');
    const next = await ask(on, 'GET', `/payouts?limit=2&cursor=${page.body.next_cursor}`);
    const references = [page, next].flatMap(({ body }) =>
      body.data.map((each: { reference_id: string }) => each.reference_id),
    );
    expect(references).toEqual(['p-5', 'p-4', 'p-3', 'p-2']);
    expect((await ask(on, 'GET', '/payouts?status=REVERSED')).body.data).toHaveLength(1);
    expect((await ask(on, 'GET', '/payouts?reference_id=p-2')).body.data).toMatchObject([{ amount: 2 }]);
    expect((await ask(on, 'GET', '/payouts?reference_id=p-9')).body).toEqual({ data: [], next_cursor: null });
  });

  test('reports a day as CSV with its count', async () => {
    const on = await bank();
    const id = await withBeneficiary(on);
    await ask(on, 'POST', '/payouts', payout(id, 'p-1', 100.5));
    await on.books();
    const today = new Date(Date.now() + 5.5 * 3_600_000).toISOString().slice(0, 10);
    const { text: body, headers } = await ask(on, 'GET', `/reports/payouts?date=${today}`);
    expect(headers.get('x-row-count')).toBe('1');
    expect(body.split('\r\n')[0]).toBe(
      'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at',
    );
    expect(body.split('\r\n')[1]).toMatch(
      /^pout_1,p-1,4\d{11},bene_1,100\.50,5\.00,0\.90,INR,IMPS,SUCCESS,,/,
    );
    expect((await ask(on, 'GET', '/reports/payouts?date=2020-01-01')).headers.get('x-row-count')).toBe('0');
  });
});

describe('its faults', () => {
  test.each([
    ['status_before', 500, 0],
    ['status_after', 500, 1],
    ['html_before', 200, 0],
    ['html_after', 200, 1],
    ['rate_limit', 429, 0],
    ['unauthorized', 401, 0],
    ['wrong_echo', 202, 1],
  ])('%s answers %i with %i payouts made, once', async (kind, status, made) => {
    const on = await bank();
    const id = await withBeneficiary(on);
    await on.faults([{ kind, method: 'POST', path: '/payouts', times: 1, echo: { amount: 1 } }]);
    const broken = await ask(on, 'POST', '/payouts', payout(id, 'p-1'));
    expect(broken.status).toBe(status);
    expect((await on.books()).payouts).toHaveLength(made);
    expect((await ask(on, 'POST', '/payouts', payout(id, 'p-2'))).status).toBe(202);
  });

  test.each([
    ['reset_before', 0],
    ['reset_after', 1],
    ['truncate', 1],
  ])('%s gives no answer, with %i payouts made', async (kind, made) => {
    const on = await bank();
    const id = await withBeneficiary(on);
    await on.faults([{ kind, path: '/payouts', times: 1 }]);
    await expect(
      ask(on, 'POST', '/payouts', payout(id, 'p-1')).then(({ text }) => JSON.parse(text)),
    ).rejects.toThrow();
    expect((await on.books()).payouts).toHaveLength(made);
  });

  test('late makes the payout when nobody knows of it any more', async () => {
    const on = await bank();
    const id = await withBeneficiary(on);
    await on.faults([{ kind: 'late', method: 'POST', path: '/payouts', times: 1, after_ms: 100 }]);
    await expect(ask(on, 'POST', '/payouts', payout(id, 'p-1'))).rejects.toThrow();
    expect((await ask(on, 'GET', '/payouts?reference_id=p-1')).body.data).toEqual([]);
    await expect.poll(async () => (await on.books()).payouts.length).toBe(1);
  });
});
