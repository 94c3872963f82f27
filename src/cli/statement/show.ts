import { formatAmount } from '../../domain/money/money.ts';
import { linesOfFile } from '../../operations/lines-of-file.ts';
import { statementUnknown } from '../../operations/withdraw-statement.ts';
import { proofsOfStatement } from '../../store/statement-proofs.ts';
import { type KeptStatement, type LineOfStatement, statementById } from '../../store/statements.ts';
import { numberOf } from '../break/break-item.ts';
import { argument, type Context, type Data, type Input, type Outcome, text, type Verb } from '../command.ts';
import { counted } from '../output/counted.ts';
import { positiveInteger } from '../submission.ts';
import { statementItem } from './list.ts';
import { proofData, proofView } from './statement-proof.ts';

const DEFAULT_LIMIT = 1000;

export const verb: Verb = {
  name: 'statement show',
  summary: 'Show a statement’s lines',
  effect: 'reads',
  arguments: [{ name: '<statement>', description: 'its number, as `statement list` shows it' }],
  options: [
    {
      flags: '--limit <n>',
      description: 'at most so many lines (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <line>', description: 'go on behind this line of the file: `next` of the page before' },
  ],
  examples: ['payrun statement show 3'],
  columns: [
    'line',
    'kind',
    'provider_id',
    'provider_reference',
    'utr',
    'amount',
    'currency',
    'fee',
    'tax',
    'status',
    'date',
    'reference_id',
    'payouts',
    'rule',
    'superseded',
  ],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const written = argument(input, 0);
  const database = await context.ledger();
  const statement = await statementById(database, numberOf(written, 'statement'));
  if (!statement) throw statementUnknown(written);
  const given = positiveInteger(text(input, 'limit'), '--limit');
  const { format } = context.flags;
  const all = given === null && (format === 'ndjson' || format === 'csv');
  const limit = all ? null : (given ?? DEFAULT_LIMIT);
  const after = positiveInteger(text(input, 'after'), '--after') ?? 0;
  const rows = await linesOfFile(database, statement, BigInt(after), limit === null ? null : limit + 1);
  const shown = limit === null ? rows : rows.slice(0, limit);
  const next = shown.length < rows.length ? (shown.at(-1)?.line_no.toString() ?? null) : null;
  const items = shown.map(lineItem);
  const proofs = await proofsOfStatement(database, statement.id);
  const columns = [
    'line',
    'kind',
    'provider_reference',
    'utr',
    'amount',
    'status',
    'date',
    'reference_id',
    'payouts',
    'rule',
  ].map((key) => ({
    key,
    // The provider's reference is ours in most lines; who follows a line needs its UTR and the rule that matched it.
    spare: key === 'kind' || key === 'provider_reference' || key === 'payouts',
    ...(key === 'amount' || key === 'payouts' ? { align: 'right' as const } : {}),
  }));
  return {
    data: { ...statementItem(statement), proofs: proofs.map(proofData), items, next },
    view: [
      `Statement ${statement.id}: ${statement.file_name}, ${counted(statement.row_count, 'line', 'lines')}, ${statement.provider}`,
      ...withdrawal(statement),
      { columns, rows: items },
      ...(proofs.length === 0 ? [] : proofView(proofs)),
    ],
    ...(next === null
      ? {}
      : { next: `There are more: payrun statement show ${statement.id} --after ${next}` }),
  };
}

function withdrawal({ withdrawn_at, withdrawn_by, withdrawn_reason }: KeptStatement): string[] {
  return withdrawn_at === null
    ? []
    : [`Withdrawn by ${withdrawn_by} at ${withdrawn_at}, so that it counts no more: ${withdrawn_reason}`];
}

function lineItem(row: LineOfStatement): Data {
  const amount = (minor: bigint | null) => (minor === null ? null : formatAmount(minor, row.currency));
  return {
    line: Number(row.line_no),
    kind: row.kind,
    provider_id: row.provider_id,
    provider_reference: row.provider_reference,
    utr: row.utr,
    amount: amount(row.amount_minor),
    currency: row.currency,
    fee: amount(row.fee_minor),
    tax: amount(row.tax_minor),
    status: row.status_word,
    date: row.stated_on,
    reference_id: row.reference_id,
    payouts: Number(row.payout_count),
    rule: row.rule,
    superseded: row.superseded === 1n,
  };
}
