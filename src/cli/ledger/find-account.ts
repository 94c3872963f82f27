import { PayrunError } from '../../domain/errors.ts';
import type { Database } from '../../store/database.ts';
import { accountNames } from '../../store/ledger-queries.ts';
import { accountIdOf } from '../../store/register.ts';
import { nearest } from '../output/nearest.ts';

/** The number of an account that the books have, or the refusal with the name that may be meant. */
export async function requireAccount(database: Database, account: string): Promise<bigint> {
  const id = await accountIdOf(database, account);
  if (id !== undefined) return id;
  const guess = nearest(account, await accountNames(database));
  throw new PayrunError('failed', 'account_unknown', `There is no account ${account}.`, {
    hint: guess
      ? `Did you mean ${guess}?`
      : '`payrun ledger accounts` lists them; one begins to exist when something is booked on it, by a payout or with `payrun ledger record`.',
  });
}
