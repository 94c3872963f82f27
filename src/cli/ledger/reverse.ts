import { PayrunError } from '../../domain/errors.ts';
import { reverseEntry } from '../../operations/reverse-entry.ts';
import { argument, type Context, type Input, type Outcome, text, type Verb } from '../command.ts';
import { entryNumber } from './flags.ts';

export const verb: Verb = {
  name: 'ledger reverse',
  summary: 'Post the opposite of an entry; nothing is ever edited',
  effect: 'writes',
  arguments: [{ name: '<entry>', description: 'its number, such as 15' }],
  options: [
    { flags: '--reason <text>', description: 'why; kept in the entry and in the audit log', required: true },
  ],
  examples: ['payrun ledger reverse 15 --reason "booked to the wrong account"'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const id = entryNumber(argument(input, 0));
  const reason = (text(input, 'reason') ?? '').trim();
  if (reason === '')
    throw new PayrunError('usage', 'option_invalid', '--reason is empty; say why the entry is reversed.');
  const { ledger } = await context.config();
  const database = await context.ledger();
  const { actor, world } = context;
  const at = world.now().toISOString();
  const entry = await reverseEntry({ database, actor, at, time_zone: ledger.time_zone, reason }, id);
  return { data: { entry: Number(entry), reverses: Number(id), reason } };
}
