import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpResult, TextAnswer } from '../../../src/providers/http.ts';
import {
  classifySubmit,
  rejectionWithoutToken,
  retryAfterMs,
  whyUnavailable,
} from '../../../src/providers/nxtbanking/classify.ts';

const DATE = 'Sat, 21 Nov 2026 10:00:00 GMT';

function answer(
  status: number,
  body: unknown,
  retryAfter: string | null = null,
  date: string | null = DATE,
): TextAnswer {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const headers = {
    'content-type': 'application/json',
    'retry-after': retryAfter === null ? [] : [retryAfter],
    date,
    'x-row-count': null,
  };
  return { kind: 'answer', status, headers, complete: true, received_at_ms: Date.parse(DATE), text };
}

const error = (code: string, message = 'No.') => ({ error: { code, message } });
const HTML = '<html><body>Blocked</body></html>';
const PAYOUT = {
  payout_id: 'po_1',
  reference_id: 'salary-000001',
  beneficiary_id: 'ben_1',
  amount: 1500.5,
  mode: 'IMPS',
  status: 'QUEUED',
  created_at: '2026-11-21T10:00:00Z',
  updated_at: '2026-11-21T10:00:00Z',
};

/** `outcome` and why, in one word or two. */
function verdict(result: HttpResult): string {
  const it = classifySubmit(result);
  switch (it.outcome) {
    case 'accepted':
      return 'accepted';
    case 'rejected':
      return `rejected ${it.rejection.because}`;
    case 'unknown':
      return `unknown ${it.because}`;
  }
}

const ROWS: readonly (readonly [string, number, unknown, string])[] = [
  ['a payout', 200, PAYOUT, 'accepted'],
  ['a payout', 201, PAYOUT, 'accepted'],
  ['a payout', 202, PAYOUT, 'accepted'],
  [
    'a payout without its amount, which the echo check holds',
    202,
    { ...PAYOUT, amount: undefined },
    'accepted',
  ],
  ['a payout without its id', 202, { ...PAYOUT, payout_id: undefined }, 'unknown no_proof'],
  ['a payout with a number for an id', 202, { ...PAYOUT, payout_id: 12345 }, 'unknown no_proof'],
  ['a payout without a status', 202, { ...PAYOUT, status: undefined }, 'unknown no_proof'],
  ['a payout without a reference', 202, { ...PAYOUT, reference_id: undefined }, 'unknown no_proof'],
  ['HTML', 200, HTML, 'unknown no_proof'],
  ['nothing', 200, '', 'unknown no_proof'],
  ['a truncated payout', 200, JSON.stringify(PAYOUT).slice(0, 60), 'unknown no_proof'],
  ['a payout and junk behind it', 200, `${JSON.stringify(PAYOUT)}x`, 'unknown no_proof'],
  ['a payout behind a byte order mark', 200, `\ufeff${JSON.stringify(PAYOUT)}`, 'unknown no_proof'],
  ['an error', 200, error('INVALID_AMOUNT'), 'unknown no_proof'],
  ['a payout', 204, PAYOUT, 'unknown no_proof'],
  ['a redirect', 307, '', 'unknown no_proof'],
  ['an error', 400, error('BAD_REQUEST'), 'unknown bad_request'],
  ['HTML', 400, HTML, 'unknown no_proof'],
  ['an error', 401, error('TOKEN_EXPIRED'), 'rejected credentials'],
  ['no funds', 402, error('INSUFFICIENT_FUNDS'), 'rejected funds'],
  ['another error', 402, error('PAYMENT_REQUIRED'), 'unknown no_proof'],
  ['HTML', 402, HTML, 'unknown no_proof'],
  ['an error', 403, error('IP_NOT_ALLOWED'), 'rejected credentials'],
  ['HTML of a firewall', 403, HTML, 'unknown no_proof'],
  ['an error', 404, error('NOT_FOUND'), 'unknown no_proof'],
  ['an error', 409, error('DUPLICATE_REFERENCE'), 'unknown duplicate'],
  ['HTML', 409, HTML, 'unknown duplicate'],
  ['an error', 413, error('TOO_LARGE'), 'unknown no_proof'],
  ['a listed refusal', 422, error('INVALID_BENEFICIARY'), 'rejected refused'],
  ['a listed refusal', 422, error('INVALID_AMOUNT'), 'rejected refused'],
  ['a listed refusal', 422, error('INVALID_MODE'), 'rejected refused'],
  ['a listed refusal', 422, error('LIMIT_EXCEEDED'), 'rejected refused'],
  ['another refusal', 422, error('PURPOSE_MISSING'), 'rejected refused'],
  ['a used reference', 422, error('DUPLICATE_REFERENCE'), 'unknown duplicate'],
  ['a used key', 422, error('IDEMPOTENCY_KEY_REUSED'), 'unknown duplicate'],
  ['HTML', 422, HTML, 'unknown no_proof'],
  ['a refusal without a message', 422, { error: { code: 'INVALID_MODE' } }, 'unknown no_proof'],
  ['an error', 429, error('SLOW_DOWN'), 'rejected rate_limited'],
  ['nothing', 429, '', 'rejected rate_limited'],
  ['an error', 500, error('INVALID_BENEFICIARY'), 'unknown no_proof'],
  ['a payout', 500, PAYOUT, 'unknown no_proof'],
  ['an error', 503, error('MAINTENANCE'), 'unknown no_proof'],
];

describe('a send that is answered', () => {
  it.each(ROWS)('with %s (HTTP %i) is what the table says', (_, status, body, expected) => {
    expect(verdict(answer(status, body))).toBe(expected);
  });

  it('with a refusal names what failed in our words and in theirs', () => {
    const codes = [
      'INVALID_BENEFICIARY',
      'LIMIT_EXCEEDED',
      'INVALID_MODE',
      'INSUFFICIENT_FUNDS',
      'BENEFICIARY_BANK_DOWN',
    ];
    const named = codes.map((code) => {
      const it = classifySubmit(answer(422, error(code, 'Sorry.')));
      return it.outcome === 'rejected' && it.rejection.because === 'refused'
        ? [it.rejection.failure_code, it.rejection.reason]
        : null;
    });
    expect(named).toEqual([
      ['beneficiary_account', 'INVALID_BENEFICIARY: Sorry.'],
      ['limit', 'LIMIT_EXCEEDED: Sorry.'],
      ['other', 'INVALID_MODE: Sorry.'],
      ['funds', 'INSUFFICIENT_FUNDS: Sorry.'],
      ['beneficiary_bank_down', 'BENEFICIARY_BANK_DOWN: Sorry.'],
    ]);
  });

  it('with an account number in its message keeps it to the last four', () => {
    const shown = JSON.stringify(
      classifySubmit(answer(422, error('INVALID_BENEFICIARY', 'Account 50100012345678 is closed.'))),
    );
    expect(shown).not.toContain('50100012345678');
    expect(shown).toContain('••••5678');
  });
});

describe('a send that is not answered', () => {
  it('is rejected where the connection was never made, and unknown otherwise', () => {
    expect(verdict({ kind: 'never_sent', code: 'ECONNREFUSED', reason: 'r' })).toBe('rejected never_sent');
    expect(verdict({ kind: 'lost', code: 'ECONNRESET', reason: 'r' })).toBe('unknown no_proof');
  });

  it('for want of a token is rejected by what the token endpoint did', () => {
    expect(rejectionWithoutToken({ kind: 'credentials', reason: 'r' }).because).toBe('credentials');
    expect(rejectionWithoutToken({ kind: 'rate_limited', retry_after_ms: 5 })).toEqual({
      because: 'rate_limited',
      retry_after_ms: 5,
    });
    expect(rejectionWithoutToken({ kind: 'unreachable', reason: 'r' }).because).toBe('never_sent');
    expect(rejectionWithoutToken({ kind: 'bad_answer', reason: 'r' }).because).toBe('never_sent');
  });
});

describe('whatever comes back', () => {
  const listed: Readonly<Record<string, readonly number[]>> = {
    refused: [422],
    funds: [402],
    credentials: [401, 403],
    rate_limited: [429],
  };
  const codes = fc.constantFrom(
    'INVALID_BENEFICIARY',
    'INSUFFICIENT_FUNDS',
    'LIMIT_EXCEEDED',
    'DUPLICATE_REFERENCE',
    'X',
    '',
  );
  const errorBody = fc.record({
    error: fc.record({
      code: fc.oneof(codes, fc.integer()),
      message: fc.oneof(fc.string(), fc.constant(null)),
    }),
  });
  const payoutBody = fc.record(
    {
      payout_id: fc.oneof(fc.string(), fc.integer()),
      reference_id: fc.oneof(fc.constant('salary-000001'), fc.anything()),
      status: fc.oneof(fc.constantFrom('SUCCESS', 'FAILED', 'QUEUED', 'failed'), fc.anything()),
      amount: fc.oneof(fc.double(), fc.string()),
      ['__proto__']: fc.constant({ polluted: true }),
    },
    { requiredKeys: [] },
  );
  const body = fc.oneof(
    errorBody.map((tree) => JSON.stringify(tree)),
    payoutBody.map((tree) => JSON.stringify(tree) ?? ''),
    fc.constantFrom(
      '',
      HTML,
      'null',
      '[]',
      '{}',
      '"x"',
      '{"error":{}}',
      '{"error":{"code":"INVALID_MODE","message":"No."}',
    ),
    fc.string(),
  );
  const status = fc.oneof(
    fc.constantFrom(200, 201, 202, 400, 401, 402, 403, 404, 409, 422, 429, 500, 502, 503),
    fc.integer({ min: 100, max: 999 }),
  );
  const result: fc.Arbitrary<HttpResult> = fc.oneof(
    {
      weight: 8,
      arbitrary: fc
        .tuple(status, body, fc.option(fc.string()))
        .map(([code, text, wait]) => answer(code, text, wait)),
    },
    { weight: 1, arbitrary: fc.string().map((code) => ({ kind: 'lost' as const, code, reason: 'r' })) },
  );

  it('nothing is rejected outside the listed rows, and nothing accepted without a payout', {
    timeout: 60_000,
  }, () => {
    const reached = new Set<string>();
    fc.assert(
      fc.property(result, (given) => {
        const it = classifySubmit(given);
        reached.add(it.outcome === 'rejected' ? it.rejection.because : it.outcome);
        if (it.outcome === 'unknown') return;
        if (given.kind !== 'answer') throw new Error('A lost answer proves nothing.');
        if (it.outcome === 'accepted') {
          expect([200, 201, 202]).toContain(given.status);
          expect(it.report.provider_id).not.toBe('');
          return;
        }
        const { because } = it.rejection;
        if (!listed[because]?.includes(given.status))
          throw new Error(`${because} does not follow from HTTP ${given.status}.`);
        // Of these the error schema is the proof; 401 and 429 speak by their number alone.
        if (![402, 403, 422].includes(given.status)) return;
        const tree = JSON.parse(given.text);
        expect(typeof tree.error.code === 'string' && typeof tree.error.message === 'string').toBe(true);
      }),
      { numRuns: 100_000 },
    );
    // A fuzz that never meets a row says nothing about it.
    expect([...reached].sort()).toEqual([
      'accepted',
      'credentials',
      'funds',
      'rate_limited',
      'refused',
      'unknown',
    ]);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  });

  it('a Retry-After is a time, and never negative', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (wait, date) => {
        const ms = retryAfterMs(answer(429, '', wait, date));
        return Number.isFinite(ms) && ms >= 0;
      }),
      { numRuns: 20_000 },
    );
  });
});

const TEN_YEARS_MS = 10 * 366 * 86_400_000;

describe('Retry-After', () => {
  it.each([
    ['7', 7_000],
    ['0', 0],
    ['-5', 0],
    ['1.5', 1_500],
    [' 2 ', 2_000],
    ['1000000000', 1_000_000_000_000],
    ['9'.repeat(400), TEN_YEARS_MS * 100],
    ['soon', 1_000],
    ['', 1_000],
    ['5s', 1_000],
    ['1e9', 1_000],
    ['2026', 2_026_000],
    ['Sat, 21 Nov 2026 10:00:30 GMT', 30_000],
    ['Sat, 21 Nov 2026 09:00:00 GMT', 0],
    ['Sun, 22 Nov 2026 10:00:00 GMT', 86_400_000],
    ['Sat, 99 Nov 2026 10:00:30 GMT', 1_000],
  ])('of "%s" waits %i ms', (text, expected) => {
    expect(retryAfterMs(answer(429, '', text))).toBe(expected);
  });

  it('as a date is counted from the answer, whatever our own clock says', () => {
    expect(
      retryAfterMs(answer(429, '', 'Tue, 01 Jan 2030 00:00:09 GMT', 'Tue, 01 Jan 2030 00:00:00 GMT')),
    ).toBe(9_000);
  });

  it('as a date is counted from our own clock where the answer has no date', () => {
    for (const date of [null, 'today'])
      expect(retryAfterMs(answer(429, '', 'Sat, 21 Nov 2026 10:00:04 GMT', date))).toBe(4_000);
  });

  it('that is missing is a second', () => {
    expect(retryAfterMs(answer(429, ''))).toBe(1_000);
  });
});

describe('a question', () => {
  it.each([
    [401, error('X'), 'credentials'],
    [403, error('X'), 'credentials'],
    [403, HTML, 'bad_answer'],
    [429, '', 'rate_limited'],
    [404, HTML, 'bad_answer'],
    [302, '', 'bad_answer'],
    [500, error('X'), 'unreachable'],
    [503, HTML, 'unreachable'],
  ] as const)('answered with HTTP %i stays open', (status, body, expected) => {
    expect(whyUnavailable(answer(status, body)).kind).toBe(expected);
  });
});
