/** The sandbox's paths and what each does. What is not listed here is 404, another method on a listed path is 405. */
import { type Answer, badRequest, jsonAnswer, refusal } from './answer.ts';
import { beneficiaryBody, readDetails } from './beneficiary.ts';
import type { Book } from './book.ts';
import { CONTRACT } from './contract.ts';
import { executionLog } from './execution-log.ts';
import { listPayouts } from './listing.ts';
import { CURRENCY, payoutBody, rupees } from './payout.ts';
import { changedBetween, dayBounds, reportText } from './report.ts';
import { type IdempotentAnswer, submitPayout } from './submission.ts';
import type { Tokens } from './tokens.ts';

export interface Call {
  query: URLSearchParams;
  /** The last part of the path, where the path has one in braces. */
  id: string;
  /** The JSON object that a POST carries; empty for the others. */
  body: Readonly<Record<string, unknown>>;
}

export interface Route {
  /** Whether it answers without a token. */
  open: boolean;
  handle(call: Call): Answer;
}

export interface Desk {
  book: Book;
  tokens: Tokens;
  api_key: string;
  api_secret: string;
  idempotent_answer: IdempotentAnswer;
  /** What GET /sandbox/stats answers. */
  figures(): Readonly<Record<string, unknown>>;
}

type Methods = Readonly<Record<string, Route>>;

export interface Routes {
  /** The routes of a path by method, and the id in it; undefined where there is no such path. */
  find(path: string): { methods: Methods; id: string } | undefined;
}

const PREFIX = '/api/v1';

export function createRoutes(desk: Desk): Routes {
  const guarded = (handle: Route['handle']): Route => ({ open: false, handle });
  const open = (handle: Route['handle']): Route => ({ open: true, handle });
  const exact = new Map<string, Methods>([
    [`${PREFIX}/auth/token`, { POST: open((call) => issueToken(desk, call)) }],
    [`${PREFIX}/beneficiaries`, { POST: guarded((call) => register(desk.book, call)) }],
    [
      `${PREFIX}/payouts`,
      {
        POST: guarded((call) => submitPayout(desk.book, call.body, desk.idempotent_answer)),
        GET: guarded((call) => listPayouts(desk.book, call.query)),
      },
    ],
    [`${PREFIX}/balance`, { GET: guarded(() => balance(desk.book)) }],
    [`${PREFIX}/reports/payouts`, { GET: guarded((call) => report(desk.book, call)) }],
    ['/openapi.json', { GET: open(() => jsonAnswer(200, CONTRACT)) }],
    // Of the sandbox and not of the wire contract: for whoever audits a client against it.
    ['/sandbox/log', { GET: open(() => executionLog(desk.book)) }],
    ['/sandbox/stats', { GET: open(() => jsonAnswer(200, desk.figures())) }],
    ['/healthz', { GET: open(() => jsonAnswer(200, { status: 'ok' })) }],
  ]);
  const withId = new Map<string, Methods>([
    [`${PREFIX}/beneficiaries`, { GET: guarded((call) => showBeneficiary(desk.book, call)) }],
    [`${PREFIX}/payouts`, { GET: guarded((call) => showPayout(desk.book, call)) }],
  ]);
  return {
    find: (path) => {
      const methods = exact.get(path);
      if (methods) return { methods, id: '' };
      const slash = path.lastIndexOf('/');
      const parent = withId.get(path.slice(0, slash));
      const id = decodeId(path.slice(slash + 1));
      return parent && id ? { methods: parent, id } : undefined;
    },
  };
}

function decodeId(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

function issueToken(desk: Desk, { body }: Call): Answer {
  if (typeof body.api_key !== 'string' || typeof body.api_secret !== 'string') {
    return badRequest('api_key and api_secret are text.');
  }
  if (body.api_key !== desk.api_key || body.api_secret !== desk.api_secret) {
    return refusal(401, 'UNAUTHENTICATED', 'The API key and secret are not known.');
  }
  return jsonAnswer(200, desk.tokens.issue());
}

function register(book: Book, { body }: Call): Answer {
  const details = readDetails(body);
  if ('code' in details) return refusal(422, details.code, details.message);
  const { beneficiary, known } = book.register(details);
  if (known) {
    return refusal(409, 'BENEFICIARY_EXISTS', 'This account or VPA is registered already.', {
      beneficiary_id: beneficiary.beneficiary_id,
    });
  }
  return jsonAnswer(201, beneficiaryBody(beneficiary, beneficiary.created_at));
}

function showBeneficiary(book: Book, { id }: Call): Answer {
  const beneficiary = book.beneficiary(id);
  return beneficiary
    ? jsonAnswer(200, beneficiaryBody(beneficiary, book.advance()))
    : refusal(404, 'NOT_FOUND', 'There is no such beneficiary.');
}

function showPayout(book: Book, { id }: Call): Answer {
  const payout = book.payout(id);
  return payout
    ? jsonAnswer(200, payoutBody(payout, book.advance()))
    : refusal(404, 'NOT_FOUND', 'There is no such payout.');
}

function balance(book: Book): Answer {
  return jsonAnswer(200, { available: rupees(book.totals().available_minor), currency: CURRENCY });
}

function report(book: Book, { query }: Call): Answer {
  const bounds = dayBounds(query.get('date') ?? '');
  if (!bounds) return badRequest('date is a day such as 2026-11-21.');
  const at = book.advance();
  const payouts = changedBetween(book.payouts(), bounds, at);
  return {
    status: 200,
    content_type: 'text/csv; charset=utf-8',
    headers: { 'X-Row-Count': String(payouts.length) },
    body: reportText(payouts, at),
  };
}
