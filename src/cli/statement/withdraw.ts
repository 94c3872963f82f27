import { withdrawStatement } from '../../operations/withdraw-statement.ts';
import type { Context, Input, Outcome, Verb } from '../command.ts';
import { turnStatement, WITHDRAWAL_WORDS } from './withdrawal.ts';

export const verb: Verb = {
  name: 'statement withdraw',
  summary: 'Take a statement back that was wrong; nothing is deleted',
  ...WITHDRAWAL_WORDS,
  examples: ['payrun statement withdraw 3 --reason "the provider sent a corrected report"'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  return turnStatement(
    context,
    input,
    withdrawStatement,
    'withdrawn: its lines count only where another statement has them too',
  );
}
