/** Seeded CSV: grown from a grammar, then damaged as files are on their way, and raw bytes beside them. */
import { randomOf } from '../../domain/reconciliation/truth.ts';

const BREAKS = ['\n', '\r\n', '\r'];
const VALUES = [
  '',
  'a',
  '12.50',
  'two words',
  ' ',
  'O’Brien',
  'محمد',
  '••••7890',
  '👩‍💻',
  'ü',
  '#',
  "'",
  '-1',
  'x'.repeat(40),
];
const QUOTED = [
  '"',
  '""',
  '","',
  '"a"',
  '"a""b"',
  '"line\nbreak"',
  '"line\r\nbreak"',
  '"\r"',
  '"a,b"',
  '"""a"""',
];
const DAMAGE = ['"', ',', '\n', '\r', '\0', '\t', '\u202e', '\u200b', '\u0085', '\ufeff', '\x7f', ';', ' '];

/** Bytes of a file, well-formed in about half of the seeds. */
export function fuzzedCsv(seed: number): Buffer {
  const random = randomOf(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  if (random() < 0.1) {
    return Buffer.from(Array.from({ length: Math.floor(random() * 40) }, () => Math.floor(random() * 256)));
  }
  const quotes = random() < 0.6;
  const cell = () => {
    if (quotes && random() < 0.3) return random() < 0.8 ? pick(QUOTED.slice(1)) : `"${pick(VALUES)}"`;
    return pick(VALUES);
  };
  const width = 1 + Math.floor(random() * 4);
  const end = pick(BREAKS);
  let text = random() < 0.1 ? '\ufeff' : '';
  const rows = Math.floor(random() * 8);
  for (let row = 0; row <= rows; row += 1) {
    const count = random() < 0.1 ? 1 + Math.floor(random() * 5) : width;
    text += Array.from({ length: count }, cell).join(',');
    if (row < rows || random() < 0.7) text += random() < 0.1 ? pick(BREAKS) : end;
    if (random() < 0.1) text += end;
  }
  for (let left = random() < 0.5 ? 0 : 1 + Math.floor(random() * 2); left > 0; left -= 1) {
    const at = Math.floor(random() * (text.length + 1));
    const cut = random() < 0.4 ? 1 + Math.floor(random() * 3) : 0;
    text = text.slice(0, at) + (random() < 0.7 ? pick(DAMAGE) : '') + text.slice(at + cut);
  }
  const bytes = Buffer.from(text);
  return random() < 0.05 ? bytes.subarray(0, Math.floor(random() * bytes.length)) : bytes;
}
