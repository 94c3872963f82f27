/** A person explains a break, or takes an explanation back; both are in the audit log and its chain. */
import type { Actor } from '../domain/actor.ts';
import { PayrunError } from '../domain/errors.ts';
import type { ResolveReason } from '../domain/reconciliation/break.ts';
import { type AuditEvent, recordAudit } from '../store/audit.ts';
import { type BreakRow, breakById, reopenBreak, resolveBreak } from '../store/breaks.ts';
import type { Database, Transaction } from '../store/database.ts';

export interface BreakDeps {
  database: Database;
  actor: Actor;
  now(): string;
}

export async function resolveOneBreak(
  deps: BreakDeps,
  id: bigint,
  explanation: { reason: ResolveReason; note: string | null },
): Promise<BreakRow> {
  const at = deps.now();
  return deps.database.transaction(async (tx) => {
    const row = await requireBreak(tx, id);
    const occasion = { at, actor: deps.actor.name, reconciliation_id: null };
    if (!(await resolveBreak(tx, row, explanation, occasion))) throw notOpen(row);
    await recordAudit(tx, decisionEvent(deps, at, 'break_resolved', row, explanation));
    return requireBreak(tx, id);
  });
}

export async function reopenOneBreak(deps: BreakDeps, id: bigint, note: string | null): Promise<BreakRow> {
  const at = deps.now();
  return deps.database.transaction(async (tx) => {
    const row = await requireBreak(tx, id);
    const occasion = { at, actor: deps.actor.name, reconciliation_id: null };
    if (!(await reopenBreak(tx, row, note, occasion))) throw notResolved(row);
    const explanation = { reason: row.reason, note };
    await recordAudit(tx, decisionEvent(deps, at, 'break_reopened', row, explanation));
    return requireBreak(tx, id);
  });
}

async function requireBreak(tx: Transaction, id: bigint): Promise<BreakRow> {
  const row = await breakById(tx, id);
  if (row) return row;
  throw breakUnknown(String(id));
}

export function breakUnknown(id: string): PayrunError {
  return new PayrunError('failed', 'break_unknown', `There is no break ${id}.`, {
    hint: 'payrun break list --state all shows every break with its number.',
  });
}

function notOpen(row: BreakRow): PayrunError {
  return new PayrunError('failed', 'break_not_open', `Break ${row.id} is ${row.state}, not open.`, {
    hint: whyNot(row),
  });
}

function notResolved(row: BreakRow): PayrunError {
  return new PayrunError('failed', 'break_not_resolved', `Break ${row.id} is ${row.state}, not resolved.`, {
    hint: whyNot(row),
  });
}

function whyNot(row: BreakRow): string {
  return row.state === 'closed'
    ? 'The difference is gone; a break that comes back is opened again by itself.'
    : `payrun break show ${row.id} tells who decided what about it.`;
}

/** What the audit log keeps of a person's decision about a break. */
export function decisionEvent(
  deps: BreakDeps,
  at: string,
  action: 'break_resolved' | 'break_reopened',
  row: BreakRow,
  explanation: { reason: string | null; note: string | null },
): AuditEvent {
  return {
    at,
    actor: deps.actor,
    action,
    subject_kind: 'break',
    subject: String(row.id),
    details: {
      kind: row.kind,
      provider: row.provider,
      reference_id: row.reference_id,
      ledger: row.ledger_value,
      statement: row.statement_value,
      reason: explanation.reason,
      note: explanation.note,
    },
  };
}
