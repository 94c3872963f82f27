/** Answers to a send of one payout, from good to absurd, as a seed decides. */
import type { Chance } from '../../../src/sandbox/chance.ts';

export const REFERENCE = 'salary-000001';
export const BENEFICIARY = 'ben_1';
export const AMOUNT = 1500.5;
export const SENT_AT = '2026-11-20T19:00:00.000Z';

export interface Tuple {
  status: number | null;
  headers: Record<string, string | null>;
  body: string;
  complete: boolean;
  error: Record<string, unknown> | null;
  earlier_unanswered: boolean;
  /** What a look-up would answer, after a 409. */
  looked_up: Record<string, unknown> | null;
}

const STATUSES = [
  200, 200, 201, 202, 204, 206, 301, 302, 307, 308, 400, 401, 402, 403, 404, 405, 408, 409, 409, 410, 413,
  418, 422, 422, 422, 425, 429, 451, 499, 500, 501, 502, 503, 504, 520, 522, 599,
] as const;
const CODES = [
  'INVALID_BENEFICIARY',
  'INVALID_AMOUNT',
  'LIMIT_EXCEEDED',
  'INSUFFICIENT_FUNDS',
  'DUPLICATE_REFERENCE',
  'IDEMPOTENCY_MISMATCH',
  'reference_ALREADY_EXISTS',
  'SERVER_ERROR',
  'FAILED',
  '',
  'x',
] as const;
const ERRORS = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'ECONNRESET',
  'EPIPE',
  'UND_ERR_SOCKET',
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_ABORTED',
  'UND_ERR_RES_CONTENT_LENGTH_MISMATCH',
  'UND_ERR_INFO',
  'HPE_INVALID_CONSTANT',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'TimeoutError',
  '',
  'econnrefused',
  'ENOTFOUND2',
] as const;
const AMOUNTS = [
  AMOUNT,
  AMOUNT,
  AMOUNT,
  AMOUNT,
  '1500.5',
  1500.51,
  1500.49,
  150050,
  15.005,
  -1500.5,
  0,
  null,
  '',
  true,
  [1500.5],
  { value: 1500.5 },
  1e21,
  1500.505,
] as const;
const STATUS_WORDS = [
  'QUEUED',
  'PROCESSING',
  'SUCCESS',
  'FAILED',
  'REVERSED',
  'success',
  'failed',
  'FAILED ',
  'DECLINED',
  'ON_HOLD',
  '',
  null,
  1,
  ['SUCCESS'],
] as const;
const REFERENCES = [
  REFERENCE,
  REFERENCE,
  REFERENCE,
  REFERENCE,
  'SALARY-000001',
  'salary-000002',
  'salary-000001.r2',
  ' salary-000001',
  '',
  null,
  1,
] as const;
const INSTANTS = [
  undefined,
  SENT_AT,
  SENT_AT,
  '2026-11-20T18:58:00Z',
  '2020-01-01T00:00:00Z',
  'yesterday',
  1,
  '2036-01-01T00:00:00Z',
] as const;

export function randomTuple(chance: Chance): Tuple {
  const error = chance.hits(0.15) ? randomError(chance) : null;
  return {
    status: error
      ? null
      : chance.hits(0.05)
        ? 100 + (Number.parseInt(chance.hex(1), 16) % 900)
        : chance.pick(STATUSES),
    headers: {
      'content-type': chance.pick(['application/json', 'text/html', null]),
      'retry-after': chance.pick([
        null,
        '1',
        '0',
        '-1',
        '1e9',
        'soon',
        'Fri, 20 Nov 2026 19:00:10 GMT',
        '99999999999999999999',
      ]),
      date: chance.pick([null, 'Fri, 20 Nov 2026 19:00:00 GMT', 'never']),
    },
    body: randomBody(chance),
    complete: chance.hits(0.9),
    error,
    earlier_unanswered: chance.hits(0.3),
    looked_up: chance.hits(0.3) ? null : randomPayout(chance),
  };
}

function randomError(chance: Chance): Record<string, unknown> {
  const code = chance.pick(ERRORS);
  const known: Record<string, unknown> = chance.hits(0.9) ? { code } : { name: code };
  return chance.hits(0.5) ? { ...known, syscall: chance.pick(['connect', 'read', 'write']) } : known;
}

function randomPayout(chance: Chance): Record<string, unknown> {
  // Some are as they should be, or nothing would ever get as far as paid.
  if (chance.hits(0.25)) {
    const status = chance.pick(['QUEUED', 'PROCESSING', 'SUCCESS', 'FAILED', 'REVERSED'] as const);
    return {
      payout_id: 'po_1',
      reference_id: REFERENCE,
      beneficiary_id: BENEFICIARY,
      amount: AMOUNT,
      status,
    };
  }
  const payout: Record<string, unknown> = {
    payout_id: chance.hits(0.95) ? 'po_1' : chance.pick<unknown>(['', 1, null]),
    reference_id: chance.pick(REFERENCES),
    beneficiary_id: chance.pick([
      BENEFICIARY,
      BENEFICIARY,
      BENEFICIARY,
      undefined,
      'ben_2',
      null,
      7,
    ] as const),
    amount: chance.pick(AMOUNTS),
    currency: chance.pick(['INR', 'INR', undefined, 'USD', 'inr', null, ''] as const),
    status: chance.hits(0.8)
      ? chance.pick(['QUEUED', 'PROCESSING', 'SUCCESS', 'FAILED', 'REVERSED'])
      : chance.pick<unknown>(STATUS_WORDS),
    created_at: chance.pick(INSTANTS),
    fee: chance.pick([undefined, 3.5, '3.5', null, -1] as const),
    failure_reason: chance.pick([undefined, 'the account is closed', null, 5] as const),
  };
  if (chance.hits(0.05)) delete payout.amount;
  if (chance.hits(0.05)) delete payout.status;
  return payout;
}

function randomBody(chance: Chance): string {
  const error = {
    error: { code: chance.pick(CODES), message: chance.pick<unknown>(['No.', '', 'account closed', 5]) },
  };
  const text = JSON.stringify(
    chance.pick<unknown>([
      randomPayout(chance),
      randomPayout(chance),
      error,
      error,
      { ...randomPayout(chance), ...error },
      { error: chance.pick<unknown>(['no', null, [], { code: 5 }, {}]) },
      { data: randomPayout(chance) },
      [randomPayout(chance)],
      null,
      'FAILED',
    ]),
  );
  const turn = Number.parseInt(chance.hex(1), 16) % 40;
  if (turn === 0) return '';
  if (turn === 1) return `<html><body>${text}</body></html>`;
  if (turn === 2) return text.slice(0, Math.floor(text.length / 2));
  if (turn === 3) return `${text}${text}`;
  if (turn === 4) return `\ufeff${text}`;
  if (turn === 5) return text.replace('"', "'");
  if (turn === 6) return text.replace('{', '{"status":"SUCCESS","amount":1,');
  if (turn === 7) return text.replace('{', '{"__proto__":{"status":"FAILED"},');
  return text;
}
