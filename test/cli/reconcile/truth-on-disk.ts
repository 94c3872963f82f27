/** A planted truth as a user would have it: payouts in a ledger, and statements in files of a profile of one's own. */
import { groupBy } from '../../../src/domain/reconciliation/group-by.ts';
import type { LedgerAttempt } from '../../../src/domain/reconciliation/ledger-attempt.ts';
import { LINE_KINDS, type StatementLine } from '../../../src/domain/reconciliation/statement-line.ts';
import type { Database, Transaction } from '../../../src/store/database.ts';
import { BENEFICIARY_SQL } from '../../operations/seed-sql.ts';

export const TRUTH_PROFILE = `
[statements.truth]
date_format = "YYYY-MM-DD"
sign = "debit_positive"
kinds = [
${LINE_KINDS.map((kind) => `  { column = "Kind", pattern = '^${kind}$', kind = "${kind}" },`).join('\n')}
]
[statements.truth.columns]
provider_id = "Id"
provider_reference = "Ref"
utr = "Utr"
provider_beneficiary_id = "Ben"
amount = "Amount"
fee = "Fee"
tax = "Tax"
currency = "Currency"
status = "Status"
created_at = "Day"
[statements.truth.status]
success = ["SUCCESS"]
failed = ["FAILED"]
reversed = ["REVERSED"]
in_flight = ["PROCESSING"]
`;

export function statementText(lines: readonly StatementLine[]): string {
  const rows = lines.map((line) =>
    [
      line.kind,
      line.provider_id,
      line.provider_reference,
      line.utr,
      line.provider_beneficiary_id,
      // A debit is positive in this profile, and what came back is a credit.
      decimal(line.kind === 'return' ? -line.amount_minor : line.amount_minor),
      line.fee_minor === null ? '' : decimal(line.fee_minor),
      line.tax_minor === null ? '' : decimal(line.tax_minor),
      line.currency,
      line.status_word,
      line.stated_on,
    ].join(','),
  );
  return `${['Kind,Id,Ref,Utr,Ben,Amount,Fee,Tax,Currency,Status,Day', ...rows].join('\n')}\n`;
}

function decimal(minor: bigint): string {
  const digits = (minor < 0n ? -minor : minor).toString().padStart(3, '0');
  return `${minor < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** The attempts as submissions and syncs would have left them, in batches of their names. */
export async function seedTruth(database: Database, attempts: readonly LedgerAttempt[]): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.run(BENEFICIARY_SQL);
    const batches = [...groupBy(attempts, (each) => each.batch ?? 'plain').keys()];
    await tx.runMany(
      `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256,
         content_sha256, account, imported_at, imported_by)
       values (:id, :name, 'nxt', 'INR', 1, 1, 'd', 'f.csv', 's', 'c', 'expenses:payouts', :at, 'tester')`,
      batches.map((name, index) => ({ id: index + 1, name, at: '2026-11-17T06:00:00.000Z' })),
    );
    for (const own of groupBy(attempts, (each) => String(each.payout_id)).values())
      await seedPayout(
        tx,
        own.sort((a, b) => a.attempt_no - b.attempt_no),
        batches,
      );
  });
}

async function seedPayout(tx: Transaction, attempts: readonly LedgerAttempt[], batches: readonly string[]) {
  const current = attempts.at(-1);
  if (!current) return;
  const { payout_id, reference_id, amount_minor, state, provider_id, provider_reference, utr } = current;
  const position = current.returned ? 'returned' : current.paid ? 'paid' : inTransit(state);
  await tx.run(
    `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail,
       account, provider, state, position, cycle, attempt_no, provider_id, provider_reference, utr, fee_minor, tax_minor,
       created_at, updated_at, submitted_at, paid_at, returned_at)
     values (:payout_id, :reference_id, :batch, :payout_id, :payout_id, 1, :amount_minor, 'INR', 'IMPS',
       'expenses:payouts', 'nxt', :state, :position, 1, :attempt_no, :provider_id, :provider_reference, :utr, :fee, :tax,
       :submitted, :submitted, :submitted, :paid, :returned)`,
    {
      payout_id,
      reference_id,
      batch: batches.indexOf(current.batch ?? 'plain') + 1,
      amount_minor,
      state,
      position,
      attempt_no: current.attempt_no,
      provider_id,
      provider_reference,
      utr,
      fee: current.fee_minor,
      tax: current.tax_minor,
      submitted: noon(current.submitted_on),
      paid: noon(current.paid_on),
      returned: noon(current.returned_on),
    },
  );
  for (const each of attempts) {
    await tx.run(
      `insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body,
         body_sha256, stored_at, ended_at, state, provider_id, utr, fee_minor, tax_minor)
       values (:payout_id, :attempt_no, 'nxt', :provider_reference, :beneficiary, '{}', 'x', :stored, :ended, :state,
         :provider_id, :utr, :fee, :tax)`,
      {
        payout_id,
        attempt_no: each.attempt_no,
        provider_reference: each.provider_reference,
        beneficiary: each.provider_beneficiary_id,
        stored: noon(each.submitted_on),
        ended: each === current ? null : noon(each.failed_on),
        state: each === current ? null : each.state,
        provider_id: each.provider_id,
        utr: each.utr,
        fee: each.fee_minor,
        tax: each.tax_minor,
      },
    );
  }
}

function inTransit(state: string): 'in_transit' | 'available' {
  return state === 'failed' ? 'available' : 'in_transit';
}

/** Noon in Kolkata, so that the day is the same there and in UTC. */
function noon(day: string | null): string | null {
  return day === null ? null : `${day}T06:30:00.000Z`;
}
