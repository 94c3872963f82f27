/** The shape of every command's output, printed for who scripts against it; the tests hold real outputs against it. */
import * as z from 'zod';
import { PayrunError } from '../domain/errors.ts';
import { argumentList, type Json, type Outcome, type Verb } from './command.ts';
import { COMMANDS } from './commands.ts';
import { nearest } from './output/nearest.ts';
import { schemaName } from './output/render.ts';
import { envelopeSchema } from './output/schemas/index.ts';

export const verb: Verb = {
  name: 'schema',
  summary: 'Print the JSON Schema of a command’s output',
  effect: 'reads',
  arguments: [
    { name: '[command...]', description: 'such as batch submit or batch.submit; without it, all are listed' },
  ],
  examples: ['payrun schema batch submit', 'payrun schema payout.list -o payout-list.schema.json'],
  async run(_context, input) {
    const words = argumentList(input, 0).join(' ').replace('.', ' ');
    return words === '' ? list() : describe(words);
  },
};

function list(): Outcome {
  const items = COMMANDS.map(({ name, summary }) => ({ command: name, schema: schemaName(name), summary }));
  return { data: { items } };
}

async function describe(words: string): Promise<Outcome> {
  const names = COMMANDS.map(({ name }) => name);
  if (!names.includes(words)) {
    const guess = nearest(words, names);
    throw new PayrunError('usage', 'command_unknown', `There is no command "${words}".`, {
      hint:
        guess === undefined
          ? 'Run `payrun schema` to list them.'
          : `Did you mean \`payrun schema ${guess}\`?`,
    });
  }
  const schema = z.toJSONSchema(await envelopeSchema(words)) as { [key: string]: Json };
  return { data: { command: words, json_schema: schema }, text: `${JSON.stringify(schema, null, 2)}\n` };
}
