/**
 * Everything that can be known before a batch is sent, in one read-only look: rails and limits as they are configured
 * now, beneficiaries that nobody has verified, payouts that resemble others, and whether the balance covers it all.
 */

import { formatAmount } from '../domain/money/money.ts';
import { namesAgree } from '../domain/payout/beneficiary.ts';
import { estimateFees } from '../domain/payout/fee-estimate.ts';
import { railProblem } from '../domain/payout/payout-row.ts';
import { isRail, type Rail, type RailRules } from '../domain/payout/rail.ts';
import type { Provider } from '../providers/provider.ts';
import {
  approvedElsewhere,
  type LookAlike,
  type RowToSend,
  resemblingOtherBatches,
  resemblingWithinBatch,
  rowsToSend,
} from '../store/batch-checks.ts';
import type { BatchRow } from '../store/batches.ts';
import type { Reader } from '../store/database.ts';
import { type ProviderTrouble, troubleOf } from './provider-trouble.ts';

const DAY_MS = 86_400_000;

export interface Finding {
  /** Null for what concerns the batch as a whole. */
  row: number | null;
  code: string;
  message: string;
  /** The beneficiary of a row that only lacks the registration, for who lists such rows together. */
  unregistered?: string;
}

export interface CheckBatchDeps {
  database: Reader;
  provider: Provider;
  rails: RailRules;
  /** Whether the provider takes its fees from the balance. */
  fees: 'deducted' | 'invoiced';
  look_alike_days: number;
  /** What becomes of a row whose penny drop is pending or found another name. */
  unverified: 'pay' | 'hold';
  /** RFC 3339 UTC. */
  now: string;
}

export interface BatchCheck {
  /** Of the rows still to be sent. */
  rows: number;
  amount_minor: bigint;
  fee_estimate_minor: bigint | null;
  tax_estimate_minor: bigint | null;
  /** Null where the provider did not say. */
  available_minor: bigint | null;
  covered: boolean | null;
  findings: Finding[];
  /** Why the balance is not known. */
  trouble: ProviderTrouble | null;
}

/**
 * Rows of the batch still to be sent that pay the same account the same amount as a payout of another batch which was
 * imported or sent within so many days before `now`; 0 days: none.
 */
export async function lookAlikes(
  reader: Reader,
  batchId: bigint,
  days: number,
  now: string,
): Promise<LookAlike[]> {
  if (days === 0) return [];
  return resemblingOtherBatches(reader, batchId, new Date(Date.parse(now) - days * DAY_MS).toISOString());
}

export async function checkBatch(deps: CheckBatchDeps, batch: BatchRow): Promise<BatchCheck> {
  const rows = await rowsToSend(deps.database, batch.id, batch.provider);
  const alike = [
    ...(await lookAlikes(deps.database, batch.id, deps.look_alike_days, deps.now)),
    ...(await resemblingWithinBatch(deps.database, batch.id)),
  ];
  const amount = rows.reduce((total, row) => total + row.amount_minor, 0n);
  const { fee_minor, tax_minor } = estimateFees(countByRail(rows), deps.rails);
  const charged = deps.fees === 'deducted' ? (fee_minor ?? 0n) + (tax_minor ?? 0n) : 0n;
  const others = await approvedElsewhere(deps.database, batch.id, batch.provider, batch.currency);
  const cover = await coverOf(deps.provider, batch, { amount, charged, others });
  const byRow = [
    ...rows.flatMap((row) => findingsOf(row, deps, batch.provider)),
    ...alike.map(findingOfLookAlike),
    ...sharedAccounts(rows),
  ];
  // By row; what concerns a row twice stays in the order in which it was found.
  byRow.sort((one, other) => (one.row ?? 0) - (other.row ?? 0));
  return {
    rows: rows.length,
    amount_minor: amount,
    fee_estimate_minor: fee_minor,
    tax_estimate_minor: tax_minor,
    available_minor: cover.available,
    covered: cover.covered,
    findings: [...byRow, ...cover.findings],
    trouble: cover.trouble,
  };
}

function countByRail(rows: readonly RowToSend[]): Map<Rail, number> {
  const counts = new Map<Rail, number>();
  for (const { rail } of rows) {
    if (isRail(rail)) counts.set(rail, (counts.get(rail) ?? 0) + 1);
  }
  return counts;
}

function findingsOf(
  row: RowToSend,
  { rails, unverified }: Pick<CheckBatchDeps, 'rails' | 'unverified'>,
  provider: string,
): Finding[] {
  const findings: Finding[] = [];
  const unfit = isRail(row.rail)
    ? railProblem(row.rail, row.destination_kind, row.amount_minor, rails)
    : null;
  if (unfit) findings.push({ row: Number(row.row_no), ...unfit });
  const message = whyUnverified(row, provider, unverified);
  if (message !== null)
    findings.push({
      row: Number(row.row_no),
      code: 'beneficiary_unverified',
      message,
      ...(row.registration_status === null ? { unregistered: row.beneficiary_ref } : {}),
    });
  return findings;
}

function whyUnverified(row: RowToSend, provider: string, unverified: 'pay' | 'hold'): string | null {
  const paid = unverified === 'pay' || row.released_at !== null;
  const fate = paid ? 'it is paid nevertheless' : 'it will be held';
  switch (row.registration_status) {
    case null:
      return `${row.beneficiary_ref} is not registered with ${provider} yet; \`payrun beneficiary verify\` does it and reads the penny drop.`;
    case 'pending':
      return `The penny drop of ${row.beneficiary_ref} has not answered yet; ${fate}.`;
    case 'failed':
      return `${provider} could not verify ${row.beneficiary_ref}: ${row.failure_reason ?? 'no reason given'}; ${row.released_at === null ? 'it will be held' : fate}.`;
    case 'verified':
      if (row.registered_name === null || namesAgree(row.beneficiary_name, row.registered_name)) return null;
      return `${row.beneficiary_ref} is "${row.beneficiary_name}" here, and the bank knows the account as "${row.registered_name}"; ${fate}.`;
  }
}

/** Told once of a beneficiary, at its first row, where an earlier row pays another one with the same account. */
function sharedAccounts(rows: readonly RowToSend[]): Finding[] {
  const first = new Map<string, { row: RowToSend; refs: Set<string> }>();
  const findings: Finding[] = [];
  for (const row of rows) {
    const seen = first.get(row.fingerprint);
    if (seen === undefined) {
      first.set(row.fingerprint, { row, refs: new Set([row.beneficiary_ref]) });
    } else if (!seen.refs.has(row.beneficiary_ref)) {
      seen.refs.add(row.beneficiary_ref);
      findings.push({
        row: Number(row.row_no),
        code: 'account_shared',
        message: `${row.beneficiary_ref} has the account of ${seen.row.beneficiary_ref} in row ${seen.row.row_no}, ${row.account_masked}; whoever holds it is paid under both names.`,
      });
    }
  }
  return findings;
}

function findingOfLookAlike(row: LookAlike): Finding {
  const where = row.same_batch ? 'an earlier row of this batch' : `batch ${row.other_batch}`;
  return {
    row: Number(row.row_no),
    code: 'look_alike',
    message: `${row.reference_id} pays the same account the same amount as ${row.other_reference} in ${where}.`,
  };
}

interface Cover {
  available: bigint | null;
  covered: boolean | null;
  findings: Finding[];
  trouble: ProviderTrouble | null;
}

async function coverOf(
  provider: Provider,
  batch: BatchRow,
  need: { amount: bigint; charged: bigint; others: bigint },
): Promise<Cover> {
  const unknown = (message: string, trouble: ProviderTrouble | null): Cover => ({
    available: null,
    covered: null,
    findings: [{ row: null, code: 'balance_unknown', message }],
    trouble,
  });
  const answer = await provider.balance();
  if (!answer.ok) {
    const trouble = troubleOf(provider.name, answer.because);
    return unknown(`The balance is not known: ${trouble.message}`, trouble);
  }
  const { available_minor, currency } = answer.value;
  if (currency !== batch.currency)
    return unknown(
      `${provider.name} states its balance in ${currency}, the batch is in ${batch.currency}.`,
      null,
    );
  const needed = need.amount + need.charged + need.others;
  const covered = available_minor >= needed;
  const text = (minor: bigint) => `${formatAmount(minor, currency)} ${currency}`;
  const parts = [
    text(need.amount),
    ...(need.charged > 0n ? [`${text(need.charged)} fees and tax`] : []),
    ...(need.others > 0n ? [`${text(need.others)} approved in other batches`] : []),
  ];
  const message = `${provider.name} has ${text(available_minor)} available, and ${text(needed)} are needed (${parts.join(', ')}).`;
  return {
    available: available_minor,
    covered,
    findings: covered ? [] : [{ row: null, code: 'balance_short', message }],
    trouble: null,
  };
}
