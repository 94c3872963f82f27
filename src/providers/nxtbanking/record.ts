/**
 * What is kept of an answer: short, and without account numbers or addresses. Free text and bodies of unknown shape
 * can carry them, so that outside the known identifiers whatever may be one is masked.
 */
import { maskPrivateText } from '../../domain/private-text.ts';

// Enough for any answer of the contract; the record is evidence, not an archive.
const LARGEST_RECORD_BYTES = 4096;
const LONGEST_TEXT = 500;

/** Identifiers and instants: looked up and compared later, and never an account. */
const KEPT_KEYS: ReadonlySet<string> = new Set([
  'payout_id',
  'reference_id',
  'beneficiary_id',
  'utr',
  'amount',
  'fee',
  'tax',
  'created_at',
  'completed_at',
  'reversed_at',
  'updated_at',
  'next_cursor',
]);

/** A sentence of the provider's, such as a failure reason: masked and at most 500 characters. */
export function maskText(text: string): string {
  // Masked before it is cut: a cut number would be too short to be seen.
  const masked = maskPrivateText(text);
  if (masked.length <= LONGEST_TEXT) return masked;
  // By characters: half of a surrogate pair is no text.
  return `${[...masked.slice(0, 2 * LONGEST_TEXT)].slice(0, LONGEST_TEXT - 1).join('')}…`;
}

/** Masks within the tree. By hand: a reviver of JSON.parse costs three times as much, at every answer. */
function maskTree(tree: unknown): unknown {
  if (typeof tree === 'string') return maskPrivateText(tree);
  if (typeof tree === 'number') return maskNumber(tree);
  if (typeof tree !== 'object' || tree === null) return tree;
  const members = tree as Record<string, unknown>;
  for (const key of Object.keys(members)) {
    if (!KEPT_KEYS.has(key)) members[key] = maskTree(members[key]);
    else if (typeof members[key] === 'object') maskTree(members[key]);
  }
  return tree;
}

function maskNumber(value: number): number | string {
  const digits = String(value);
  const masked = maskPrivateText(digits);
  return masked === digits ? value : masked;
}

/** A body for the attempt's record: JSON stays JSON, and at most 4 kB remain. */
export function recordOf(body: string): string {
  return cutToBytes(maskBody(body), LARGEST_RECORD_BYTES);
}

function maskBody(body: string): string {
  try {
    return JSON.stringify(maskTree(JSON.parse(body)));
  } catch {
    // No JSON, or nested too deep to walk: text like any other.
    return maskPrivateText(body);
  }
}

function cutToBytes(text: string, largest: number): string {
  // A unit of a string is three bytes at most.
  if (text.length * 3 <= largest) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= largest) return text;
  // A character that the cut divides is left out whole.
  return new TextDecoder().decode(bytes.subarray(0, largest), { stream: true });
}

/** Takes our own secrets out of what the other side says, should it repeat them. */
export function withoutSecrets(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets) if (secret.length >= 8) clean = clean.replaceAll(secret, '[secret]');
  return clean;
}
