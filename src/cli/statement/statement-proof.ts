/** How a report's lines and what it states about itself are shown: counted, and proved or not. */

import type { LineCount } from '../../statements/line-count.ts';
import type { StoredProof } from '../../store/statement-proofs.ts';
import type { Data, TableView } from '../command.ts';
import { counted } from '../output/counted.ts';

export function proofData({ what, currency, line, stated, found, proved }: StoredProof): Data {
  return { what, currency, line, stated, found, proved };
}

export function countView(count: LineCount): string {
  const parts: [number, string][] = [
    [count.taken, 'taken'],
    [count.continued, 'inside cells'],
    [count.header, 'header'],
    [count.skipped, 'skipped'],
    [count.totals, 'control totals'],
    [count.footer, 'behind the end'],
    [count.blank, 'blank'],
    [count.refused, 'refused'],
  ];
  const shown = parts.filter(([lines]) => lines > 0).map(([lines, what]) => `${lines} ${what}`);
  return `${counted(count.lines, 'line', 'lines')} = ${shown.join(' + ') || '0'}.`;
}

export function proofView(proofs: readonly StoredProof[]): (string | TableView)[] {
  if (proofs.length === 0) return ['The report states no totals and no balances that could be proved.'];
  return [
    {
      title: 'What the report states, held against its rows',
      columns: [
        { key: 'what' },
        { key: 'currency' },
        { key: 'line', align: 'right' },
        { key: 'stated', align: 'right' },
        { key: 'found', align: 'right' },
        { key: 'proved' },
      ],
      rows: proofs.map((proof) => ({ ...proofData(proof), proved: proof.proved ? 'yes' : 'no' })),
    },
  ];
}
