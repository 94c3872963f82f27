/**
 * Answers as no provider should give them, by the million, and what each may prove at most. The judge reads the same
 * answer by rules of its own, written from the contract, and shares none of the code that it judges.
 */
import { applyReport } from '../../../src/domain/payout/change.ts';
import type { Sendable, SendResult } from '../../../src/operations/submission.ts';
import { submitPayout } from '../../../src/operations/submit-payout.ts';
import { classifyFailure, type HttpResult } from '../../../src/providers/http.ts';
import { nxtbankingCapabilities } from '../../../src/providers/nxtbanking/capabilities.ts';
import { classifySubmit } from '../../../src/providers/nxtbanking/classify.ts';
import type { LookUpOutcome, Provider } from '../../../src/providers/provider.ts';
import { Chance } from '../../../src/sandbox/chance.ts';
import { approved, occasion } from '../../domain/payout/story.ts';
import { AMOUNT, BENEFICIARY, REFERENCE, randomTuple, SENT_AT, type Tuple } from './random-answers.ts';

const AMOUNT_MINOR = 150_050n;
const SENT_TO = {
  provider_beneficiary_id: BENEFICIARY,
  echoes: nxtbankingCapabilities({ idempotency_window_ms: 86_400_000 }).echoes,
};

/** Where a payout came to, or why it waits. */
type Came = 'paid' | 'returned' | 'pending' | 'failed' | 'held' | 'unknown' | 'approved';

export interface Fuzzed {
  tuples: number;
  came: Map<Came, number>;
  /** Tuples that led further than they prove. */
  violations: { tuple: Tuple; came: Came; why: string }[];
}

export async function fuzzClassification(seed: number, count: number, stop = () => false): Promise<Fuzzed> {
  const chance = new Chance(seed);
  const fuzzed: Fuzzed = { tuples: 0, came: new Map(), violations: [] };
  for (let index = 0; index < count; index += 1) {
    // Asked now and then: a clock for each would be most of the time.
    if (index % 1_000 === 0 && stop()) break;
    const tuple = randomTuple(chance);
    const came = await cameTo(tuple);
    fuzzed.tuples += 1;
    fuzzed.came.set(came, (fuzzed.came.get(came) ?? 0) + 1);
    const why = overreach(tuple, came);
    if (why !== null && fuzzed.violations.length < 10) fuzzed.violations.push({ tuple, came, why });
  }
  return fuzzed;
}

async function cameTo(tuple: Tuple): Promise<Came> {
  const item: Sendable = {
    payout_id: 1n,
    reference_id: REFERENCE,
    attempt_no: 1,
    provider_reference: REFERENCE,
    body: '{}',
    amount_minor: AMOUNT_MINOR,
    stored_at: SENT_AT,
    send_id: 1n,
    earlier_unanswered: tuple.earlier_unanswered,
  };
  const sent = await submitPayout(
    answering(tuple) as Provider,
    item,
    () => SENT_AT,
    () => true,
  );
  return stateAfter(sent.result, tuple);
}

function answering(tuple: Tuple): Pick<Provider, 'submit' | 'lookUp'> {
  const answer = { http_status: tuple.status, transport_error: null, text: tuple.body };
  return {
    submit: async () => ({ ...classifySubmit(resultOf(tuple)), answer }),
    lookUp: async (): Promise<LookUpOutcome> => {
      if (tuple.looked_up === null) return { outcome: 'not_found' };
      const found = classifySubmit(
        resultOf({ ...tuple, status: 200, error: null, body: JSON.stringify(tuple.looked_up) }),
      );
      return found.outcome === 'accepted'
        ? { outcome: 'found', report: found.report }
        : { outcome: 'unavailable', because: { kind: 'bad_answer', reason: 'no payout' } };
    },
  };
}

function resultOf(tuple: Tuple): HttpResult {
  if (tuple.error !== null) return classifyFailure(tuple.error);
  return {
    kind: 'answer',
    status: tuple.status ?? 0,
    headers: {
      'content-type': tuple.headers['content-type'] ?? null,
      'retry-after': [tuple.headers['retry-after'] ?? []].flat(),
      date: tuple.headers.date ?? null,
      'x-row-count': null,
    },
    complete: tuple.complete,
    received_at_ms: Date.parse(SENT_AT),
    text: tuple.body,
  };
}

function stateAfter(result: SendResult, tuple: Tuple): Came {
  switch (result.kind) {
    case 'refused':
      return 'failed';
    case 'held':
      return 'held';
    case 'doubt':
      return 'unknown';
    case 'not_executed':
      return tuple.earlier_unanswered ? 'unknown' : 'approved';
    case 'accepted': {
      const payout = approved({
        reference_id: REFERENCE,
        amount_minor: AMOUNT_MINOR,
        state: 'submitting',
        position: 'in_transit',
        cycle: 1,
        attempt_no: 1,
        provider_reference: REFERENCE,
      });
      return applyReport(payout, result.report, SENT_TO, false, occasion).payout.state as Came;
    }
  }
}

const WORDS: Readonly<Record<string, Came>> = {
  QUEUED: 'pending',
  PROCESSING: 'pending',
  SUCCESS: 'paid',
  FAILED: 'failed',
  REVERSED: 'returned',
};

/** What the tuple does not prove, in a sentence; null where it went no further than it may. */
function overreach(tuple: Tuple, came: Came): string | null {
  if (came === 'held' || came === 'unknown') return null;
  if (came === 'approved') return provesNothingExecuted(tuple) ? null : 'it may have been executed';
  if (came === 'failed' && refuses(tuple)) return null;
  const stated = statedPayout(tuple);
  if (stated === null) return `nothing that it states could make it ${came}`;
  if (!echoes(stated)) return 'its echo differs';
  const proven = WORDS[String(stated.status)] ?? 'pending';
  return proven === came ? null : `it proves ${proven}`;
}

function json(text: string): Record<string, unknown> | null {
  try {
    const tree: unknown = JSON.parse(text);
    return typeof tree === 'object' && tree !== null && !Array.isArray(tree)
      ? (tree as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

/** The provider's own error, never that of a proxy. */
function errorCode(tuple: Tuple): string | null {
  const error = json(tuple.body)?.error as Record<string, unknown> | null | undefined;
  if (typeof error !== 'object' || error === null) return null;
  return typeof error.code === 'string' && error.code !== '' && typeof error.message === 'string'
    ? error.code
    : null;
}

function refuses(tuple: Tuple): boolean {
  const code = errorCode(tuple);
  return (
    tuple.error === null &&
    tuple.status === 422 &&
    code !== null &&
    !/duplicate|idempoten|already_exists/i.test(code) &&
    !tuple.earlier_unanswered
  );
}

const NEVER_LEFT = [
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'UND_ERR_CONNECT_TIMEOUT',
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
];
const NEVER_LEFT_IF_CONNECTING = ['ENETUNREACH', 'EHOSTUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL'];

function provesNothingExecuted(tuple: Tuple): boolean {
  if (tuple.earlier_unanswered) return false;
  if (tuple.error !== null) {
    const code = String(tuple.error.code);
    return (
      NEVER_LEFT.includes(code) ||
      (NEVER_LEFT_IF_CONNECTING.includes(code) && tuple.error.syscall === 'connect')
    );
  }
  if (tuple.status === 401 || tuple.status === 429) return true;
  if (tuple.status === 403) return errorCode(tuple) !== null;
  return tuple.status === 402 && errorCode(tuple) === 'INSUFFICIENT_FUNDS';
}

/** The payout that the answer, or the look-up after a duplicate, is about. */
function statedPayout(tuple: Tuple): Record<string, unknown> | null {
  if (tuple.error !== null) return null;
  if ([200, 201, 202].includes(tuple.status ?? 0)) return json(tuple.body);
  const duplicate =
    tuple.status === 409 ||
    (tuple.status === 422 && /duplicate|idempoten|already_exists/i.test(errorCode(tuple) ?? ''));
  return duplicate ? tuple.looked_up : null;
}

function echoes(stated: Record<string, unknown>): boolean {
  const absent = (value: unknown) => value === undefined || value === null;
  return (
    stated.reference_id === REFERENCE &&
    stated.amount === AMOUNT &&
    (absent(stated.currency) || stated.currency === '' || stated.currency === 'INR') &&
    stated.beneficiary_id === BENEFICIARY
  );
}
