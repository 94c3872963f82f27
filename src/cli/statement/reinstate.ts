import { reinstateStatement } from '../../operations/withdraw-statement.ts';
import type { Context, Input, Outcome, Verb } from '../command.ts';
import { turnStatement, WITHDRAWAL_WORDS } from './withdrawal.ts';

export const verb: Verb = {
  name: 'statement reinstate',
  summary: 'Have a withdrawn statement count again',
  ...WITHDRAWAL_WORDS,
  examples: ['payrun statement reinstate 3 --reason "it was the right one after all"'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  return turnStatement(context, input, reinstateStatement, 'reinstated: its lines count again');
}
