/**
 * The open differences after each reconciliation, as amounts, one picture for each currency: drawn by hand, so that the
 * page needs no library and no script.
 */
import { formatAmount } from '../../../domain/money/money.ts';
import { grouped, shownMinor } from './figures.ts';
import { type Markup, markup } from './markup.ts';
import type { PastReconciliation } from './report.ts';

const WIDTH = 720;
// Beside others a picture gets half of the page, and its letters stay as large.
const HALF_WIDTH = 440;
const HEIGHT = 150;
const LEFT = 108;
const RIGHT = 8;
const TOP = 14;
const BASE = 122;
// Bars of two reconciliations would be boards.
const WIDEST_BAR = 28;

export function chartsOf(history: readonly PastReconciliation[]): Markup[] {
  const currencies = new Set(history.flatMap(({ amounts }) => [...amounts.keys()]));
  const width = currencies.size > 1 ? HALF_WIDTH : WIDTH;
  return [...currencies].sort().map((currency) => chartOf(history, currency, width));
}

function chartOf(history: readonly PastReconciliation[], currency: string, fullWidth: number): Markup {
  const values = history.map(({ amounts }) => amounts.get(currency) ?? 0n);
  const top = roundUp(values.reduce((most, each) => (each > most ? each : most), 0n));
  const step = (fullWidth - LEFT - RIGHT) / history.length;
  const width = Math.min(WIDEST_BAR, Math.max(1, step * 0.72));
  const heightOf = (value: bigint) => (Number(value) / Number(top)) * (BASE - TOP);
  const bars = history.map(({ on, open_count }, index) => {
    const value = values[index] ?? 0n;
    // A paisa among crores is still seen.
    const height = value === 0n ? 0 : Math.max(1.5, heightOf(value));
    const x = LEFT + (index + 0.5) * step - width / 2;
    const said = `${on}: ${shownMinor(value, currency)}, ${open_count} open`;
    return markup`<rect x="${x.toFixed(1)}" y="${(BASE - height).toFixed(1)}" width="${width.toFixed(1)}" height="${height.toFixed(1)}"><title>${said}</title></rect>\n`;
  });
  const lines = [top, top / 2n, 0n].map((value) => {
    const y = (BASE - heightOf(value)).toFixed(1);
    const label = grouped(formatAmount(value, currency).replace(/\.0+$/, ''), currency);
    return markup`<line x1="${String(LEFT)}" y1="${y}" x2="${String(fullWidth - RIGHT)}" y2="${y}"${value === 0n ? BASE_LINE : ''}/><text x="${String(LEFT - 8)}" y="${y}" dy="4" text-anchor="end">${label}</text>\n`;
  });
  const [first, last] = [history[0]?.on ?? '', history.at(-1)?.on ?? ''];
  const now = shownMinor(values.at(-1) ?? 0n, currency);
  return markup`<figure><figcaption>${currency}: ${now} open now</figcaption>
<svg viewBox="0 0 ${String(fullWidth)} ${String(HEIGHT)}" role="img" aria-label="Open differences in ${currency} from ${first} to ${last}; now ${now}">
${lines}${bars}<text x="${String(LEFT)}" y="${String(HEIGHT - 8)}">${first}</text>
<text x="${String(fullWidth - RIGHT)}" y="${String(HEIGHT - 8)}" text-anchor="end">${last}</text>
</svg></figure>`;
}

const BASE_LINE = markup` class="base"`;

// So that the highest bar fills most of the picture, and half of the top is a round number, too.
const TOPS: readonly bigint[] = [2n, 3n, 4n, 5n, 6n, 8n, 10n];

/** The next round amount at or above; at least 20 minor units. */
function roundUp(most: bigint): bigint {
  for (let power = 10n; ; power *= 10n) {
    const top = TOPS.map((factor) => factor * power).find((each) => each >= most);
    if (top !== undefined) return top;
  }
}
