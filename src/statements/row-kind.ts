/**
 * What a row of a report is about and which way its money went. Rules of the profile say so, the first that fits; a
 * row that no rule knows is judged by its direction and by whether it names a payout. Money that left is positive.
 */
import { isOfPayout, type LineKind } from '../domain/reconciliation/statement-line.ts';
import type { Profile } from './profile.ts';
import type { Resolved } from './profile-fit.ts';

/** `amount` is signed; `named` says whether the row carries an identifier. */
export function kindReader(
  profile: Profile,
  resolved: Resolved,
): (values: readonly string[], amount: bigint, named: boolean) => LineKind {
  const rules = profile.kinds.map(({ expression, kind }, index) => ({
    at: resolved.kinds[index] ?? -1,
    expression,
    kind,
  }));
  return (values, amount, named) => {
    const rule = rules.find(({ at, expression }) => expression.test((values[at] ?? '').trim()));
    const kind = rule?.kind ?? (amount < 0n ? profile.credit_kind : named ? 'payout' : profile.unnamed_kind);
    // What names no payout cannot be matched with one; a bank's statement is full of such rows.
    if (isOfPayout(kind) && !named && profile.unnamed_kind !== 'payout') return profile.unnamed_kind;
    // The direction decides between a payout and its return: a payout cannot come in, and a return cannot leave.
    if (kind === 'payout' && amount < 0n) return 'return';
    if (kind === 'return' && amount > 0n && profile.directed) return 'other';
    return kind;
  };
}
