/** A beneficiary as the output shows it: private values masked, unless they were revealed. */
import { PayrunError } from '../../domain/errors.ts';
import { namesAgree } from '../../domain/payout/beneficiary.ts';
import type { Revealed } from '../../operations/reveal-beneficiaries.ts';
import {
  type BeneficiaryRecord,
  beneficiariesByRef,
  type RegistrationRecord,
  registrationsOf,
} from '../../store/beneficiaries.ts';
import { formerAccountsOf } from '../../store/former-accounts.ts';
import { type Context, type Data, flag, type Input, type Option, text } from '../command.ts';

export const REVEAL_OPTIONS: readonly Option[] = [
  { flags: '--reveal', description: 'show accounts, e-mails and phones in full; kept in the audit log' },
  { flags: '--reason <text>', description: 'why they are revealed' },
];

/** Items in the order of the records. */
export async function beneficiaryItems(
  context: Context,
  input: Input,
  records: readonly BeneficiaryRecord[],
): Promise<Data[]> {
  const database = await context.ledger();
  const registrations = await registrationsOf(
    database,
    records.map((record) => record.id),
  );
  const reason = revealReason(input);
  const revealed = reason === null ? null : await reveal(context, records, reason);
  return records.map((record) =>
    itemOf(record, registrations.get(record.id) ?? [], revealed?.get(record.id)),
  );
}

/** The item with the accounts that the beneficiary had before, masked; the oldest first. */
export async function withFormerAccounts(
  context: Context,
  item: Data,
  record: BeneficiaryRecord,
): Promise<Data> {
  const former = await formerAccountsOf(await context.ledger(), [record.id]);
  return {
    ...item,
    former_accounts: former.map((each) => ({
      name: each.name,
      destination_kind: each.destination_kind,
      account: each.account_masked,
      ifsc: each.ifsc,
      bank_name: each.bank_name,
      from: each.from_at,
      until: each.until_at,
    })),
  };
}

/** Why private values are to be shown, or null where they are not; without a reason nothing is. */
export function revealReason(input: Input): string | null {
  if (!flag(input, 'reveal')) return null;
  const reason = text(input, 'reason')?.trim();
  if (reason) return reason;
  throw new PayrunError(
    'usage',
    'reason_missing',
    '--reveal needs a reason, which is kept in the audit log.',
    {
      hint: 'Add --reason "why you need to see it".',
    },
  );
}

async function reveal(
  context: Context,
  records: readonly BeneficiaryRecord[],
  reason: string,
): Promise<Map<bigint, Revealed>> {
  const { revealBeneficiaries } = await import('../../operations/reveal-beneficiaries.ts');
  const { world, actor } = context;
  const [database, vault] = await Promise.all([context.ledger(), context.vault()]);
  return revealBeneficiaries(
    { database, vault, actor, now: () => world.now().toISOString() },
    records,
    reason,
  );
}

function itemOf(
  record: BeneficiaryRecord,
  registrations: readonly RegistrationRecord[],
  revealed: Revealed | undefined,
): Data {
  return {
    beneficiary_ref: record.beneficiary_ref,
    name: record.name,
    destination_kind: record.destination_kind,
    account: revealed?.account ?? record.account_masked,
    ifsc: record.ifsc,
    bank_name: record.bank_name,
    account_type: record.account_type,
    email: revealed?.email ?? record.email_masked,
    phone: revealed?.phone ?? record.phone_masked,
    registrations: registrations.map((registration) => ({
      provider: registration.provider,
      ...registrationFields(record, registration),
      checked_at: registration.checked_at,
    })),
    created_at: record.created_at,
    updated_at: record.updated_at,
  };
}

/** What a provider knows of a beneficiary; nulls where it knows nothing. */
export function registrationFields(
  record: BeneficiaryRecord,
  registration: RegistrationRecord | undefined,
): Data {
  const registeredName = registration?.registered_name ?? null;
  return {
    provider_beneficiary_id: registration?.provider_beneficiary_id ?? null,
    status: registration?.status ?? 'unregistered',
    registered_name: registeredName,
    name_matches: registeredName === null ? null : namesAgree(record.name, registeredName),
    failure_reason: registration?.failure_reason ?? null,
  };
}

/** The records of references that a person named, in that order; a reference that is not known is an error. */
export async function namedBeneficiaries(
  context: Context,
  refs: readonly string[],
): Promise<BeneficiaryRecord[]> {
  const found = await beneficiariesByRef(await context.ledger(), refs);
  return [...new Set(refs.map((ref) => ref.toLowerCase()))].map((ref) => {
    const record = found.get(ref);
    if (record) return record;
    const written = refs.find((each) => each.toLowerCase() === ref) ?? ref;
    throw new PayrunError('failed', 'beneficiary_unknown', `There is no beneficiary ${written}.`, {
      hint: 'List those there are with: payrun beneficiary list',
    });
  });
}
