/** Fills a ledger with paid payouts, through the store's own code, so that what is measured is a ledger as it would be. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GROUP = 10_000;
const AT = '2026-11-20T10:00:00.000Z';

async function store() {
  const outfile = join(ROOT, 'node_modules', '.cache', `payrun-bench-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: `export { openLedger } from './src/store/ledger-database.ts'; export { postEntries } from './src/store/ledger.ts';
        export { entriesToMove } from './src/domain/ledger/payout-entries.ts';`,
      resolveDir: ROOT,
      loader: 'ts',
    },
    bundle: true,
    outfile,
    format: 'esm',
    platform: 'node',
    external: ['better-sqlite3'],
    loader: { '.sql': 'text' },
    logLevel: 'silent',
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(outfile, { force: true });
  }
}

/** Answers the number of entries: two for each payout, over ninety days. */
export async function makeLedger(path, payouts) {
  const { openLedger, postEntries, entriesToMove } = await store();
  const database = await openLedger(path, AT);
  await database.transaction((tx) =>
    tx.run(
      `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256, content_sha256, account, imported_at, imported_by)
       values (1, 'large', 'nxt', 'INR', ${payouts}, 1, 'd', 'f.csv', 's', 'c', 'expenses:payouts', '${AT}', 'bench')`,
    ),
  );
  for (let first = 1; first <= payouts; first += GROUP) {
    const ids = Array.from({ length: Math.min(GROUP, payouts - first + 1) }, (_, index) => first + index);
    await database.transaction(async (tx) => {
      await tx.runMany(
        `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail, account, provider, state, position, cycle, attempt_no, created_at, updated_at)
         values (:id, :reference, 1, :id, :id, 1, :amount, 'INR', 'IMPS', 'expenses:payouts', 'nxt', 'paid', 'paid', 1, 1, '${AT}', '${AT}')`,
        ids.map((id) => ({ id, reference: `large-${id}`, amount: amountOf(id) })),
      );
      await postEntries(
        tx,
        ids.flatMap((id) => entriesOf(id, entriesToMove)),
      );
    });
  }
  await database.close();
  return payouts * 2;
}

const amountOf = (id) => BigInt(10_000 + (id % 500_000));

function entriesOf(id, entriesToMove) {
  const facts = {
    provider: 'nxt',
    booking_account: 'expenses:payouts',
    amount_minor: amountOf(id),
    currency: 'INR',
  };
  const day = new Date(Date.parse(AT) - (id % 90) * 86_400_000).toISOString().slice(0, 10);
  return entriesToMove('available', 'paid', facts).map(({ event, postings }) => ({
    event,
    postings,
    payout: { payout_id: BigInt(id), attempt_no: 1, cycle: 1 },
    reference_id: `large-${id}`,
    provider: 'nxt',
    booked_on: day,
    recorded_at: AT,
    description: `large-${id} ${event}`,
    actor: 'bench',
    entry_ref: null,
    reverses_id: null,
  }));
}
