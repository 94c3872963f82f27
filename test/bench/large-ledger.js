/** Fills a ledger with paid payouts, through the store's own code, so that what is measured is a ledger as it would be. */
import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { facts } from './day-files.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const GROUP = 10_000;
const AT = '2026-11-20T10:00:00.000Z';

async function store() {
  const outfile = join(ROOT, 'node_modules', '.cache', `payrun-bench-${process.pid}.mjs`);
  await build({
    stdin: {
      contents: `export { openLedger } from './src/store/ledger-database.ts'; export { postEntries } from './src/store/ledger.ts'; export { recordRows, recordRun } from './src/store/records.ts'; export { canonicalImport } from './src/domain/payout/batch.ts';
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
export function makeLedger(path, payouts) {
  return fillLedger(path, payouts, (id) => ({
    reference: `large-${id}`,
    amount: BigInt(10_000 + (id % 500_000)),
    day: new Date(Date.parse(AT) - (id % 90) * 86_400_000).toISOString().slice(0, 10),
  }));
}

/** The payouts of `day-files.js`, each with the attempt that it was sent with: what a day's reports are held against. */
export function makeDayLedger(path, payouts) {
  return fillLedger(path, payouts, (id) => {
    const { reference, provider_id, utr, amount, at, failed } = facts(id - 1);
    const minor = BigInt(amount.replace('.', ''));
    return { reference, amount: minor, day: at.slice(0, 10), sent: { provider_id, utr, at, failed } };
  });
}

async function fillLedger(path, payouts, payoutOf) {
  const { openLedger, postEntries, recordRows, recordRun, entriesToMove, canonicalImport } = await store();
  const imported = createHash('sha256');
  const database = await openLedger(path, AT);
  await database.transaction(async (tx) => {
    await tx.run(
      `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256, content_sha256, account, imported_at, imported_by)
       values (1, 'large', 'nxt', 'INR', ${payouts}, 1, 'd', 'f.csv', 's', 'c', 'expenses:payouts', '${AT}', 'bench')`,
    );
  });
  for (let first = 1; first <= payouts; first += GROUP) {
    const rows = Array.from({ length: Math.min(GROUP, payouts - first + 1) }, (_, index) => ({
      id: first + index,
      ...payoutOf(first + index),
    }));
    for (const row of rows) imported.update(canonicalImport(importedRow(row)));
    await database.transaction(async (tx) => {
      await tx.runMany(PAYOUT, rows.map(payoutParams));
      const sent = rows.filter((row) => row.sent);
      await tx.runMany(ATTEMPT, sent.map(attemptParams));
      await tx.runMany(SEND, sent.map(sendParams));
      await recordRun(tx, 'send', BigInt(first), sent.length);
      await recordRows(
        tx,
        'payout',
        rows.map((row) => BigInt(row.id)),
      );
      await postEntries(
        tx,
        rows.flatMap((row) => entriesOf(row, entriesToMove)),
      );
    });
  }
  await database.transaction(async (tx) => {
    await tx.run('update batches set rows_sha256 = :sha256', { sha256: imported.digest('hex') });
    await recordRows(tx, 'batch', [1n]);
  });
  await database.close();
  return payouts * 2;
}

const PAYOUT = `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail, account, provider, state, position, cycle, attempt_no, provider_id, provider_reference, utr, fee_minor, tax_minor, created_at, updated_at, submitted_at, paid_at)
  values (:id, :reference, 1, :id, :id, 1, :amount, 'INR', 'IMPS', 'expenses:payouts', 'nxt', :state, :position, 1, 1, :provider_id, :sent_as, :utr, :fee, :tax, '${AT}', '${AT}', :at, :paid_at)`;

function payoutParams({ id, reference, amount, sent }) {
  const failed = sent?.failed ?? false;
  return {
    id,
    reference,
    amount,
    state: failed ? 'failed' : 'paid',
    position: failed ? 'available' : 'paid',
    provider_id: sent?.provider_id ?? null,
    sent_as: sent ? reference : null,
    utr: sent?.utr || null,
    fee: sent ? 350n : null,
    tax: sent ? 63n : null,
    at: sent?.at ?? null,
    paid_at: sent && !failed ? sent.at : null,
  };
}

const ATTEMPT = `insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body, body_sha256, stored_at)
  values (:id, 1, 'nxt', :reference, :beneficiary, :body, 'x', :at)`;

function attemptParams({ id, reference, amount, sent }) {
  const beneficiary = `ben_${(id - 1) % 50_000}`;
  const body = JSON.stringify({
    reference_id: reference,
    beneficiary_id: beneficiary,
    amount: String(amount),
  });
  return { id, reference, beneficiary, body, at: sent.at };
}

const SEND = `insert into sends (id, payout_id, attempt_no, kind, sent_at) values (:id, :id, 1, 'submit', :at)`;

const sendParams = ({ id, sent }) => ({ id, at: sent.at });

function importedRow({ id, reference, amount }) {
  const absent = { narration: null, purpose: null, tags: null };
  const same = {
    currency: 'INR',
    rail: 'IMPS',
    account: 'expenses:payouts',
    provider: 'nxt',
    created_at: AT,
  };
  const own = { id, row_no: id, line_no: id, reference_id: reference, amount_minor: amount };
  return { ...own, ...same, ...absent, beneficiary_id: 1 };
}

function entriesOf({ id, reference, amount, day, sent }, entriesToMove) {
  const facts = {
    provider: 'nxt',
    booking_account: 'expenses:payouts',
    amount_minor: amount,
    currency: 'INR',
  };
  const made = sent?.failed
    ? [...entriesToMove('available', 'in_transit', facts), ...entriesToMove('in_transit', 'available', facts)]
    : entriesToMove('available', 'paid', facts);
  return made.map(({ event, postings }) => ({
    event,
    postings,
    payout: { payout_id: BigInt(id), attempt_no: 1, cycle: 1 },
    reference_id: reference,
    provider: 'nxt',
    booked_on: day,
    recorded_at: AT,
    description: `${reference} ${event}`,
    actor: 'bench',
    entry_ref: null,
    reverses_id: null,
  }));
}
