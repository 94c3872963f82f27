/** Between a beneficiary as people write it and as it is stored: what is sealed, what is masked, what is compared. */
import type { Beneficiary } from '../domain/payout/beneficiary.ts';
import type { BeneficiaryDetails } from '../providers/provider.ts';
import type { BeneficiaryRecord, NewBeneficiary } from '../store/beneficiaries.ts';
import type { FormerAccount, NewFormerAccount } from '../store/former-accounts.ts';
import type { SealedRow } from '../store/vault-keys.ts';
import { maskAccount, maskEmail, maskPhone, maskVpa } from '../vault/mask.ts';
import { placeOf, type Vault } from '../vault/vault.ts';

/** `fingerprint` tells whether the money goes to the same account, `row_fingerprint` whether anything is new. */
export function fingerprintOf(
  vault: Vault,
  beneficiary: Beneficiary,
): { fingerprint: string; row_fingerprint: string } {
  const { vpa, account_number, ifsc } = beneficiary;
  return {
    // UPI addresses are the same in any case; account numbers are taken as they are written.
    fingerprint:
      vpa === null
        ? vault.fingerprint('bank_account', `${account_number}|${ifsc}`)
        : vault.fingerprint('vpa', vpa.toLowerCase()),
    row_fingerprint: vault.fingerprint('beneficiary_row', canonicalRow(beneficiary)),
  };
}

// In a fixed order, and without the reference: the record that it is compared with was found by it.
function canonicalRow(each: Beneficiary): string {
  return JSON.stringify([
    each.name,
    each.account_number,
    each.ifsc,
    each.vpa,
    each.bank_name,
    each.account_type,
    each.email,
    each.phone,
  ]);
}

type SealedFields = Omit<NewBeneficiary, 'beneficiary_ref' | 'created_at' | 'updated_at'>;

/** `ref` is the reference under which the record is stored; its sealed values open for no other. */
export function sealBeneficiary(vault: Vault, beneficiary: Beneficiary, ref: string): SealedFields {
  const { vpa, account_number, email, phone } = beneficiary;
  const seal = (column: string, value: string) => vault.seal(value, placeOf(`beneficiaries.${column}`, ref));
  return {
    name: beneficiary.name,
    destination_kind: beneficiary.destination_kind,
    account_sealed: seal('account_sealed', vpa ?? account_number ?? ''),
    account_masked: vpa === null ? maskAccount(account_number ?? '') : maskVpa(vpa),
    ifsc: beneficiary.ifsc,
    bank_name: beneficiary.bank_name,
    account_type: beneficiary.account_type,
    email_sealed: email === null ? null : seal('email_sealed', email),
    email_masked: email === null ? null : maskEmail(email),
    phone_sealed: phone === null ? null : seal('phone_sealed', phone),
    phone_masked: phone === null ? null : maskPhone(phone),
    ...fingerprintOf(vault, beneficiary),
  };
}

/** The account number or VPA in plain text. */
export function openAccount(vault: Vault, record: BeneficiaryRecord): string {
  return vault.open(record.account_sealed, placeOf('beneficiaries.account_sealed', record.beneficiary_ref));
}

export function openContacts(
  vault: Vault,
  record: BeneficiaryRecord,
): { email: string | null; phone: string | null } {
  const open = (column: string, sealed: string | null) =>
    sealed === null ? null : vault.open(sealed, placeOf(`beneficiaries.${column}`, record.beneficiary_ref));
  return {
    email: open('email_sealed', record.email_sealed),
    phone: open('phone_sealed', record.phone_sealed),
  };
}

/** What a provider is told in order to register it. */
export function detailsOf(vault: Vault, record: BeneficiaryRecord): BeneficiaryDetails {
  const account = openAccount(vault, record);
  const isVpa = record.destination_kind === 'vpa';
  return {
    name: record.name,
    account_number: isVpa ? null : account,
    ifsc: record.ifsc,
    bank_name: record.bank_name,
    account_type: record.account_type,
    vpa: isVpa ? account : null,
  };
}

/** The same values sealed under the vault's present key. Throws `seal_broken` where one does not open. */
export function resealed(vault: Vault, row: SealedRow): SealedRow {
  const again = (column: string, sealed: string) => {
    const place = placeOf(`beneficiaries.${column}`, row.beneficiary_ref);
    return vault.seal(vault.open(sealed, place), place);
  };
  return {
    ...row,
    account_sealed: again('account_sealed', row.account_sealed),
    email_sealed: row.email_sealed === null ? null : again('email_sealed', row.email_sealed),
    phone_sealed: row.phone_sealed === null ? null : again('phone_sealed', row.phone_sealed),
  };
}

/** Of a beneficiary whose bank details change at `now`, what is kept; sealed to a place of its own. */
export function formerAccount(vault: Vault, record: BeneficiaryRecord, now: string): NewFormerAccount {
  const { fingerprint, name, destination_kind, account_masked, ifsc, bank_name } = record;
  const place = formerPlace({ beneficiary_ref: record.beneficiary_ref, until_at: now });
  return {
    ...{ beneficiary_id: record.id, fingerprint, name, destination_kind, account_masked, ifsc, bank_name },
    account_sealed: vault.seal(openAccount(vault, record), place),
    until_at: now,
  };
}

/** The account number or VPA in plain text. */
export function openFormerAccount(vault: Vault, former: FormerAccount): string {
  return vault.open(former.account_sealed, formerPlace(former));
}

export function resealedFormer(vault: Vault, former: FormerAccount): FormerAccount {
  return { ...former, account_sealed: vault.seal(openFormerAccount(vault, former), formerPlace(former)) };
}

function formerPlace({
  beneficiary_ref,
  until_at,
}: Pick<FormerAccount, 'beneficiary_ref' | 'until_at'>): string {
  return placeOf('former_accounts.account_sealed', `${beneficiary_ref} until ${until_at}`);
}
