/**
 * What an answer proves. The table for sends lists every answer that proves something; whatever it does not list is
 * unknown, because a payout that is wrongly called failed is paid a second time. Questions have no such table: an
 * answer that is not the one asked for is no answer, and nothing follows from it.
 */
import type { FailureCode } from '../../domain/payout/payout.ts';
import type { HttpResult, TextAnswer } from '../http.ts';
import type { DefiniteRefusal, Rejection, SubmitOutcome, Unavailable } from '../provider.ts';
import { DEFINITE_REFUSALS } from './capabilities.ts';
import { failureCodeOf } from './status.ts';
import { type ErrorBody, readError, readPayout } from './wire.ts';

type WithoutAnswer<T> = T extends unknown ? Omit<T, 'answer'> : never;
export type SubmitVerdict = WithoutAnswer<SubmitOutcome>;

type Rule = (answer: TextAnswer) => SubmitVerdict;

/** The refusals that the contract lists for 422, by what failed. */
const REFUSALS: ReadonlyMap<string, FailureCode> = new Map([
  ['INVALID_BENEFICIARY', 'beneficiary_account'],
  ['INVALID_AMOUNT', 'other'],
  ['INVALID_MODE', 'other'],
  ['LIMIT_EXCEEDED', 'limit'],
  ['INSUFFICIENT_FUNDS', 'funds'],
]);

// Some servers say 422 where a reference is used again. Then the earlier payout stands, and nothing failed.
const SAYS_DUPLICATE = /DUPLICATE|IDEMPOTEN|ALREADY_EXISTS/i;

/** HTTP status → what it proves of a send. */
const SEND_RULES: ReadonlyMap<number, Rule> = new Map<number, Rule>([
  [200, accepted],
  [201, accepted],
  [202, accepted],
  [400, badRequest],
  [409, (answer) => unknown('duplicate', refusal(answer))],
  ...DEFINITE_REFUSALS.map((listed): [number, Rule] => [
    listed.http_status,
    (answer) => refusedAs(listed, answer),
  ]),
]);

export function classifySubmit(result: HttpResult): SubmitVerdict {
  switch (result.kind) {
    case 'never_sent':
      return rejected({ because: 'never_sent', reason: result.reason });
    case 'lost':
      return unknown('no_proof', result.reason);
    case 'answer':
      return (SEND_RULES.get(result.status) ?? noProof)(result);
  }
}

function rejected(rejection: Rejection): SubmitVerdict {
  return { outcome: 'rejected', rejection };
}

function unknown(because: 'duplicate' | 'bad_request' | 'no_proof', reason: string): SubmitVerdict {
  return { outcome: 'unknown', because, reason };
}

function noProof(answer: TextAnswer): SubmitVerdict {
  return unknown('no_proof', refusal(answer));
}

/** Only in the provider's own error body. */
function badRequest(answer: TextAnswer): SubmitVerdict {
  const error = readError(answer.text);
  return error ? unknown('bad_request', sentence(error)) : noProof(answer);
}

function accepted(answer: TextAnswer): SubmitVerdict {
  const report = readPayout(answer.text);
  return report
    ? { outcome: 'accepted', report }
    : unknown('no_proof', `the provider answered ${answer.status} with a body that is no payout`);
}

function refusedAs(listed: DefiniteRefusal, answer: TextAnswer): SubmitVerdict {
  const error = readError(answer.text);
  if (error === null && listed.own_body) return noProof(answer);
  if (listed.codes !== null && !listed.codes.includes(error?.code ?? '')) return noProof(answer);
  switch (listed.means) {
    case 'funds':
    case 'credentials':
      return rejected({ because: listed.means, reason: refusal(answer) });
    case 'rate_limited':
      return rejected({ because: 'rate_limited', retry_after_ms: retryAfterMs(answer) });
    case 'refused':
      return error ? refused(error) : noProof(answer);
  }
}

function refused(error: ErrorBody): SubmitVerdict {
  if (SAYS_DUPLICATE.test(error.code)) return unknown('duplicate', sentence(error));
  const failure_code = REFUSALS.get(error.code) ?? failureCodeOf(`${error.code} ${error.message}`);
  return rejected({ because: 'refused', failure_code, reason: sentence(error) });
}

function sentence(error: ErrorBody): string {
  return error.message === '' ? error.code : `${error.code}: ${error.message}`;
}

function refusal(answer: TextAnswer): string {
  const error = readError(answer.text);
  return error ? `${sentence(error)} (HTTP ${answer.status})` : `the provider answered HTTP ${answer.status}`;
}

/** A send for which there was no token: nothing of it left. */
export function rejectionWithoutToken(because: Unavailable): Rejection {
  switch (because.kind) {
    case 'credentials':
      return { because: 'credentials', reason: because.reason };
    case 'rate_limited':
      return { because: 'rate_limited', retry_after_ms: because.retry_after_ms };
    case 'unreachable':
    case 'bad_answer':
      return { because: 'never_sent', reason: `no access token: ${because.reason}` };
  }
}

/** Why a question stays open, for every answer that is not the one it asked for. */
export function whyUnavailable(result: HttpResult): Unavailable {
  if (result.kind !== 'answer') return { kind: 'unreachable', reason: result.reason };
  const { status } = result;
  if (status === 429) return { kind: 'rate_limited', retry_after_ms: retryAfterMs(result) };
  const reason = refusal(result);
  if (status === 401 || (status === 403 && readError(result.text))) return { kind: 'credentials', reason };
  return { kind: status >= 500 ? 'unreachable' : 'bad_answer', reason };
}

// Without a usable Retry-After: long enough to matter, short enough not to stall a night's batch.
const DEFAULT_RETRY_AFTER_MS = 1_000;

// A thousand years: a number of hundreds of digits stays one that can be told.
const LONGEST_STATED_MS = 1000 * 366 * 86_400_000;

const SECONDS = /^[+-]?\d+(\.\d+)?$/;
// The three forms of HTTP dates all begin with a weekday. Date.parse alone takes almost anything for a date.
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /i;

/**
 * How long a 429 asks to wait, in milliseconds, never negative; whether that is too long is for the caller to say. A
 * date counts from the answer's own Date, since our clock may be off. Of two headers the longer wait holds.
 */
export function retryAfterMs(answer: TextAnswer): number {
  const waits = answer.headers['retry-after'].flatMap((header) => waitOf(header.trim(), answer) ?? []);
  if (waits.length === 0) return DEFAULT_RETRY_AFTER_MS;
  return Math.min(Math.max(0, ...waits), LONGEST_STATED_MS);
}

/** Null where the text says nothing. */
function waitOf(text: string, answer: TextAnswer): number | null {
  if (SECONDS.test(text)) return Math.ceil(Number(text) * 1000);
  const wait = HTTP_DATE.test(text) ? Date.parse(text) - answeredAtMs(answer) : Number.NaN;
  return Number.isNaN(wait) ? null : wait;
}

function answeredAtMs(answer: TextAnswer): number {
  const stated = Date.parse(answer.headers.date ?? '');
  return Number.isNaN(stated) ? answer.received_at_ms : stated;
}
