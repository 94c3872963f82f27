/** How much each reconciliation left open, per currency: what the chart of a report shows. */
import type { Reader, Transaction } from './database.ts';
import { recordRows } from './records.ts';

/** Keeps the differences of all breaks of a provider that are open now. */
export async function keepOpenAmounts(
  tx: Transaction,
  reconciliationId: bigint,
  provider: string,
): Promise<void> {
  await tx.run(
    `insert into open_amounts (reconciliation_id, currency, open_minor)
     select :id, currency, sum(case when difference_minor < 0 then -difference_minor else difference_minor end)
     from breaks
     where provider = :provider and state = 'open' and difference_minor is not null and currency is not null
     group by currency`,
    { id: reconciliationId, provider },
  );
  await recordRows(tx, 'open_amount', [reconciliationId]);
}

/** Since a reconciliation, by its number: minor units by currency; one that left nothing open has no row. */
export async function openAmountsSince(
  reader: Reader,
  provider: string,
  first: bigint,
): Promise<Map<bigint, Map<string, bigint>>> {
  const rows = await reader.all<{ id: bigint; currency: string; open_minor: bigint }>(
    `select r.id, a.currency, a.open_minor from open_amounts a
     join reconciliations r on r.id = a.reconciliation_id
     where r.provider = :provider and r.id >= :first`,
    { provider, first },
  );
  const amounts = new Map<bigint, Map<string, bigint>>();
  for (const { id, currency, open_minor } of rows) {
    const of = amounts.get(id) ?? new Map<string, bigint>();
    amounts.set(id, of.set(currency, open_minor));
  }
  return amounts;
}
