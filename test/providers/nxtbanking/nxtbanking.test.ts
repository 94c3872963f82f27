import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Provider } from '../../../src/providers/provider.ts';
import { deadUrl, json, type Script, serve } from '../scripted-server.ts';
import { bank, error, KEY, keep, payout, providerAt, providerFor, SECRET, TOKEN } from './bank.ts';

const COMPOSED = {
  provider_reference: 'r-1',
  provider_beneficiary_id: 'ben_1',
  amount_minor: 150050n,
  currency: 'INR',
  rail: 'IMPS',
  narration: null,
} as const;

async function sendTo(provider: Provider, mayStart?: () => boolean) {
  return provider.submit({ provider_reference: 'r-1', body: provider.compose(COMPOSED) }, mayStart);
}

describe('a send', () => {
  it('is the composed bytes with the reference as its key, and nothing else', async () => {
    const server = await bank((_, response) => json(response, 202, payout()));
    const outcome = await sendTo(providerAt(server.base_url));
    expect(outcome).toMatchObject({
      outcome: 'accepted',
      report: { provider_id: 'po_1', amount_minor: 150050n, state: 'in_flight' },
    });
    expect(outcome.answer).toMatchObject({ http_status: 202, transport_error: null });
    expect(server.calls()).toHaveLength(1);
    const [request] = server.calls();
    expect(request).toMatchObject({ method: 'POST', path: '/api/v1/payouts' });
    expect(request?.body).toBe(
      '{"beneficiary_id":"ben_1","amount":1500.5,"mode":"IMPS","reference_id":"r-1"}',
    );
    expect(request?.headers).toMatchObject({
      'idempotency-key': 'r-1',
      authorization: `Bearer ${TOKEN}-1`,
      'content-type': 'application/json',
    });
  });

  it('has its narration unchanged, whatever stands in it', () => {
    const provider = providerAt('http://127.0.0.1:9');
    const narration = 'Gehalt "Nov"\\ ₹ 😀';
    const body = provider.compose({ ...COMPOSED, narration });
    expect(JSON.parse(body)).toMatchObject({ narration, amount: 1500.5 });
    expect(body).toBe(provider.compose({ ...COMPOSED, narration }));
  });

  it('is not composed in another currency', () => {
    expect(() => providerAt('http://127.0.0.1:9').compose({ ...COMPOSED, currency: 'USD' })).toThrow(
      'pays in INR only; r-1 is in USD',
    );
  });

  it('that meets a fault after it left is unknown, and is not sent again', async () => {
    const faults: Script[] = [
      (_, __, socket) => socket.resetAndDestroy(),
      (_, __, socket) => socket.end(),
      () => {},
      (_, response) => json(response, 500, error('INTERNAL')),
      (_, response) => response.writeHead(200, { 'content-length': '900' }).end('{"payout_id":"po_1"'),
      (_, response) => response.writeHead(200).end('<html>login</html>'),
      (_, response) => response.writeHead(200).end(`\ufeff${JSON.stringify(payout())}`),
      (_, response) => response.writeHead(204).end(),
      (_, response) => json(response, 202, payout({ payout_id: 77 })),
      (_, response) => response.writeHead(200).end(Buffer.alloc(1024 * 1024 + 1, 0x20)),
    ];
    for (const [index, fault] of faults.entries()) {
      const server = await bank(fault);
      const outcome = await sendTo(providerAt(server.base_url, { timeout_ms: 400 }));
      expect(outcome, `fault ${index}`).toMatchObject({ outcome: 'unknown', because: 'no_proof' });
      expect(server.calls(), `fault ${index}`).toHaveLength(1);
    }
  });

  it('that is redirected is unknown, and no other server hears of it', async () => {
    const elsewhere = keep(await serve((_, response) => json(response, 202, payout())));
    const provider = await providerFor((_, response) => {
      response.writeHead(307, { location: `${elsewhere.base_url}/api/v1/payouts` }).end();
    });
    expect(await sendTo(provider)).toMatchObject({ outcome: 'unknown', because: 'no_proof' });
    expect(elsewhere.seen).toHaveLength(0);
  });

  it('to a server that is not there was never sent', async () => {
    expect(await sendTo(providerAt(await deadUrl()))).toMatchObject({
      outcome: 'rejected',
      rejection: { because: 'never_sent' },
    });
  });

  it('that may not start any more is stopped before a byte leaves', async () => {
    const server = await bank((_, response) => json(response, 202, payout()));
    expect(await sendTo(providerAt(server.base_url), () => false)).toMatchObject({
      outcome: 'rejected',
      rejection: { because: 'stopped' },
    });
    expect(server.calls()).toHaveLength(0);
  });

  it('with a refusal that repeats an account number and our key is recorded without them', async () => {
    const provider = await providerFor((_, response) =>
      json(response, 422, error('INVALID_BENEFICIARY', `50100012345678 for ${KEY} ${TOKEN}-1`)),
    );
    const shown = JSON.stringify(await sendTo(provider));
    for (const canary of ['50100012345678', KEY, `${TOKEN}-1`]) expect(shown).not.toContain(canary);
    expect(shown).toContain('••••5678');
  });
});

describe('a 429', () => {
  it('pauses every call to the provider for as long as it asks', async () => {
    let first = true;
    const server = await bank((_, response) => {
      if (!first) return json(response, 200, { available: 1, currency: 'INR' });
      first = false;
      json(response, 429, error('SLOW_DOWN'), { 'retry-after': '0.3' });
    });
    const provider = providerAt(server.base_url);
    expect(await sendTo(provider)).toMatchObject({
      outcome: 'rejected',
      rejection: { because: 'rate_limited', retry_after_ms: 300 },
    });
    expect((await provider.balance()).ok).toBe(true);
    const [refused, next] = server.calls();
    expect((next?.at_ms ?? 0) - (refused?.at_ms ?? 0)).toBeGreaterThanOrEqual(295);
  });

  // As the header comes from a server, through the client that every call goes through.
  const at = (seconds: number) => new Date(Date.parse('2031-05-01T12:00:00Z') + seconds * 1000).toUTCString();
  it.each<[string, string | string[], number]>([
    ['seconds', '2', 2_000],
    ['a fraction of seconds', '0.25', 250],
    ['nothing at all', '0', 0],
    ['a negative number', '-30', 0],
    ['a date, against the Date of the answer and not our clock', at(3), 3_000],
    ['a date that is past', at(-60), 0],
    ['garbage', 'soon', 1_000],
    ['a power of ten', '1e9', 1_000],
    ['thirty-one years', '1000000000', 1_000_000_000_000],
    ['a date in a hundred years', at(3_155_760_000), 3_155_760_000_000],
    ['two headers, of which the longer wait holds', ['1', '4'], 4_000],
    ['two headers, of which one says nothing', ['soon', '3'], 3_000],
  ])('with %s waits as long as that means', async (_, header, expected) => {
    const provider = await providerFor((__, response) => {
      response.sendDate = false;
      response.setHeader('Date', at(0));
      response.setHeader('Retry-After', header);
      json(response, 429, error('SLOW_DOWN'));
    });
    const outcome = await sendTo(provider);
    expect(outcome).toMatchObject({ rejection: { because: 'rate_limited', retry_after_ms: expected } });
  });

  it('that asks for more than fifteen minutes holds up no other call', async () => {
    let first = true;
    const provider = await providerFor((_, response) => {
      if (!first) return json(response, 200, { available: 1, currency: 'INR' });
      first = false;
      json(response, 429, '', { 'retry-after': '901' });
    });
    await sendTo(provider);
    expect((await provider.balance()).ok).toBe(true);
  });

  it('of many minutes does not hold up a command that was stopped', async () => {
    const provider = await providerFor((_, response) => json(response, 429, '', { 'retry-after': '900' }));
    await sendTo(provider);
    let wanted = true;
    const waiting = sendTo(provider, () => wanted);
    wanted = false;
    expect(await waiting).toMatchObject({ outcome: 'rejected', rejection: { because: 'stopped' } });
  });
});

describe('the token', () => {
  it('is fetched once for many calls', async () => {
    const server = await bank((_, response) => json(response, 202, payout()));
    const provider = providerAt(server.base_url);
    await Promise.all(Array.from({ length: 30 }, () => sendTo(provider)));
    expect([server.tokens(), server.calls().length]).toEqual([1, 30]);
  });

  it('that is refused to twenty sends at once is renewed once, and each sends the same bytes again', async () => {
    const server = await bank((request, response) => {
      if (request.headers.authorization === `Bearer ${TOKEN}-1`) json(response, 401, error('TOKEN_EXPIRED'));
      else json(response, 202, payout());
    });
    const provider = providerAt(server.base_url);
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => sendTo(provider)));
    expect(outcomes.every((outcome) => outcome.outcome === 'accepted')).toBe(true);
    expect(server.tokens()).toBe(2);
    expect(server.calls()).toHaveLength(40);
    expect(new Set(server.calls().map((request) => request.body)).size).toBe(1);
  });

  it('that is refused twice is a matter of credentials, after one repeat', async () => {
    const server = await bank((_, response) => json(response, 401, error('REVOKED')));
    const provider = providerAt(server.base_url);
    expect(await sendTo(provider)).toMatchObject({
      outcome: 'rejected',
      rejection: { because: 'credentials' },
      answer: { http_status: 401 },
    });
    expect([server.tokens(), server.calls().length]).toEqual([2, 2]);
  });

  it('is renewed before it ends', async () => {
    const server = await bank((_, response) => json(response, 202, payout()), 0.4);
    const provider = providerAt(server.base_url);
    await sendTo(provider);
    const halfOver = performance.now() + 210;
    while (performance.now() < halfOver) await new Promise((resolve) => setTimeout(resolve, 20));
    await sendTo(provider);
    expect(server.calls().map((request) => request.headers.authorization)).toEqual([
      `Bearer ${TOKEN}-1`,
      `Bearer ${TOKEN}-2`,
    ]);
  });

  it('that cannot be had tells why, with no send and no secret', async () => {
    const rows: readonly (readonly [Script, string])[] = [
      [
        (_, response) => json(response, 401, error('BAD_KEY', `Unknown key ${KEY} / ${SECRET}`)),
        'credentials',
      ],
      [(_, response) => response.writeHead(403).end('<html>'), 'credentials'],
      [(_, response) => json(response, 429, '', { 'retry-after': '0' }), 'rate_limited'],
      [(_, response) => json(response, 503, error('DOWN')), 'never_sent'],
      [(_, response) => response.writeHead(200).end('<html>'), 'never_sent'],
      [(_, __, socket) => socket.destroy(), 'never_sent'],
    ];
    for (const [script, because] of rows) {
      const server = keep(await serve(script));
      const outcome = await sendTo(providerAt(server.base_url));
      expect(outcome).toMatchObject({
        outcome: 'rejected',
        rejection: { because },
        answer: { http_status: null, text: null },
      });
      expect(JSON.stringify(outcome)).not.toMatch(/canary/);
      expect(server.seen.every((request) => request.path === '/api/v1/auth/token')).toBe(true);
    }
  });

  it('takes its turn under the cap like every other call', async () => {
    const server = await bank((_, response) => json(response, 202, payout()));
    await sendTo(providerAt(server.base_url, { requests_per_second: 4 }));
    const [token, send] = server.seen;
    expect((send?.at_ms ?? 0) - (token?.at_ms ?? 0)).toBeGreaterThan(225);
  });
});

describe('a provider', () => {
  it('shows no secret, however it is printed', async () => {
    const provider = await providerFor((_, response) => json(response, 202, payout()));
    await sendTo(provider);
    const shown =
      inspect(provider, { depth: Infinity, showHidden: true }) + JSON.stringify(provider) + String(provider);
    expect(shown).toContain('nxtbanking');
    expect(shown).not.toMatch(/canary/);
  });

  it('takes a prefix with or without slashes, and none', async () => {
    for (const [api_prefix, path] of [
      ['api/v1/', '/api/v1/auth/token'],
      ['', '/auth/token'],
      ['/', '/auth/token'],
      ['/v1', '/v1/auth/token'],
    ] as const) {
      const server = keep(await serve((_, response) => json(response, 401, error('X'))));
      await providerAt(server.base_url, { api_prefix }).balance();
      expect(server.seen[0]?.path).toBe(path);
    }
  });
});
