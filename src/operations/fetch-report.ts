/** A provider's report of one day, taken only when it is whole: a cut-off file would read as payouts that never were. */
import { createHash } from 'node:crypto';
import { PayrunError, type RowError } from '../domain/errors.ts';
import type { Provider } from '../providers/provider.ts';
import { readRecords } from '../statements/csv-records.ts';
import { providerError } from './provider-trouble.ts';

export interface FetchedReport {
  content: Uint8Array;
  sha256: string;
  rows: number;
  /** Whether the provider said how many rows there are. */
  counted: boolean;
}

export async function fetchReport(provider: Provider, date: string): Promise<FetchedReport> {
  const answer = await provider.report(date);
  if (!answer.ok) throw providerError(provider.name, answer.because);
  const { content, row_count } = answer.value;
  const errors: RowError[] = [];
  let records = 0;
  for (const _ of readRecords(Buffer.from(content.buffer, content.byteOffset, content.byteLength), errors))
    records += 1;
  const rows = Math.max(0, records - 1);
  const whole = records > 0 && errors.length === 0 && (row_count === null || row_count === rows);
  if (!whole) throw incomplete(provider.name, date, rows, row_count, errors[0]);
  return {
    content,
    sha256: createHash('sha256').update(content).digest('hex'),
    rows,
    counted: row_count !== null,
  };
}

function incomplete(
  provider: string,
  date: string,
  rows: number,
  stated: number | null,
  error: RowError | undefined,
): PayrunError {
  const why =
    error !== undefined
      ? `line ${error.line}: ${error.message}`
      : stated !== null && stated !== rows
        ? `it has ${rows} rows where ${stated} are stated.`
        : 'it has no header.';
  return new PayrunError(
    'provider_unavailable',
    'report_incomplete',
    `The report of ${provider} for ${date} is not whole: ${why}`,
    {
      hint: 'Nothing was written. Fetch it again; if it stays so, ask the provider.',
    },
  );
}
