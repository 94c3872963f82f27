/** What a file states about itself, beside what its rows come to. */
import type { Reader, Transaction } from './database.ts';
import { recordRows } from './records.ts';
import { WITHDRAWN } from './statements.ts';

export interface StoredProof {
  what: string;
  currency: string | null;
  line: number;
  stated: string;
  found: string;
  proved: boolean;
}

export async function storeProofs(
  tx: Transaction,
  statementId: bigint,
  proofs: readonly StoredProof[],
): Promise<void> {
  if (proofs.length === 0) return;
  await tx.insertMany(
    'statement_proofs',
    ['proof_no', 'what', 'currency', 'line_no', 'stated', 'found', 'proved'],
    proofs.map(({ what, currency, line, stated, found, proved }, index) => [
      index + 1,
      ...[what, currency, line, stated, found, proved ? 1 : 0],
    ]),
    { statement_id: statementId },
  );
  await recordRows(tx, 'statement_proof', [statementId]);
}

/** In the order of the file. */
export async function proofsOfStatement(reader: Reader, statementId: bigint): Promise<StoredProof[]> {
  const rows = await reader.all<Omit<StoredProof, 'line' | 'proved'> & { line_no: bigint; proved: bigint }>(
    `select what, currency, line_no, stated, found, proved from statement_proofs
     where statement_id = :statement order by proof_no`,
    { statement: statementId },
  );
  return rows.map(({ line_no, proved, ...row }) => ({
    ...row,
    line: Number(line_no),
    proved: proved === 1n,
  }));
}

export interface ClosingBalance {
  currency: string;
  on: string;
  /** A decimal string. */
  balance: string;
  file: string;
  line: bigint;
}

/**
 * By currency the balance with which a provider's statements end: that of the latest day, and of those the one with most
 * lines on it, since a file of a part of the day has fewer.
 */
export async function closingBalances(reader: Reader, provider: string): Promise<ClosingBalance[]> {
  const rows = await reader.all<ClosingBalance>(
    `with stated as (
       select s.id, p.currency, s.to_on, s.file_name, p.line_no, p.what,
         case p.what when 'closing_balance' then p.stated else p.found end as balance
       from statements s join statement_proofs p on p.statement_id = s.id
       where s.provider = :provider and s.to_on is not null and p.currency is not null
         and (p.what = 'closing_balance' or p.what = 'running_balance' and p.proved = 1)
         and s.id not in (${WITHDRAWN}))
     select currency, to_on as "on", file_name as file, line_no as line, balance from stated
     where to_on = (select max(other.to_on) from stated other where other.currency = stated.currency)
     order by currency, (select count(*) from statement_rows r join statement_lines l on l.id = r.line_id
       where r.statement_id = stated.id and l.stated_on = stated.to_on) desc, id desc, what`,
    { provider },
  );
  return rows.filter(({ currency }, index) => rows[index - 1]?.currency !== currency);
}
