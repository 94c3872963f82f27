/** What is told of a batch before it is paid although nothing holds it: rows that may be paid twice or to somebody else. */
import { namesAgree } from '../../domain/payout/beneficiary.ts';
import { lookAlikes } from '../../operations/check-batch.ts';
import { otherNames, repeatedRows } from '../../store/batch-checks.ts';
import type { BatchRow } from '../../store/batches.ts';
import type { Context } from '../command.ts';
import { counted } from '../output/counted.ts';

/** Warns of each doubt; answers them as sentences, for the question whether to pay. */
export async function warnOfDoubts(context: Context, batch: BatchRow): Promise<string> {
  const doubts = [
    await otherBatches(context, batch),
    await repetitions(context, batch),
    await otherHolders(context, batch, null),
  ].filter((doubt) => doubt !== null);
  for (const doubt of doubts) warnOf(context, batch, doubt);
  return doubts.map(({ said }) => `${said.charAt(0).toUpperCase()}${said.slice(1)}. `).join('');
}

/** The same of beneficiaries whose names the bank has told since: they were registered by this submission. */
export async function warnOfNewNames(
  context: Context,
  batch: BatchRow,
  registered: readonly bigint[],
): Promise<void> {
  warnOf(context, batch, await otherHolders(context, batch, new Set(registered)));
}

/** The same for a batch that was just imported: rows that its own file has twice, while they can still be taken out. */
export async function warnOfRepetitions(context: Context, batch: BatchRow): Promise<void> {
  warnOf(context, batch, await repetitions(context, batch));
}

function warnOf(context: Context, batch: BatchRow, doubt: Doubt | null): void {
  if (doubt === null) return;
  context.warn({ code: doubt.code, message: `Batch ${batch.name}: ${doubt.said}. ${doubt.after}` });
}

interface Doubt {
  code: string;
  said: string;
  /** What can be done about it. */
  after: string;
}

/** The same list under another name is the commonest way to pay twice; where such rows are not held, they are told of. */
async function otherBatches(context: Context, batch: BatchRow): Promise<Doubt | null> {
  const { look_alikes, look_alike_days } = (await context.config()).checks;
  if (look_alikes === 'hold') return null;
  const now = context.world.now().toISOString();
  const alike = await lookAlikes(await context.ledger(), batch.id, look_alike_days, now);
  const [first] = alike;
  if (first === undefined) return null;
  return {
    code: 'look_alike',
    said: `${alike.length} of its rows ${alike.length === 1 ? 'pays' : 'pay'} the same account the same amount as rows of other batches, ${first.reference_id} as ${first.other_reference} in batch ${first.other_batch}`,
    after: 'With [checks] look_alikes = "hold" they are held and not sent.',
  };
}

/** A line that a spreadsheet has twice. It may be meant, so that nothing holds it. */
async function repetitions(context: Context, batch: BatchRow): Promise<Doubt | null> {
  const repeated = await repeatedRows(await context.ledger(), batch.id);
  if (repeated === null) return null;
  return {
    code: 'look_alike',
    said: `${counted(repeated.count, 'row pays', 'rows pay')} a beneficiary the amount of an earlier row, row ${repeated.again_row} that of row ${repeated.first_row}`,
    after: `\`payrun batch check ${batch.name}\` lists such rows before they are sent, \`payrun payout cancel\` takes one out.`,
  };
}

/** Where the configuration pays accounts that the bank knows under another name, it is said before. */
async function otherHolders(
  context: Context,
  batch: BatchRow,
  among: ReadonlySet<bigint> | null,
): Promise<Doubt | null> {
  if ((await context.config()).beneficiaries.unverified === 'hold') return null;
  const named = await otherNames(await context.ledger(), batch.id, batch.provider);
  const others = named.filter(
    (row) => (among?.has(row.id) ?? true) && !namesAgree(row.beneficiary_name, row.registered_name),
  );
  const [first] = others;
  if (first === undefined) return null;
  return {
    code: 'beneficiary_unverified',
    said:
      others.length === 1
        ? `the bank knows the account of ${first.beneficiary_ref} as "${first.registered_name}"`
        : `the bank knows the accounts of ${others.length} beneficiaries under another name, that of ${first.beneficiary_ref} as "${first.registered_name}"`,
    after: 'With [beneficiaries] unverified = "hold" such payouts are held and not sent.',
  };
}
