import { resolve } from 'node:path';
import { PayrunError } from '../../domain/errors.ts';
import { APPROVER_NAME_RULE, isApproverName } from '../../domain/payout/approval-policy.ts';
import { createApprovalKeyFile, newApprovalKey } from '../../vault/approval-key.ts';
import { type Context, flag, type Input, type Outcome, text, type Verb } from '../command.ts';

export const verb: Verb = {
  name: 'key new',
  summary: 'Make a key of an approver, and print its public half for the configuration',
  effect: 'writes',
  writes_output_file: true,
  options: [
    { flags: '--approval', description: 'an approver’s key (Ed25519), which signs approvals of batches' },
    { flags: '--name <name>', description: 'the approver’s name (default: who runs this)' },
  ],
  examples: ['payrun key new --approval --name asha -o asha.key'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  if (!flag(input, 'approval'))
    throw new PayrunError('usage', 'usage', 'Say which key: --approval makes one of an approver.', {
      hint: '`payrun key rotate` gives the ledger a new data key.',
    });
  const { output_file, dry_run } = context.flags;
  if (output_file === null)
    throw new PayrunError('usage', 'usage', 'Say where the private key goes: -o FILE.', {
      hint: 'It is written there, readable by you alone; on the screen or in a pipe it would be everybody’s.',
    });
  const name = text(input, 'name') ?? context.actor.name;
  if (!isApproverName(name))
    throw new PayrunError(
      'usage',
      'option_invalid',
      `${JSON.stringify(name)} is no name: ${APPROVER_NAME_RULE}.`,
    );
  const { pem, public_key } = newApprovalKey();
  if (!dry_run) createApprovalKeyFile(resolve(context.world.cwd, output_file), pem);
  return {
    data: { name, public_key, file: output_file },
    text: `[[approval.keys]]\nname = ${JSON.stringify(name)}\npublic_key = "${public_key}"\n`,
    next: dry_run
      ? 'A dry run: nothing was written.'
      : `${output_file} is the private key: it stays with ${name} alone. The lines above go into payrun.toml.`,
  };
}
