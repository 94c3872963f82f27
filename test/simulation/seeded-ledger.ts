/** The ledger that every life begins with: one approved batch of a beneficiary that the provider knows. */
import { openLedger } from '../../src/store/ledger-database.ts';
import { recordEverything } from '../../src/store/records.ts';
import { BATCH_SQL, BENEFICIARY_SQL } from '../operations/seed-sql.ts';

export async function seedLedger(path: string, rows: number): Promise<string> {
  const at = '2026-11-17T06:00:00.000Z';
  const database = await openLedger(path, at, { create: true });
  await database.transaction(async (tx) => {
    await tx.run(BENEFICIARY_SQL);
    await tx.run(BATCH_SQL, { provider: 'nxt', rows });
    await tx.run(
      `insert into registrations (beneficiary_id, provider, provider_beneficiary_id, fingerprint, status, registered_at, checked_at)
       values (1, 'nxt', 'ben_1', 'f', 'verified', :at, :at)`,
      { at },
    );
    await tx.runMany(
      `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail,
         account, provider, state, created_at, updated_at)
       values (:id, :reference, 1, :id, :id, 1, :amount, 'INR', 'IMPS', 'expenses:payouts', 'nxt', 'approved', :at, :at)`,
      Array.from({ length: rows }, (_, index) => ({
        id: index + 1,
        reference: `pay-${index + 1}`,
        amount: 100_000 + index,
        at,
      })),
    );
    await recordEverything(tx);
  });
  await database.close();
  return path;
}
