/** What withdrawing a statement and taking it in again have in common: the words in, and the reconciliation told. */
import { PayrunError } from '../../domain/errors.ts';
import { isAccountName } from '../../domain/ledger/account.ts';
import {
  type Reconciling,
  type StatementTurned,
  statementUnknown,
  type WithdrawalDeps,
} from '../../operations/withdraw-statement.ts';
import { statementById } from '../../store/statements.ts';
import { numberOf } from '../break/break-item.ts';
import { noteOf } from '../break/note.ts';
import { argument, type Context, type Input, type Outcome, type Verb } from '../command.ts';
import { counted } from '../output/counted.ts';
import { comparisonTerms } from '../reconciliation-terms.ts';
import { stagesOf } from '../statement-input.ts';
import { statementItem } from './list.ts';

export const WITHDRAWAL_WORDS: Pick<Verb, 'effect' | 'arguments' | 'options'> = {
  effect: 'writes',
  arguments: [{ name: '<statement>', description: 'its number, as `statement list` shows it' }],
  options: [
    {
      flags: '--reason <text>',
      description: 'why; kept with the statement and in the audit log',
      required: true,
    },
  ],
};

type Turn = (
  deps: WithdrawalDeps,
  id: bigint,
  reason: string,
  reconciling: Reconciling,
) => Promise<StatementTurned>;

export async function turnStatement(
  context: Context,
  input: Input,
  turn: Turn,
  done: string,
): Promise<Outcome> {
  const id = numberOf(argument(input, 0), 'statement');
  const reason = noteOf(input, 'reason');
  if (reason === null)
    throw new PayrunError('usage', 'option_invalid', '--reason is empty; say why it is done.');
  const database = await context.ledger();
  const deps = {
    database,
    actor: context.actor,
    now: () => context.world.now().toISOString(),
    stages: stagesOf(context),
  };
  const reconciling = await reconcilingOf(context, id);
  const { statement, found } = await turn(deps, id, reason, reconciling).finally(() =>
    context.progress.end(),
  );
  const { open, new: fresh, carried, closed, matched, expected, coverage } = found;
  const { missing_days } = coverage;
  const lines = counted(statement.row_count, 'line', 'lines');
  const rehearsed = context.flags.dry_run ? 'would be' : 'is';
  return {
    data: {
      ...statementItem(statement),
      reason,
      reconciliation: Number(found.reconciliation),
      matched,
      expected,
      missing_days,
      breaks: { open, new: fresh, carried, closed },
    },
    view: [
      `Statement ${id} (${statement.file_name}, ${lines}) ${rehearsed} ${done}.`,
      `${matched} matched, ${expected} expected; breaks of ${statement.provider}: ${open} open, ${fresh} new, ${closed} closed.`,
      ...(missing_days.length === 0 ? [] : [`No statement for ${missing_days.join(', ')}.`]),
    ],
    ...(open > 0 ? { next: `Look at them with: payrun break list --provider ${statement.provider}` } : {}),
  };
}

/** A statement tells whose it is; with what it is compared, the configuration says. */
async function reconcilingOf(context: Context, id: bigint): Promise<Reconciling> {
  const config = await context.config();
  const statement = await statementById(await context.ledger(), id);
  if (!statement) throw statementUnknown(id.toString());
  const { provider } = statement;
  const account = isAccountName(provider);
  const rails = account ? null : (await context.providerConfig(provider)).rails;
  const terms = comparisonTerms(context, config, rails);
  return { provider, account, time_zone: config.ledger.time_zone, terms };
}
