/** Who has taken which statement back, and taken it in again. */
import type { Transaction } from './database.ts';
import { recordRows } from './records.ts';

/** A person's word about a statement. */
export interface Withdrawal {
  statement: bigint;
  at: string;
  actor: string;
  reason: string;
}

/** What explains what in pages of the statement is forgotten: no reconciliation looks at them while it is withdrawn. */
export async function withdraw(tx: Transaction, { statement, at, actor, reason }: Withdrawal): Promise<void> {
  const last = await tx.get<{ id: bigint | null }>('select max(id) as id from statement_withdrawals');
  const id = (last?.id ?? 0n) + 1n;
  await tx.run(
    `insert into statement_withdrawals (id, statement_id, withdrawn_at, withdrawn_by, withdrawn_reason)
     values (:id, :statement, :at, :actor, :reason)`,
    { id, statement, at, actor, reason },
  );
  await tx.run(
    'delete from page_matches where first_id in (select first_id from statement_pages where statement_id = :statement)',
    { statement },
  );
  await recordRows(tx, 'withdrawal', [id]);
}

export async function reinstate(tx: Transaction, withdrawal: Withdrawal): Promise<void> {
  const { statement, at, actor, reason } = withdrawal;
  const standing = await tx.get<{ id: bigint }>(
    'select id from statement_withdrawals where statement_id = :statement and reinstated_at is null',
    { statement },
  );
  const id = standing?.id ?? 0n;
  await tx.run(
    `update statement_withdrawals set reinstated_at = :at, reinstated_by = :actor, reinstated_reason = :reason
     where id = :id`,
    { id, at, actor, reason },
  );
  await recordRows(tx, 'withdrawal', [id]);
}
