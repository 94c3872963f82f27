import { approvalsNeeded } from '../../domain/payout/batch.ts';
import { type ApprovedBatch, approveBatch, approveSigned } from '../../operations/approve-batch.ts';
import type { BatchRow } from '../../store/batches.ts';
import { statesOfBatch } from '../../store/payouts.ts';
import { argument, type Context, type Input, type Outcome, text, texts, type Verb } from '../command.ts';
import { checkApprovals, readApprovalFile, signStatement, writeStatement } from './approval-files.ts';
import { approvalMode } from './approval-mode.ts';
import { findBatch } from './find-batch.ts';

export const verb: Verb = {
  name: 'batch approve',
  summary: 'Approve a batch as it is now, here or by a signature',
  effect: 'writes',
  arguments: [{ name: '[batch]', description: 'the batch’s name; not with --sign and --check' }],
  options: [
    {
      flags: '--statement',
      description: 'write what the approver (--as) is to sign; with -o into a file. Approves nothing yet',
    },
    {
      flags: '--valid-for <duration>',
      description: 'with --statement: how long the approval is good (default: 7d, at most 90d)',
    },
    {
      flags: '--sign <file>',
      description: 'sign a statement, on any machine: no ledger, no configuration; with -o into a file',
    },
    { flags: '--key <file>', description: 'with --sign: the private key of `payrun key new --approval`' },
    { flags: '--signature <file>', description: 'approve with a statement that was signed' },
    {
      flags: '--check <file>',
      description: 'check signed statements against the configuration alone, for CI; may be repeated',
      repeatable: true,
    },
    { flags: '--payouts <file>', description: 'with --check: the payout file that must be the one approved' },
  ],
  examples: [
    'payrun batch approve salary-nov --as meera',
    'payrun batch approve salary-nov --statement --as asha -o salary-nov.txt',
    'payrun batch approve --sign salary-nov.txt --key asha.key -o salary-nov.sig',
    'payrun batch approve salary-nov --signature salary-nov.sig',
    'payrun batch approve --check salary-nov.sig --payouts payouts.csv --json',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  switch (approvalMode(input)) {
    case 'statement':
      return writeStatement(context, argument(input, 0), text(input, 'validFor'));
    case 'sign':
      return signStatement(context, text(input, 'sign') ?? '', text(input, 'key') ?? '');
    case 'check':
      return checkApprovals(context, texts(input, 'check'), text(input, 'payouts'));
    case 'signature': {
      const file = await readApprovalFile(context, text(input, 'signature') ?? '');
      return record(context, input, (deps, batch, policy) => approveSigned(deps, batch, policy, file));
    }
    case 'word':
      return record(context, input, approveBatch);
  }
}

async function record(context: Context, input: Input, approve: typeof approveBatch): Promise<Outcome> {
  const database = await context.ledger();
  const { approval } = await context.config();
  const batch = await findBatch(database, argument(input, 0));
  const deps = { database, now: context.world.now().toISOString(), actor: context.actor };
  const approved = await approve(deps, batch, approval);
  for (const warning of approved.warnings) context.warn(warning);
  const { digest, approvals, required } = approved;
  const states = await statesOfBatch(database, batch.id);
  const sent = states.every(({ state }) => state !== 'draft' && state !== 'approved' && state !== 'held');
  const next = sent ? `All of it was sent: payrun batch show ${batch.name}` : nextStep(batch, approved);
  const rehearsed = 'Dry run: nothing was approved. Without --dry-run, it would be.';
  return {
    data: { batch: batch.name, digest, approvals, required },
    next: context.flags.dry_run ? rehearsed : next,
  };
}

function nextStep(batch: BatchRow, { approvals, required }: ApprovedBatch): string {
  const missing = approvalsNeeded(required) - approvals;
  return missing > 0
    ? `It needs ${missing} more, from ${missing === 1 ? 'another person' : 'other persons'}.`
    : `Send it with: payrun batch submit ${batch.name}`;
}
