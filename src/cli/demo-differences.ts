/** A provider's report with known differences in it: the demo shows that each is found, and nothing else. */
import { parse } from 'csv-parse/sync';
import { stringify } from 'csv-stringify/sync';

export interface Planted {
  report: string;
  /** In words, for the reader. */
  says: string;
  /** How many breaks it must make. */
  count: number;
}

type Row = Record<string, string>;

/** One each of: another amount, another fee, another UTR, a line twice, a line left out, a line that is not ours. */
export function plantDifferences(report: string): Planted {
  const { columns, rows } = tableOf(report);
  const paid = rows.filter((row) => row.status === 'SUCCESS');
  const [amount, fee, utr, twice, missing] = paid;
  const planted: Row[] = [];
  for (const row of rows) {
    if (row === amount) planted.push({ ...row, amount: `${Number(row.amount?.split('.')[0]) + 100}.00` });
    else if (row === fee) planted.push({ ...row, fee: '9.99' });
    else if (row === utr) planted.push({ ...row, utr: '999999999999' });
    else if (row === twice) planted.push(row, row);
    else if (row !== missing) planted.push(row);
  }
  planted.push({
    ...(paid.at(-1) ?? {}),
    payout_id: 'po_not_ours',
    reference_id: 'somebody-elses-0001',
    utr: '888888888888',
  });
  return {
    report: stringify(planted, { header: true, columns: [...columns] }),
    says: 'one amount, one fee, one UTR, one line twice, one line gone, one line that is not ours',
    count: 6,
  };
}

function tableOf(report: string): { columns: string[]; rows: Row[] } {
  const [columns = [], ...lines] = parse(report, { bom: true }) as string[][];
  return {
    columns,
    rows: lines.map((line) => Object.fromEntries(line.map((value, index) => [columns[index] ?? '', value]))),
  };
}
