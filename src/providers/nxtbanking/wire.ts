/**
 * The bodies of NxtBanking's answers, read strictly. A schema keeps the known keys alone; an id is text, since a
 * number above 2^53 silently becomes another one; an amount that cannot be read exactly is null, which holds a
 * payout, and never a guess.
 */
import * as z from 'zod';
import { parseAmountOrZero } from '../../domain/money/parse-amount.ts';
import type { BeneficiaryDetails, Registration, StatusReport } from '../provider.ts';
import { CURRENCY } from './compose.ts';
import { maskText } from './record.ts';
import { failureCodeOf, stateOf } from './status.ts';

// Without half characters, which no file and no URL can hold, and what they would be stored as is another id.
export const id = z.string().regex(/^[^\p{Cs}\p{Cc}]{1,200}$/u);
export const word = z.string().max(200);
export const optionalText = z.string().nullish();

const payoutSchema = z.object({
  payout_id: id,
  reference_id: id,
  beneficiary_id: id.nullish(),
  // An answer that lacks its amount, or spells it as text, is still an answer about this payout: it holds it.
  amount: z.unknown().optional(),
  currency: word.nullish(),
  status: word.min(1),
  utr: word.nullish(),
  fee: z.unknown().optional(),
  tax: z.unknown().optional(),
  failure_reason: optionalText,
  created_at: optionalText,
  completed_at: optionalText,
  reversed_at: optionalText,
  updated_at: optionalText,
});

const pageSchema = z.object({ data: z.array(z.unknown()), next_cursor: z.string().nullish() });

const beneficiarySchema = z.object({
  beneficiary_id: id,
  status: z.enum(['PENDING', 'VERIFIED', 'FAILED']),
  registered_name: z.string().max(1000).nullish(),
  failure_reason: optionalText,
  // Said to be compared with what was registered; whatever else stands there states nothing.
  account_last4: z.unknown().optional(),
  ifsc: z.unknown().optional(),
});

const errorSchema = z.object({ error: z.object({ code: z.string().min(1), message: z.string() }) });
const registeredBeforeSchema = errorSchema.extend({ beneficiary_id: id });
const balanceSchema = z.object({ available: z.number(), currency: z.literal(CURRENCY) });

const tokenSchema = z.object({
  // What else would break out of the header that carries it.
  access_token: z.string().regex(/^[\x21-\x7e]{1,8192}$/),
  expires_in: z.number(),
});

/** Of a key that comes twice JSON.parse keeps the last, as every client of this API will have it. */
export function parsed<T>(schema: z.ZodType<T>, text: string): T | null {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return null;
  }
  return schema.safeParse(tree).data ?? null;
}

export interface ErrorBody {
  code: string;
  message: string;
}

export function readError(text: string): ErrorBody | null {
  const error = parsed(errorSchema, text)?.error;
  return error ? { code: maskText(error.code), message: maskText(error.message) } : null;
}

export function readToken(text: string): z.output<typeof tokenSchema> | null {
  return parsed(tokenSchema, text);
}

/** The id of a beneficiary that was registered before, from a 409. */
export function readRegisteredBefore(text: string): string | null {
  return parsed(registeredBeforeSchema, text)?.beneficiary_id ?? null;
}

/** `otherAccount` says how the account that the answer states differs from `details`, or is null. */
export function readBeneficiary(
  text: string,
  details?: BeneficiaryDetails,
): (Registration & { otherAccount: string | null }) | null {
  const body = parsed(beneficiarySchema, text);
  if (!body) return null;
  const states = { PENDING: 'pending', VERIFIED: 'verified', FAILED: 'failed' } as const;
  return {
    provider_beneficiary_id: body.beneficiary_id,
    status: states[body.status],
    registered_name: body.registered_name ? maskText(body.registered_name) : null,
    failure_reason: body.failure_reason ? maskText(body.failure_reason) : null,
    otherAccount: details ? otherAccount(body, details) : null,
  };
}

/** A provider that answers with somebody else's beneficiary would have all money sent to that one. */
function otherAccount(
  body: z.output<typeof beneficiarySchema>,
  { account_number, ifsc }: BeneficiaryDetails,
): string | null {
  if (account_number === null) return null;
  const ending = (text: string) =>
    text
      .replace(/[^A-Za-z0-9]/g, '')
      .slice(-4)
      .toUpperCase();
  const last4 = typeof body.account_last4 === 'number' ? String(body.account_last4) : body.account_last4;
  const stated = typeof last4 === 'string' ? ending(last4) : '';
  if (stated !== '' && stated.padStart(4, '0') !== ending(account_number)) {
    return `the provider's beneficiary ${body.beneficiary_id} is another account: it ends in ${stated}, the one to be registered in ${ending(account_number)}`;
  }
  const branch = typeof body.ifsc === 'string' ? body.ifsc.trim().toUpperCase() : '';
  if (branch !== '' && ifsc !== null && branch !== ifsc.toUpperCase()) {
    return `the provider's beneficiary ${body.beneficiary_id} is another account: its IFSC is ${maskText(branch)}, that of the one to be registered ${ifsc}`;
  }
  return null;
}

export function readBalance(text: string): { available_minor: bigint; currency: string } | null {
  const body = parsed(balanceSchema, text);
  if (!body) return null;
  // An account may be overdrawn, as a payout's amount may not.
  const minor = readMinor(Math.abs(body.available));
  return minor === null
    ? null
    : { available_minor: body.available < 0 ? -minor : minor, currency: body.currency };
}

/** Why a text is no balance of ours. */
export function whyNoBalance(text: string): string {
  const currency = parsed(balanceSchema.extend({ currency: word }), text)?.currency;
  return currency === undefined || currency === CURRENCY
    ? 'the answer to a balance query is no balance'
    : `it states its balance in ${maskText(currency)}, not in ${CURRENCY}`;
}

export function readPayout(text: string): StatusReport | null {
  const body = parsed(payoutSchema, text);
  return body ? reportOf(body) : null;
}

export interface PayoutPage {
  /** What each element says of a payout, or null where it is none. */
  reports: (StatusReport | null)[];
  next_cursor: string | null;
}

export function readPage(text: string): PayoutPage | null {
  const page = parsed(pageSchema, text);
  if (!page) return null;
  return {
    reports: page.data.map((element) => {
      const body = payoutSchema.safeParse(element).data;
      return body ? reportOf(body) : null;
    }),
    next_cursor: page.next_cursor || null,
  };
}

const LONGEST_UNREAD = 60;

function reportOf(body: z.output<typeof payoutSchema>): StatusReport {
  const state = stateOf(body.status);
  const reason = body.failure_reason || null;
  const wentWrong = state === 'failed' || state === 'reversed';
  const amount_minor = readMinor(body.amount);
  const unread = amount_minor === null && body.amount !== undefined && body.amount !== null;
  return {
    provider_id: body.payout_id,
    provider_reference: body.reference_id,
    provider_beneficiary_id: body.beneficiary_id ?? null,
    amount_minor,
    ...(unread ? { unread_amount: maskText(JSON.stringify(body.amount)).slice(0, LONGEST_UNREAD) } : {}),
    currency: body.currency || null,
    state,
    // A word that we do not know may be a sentence.
    status: state === 'unknown_word' ? maskText(body.status) : body.status,
    utr: body.utr || null,
    fee_minor: readMinor(body.fee),
    tax_minor: readMinor(body.tax),
    failure_reason: reason === null ? null : maskText(reason),
    failure_code: wentWrong ? failureCodeOf(reason ?? '') : null,
    created_at: readInstant(body.created_at),
    completed_at: readInstant(body.completed_at),
    reversed_at: readInstant(body.reversed_at),
    updated_at: readInstant(body.updated_at),
  };
}

// A double keeps every decimal of 15 digits apart, and two of them are paise. At 2^53 paise, which would seem the
// bound, neighbouring doubles are already more than a paisa apart.
const LARGEST_EXACT_RUPEES = 9_999_999_999_999.99;

/**
 * A JSON number of rupees → paise, exactly, or null. A double's shortest decimal is the literal that was written, as
 * long as that has 15 digits or fewer: 100.1 is 10010 and 1e2 is 10000, while 100.105, "100" and -1 are not amounts.
 */
export function readMinor(value: unknown): bigint | null {
  if (typeof value !== 'number' || !(value >= 0) || value > LARGEST_EXACT_RUPEES) return null;
  const amount = parseAmountOrZero(String(value), CURRENCY);
  return amount.ok ? amount.minor : null;
}

const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})$/;

// Servers write year 1 or 1970 for a time that they do not have, and 9999 for one that never comes.
const EARLIEST_MS = Date.UTC(2000, 0);
const LATEST_MS = Date.UTC(2100, 0);

/** Fixed-width UTC text, which sorts as time does, or null where it is no instant or stands for none. */
export function readInstant(text: string | null | undefined): string | null {
  if (!text || !RFC3339.test(text)) return null;
  const instant = new Date(text.toUpperCase());
  const ms = instant.getTime();
  return ms >= EARLIEST_MS && ms < LATEST_MS ? instant.toISOString() : null;
}
