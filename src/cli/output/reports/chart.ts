/** How many breaks each reconciliation left open, as bars: drawn by hand, so that the page needs no library. */
import { type Markup, markup } from './markup.ts';
import type { PastReconciliation } from './report.ts';

const WIDTH = 640;
const HEIGHT = 120;
const BASE = 100;
const LEFT = 40;
const HIGHEST = 84;

export function chartOf(history: readonly PastReconciliation[]): Markup {
  const most = Math.max(1, ...history.map(({ open_count }) => open_count));
  const step = (WIDTH - LEFT) / history.length;
  const bars = history.map(({ on, open_count }, index) => {
    // A single break among thousands is still seen.
    const height = open_count === 0 ? 0 : Math.max(2, (open_count / most) * HIGHEST);
    const x = (LEFT + index * step).toFixed(1);
    const width = Math.max(1, step * 0.7).toFixed(1);
    return markup`<rect x="${x}" y="${(BASE - height).toFixed(1)}" width="${width}" height="${height.toFixed(1)}"><title>${on}: ${String(open_count)}</title></rect>\n`;
  });
  const [first, last] = [history[0]?.on ?? '', history.at(-1)?.on ?? ''];
  return markup`<svg viewBox="0 0 ${String(WIDTH)} ${String(HEIGHT)}" role="img" aria-label="Open breaks from ${first} to ${last}, at most ${String(most)}">
<line x1="${String(LEFT)}" y1="${String(BASE)}" x2="${String(WIDTH)}" y2="${String(BASE)}"/>
<text x="${String(LEFT - 6)}" y="${String(BASE - HIGHEST + 8)}" text-anchor="end">${String(most)}</text>
<text x="${String(LEFT - 6)}" y="${String(BASE)}" text-anchor="end">0</text>
${bars}<text x="${String(LEFT)}" y="${String(HEIGHT - 4)}">${first}</text>
<text x="${String(WIDTH)}" y="${String(HEIGHT - 4)}" text-anchor="end">${last}</text>
</svg>`;
}
