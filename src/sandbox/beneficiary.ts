/** A registered beneficiary, what its penny drop finds, and the details that are refused. */
import { endingOf } from './endings.ts';
import { instant } from './payout.ts';

export interface SandboxBeneficiary {
  no: bigint;
  beneficiary_id: string;
  name: string;
  account_number: string | null;
  ifsc: string | null;
  vpa: string | null;
  bank_name: string | null;
  type: 'current' | 'savings' | null;
  registered_name: string | null;
  failure_reason: string | null;
  created_at: string;
  checked_at: string;
}

/** What a caller may say of a beneficiary. */
export interface Details {
  name: string;
  account_number: string | null;
  ifsc: string | null;
  vpa: string | null;
  bank_name: string | null;
  type: 'current' | 'savings' | null;
}

export interface DetailProblem {
  code: string;
  message: string;
}

// As wide as Indian banks and the larger payout providers allow.
const ACCOUNT_NUMBER = /^[A-Za-z0-9]{5,35}$/;
const IFSC = /^[A-Z]{4}0[A-Z0-9]{6}$/;
const VPA = /^[A-Za-z0-9._-]{2,256}@[A-Za-z][A-Za-z0-9]{1,64}$/;
const NAME_MAX = 120;
// Longer than anybody waits in a demonstration or a test.
const LONG_MS = 600_000;

export function readDetails(body: Readonly<Record<string, unknown>>): Details | DetailProblem {
  const { name, type } = body;
  if (typeof name !== 'string' || name.trim() === '' || name.length > NAME_MAX) {
    return { code: 'INVALID_NAME', message: `name is text of 1 to ${NAME_MAX} characters.` };
  }
  for (const field of ['account_number', 'ifsc', 'vpa', 'bank_name']) {
    const value = body[field];
    if (value !== undefined && value !== null && typeof value !== 'string') {
      return { code: 'INVALID_REQUEST', message: `${field} is text.` };
    }
  }
  if (type !== undefined && type !== null && type !== 'current' && type !== 'savings') {
    return { code: 'INVALID_REQUEST', message: 'type is current or savings.' };
  }
  const given = (field: string): string | null => (typeof body[field] === 'string' ? body[field] : null);
  const details: Details = {
    name,
    account_number: given('account_number'),
    ifsc: given('ifsc'),
    vpa: given('vpa'),
    bank_name: given('bank_name'),
    type: type ?? null,
  };
  return destinationProblem(details) ?? details;
}

function destinationProblem({ account_number, ifsc, vpa }: Details): DetailProblem | null {
  const bankAccount = account_number !== null || ifsc !== null;
  if (bankAccount === (vpa !== null)) {
    return { code: 'INVALID_REQUEST', message: 'A beneficiary has account_number and ifsc, or a vpa.' };
  }
  if (vpa !== null) {
    return VPA.test(vpa) ? null : { code: 'INVALID_VPA', message: 'vpa has the form name@handle.' };
  }
  if (account_number === null || !ACCOUNT_NUMBER.test(account_number)) {
    return { code: 'INVALID_ACCOUNT', message: 'account_number has 5 to 35 letters and digits.' };
  }
  if (ifsc === null || !IFSC.test(ifsc)) {
    return { code: 'INVALID_IFSC', message: 'ifsc has four capitals, a zero, and six capitals or digits.' };
  }
  return null;
}

/** Equal for the same account or VPA. */
export function destinationOf(details: Pick<Details, 'account_number' | 'ifsc' | 'vpa'>): string {
  return details.vpa === null ? `${details.account_number}\n${details.ifsc}` : details.vpa.toLowerCase();
}

export function planBeneficiary(
  details: Details,
  plan: { no: bigint; beneficiary_id: string; created_ms: number; settle_ms: number; endings: boolean },
): SandboxBeneficiary {
  const found = plan.endings
    ? endingOf(details.account_number ?? details.vpa ?? '').penny_drop
    : endingOf('').penny_drop;
  const delays = { none: 0, settling: plan.settle_ms, long: LONG_MS };
  return {
    ...details,
    no: plan.no,
    beneficiary_id: plan.beneficiary_id,
    registered_name:
      found.failure_reason === null ? (found.registered_name ?? details.name.toUpperCase()) : null,
    failure_reason: found.failure_reason,
    created_at: instant(plan.created_ms),
    checked_at: instant(plan.created_ms + delays[found.delay]),
  };
}

export type VerificationStatus = 'PENDING' | 'VERIFIED' | 'FAILED';

export function verificationAt(beneficiary: SandboxBeneficiary, at: string): VerificationStatus {
  if (at < beneficiary.checked_at) return 'PENDING';
  return beneficiary.failure_reason === null ? 'VERIFIED' : 'FAILED';
}

/** The beneficiary as it stands in an answer; of the account number only the last four digits. */
export function beneficiaryBody(beneficiary: SandboxBeneficiary, at: string) {
  const status = verificationAt(beneficiary, at);
  const account =
    beneficiary.account_number === null
      ? {}
      : { account_last4: beneficiary.account_number.slice(-4), ifsc: beneficiary.ifsc };
  return {
    beneficiary_id: beneficiary.beneficiary_id,
    name: beneficiary.name,
    status,
    registered_name: status === 'PENDING' ? null : beneficiary.registered_name,
    ...account,
    failure_reason: status === 'PENDING' ? null : beneficiary.failure_reason,
  };
}
