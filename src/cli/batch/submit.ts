import { PayrunError } from '../../domain/errors.ts';
import { formatGrouped } from '../../domain/money/money.ts';
import { approveBatch } from '../../operations/approve-batch.ts';
import { lookAlikes } from '../../operations/check-batch.ts';
import { importBatch } from '../../operations/import-batch.ts';
import type { ImportedBatch } from '../../operations/import-checks.ts';
import type { Stopped } from '../../operations/submission.ts';
import { batchStates, submitBatch } from '../../operations/submit-batch.ts';
import { approvalMissing, approvalStanding } from '../../operations/valid-approvals.ts';
import { type BatchRow, batchByName } from '../../store/batches.ts';
import type { Database } from '../../store/database.ts';
import {
  argument,
  type Context,
  type Data,
  flag,
  type Input,
  type Outcome,
  text,
  type Verb,
} from '../command.ts';
import { type ProviderConfig, parseDuration } from '../config.ts';
import { readInputFile } from '../input-file.ts';
import { NEW_ACCOUNT_OPTION, withNewAccounts } from '../new-accounts.ts';
import { counted } from '../output/counted.ts';
import {
  asRunner,
  exitOf,
  followBatch,
  positiveInteger,
  registerWith,
  stoppedAt,
  warnStopped,
} from '../submission.ts';
import { warnOfDoubts, warnOfNewNames } from './doubts.ts';
import { findBatch } from './find-batch.ts';
import { nextStep } from './next-step.ts';

// `--wait` without a time: long enough for every rail but a weekend.
const WAIT_FOR_EVER_MS = 7 * 86_400_000;

export const verb: Verb = {
  name: 'batch submit',
  summary: 'Send the payouts of a batch; safe to interrupt and to run again',
  effect: 'pays',
  arguments: [
    { name: '<batch>', description: 'the name of a batch; with --name, a payout file (- for stdin)' },
  ],
  options: [
    {
      flags: '--name <name>',
      description: 'import the file under this name first, or go on with that batch',
    },
    { flags: '--provider <name>', description: 'the provider to pay through, when importing' },
    { flags: '--account <account>', description: 'the booking account, when importing' },
    NEW_ACCOUNT_OPTION,
    { flags: '--expect-rows <n>', description: 'refuse a file with another number of rows' },
    { flags: '--expect-amount <amount>', description: 'refuse a file with another total' },
    { flags: '--allow-duplicate-file', description: 'pay the same list again under a new name' },
    {
      flags: '--wait [duration]',
      description: 'follow until every outcome is proven or the time is up (90s, 2m, 1h)',
    },
    { flags: '--first <n>', description: 'send so many rows and stop' },
    { flags: '--on-low-balance <what>', description: 'stop or skip', choices: ['stop', 'skip'] },
  ],
  examples: [
    'payrun batch submit salary-nov --yes',
    'payrun batch submit payouts.csv --name salary-nov --wait 2m --yes',
    'payrun batch submit salary-nov --first 1 --yes',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const first = positiveInteger(text(input, 'first'), '--first');
  const waitMs = waitOf(input.options.wait);
  const found = await findOrImport(context, input);
  if ('rehearsed' in found) return found.rehearsed;
  const { batch } = found;
  const settings = await context.providerConfig(batch.provider);
  if (batch.cancelled_at !== null) {
    throw new PayrunError(
      'failed',
      'batch_cancelled',
      `Batch ${batch.name} was cancelled, so nothing of it can be sent.`,
    );
  }
  const doubt = await warnOfDoubts(context, batch);
  await context.confirm(
    `${doubt}Pay batch ${batch.name}, ${counted(batch.row_count, 'payout', 'payouts')}, ${formatGrouped(batch.amount_minor, batch.currency)} ${batch.currency}, through ${batch.provider}?`,
  );
  if (context.flags.dry_run) await ensureApproved(context, batch);
  const stopped = context.flags.dry_run ? null : await send(context, settings, batch, input, first, waitMs);
  warnStopped(context, stoppedAt(stopped, settings));
  return report(context, batch, stopped);
}

function waitOf(option: Input['options'][string]): number | null {
  if (option === undefined || option === false) return null;
  if (option === true) return WAIT_FOR_EVER_MS;
  const duration = typeof option === 'string' ? parseDuration(option) : null;
  if (duration !== null) return duration;
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--wait is "${String(option)}"; write a duration such as 90s, 2m or 1h.`,
  );
}

/** The batch, imported where a file is given; of a rehearsed import nothing is kept, so that it is told at once. */
async function findOrImport(
  context: Context,
  input: Input,
): Promise<{ batch: BatchRow } | { rehearsed: Outcome }> {
  const database = await context.ledger();
  const name = text(input, 'name');
  if (name === undefined) {
    return { batch: await namedBatch(database, argument(input, 0)) };
  }
  const config = await context.config();
  const settings = await context.providerConfig(text(input, 'provider'));
  const file = await readInputFile(context, argument(input, 0));
  const imported = await withNewAccounts(context, input, async (meant) =>
    importBatch(
      { database, now: context.world.now().toISOString(), actor: context.actor },
      {
        bytes: file.bytes,
        file_name: file.name,
        name,
        provider: settings.name,
        account: text(input, 'account') ?? null,
        expect_rows: text(input, 'expectRows') ?? null,
        expect_amount: text(input, 'expectAmount') ?? null,
        allow_duplicate_file: flag(input, 'allowDuplicateFile'),
        go_on_with_same: true,
        ...(meant === null ? {} : { new_accounts: meant }),
        rails: settings.rails,
        default_account: config.ledger.payout_account,
      },
    ),
  );
  for (const warning of imported.warnings) context.warn(warning);
  const batch = await batchByName(database, name);
  return batch ? { batch } : { rehearsed: rehearsed(imported, settings.name) };
}

async function namedBatch(database: Database, name: string): Promise<BatchRow> {
  try {
    return await findBatch(database, name);
  } catch (error) {
    // Most of those who name a file here want to pay from it.
    if (!(error instanceof PayrunError) || !name.includes('.')) throw error;
    throw new PayrunError('failed', 'batch_unknown', error.message, {
      hint: 'To pay from a file, name the batch as well: payrun batch submit FILE --name NAME.',
    });
  }
}

function rehearsed(imported: ImportedBatch, provider: string): Outcome {
  const { batch, digest, rows, amount, currency } = imported;
  return {
    data: {
      batch: batch.name,
      provider,
      digest,
      rows,
      amount,
      currency,
      states: { draft: rows },
      amounts: { draft: amount },
    },
    next: `Dry run: the file is good. Nothing was kept and nothing was sent: without --dry-run, ${counted(rows, 'payout', 'payouts')} would be.`,
  };
}

/** Where the configuration asks for no approvals, submitting is one, by whoever submits. */
async function ensureApproved(context: Context, batch: BatchRow): Promise<void> {
  const { approval } = await context.config();
  const deps = {
    database: await context.ledger(),
    now: context.world.now().toISOString(),
    actor: context.actor,
  };
  const standing = await approvalStanding(deps.database, batch, approval, deps.now);
  if (standing.may_be_sent) return;
  if (standing.required > 0) throw approvalMissing(batch.name, standing);
  await approveBatch(deps, batch, approval);
}

async function send(
  context: Context,
  settings: ProviderConfig,
  batch: BatchRow,
  input: Input,
  first: number | null,
  waitMs: number | null,
): Promise<Stopped | null> {
  const config = await context.config();
  const options = {
    on_low_balance: text(input, 'onLowBalance') === 'skip' ? ('skip' as const) : ('stop' as const),
    total: first ?? Number(batch.row_count),
  };
  return asRunner(context, settings, `batch submit ${batch.name}`, options, async (submission) => {
    await ensureApproved(context, batch);
    const resembling =
      config.checks.look_alikes === 'hold'
        ? await lookAlikes(submission.database, batch.id, config.checks.look_alike_days, submission.now())
        : [];
    const { stopped } = await submitBatch(submission, batch, {
      first,
      holds: {
        unverified: config.beneficiaries.unverified,
        look_alikes: new Map(resembling.map((row) => [row.payout_id, row])),
      },
      register: async (ids) => {
        const refused = await registerWith(context, submission)(ids);
        await warnOfNewNames(context, batch, ids);
        return refused;
      },
    });
    // Rows that did not fit the balance keep nobody from following those that did.
    const skipped = stopped?.code === 'insufficient_funds' && options.on_low_balance === 'skip';
    if (waitMs === null || (stopped && !skipped)) return stopped;
    return (await followBatch(context, submission, batch.id, waitMs)) ?? stopped;
  });
}

async function report(context: Context, batch: BatchRow, stopped: Stopped | null): Promise<Outcome> {
  const database = await context.ledger();
  const fresh = (await batchByName(database, batch.name)) ?? batch;
  const { states, amounts } = await batchStates(database, fresh);
  const data: Data = {
    batch: fresh.name,
    provider: fresh.provider,
    digest: fresh.digest,
    rows: Number(fresh.row_count),
    amount: formatPlain(fresh),
    currency: fresh.currency,
    states,
    amounts,
  };
  if (context.flags.dry_run) return { data, next: rehearsal(states) };
  // At the start all of it was approved.
  if ((states.draft ?? 0) > 0)
    context.warn({
      code: 'approval_voided',
      message: `${counted(states.draft ?? 0, 'row', 'rows')} of batch ${fresh.name} ${states.draft === 1 ? 'is a draft' : 'are drafts'} again: bank details were changed while it was sent, which voids its approval.`,
    });
  const done = `Every outcome is proven. See the batch with: payrun batch show ${fresh.name}`;
  return {
    data,
    exit: exitOf(states, stopped, context),
    next: nextStep(fresh.name, states, stopped) ?? done,
  };
}

function formatPlain(batch: BatchRow): string {
  return formatGrouped(batch.amount_minor, batch.currency).replaceAll(',', '');
}

/** What the command would do; where it would be refused, it was. */
function rehearsal(states: Data): string {
  const count = (...names: string[]) => names.reduce((sum, state) => sum + Number(states[state] ?? 0), 0);
  const unsent = count('draft', 'approved');
  const doubtful = count('submitting', 'unknown');
  const would = [
    ...(unsent > 0 ? [`${counted(unsent, 'payout would be', 'payouts would be')} sent`] : []),
    ...(doubtful > 0 ? [`the provider would be asked about ${doubtful} whose outcome is unknown`] : []),
  ];
  return would.length === 0
    ? 'Dry run: nothing was sent, and nothing is left to be sent.'
    : `Dry run: nothing was sent. Without --dry-run, ${would.join(', and ')}.`;
}
