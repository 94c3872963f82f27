/**
 * What POST /payouts answers. The order of the questions is part of the contract: a known reference is answered
 * before anything else of the body is looked at, and whatever is refused leaves its reference free.
 */
import { parseAmount } from '../domain/money/parse-amount.ts';
import { isRail, NETWORK_RULES, type Rail, railReaches } from '../domain/payout/rail.ts';
import { type Answer, badRequest, jsonAnswer, refusal } from './answer.ts';
import { type SandboxBeneficiary, verificationAt } from './beneficiary.ts';
import type { Book } from './book.ts';
import { CURRENCY, payoutBody, rupees } from './payout.ts';

export type IdempotentAnswer = '409' | '200';

const REFERENCE = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;
const NARRATION_MAX = 100;
// Beyond it a JSON number has no exact paise.
const AMOUNT_MAX = Number.MAX_SAFE_INTEGER / 100;

export function submitPayout(
  book: Book,
  body: Readonly<Record<string, unknown>>,
  idempotent: IdempotentAnswer,
): Answer {
  const { reference_id, beneficiary_id, amount, mode, narration } = body;
  if (typeof reference_id !== 'string' || !REFERENCE.test(reference_id)) {
    return badRequest(
      'reference_id is 1 to 64 letters, digits, ".", "_" and "-", and starts with a letter or digit.',
    );
  }
  const earlier = book.payoutByReference(reference_id);
  if (earlier) {
    if (idempotent === '200') return jsonAnswer(200, payoutBody(earlier, book.advance()));
    return refusal(409, 'DUPLICATE_REFERENCE', `A payout with reference_id ${reference_id} exists.`);
  }
  if (typeof beneficiary_id !== 'string') return badRequest('beneficiary_id is text.');
  if (typeof amount !== 'number') return badRequest('amount is a number of rupees.');
  if (typeof mode !== 'string') return badRequest('mode is text.');
  if (narration !== undefined && narration !== null && typeof narration !== 'string')
    return badRequest('narration is text.');
  if (typeof narration === 'string' && narration.length > NARRATION_MAX) {
    return badRequest(`narration has at most ${NARRATION_MAX} characters.`);
  }
  const beneficiary = book.beneficiary(beneficiary_id);
  if (!beneficiary) return refusal(422, 'INVALID_BENEFICIARY', 'There is no such beneficiary.');
  const amountMinor = readAmount(amount);
  if (amountMinor === null)
    return refusal(422, 'INVALID_AMOUNT', 'amount is greater than zero and has at most two decimals.');
  const refused = refuseMode(mode, amountMinor, beneficiary) ?? refuseBeneficiary(book, beneficiary);
  if (refused) return refused;
  const payout = book.accept({
    reference_id,
    beneficiary,
    amount_minor: amountMinor,
    mode: mode as Rail,
    narration: narration ?? null,
  });
  if (!payout) {
    const available = book.totals().available_minor;
    return refusal(
      402,
      'INSUFFICIENT_FUNDS',
      `The balance of ${rupees(available)} does not cover ${amount}.`,
    );
  }
  return jsonAnswer(202, payoutBody(payout, payout.created_at));
}

/** Paise of a JSON number, by its shortest digits: 100.1 is 10010, and 0.1 + 0.2 has too many decimals. */
function readAmount(amount: number): bigint | null {
  if (!(amount > 0 && amount <= AMOUNT_MAX)) return null;
  const parsed = parseAmount(String(amount), CURRENCY);
  return parsed.ok ? parsed.minor : null;
}

function refuseMode(mode: string, amountMinor: bigint, beneficiary: SandboxBeneficiary): Answer | null {
  if (!isRail(mode)) return refusal(422, 'INVALID_MODE', 'mode is IMPS, NEFT, RTGS or UPI.');
  if (!railReaches(mode, beneficiary.vpa === null ? 'bank_account' : 'vpa')) {
    return refusal(422, 'INVALID_MODE', `${mode} does not reach this beneficiary.`);
  }
  const { min_minor, max_minor } = NETWORK_RULES[mode];
  if (min_minor !== null && amountMinor < min_minor) {
    return refusal(422, 'INVALID_AMOUNT', `${mode} takes ${rupees(min_minor)} and more.`);
  }
  if (max_minor !== null && amountMinor > max_minor) {
    return refusal(422, 'LIMIT_EXCEEDED', `${mode} takes at most ${rupees(max_minor)}.`);
  }
  return null;
}

function refuseBeneficiary(book: Book, beneficiary: SandboxBeneficiary): Answer | null {
  if (verificationAt(beneficiary, book.advance()) === 'FAILED') {
    return refusal(422, 'INVALID_BENEFICIARY', 'The penny drop to this beneficiary failed.');
  }
  const course = book.courseFor(beneficiary);
  return course.course === 'refused' ? refusal(422, course.code, course.message) : null;
}
