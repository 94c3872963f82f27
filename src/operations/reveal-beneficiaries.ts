/** Shows private values to a person who says why; each showing is in the audit log before anything is shown. */
import type { Actor } from '../domain/actor.ts';
import { recordAudits } from '../store/audit.ts';
import type { BeneficiaryRecord } from '../store/beneficiaries.ts';
import type { Database } from '../store/database.ts';
import type { Vault } from '../vault/vault.ts';
import { openAccount, openContacts } from './beneficiary-seals.ts';

export interface Revealed {
  account: string;
  email: string | null;
  phone: string | null;
}

export async function revealBeneficiaries(
  deps: { database: Database; vault: Vault; actor: Actor; now(): string },
  records: readonly BeneficiaryRecord[],
  reason: string,
): Promise<Map<bigint, Revealed>> {
  const revealed = new Map(
    records.map((record) => [
      record.id,
      { account: openAccount(deps.vault, record), ...openContacts(deps.vault, record) },
    ]),
  );
  const at = deps.now();
  await deps.database.transaction(async (tx) => {
    await recordAudits(
      tx,
      records.map((record) => ({
        at,
        actor: deps.actor,
        action: 'beneficiary_revealed',
        subject_kind: 'beneficiary',
        subject: record.beneficiary_ref,
        details: { reason, account: record.account_masked },
      })),
    );
  });
  return revealed;
}
