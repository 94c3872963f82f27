/** Shows private values to a person who says why; each showing is in the audit log before anything is shown. */
import type { Actor } from '../domain/actor.ts';
import { recordAudits } from '../store/audit.ts';
import { type BeneficiaryRecord, beneficiariesById } from '../store/beneficiaries.ts';
import type { Database } from '../store/database.ts';
import { formerAccountsById } from '../store/former-accounts.ts';
import type { Vault } from '../vault/vault.ts';
import { openAccount, openContacts, openFormerAccount } from './beneficiary-seals.ts';

export interface Revealed {
  account: string;
  email: string | null;
  phone: string | null;
}

export interface RevealDeps {
  database: Database;
  vault: Vault;
  actor: Actor;
  now(): string;
}

export async function revealBeneficiaries(
  deps: RevealDeps,
  records: readonly BeneficiaryRecord[],
  reason: string,
): Promise<Map<bigint, Revealed>> {
  const revealed = new Map(
    records.map((record) => [
      record.id,
      { account: openAccount(deps.vault, record), ...openContacts(deps.vault, record) },
    ]),
  );
  await recordReveals(deps, records, reason);
  return revealed;
}

/** A payout with the account that it was, or will be, sent to, as payout-list.ts reads it. */
interface SentTo {
  id: bigint;
  beneficiary_id: bigint;
  former_id: bigint | null;
  account_masked: string | null;
}

/** Accounts by payout; none of one whose account the ledger no longer has. */
export async function revealPayouts(
  deps: RevealDeps,
  payouts: readonly SentTo[],
  reason: string,
): Promise<Map<bigint, string>> {
  const { database, vault } = deps;
  const known = payouts.filter(({ account_masked }) => account_masked !== null);
  const present = await beneficiariesById(database, [
    ...new Set(
      known.filter(({ former_id }) => former_id === null).map(({ beneficiary_id }) => beneficiary_id),
    ),
  ]);
  const former = await formerAccountsById(database, [
    ...new Set(known.flatMap(({ former_id }) => former_id ?? [])),
  ]);
  const opened = new Map<AccountShown, string>();
  const revealed = new Map<bigint, string>();
  for (const { id, beneficiary_id, former_id } of known) {
    const earlier = former_id === null ? undefined : former.get(former_id);
    const record = present.get(beneficiary_id);
    const shown = earlier ?? record;
    if (shown === undefined) continue;
    const account =
      opened.get(shown) ??
      (earlier ? openFormerAccount(vault, earlier) : record && openAccount(vault, record));
    if (account === undefined) continue;
    opened.set(shown, account);
    revealed.set(id, account);
  }
  await recordReveals(deps, [...opened.keys()], reason);
  return revealed;
}

type AccountShown = Pick<BeneficiaryRecord, 'beneficiary_ref' | 'account_masked'>;

async function recordReveals(
  deps: RevealDeps,
  accounts: readonly AccountShown[],
  reason: string,
): Promise<void> {
  const at = deps.now();
  await deps.database.transaction(async (tx) => {
    await recordAudits(
      tx,
      accounts.map((account) => ({
        at,
        actor: deps.actor,
        action: 'beneficiary_revealed',
        subject_kind: 'beneficiary',
        subject: account.beneficiary_ref,
        details: { reason, account: account.account_masked },
      })),
    );
  });
}
