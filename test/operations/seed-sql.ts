/** The rows that a seeded ledger needs beside what a test is about. */
const AT = "'2026-11-17T06:00:00.000Z'";

export const BENEFICIARY_SQL = `insert into beneficiaries (id, beneficiary_ref, name, destination_kind, account_sealed,
    account_masked, fingerprint, ifsc, row_fingerprint, created_at, updated_at)
  values (1, 'ben-1', 'Asha Rao', 'bank_account', 'sealed', '••••7890', 'f', 'HDFC0000001', 'r', ${AT}, ${AT})`;

export const BATCH_SQL = `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name,
    file_sha256, content_sha256, account, imported_at, imported_by)
  values (1, 'pay', :provider, 'INR', :rows, 1, 'd', 'f.csv', 's', 'c', 'expenses:payouts', ${AT}, 'tester')`;

export const PAYOUT_SQL = `insert into payouts (id, reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor,
    currency, rail, account, provider, state, position, cycle, attempt_no, hold_reason, provider_id, provider_reference,
    utr, fee_minor, tax_minor, created_at, updated_at, submitted_at, paid_at, returned_at)
  values (:id, :reference_id, 1, :id, :id + 1, 1, :amount_minor, 'INR', 'IMPS', 'expenses:payouts', :provider, :state,
    :position, 1, :attempt_no, :hold_reason, :provider_id, :provider_reference, :utr, :fee_minor, :tax_minor, ${AT},
    ${AT}, :submitted_at, :paid_at, :returned_at)`;
