/** A bank's statement that was taken in as a provider's by mistake: no line of it explains a payout. */
import type { ImportedStatement } from '../../operations/import-statement.ts';
import { linesOfFile } from '../../operations/lines-of-file.ts';
import { statementById } from '../../store/statements.ts';
import type { Context } from '../command.ts';

// A longer one with not one payout in it is nobody's slip.
const MOST_LINES = 1000;

export async function warnOfOtherBusiness(
  context: Context,
  statements: readonly ImportedStatement[],
  provider: { name: string; kind: string | null },
): Promise<void> {
  for (const { statement, file, profile, lines, new_lines, already_imported } of statements) {
    if (already_imported || new_lines === 0 || lines > MOST_LINES || profile === provider.kind) continue;
    const database = await context.ledger();
    const kept = await statementById(database, statement);
    if (!kept) continue;
    const rows = await linesOfFile(database, kept, 0n, MOST_LINES);
    if (rows.some(({ rule }) => rule !== null)) continue;
    context.warn({
      code: 'statement_of_other_business',
      message: `No line of ${file} is matched with a payout of ${provider.name}. If it is the statement of an account of the books: payrun statement withdraw ${statement} --reason TEXT, then payrun reconcile FILE --account NAME.`,
    });
  }
}
