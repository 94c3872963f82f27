/**
 * A new account whose name is nearly another's is more often a slip than a wish. It is asked about on a terminal, named
 * with --new-account, or taken with --yes, which warns; else the file is refused.
 */
import { PayrunError } from '../domain/errors.ts';
import type { Context, Input, Option } from './command.ts';

export const NEW_ACCOUNT_OPTION: Option = {
  flags: '--new-account <account>',
  description: 'this account is new and meant, however near its name is to another; may be repeated',
  repeatable: true,
};

/** Does `work` with the accounts that are meant (null: all of them), and once more where a person says yes to others. */
export async function withNewAccounts<T>(
  context: Context,
  input: Input,
  work: (meant: ReadonlySet<string> | null) => Promise<T>,
): Promise<T> {
  if (context.flags.yes) return work(null);
  const named = input.options.newAccount;
  const meant = new Set(Array.isArray(named) ? named : []);
  try {
    return await work(meant);
  } catch (error) {
    if (!(error instanceof PayrunError) || error.rows.length === 0) throw error;
    const doubts = error.rows.filter(({ code }) => code === 'account_similar');
    if (doubts.length < error.rows.length) throw error;
    for (const { message, value } of doubts) {
      if ((await context.ask(`${message} Open it?`)) !== true) throw refused(error);
      if (value !== null) meant.add(value);
    }
    return work(meant);
  }
}

function refused({ kind, code, message, file, rows }: PayrunError): PayrunError {
  return new PayrunError(kind, code, message, {
    hint: 'Correct the name, or say that it is meant: --new-account NAME, or --yes.',
    ...(file === undefined ? {} : { file }),
    rows,
  });
}
