/** Full accounts of payouts' beneficiaries, for a person who says why; the showing is audited before it happens. */
import { beneficiariesById } from '../../store/beneficiaries.ts';
import type { PayoutListRow } from '../../store/payout-list.ts';
import type { Context } from '../command.ts';

/** By beneficiary; each is in the audit log once for every call. */
export async function revealedAccounts(
  context: Context,
  rows: readonly PayoutListRow[],
  reason: string,
): Promise<Map<bigint, string>> {
  const [{ revealBeneficiaries }, database, vault] = await Promise.all([
    import('../../operations/reveal-beneficiaries.ts'),
    context.ledger(),
    context.vault(),
  ]);
  const ids = [...new Set(rows.map((row) => row.beneficiary_id))];
  const records = [...(await beneficiariesById(database, ids)).values()];
  const revealed = await revealBeneficiaries(
    { database, vault, actor: context.actor, now: () => context.world.now().toISOString() },
    records,
    reason,
  );
  return new Map([...revealed].map(([id, { account }]) => [id, account]));
}
