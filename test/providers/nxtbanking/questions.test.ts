import { describe, expect, it } from 'vitest';
import { deadUrl, json, type Script, serveRaw } from '../scripted-server.ts';
import { bank, error, keep, payout, providerAt, providerFor } from './bank.ts';

describe('a look-up by reference', () => {
  const lookUp = async (body: unknown, status = 200) =>
    (await providerFor((_, response) => json(response, status, body))).lookUp('r-1');

  it('asks for the reference, encoded', async () => {
    const server = await bank((_, response) => json(response, 200, { data: [] }));
    expect(await providerAt(server.base_url).lookUp('a&b=c')).toEqual({ outcome: 'not_found' });
    expect(server.calls()[0]?.path).toBe('/api/v1/payouts?reference_id=a%26b%3Dc');
  });

  it('finds the one whose reference is exactly ours', async () => {
    const data = [
      payout({ reference_id: 'R-1', payout_id: 'po_9' }),
      payout({ reference_id: 'r-1.r2', payout_id: 'po_8' }),
      payout(),
    ];
    expect(await lookUp({ data })).toMatchObject({ outcome: 'found', report: { provider_id: 'po_1' } });
    expect(await lookUp({ data: data.slice(0, 2) })).toEqual({ outcome: 'not_found' });
  });

  it('of two under one reference tells of the one that may have paid', async () => {
    const data = [payout({ status: 'FAILED', payout_id: 'po_9' }), payout({ status: 'PROCESSING' })];
    expect(await lookUp({ data })).toMatchObject({ report: { provider_id: 'po_1' } });
    expect(await lookUp({ data: data.toReversed() })).toMatchObject({ report: { provider_id: 'po_1' } });
  });

  it('proves nothing where the list has more pages, an unreadable payout, or is none', async () => {
    const bad = { outcome: 'unavailable', because: { kind: 'bad_answer' } };
    expect(await lookUp({ data: [payout({ reference_id: 'x' })], next_cursor: 'c2' })).toMatchObject(bad);
    expect(await lookUp({ data: [{ reference_id: 'r-1' }] })).toMatchObject(bad);
    expect(await lookUp([])).toMatchObject(bad);
  });

  it('tells a missing payout from a missing page', async () => {
    expect(await lookUp(error('NOT_FOUND'), 404)).toEqual({ outcome: 'not_found' });
    expect(await lookUp('nothing here', 404)).toMatchObject({
      outcome: 'unavailable',
      because: { kind: 'bad_answer' },
    });
  });
});

describe('a status query', () => {
  it('encodes the id, so that it stays one step of the path', async () => {
    const server = await bank((_, response) => json(response, 200, payout({ payout_id: '../balance?x' })));
    expect(await providerAt(server.base_url).status('../balance?x')).toMatchObject({ outcome: 'found' });
    expect(server.calls()[0]?.path).toBe('/api/v1/payouts/..%2Fbalance%3Fx');
  });

  it('answers not found, another payout, and nothing at all as what they are', async () => {
    const missing = await providerFor((_, response) => json(response, 404, error('NOT_FOUND')));
    expect(await missing.status('po_1')).toEqual({ outcome: 'not_found' });
    const other = await providerFor((_, response) => json(response, 200, payout({ payout_id: 'po_2' })));
    expect(await other.status('po_1')).toMatchObject({
      outcome: 'unavailable',
      because: { kind: 'bad_answer' },
    });
    const silent = keep(await serveRaw((socket) => socket.destroy()));
    expect(await providerAt(silent.base_url).status('po_1')).toMatchObject({
      outcome: 'unavailable',
      because: { kind: 'unreachable' },
    });
  });
});

describe('a list', () => {
  it('passes its filter on and gives the next page', async () => {
    const server = await bank((_, response) =>
      json(response, 200, { data: [payout({ status: 'REVERSED' })], next_cursor: 'c2' }),
    );
    const page = await providerAt(server.base_url).list({
      status: 'REVERSED',
      from: '2026-11-20T00:00:00.000Z',
      cursor: 'c1',
    });
    expect(page).toMatchObject({ ok: true, value: { reports: [{ state: 'reversed' }], next_cursor: 'c2' } });
    const query = new URLSearchParams(server.calls()[0]?.path.split('?')[1]);
    expect(Object.fromEntries(query)).toEqual({
      status: 'REVERSED',
      from: '2026-11-20T00:00:00.000Z',
      cursor: 'c1',
      limit: '500',
    });
  });

  it('with an element that cannot be read, or that would go round for ever, is no answer', async () => {
    const broken = await providerFor((_, response) => json(response, 200, { data: [payout(), 7] }));
    expect(await broken.list({})).toMatchObject({ ok: false, because: { kind: 'bad_answer' } });
    const circle = await providerFor((_, response) => json(response, 200, { data: [], next_cursor: 'c1' }));
    expect(await circle.list({ cursor: 'c1' })).toMatchObject({ ok: false, because: { kind: 'bad_answer' } });
  });
});

describe('a registration', () => {
  const details = {
    name: 'Asha',
    account_number: '50100012345678',
    ifsc: 'HDFC0000001',
    bank_name: null,
    account_type: 'savings',
    vpa: null,
  } as const;

  it('sends what is known and reads the penny drop', async () => {
    const server = await bank((_, response) =>
      json(response, 201, { beneficiary_id: 'ben_1', status: 'VERIFIED', registered_name: 'ASHA' }),
    );
    expect(await providerAt(server.base_url).register(details)).toEqual({
      outcome: 'registered',
      registration: {
        provider_beneficiary_id: 'ben_1',
        status: 'verified',
        registered_name: 'ASHA',
        failure_reason: null,
      },
    });
    expect(JSON.parse(server.calls()[0]?.body ?? '')).toEqual({
      name: 'Asha',
      account_number: '50100012345678',
      ifsc: 'HDFC0000001',
      type: 'savings',
    });
  });

  it('of a known account adopts the earlier one', async () => {
    const provider = await providerFor((request, response) => {
      if (request.method === 'POST') json(response, 409, { ...error('EXISTS'), beneficiary_id: 'ben_7' });
      else json(response, 200, { beneficiary_id: request.path.split('/').at(-1), status: 'PENDING' });
    });
    expect(await provider.register(details)).toMatchObject({
      outcome: 'registered',
      registration: { provider_beneficiary_id: 'ben_7', status: 'pending' },
    });
  });

  const stated = { beneficiary_id: 'ben_7', status: 'VERIFIED', account_last4: '5678', ifsc: 'HDFC0000001' };

  it.each([
    ['account_last4', '1111', 'it ends in 1111, the one to be registered in 5678'],
    ['account_last4', 12, 'it ends in 12, the one to be registered in 5678'],
    ['ifsc', 'ICIC0000001', 'its IFSC is ICIC0000001, that of the one to be registered HDFC0000001'],
  ])('that names another account by its %s is refused', async (field, value, words) => {
    const other = { ...stated, [field]: value };
    const created = await providerFor((_, response) => json(response, 201, other));
    const adopted = await providerFor((request, response) => {
      if (request.method === 'POST') json(response, 409, { ...error('EXISTS'), beneficiary_id: 'ben_7' });
      else json(response, 200, other);
    });
    const reason = `the provider's beneficiary ben_7 is another account: ${words}`;
    for (const provider of [created, adopted]) {
      expect(await provider.register(details)).toEqual({ outcome: 'refused', reason });
    }
    expect(await adopted.beneficiary('ben_7', details)).toEqual({
      ok: true,
      value: { other_account: reason },
    });
  });

  it.each([
    {},
    { account_last4: 'XXXXXX5678', ifsc: 'hdfc0000001' },
    { account_last4: '', ifsc: null },
  ])('that states the account otherwise, or not, stands: %j', async (changes) => {
    const provider = await providerFor((_, response) => json(response, 201, { ...stated, ...changes }));
    expect((await provider.register(details)).outcome).toBe('registered');
  });

  it('shows no account number or address in the name or the reason that it gives', async () => {
    const provider = await providerFor((_, response) =>
      json(response, 201, {
        ...stated,
        status: 'FAILED',
        registered_name: 'ASHA 5010-0012-345678',
        failure_reason: 'asha.rao@okbank is closed',
      }),
    );
    expect(await provider.register(details)).toMatchObject({
      registration: { registered_name: 'ASHA ••••5678', failure_reason: '••••@okbank is closed' },
    });
  });

  it('is refused only by the provider itself, and without the account number', async () => {
    const refused = await providerFor((_, response) =>
      json(response, 422, error('INVALID_ACCOUNT', 'No account 50100012345678')),
    );
    expect(await refused.register(details)).toEqual({
      outcome: 'refused',
      reason: 'INVALID_ACCOUNT: No account ••••5678',
    });
    for (const [status, body] of [
      [422, '<html>'],
      [409, error('EXISTS')],
      [201, { status: 'VERIFIED' }],
      [201, { beneficiary_id: 'b', status: 'MAYBE' }],
      [503, ''],
    ] as const) {
      const provider = await providerFor((_, response) => json(response, status, body));
      expect((await provider.register(details)).outcome, `${status}`).toBe('unavailable');
    }
  });
});

describe('a report', () => {
  const report = async (script: Script) =>
    (await providerFor(script, { timeout_ms: 400 })).report('2026-11-20');

  it('is the bytes as they came, with the rows that it should have', async () => {
    const bytes = Buffer.from('payout_id,utr\r\npo_1,\xff\r\n', 'latin1');
    const answer = await report((_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/csv', 'x-row-count': '1', 'content-length': bytes.length })
        .end(bytes),
    );
    expect(answer.ok && answer.value.row_count).toBe(1);
    expect(answer.ok && bytes.equals(answer.value.content)).toBe(true);
  });

  it('is refused where it is a page, has no count, may be cut, or is cut', async () => {
    const scripts: Script[] = [
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      (_, response) =>
        response.writeHead(200, { 'content-type': 'text/csv', 'x-row-count': 'many' }).end('a\r\n'),
      (_, __, socket) =>
        socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/csv\r\nConnection: close\r\n\r\na,b\r\n1,'),
      (_, response) => response.writeHead(200, { 'content-length': '900' }).end('a,b\r\n1,2\r\n'),
      (_, response) => json(response, 404, error('NO_REPORT')),
    ];
    for (const [index, script] of scripts.entries())
      expect((await report(script)).ok, `script ${index}`).toBe(false);
  });
});

describe('the balance', () => {
  const body = '{"available":1234567.89,"currency":"INR"}';
  const DATE = 'Sat, 21 Nov 2026 10:00:00 GMT';

  it('is in paise, beside the time by the provider itself', async () => {
    const provider = await providerFor((_, response) => response.writeHead(200, { date: DATE }).end(body));
    expect(await provider.balance()).toEqual({
      ok: true,
      value: { available_minor: 123456789n, currency: 'INR', stated_at: DATE },
    });
  });

  it('never takes our own clock for the one of a provider that does not say its time', async () => {
    const provider = await providerFor((_, response) => {
      response.sendDate = false;
      response.writeHead(200).end(body);
    });
    expect(await provider.balance()).toMatchObject({ ok: true, value: { stated_at: '' } });
  });
});

describe('no question', () => {
  it('throws, whatever the network does', async () => {
    const silent = keep(await serveRaw((socket) => socket.resetAndDestroy()));
    for (const base_url of [await deadUrl(), silent.base_url]) {
      const provider = providerAt(base_url, { timeout_ms: 1_000 });
      const details = {
        name: 'A',
        account_number: null,
        ifsc: null,
        bank_name: null,
        account_type: null,
        vpa: 'a@b',
      } as const;
      const answers = await Promise.all([
        provider.list({}),
        provider.beneficiary('b'),
        provider.balance(),
        provider.report('2026-11-20'),
      ]);
      expect(answers.every((answer) => !answer.ok && answer.because.kind === 'unreachable')).toBe(true);
      const outcomes = await Promise.all([
        provider.lookUp('r'),
        provider.status('p'),
        provider.register(details),
      ]);
      expect(
        outcomes.every(
          (outcome) => outcome.outcome === 'unavailable' && outcome.because.kind === 'unreachable',
        ),
      ).toBe(true);
    }
  });
});
