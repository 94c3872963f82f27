/**
 * Answers with something wrong in them. Each takes a right answer and gives a wrong one, or undefined where there is
 * nothing in it that could go wrong that way: a refusal has no amount.
 */
import type { Answer } from './answer.ts';
import type { Chance } from './chance.ts';
import type { FaultName } from './fault-table.ts';
import { rupees } from './payout.ts';

type Body = Readonly<Record<string, unknown>>;
type Spoil = (payout: Body, chance: Chance) => Body | undefined;

const FINAL: ReadonlySet<unknown> = new Set(['SUCCESS', 'FAILED', 'REVERSED']);
const REFERENCE_MAX = 64;

function paise(payout: Body): bigint {
  return BigInt(Math.round(Number(payout.amount) * 100));
}

/** What goes wrong with one payout in an answer. */
export const PAYOUT_SPOILS: Readonly<Partial<Record<FaultName, Spoil>>> = {
  regress: (payout) =>
    FINAL.has(payout.status)
      ? {
          ...payout,
          status: 'PROCESSING',
          utr: null,
          fee: null,
          tax: null,
          failure_reason: null,
          completed_at: null,
          reversed_at: null,
        }
      : undefined,
  'unknown-status': (payout, chance) => ({
    ...payout,
    status: chance.pick(['ON_HOLD', 'INITIATED', 'SENT_TO_BENEFICIARY_BANK']),
  }),
  'echo-paisa': (payout, chance) => {
    const amount = paise(payout);
    // An amount of one paisa has nothing below it that is an amount.
    return { ...payout, amount: rupees(amount > 1n && chance.hits(0.5) ? amount - 1n : amount + 1n) };
  },
  'echo-hundredfold': (payout) => ({ ...payout, amount: rupees(paise(payout) * 100n) }),
  'echo-beneficiary': (payout, chance) => ({ ...payout, beneficiary_id: `ben_${chance.hex(3)}` }),
  'echo-reference': (payout) => ({
    ...payout,
    reference_id: `other-${String(payout.reference_id)}`.slice(0, REFERENCE_MAX),
  }),
  'echo-no-amount': ({ amount: _, ...payout }) => payout,
  'echo-currency': (payout) => ({ ...payout, currency: 'USD' }),
  'echo-text': (payout) => ({ ...payout, amount: String(payout.amount) }),
};

/** Spoils the payout of an answer, or one of a page. */
export function spoilPayout(answer: Answer, spoil: Spoil, chance: Chance): Answer | undefined {
  const body = bodyOf(answer);
  if (!body) return undefined;
  const rows = rowsOf(body);
  if (!rows) {
    const spoiled = 'payout_id' in body ? spoil(body, chance) : undefined;
    return spoiled && withBody(answer, spoiled);
  }
  const [first, ...others] = rows;
  if (!first) return undefined;
  const chosen = chance.pick([first, ...others]);
  const spoiled = spoil(chosen, chance);
  if (!spoiled) return undefined;
  return withBody(answer, { ...body, data: rows.map((row) => (row === chosen ? spoiled : row)) });
}

/** The answer of somebody who does not know these references yet: undefined where it names none of them. */
export function withoutPayouts(
  answer: Answer,
  hidden: (reference: string) => boolean,
): Answer | 'none' | undefined {
  const body = bodyOf(answer);
  if (!body) return undefined;
  const isHidden = (payout: Body) => hidden(String(payout.reference_id));
  const rows = rowsOf(body);
  if (!rows) return isHidden(body) ? 'none' : undefined;
  return rows.some(isHidden)
    ? withBody(answer, { ...body, data: rows.filter((row) => !isHidden(row)) })
    : undefined;
}

export function textOf(answer: Answer): string {
  return typeof answer.body === 'string' ? answer.body : [...answer.body].join('');
}

function withBody(answer: Answer, body: Body): Answer {
  return { ...answer, body: JSON.stringify(body) };
}

/** The JSON object of an answer that says yes. The sandbox wrote it: it parses. */
function bodyOf(answer: Answer): Body | undefined {
  if (answer.status > 299 || answer.content_type !== 'application/json') return undefined;
  return JSON.parse(textOf(answer)) as Body;
}

function rowsOf(body: Body): Body[] | undefined {
  return Array.isArray(body.data) ? body.data : undefined;
}

const HTML = `<!DOCTYPE html>
<html><head><title>Gateway</title></head><body><h1>Please try again later</h1></body></html>
`;

export function htmlPage(chance: Chance): Answer {
  return {
    status: chance.pick([200, 404, 422, 502]),
    content_type: 'text/html; charset=utf-8',
    headers: {},
    body: HTML,
  };
}

export const EMPTY_ANSWER: Answer = { status: 200, content_type: 'application/json', headers: {}, body: '' };

export function mislabelled(answer: Answer): Answer {
  const isJson = answer.content_type === 'application/json';
  return { ...answer, content_type: isJson ? 'text/plain; charset=utf-8' : 'application/json' };
}
