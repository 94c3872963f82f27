/** What a file states about itself, beside what its rows come to. */
import type { Reader, Transaction } from './database.ts';
import { recordRows } from './records.ts';

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
