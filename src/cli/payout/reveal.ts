/** Full accounts that payouts went, or go, to, for a person who says why; the showing is audited before it happens. */
import type { PayoutListRow } from '../../store/payout-list.ts';
import type { Context } from '../command.ts';

/** By payout; each account is in the audit log once for every call. */
export async function revealedAccounts(
  context: Context,
  rows: readonly PayoutListRow[],
  reason: string,
): Promise<Map<bigint, string>> {
  const [{ revealPayouts }, database, vault] = await Promise.all([
    import('../../operations/reveal-beneficiaries.ts'),
    context.ledger(),
    context.vault(),
  ]);
  return revealPayouts(
    { database, vault, actor: context.actor, now: () => context.world.now().toISOString() },
    rows,
    reason,
  );
}
