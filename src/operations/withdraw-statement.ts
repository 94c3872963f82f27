/**
 * A person takes a statement back, because the file was wrong, or takes it in again. Nothing is deleted: a line counts
 * as long as one statement that has it counts, and the reconciliation that follows in the same transaction undoes what
 * came from the others alone. What a person has decided because of such a line is never undone in passing: the
 * statement is refused, and the message says what to take back first.
 */
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import type { Terms } from '../domain/reconciliation/break.ts';
import { decisionsLost, type StoredBreak } from '../domain/reconciliation/carry.ts';
import { recordAudit } from '../store/audit.ts';
import { breaksOfProvider } from '../store/breaks.ts';
import type { Database, Transaction } from '../store/database.ts';
import { reinstate, type Withdrawal, withdraw } from '../store/statement-withdrawals.ts';
import { type KeptStatement, statementById } from '../store/statements.ts';
import type { Stages } from './import-statement.ts';
import { compareSides, conclude, type Found, type Whose } from './reconcile.ts';

export interface WithdrawalDeps {
  database: Database;
  actor: Actor;
  now(): string;
  stages?: Stages;
}

export interface StatementTurned {
  /** As it is now. */
  statement: KeptStatement;
  found: Found;
}

/** Whose statement it is, and how it is reconciled. */
export interface Reconciling extends Whose {
  terms: Terms;
}

export async function withdrawStatement(
  deps: WithdrawalDeps,
  id: bigint,
  reason: string,
  { terms, ...whose }: Reconciling,
): Promise<StatementTurned> {
  return deps.database.transaction(async (tx) => {
    const statement = await requireStatement(tx, id);
    if (statement.withdrawn_at !== null) throw withdrawnBefore(statement);
    const stored = await breaksOfProvider(tx, whose.provider);
    const decided = stored.filter(({ state, entry_id }) => state === 'resolved' || entry_id !== null);
    const before = decided.length === 0 ? [] : (await compareSides(tx, deps, whose, terms)).breaks;
    await withdraw(tx, await decide(tx, deps, 'statement_withdrawn', statement, reason));
    const sides = await compareSides(tx, deps, whose, terms);
    const lost = decisionsLost(decided, before, sides.breaks);
    if (lost.length > 0) throw decisionsStand(statement, lost);
    const found = await conclude(tx, deps, whose.provider, terms.today, sides);
    return { statement: await requireStatement(tx, id), found };
  });
}

export async function reinstateStatement(
  deps: WithdrawalDeps,
  id: bigint,
  reason: string,
  { terms, ...whose }: Reconciling,
): Promise<StatementTurned> {
  return deps.database.transaction(async (tx) => {
    const statement = await requireStatement(tx, id);
    if (statement.withdrawn_at === null) throw notWithdrawn(statement);
    await reinstate(tx, await decide(tx, deps, 'statement_reinstated', statement, reason));
    const sides = await compareSides(tx, deps, whose, terms);
    const found = await conclude(tx, deps, whose.provider, terms.today, sides);
    return { statement: await requireStatement(tx, id), found };
  });
}

async function decide(
  tx: Transaction,
  { actor, now }: WithdrawalDeps,
  action: 'statement_withdrawn' | 'statement_reinstated',
  { id, provider, file_name: file, sha256 }: KeptStatement,
  reason: string,
): Promise<Withdrawal> {
  const at = now();
  const details = { provider, file, sha256, reason };
  await recordAudit(tx, { at, actor, action, subject_kind: 'statement', subject: id.toString(), details });
  return { statement: id, at, actor: actor.name, reason };
}

async function requireStatement(tx: Transaction, id: bigint): Promise<KeptStatement> {
  const statement = await statementById(tx, id);
  if (statement) return statement;
  throw statementUnknown(id.toString());
}

export function statementUnknown(id: string): PayrunError {
  return new PayrunError('failed', 'statement_unknown', `There is no statement ${id}.`, {
    hint: 'payrun statement list shows every statement with its number.',
  });
}

function withdrawnBefore({ id, withdrawn_at, withdrawn_by, withdrawn_reason }: KeptStatement): PayrunError {
  const message = `Statement ${id} was withdrawn by ${withdrawn_by} at ${withdrawn_at}: ${withdrawn_reason}.`;
  return new PayrunError('failed', 'statement_withdrawn', message, {
    hint: `To have it count again: payrun statement reinstate ${id} --reason TEXT.`,
  });
}

function notWithdrawn({ id }: KeptStatement): PayrunError {
  return new PayrunError(
    'failed',
    'statement_not_withdrawn',
    `Statement ${id} counts; it was not withdrawn.`,
    {
      hint: `payrun statement show ${id} tells what became of its lines.`,
    },
  );
}

// More would not be read; the numbers of all stand in the hint.
const TOLD = 3;

/** All that has to be taken back first, as commands that can be copied. */
function decisionsStand({ id }: KeptStatement, lost: readonly StoredBreak[]): PayrunError {
  const told = lost.slice(0, TOLD).map(({ id: number, kind, reference_id, state, entry_id }) => {
    const about = reference_id === null ? kind : `${kind} of ${reference_id}`;
    const decided = state === 'resolved' ? 'resolved' : `booked as entry ${entry_id}`;
    return `break ${number} (${about}) was ${decided}`;
  });
  const more = lost.length > TOLD ? `, and ${lost.length - TOLD} more` : '';
  const reopen = lost.filter(({ state }) => state === 'resolved').map((each) => each.id);
  const commands = [
    ...(reopen.length === 0 ? [] : [`payrun break reopen ${reopen.join(' ')}`]),
    ...lost.flatMap(({ state, entry_id }) =>
      state === 'resolved' || entry_id === null ? [] : [`payrun ledger reverse ${entry_id} --reason TEXT`],
    ),
  ];
  const message = `Statement ${id} cannot be withdrawn while a person’s decision rests on it: ${told.join(', ')}${more}.`;
  return new PayrunError('failed', 'statement_decided', message, {
    hint: `Take that back first: ${commands.join('; ')}.`,
  });
}
