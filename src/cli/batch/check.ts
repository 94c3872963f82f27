import { PayrunError } from '../../domain/errors.ts';
import { formatAmount } from '../../domain/money/money.ts';
import { parseAmountOrZero } from '../../domain/money/parse-amount.ts';
import { type BatchCheck, checkBatch, type Finding } from '../../operations/check-batch.ts';
import type { BatchRow } from '../../store/batches.ts';
import { argument, type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { counted } from '../output/counted.ts';
import { findBatch } from './find-batch.ts';

export const verb: Verb = {
  name: 'batch check',
  summary: 'Check a batch before it is sent, changing nothing',
  effect: 'reads',
  arguments: [{ name: '<batch>', description: 'the batch’s name' }],
  options: [
    { flags: '--provider <name>', description: 'the provider that it is to be paid through' },
    { flags: '--expect-rows <n>', description: 'the sender’s number of rows' },
    { flags: '--expect-amount <amount>', description: 'the sender’s total' },
  ],
  examples: [
    'payrun batch check salary-nov',
    'payrun batch check salary-nov --expect-rows 240 --expect-amount 1250000.00',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const database = await context.ledger();
  const batch = await findBatch(database, argument(input, 0));
  refuseUnfit(batch, text(input, 'provider'));
  const totals = controlTotals(batch, text(input, 'expectRows'), text(input, 'expectAmount'));
  const [config, settings] = [await context.config(), await context.providerConfig(batch.provider)];
  const check = await checkBatch(
    {
      database,
      provider: await context.provider(batch.provider),
      rails: settings.rails,
      fees: settings.fees,
      look_alike_days: config.checks.look_alike_days,
      unverified: config.beneficiaries.unverified,
      now: context.world.now().toISOString(),
    },
    batch,
  );
  const findings = [...totals, ...check.findings];
  return {
    data: dataOf(batch, check, findings),
    view: viewOf(batch, check, findings),
    exit: check.trouble ? EXIT.provider : findings.length > 0 ? EXIT.findings : EXIT.done,
  };
}

function refuseUnfit(batch: BatchRow, provider: string | undefined): void {
  if (batch.cancelled_at !== null) {
    throw new PayrunError(
      'failed',
      'batch_cancelled',
      `Batch ${batch.name} was cancelled, so there is nothing to check.`,
    );
  }
  if (provider !== undefined && provider !== batch.provider) {
    throw new PayrunError(
      'usage',
      'batch_differs',
      `Batch "${batch.name}" was imported with provider ${batch.provider}, not ${provider}.`,
      {
        hint: 'Leave out --provider, or cancel the batch while nothing of it was sent and import the file again.',
      },
    );
  }
}

function controlTotals(batch: BatchRow, rows: string | undefined, amount: string | undefined): Finding[] {
  const findings: Finding[] = [];
  const differs = (message: string) => findings.push({ row: null, code: 'control_total_differs', message });
  if (rows !== undefined) {
    if (!/^\d{1,9}$/.test(rows))
      throw new PayrunError('usage', 'option_invalid', `--expect-rows is "${rows}"; write a number of rows.`);
    if (Number(rows) !== Number(batch.row_count))
      differs(`The batch has ${batch.row_count} rows where ${rows} were expected.`);
  }
  if (amount !== undefined) {
    const parsed = parseAmountOrZero(amount, batch.currency);
    if (!parsed.ok)
      throw new PayrunError(
        'usage',
        'option_invalid',
        `--expect-amount is "${amount}"; write it like 150000.00.`,
      );
    if (parsed.minor !== batch.amount_minor) {
      const total = formatAmount(batch.amount_minor, batch.currency);
      differs(`The batch adds up to ${total} ${batch.currency} where ${amount} was expected.`);
    }
  }
  return findings;
}

function dataOf({ currency }: BatchRow, check: BatchCheck, findings: readonly Finding[]): Data {
  const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor, currency));
  return {
    rows: check.rows,
    amount: formatAmount(check.amount_minor, currency),
    fee_estimate: amount(check.fee_estimate_minor),
    tax_estimate: amount(check.tax_estimate_minor),
    available: amount(check.available_minor),
    covered: check.covered,
    findings: findings.map(({ row, code, message }) => ({ row, code, message })),
  };
}

function viewOf(
  batch: BatchRow,
  check: BatchCheck,
  findings: readonly Finding[],
): NonNullable<Outcome['view']> {
  const { findings: _listed, ...facts } = dataOf(batch, check, findings);
  const rows = Object.entries(facts).map(([name, value]) => ({ name, value }));
  const summary = {
    columns: [
      { key: 'name', title: '' },
      { key: 'value', title: batch.name, align: 'right' as const },
    ],
    rows,
  };
  if (findings.length === 0) return [summary, 'No findings.'];
  return [
    summary,
    {
      title: counted(findings.length, 'finding', 'findings'),
      columns: [{ key: 'row', align: 'right' }, { key: 'code' }, { key: 'message' }],
      rows: foldUnregistered(findings, batch.provider),
    },
  ];
}

// Before the first `beneficiary verify` each row has this finding, and the others would drown in it.
const UNREGISTERED_SHOWN = 3;

/** As people read them: rows that only lack the registration as one line, where there are many. */
function foldUnregistered(findings: readonly Finding[], provider: string): Data[] {
  const rows = (list: readonly Finding[]) => list.map(({ row, code, message }) => ({ row, code, message }));
  const lacking = findings.filter(({ unregistered }) => unregistered !== undefined);
  const refs = [...new Set(lacking.map(({ unregistered }) => unregistered))];
  if (refs.length <= UNREGISTERED_SHOWN) return rows(findings);
  const message =
    `${counted(lacking.length, 'row', 'rows')} of ${refs.length} beneficiaries who are not registered with ${provider} yet ` +
    `(${refs.slice(0, UNREGISTERED_SHOWN).join(', ')} …); \`payrun beneficiary verify\` does it and reads the penny drops.`;
  return [
    ...rows(findings.filter(({ unregistered }) => unregistered === undefined)),
    { row: null, code: 'beneficiary_unverified', message },
  ];
}
