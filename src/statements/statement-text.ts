/** A report's bytes as the UTF-8 that the CSV reader takes, with the lines emptied that its profile says are no rows. */
import { isUtf8 } from 'node:buffer';
import type { Profile } from './profile.ts';

/** As UTF-8, with the lines before the header emptied, so that every other line keeps its number. */
export function prepared(bytes: Uint8Array, profile: Profile): Uint8Array | null {
  const plain = profile.encoding === 'utf-8' && profile.skip_patterns.length === 0;
  if (plain && profile.skip_lines === 0) return bytes;
  const decoded = profile.encoding === 'utf-8' ? Buffer.from(bytes) : decode(bytes, profile.encoding);
  return decoded === null ? null : withoutSkipped(decoded, profile);
}

/** Bytes that the declared encoding does not have are no text; a byte order mark of another one says as much. */
function decode(bytes: Uint8Array, encoding: Profile['encoding']): Buffer | null {
  try {
    return Buffer.from(new TextDecoder(encoding, { fatal: true }).decode(bytes));
  } catch {
    return null;
  }
}

export function isSkipped(line: string, profile: Profile): boolean {
  return profile.skip_patterns.some((pattern) => new RegExp(pattern, 'i').test(line));
}

function withoutSkipped(buffer: Buffer, profile: Profile): Uint8Array {
  let start = 0;
  for (let skipped = 0; skipped < profile.skip_lines; skipped += 1) {
    const end = buffer.indexOf(0x0a, start);
    start = end < 0 ? buffer.length : end + 1;
  }
  const rest = buffer.subarray(start);
  const emptied = Buffer.from('\n'.repeat(profile.skip_lines));
  // Bytes that are not UTF-8 stay as they are, for their line to be reported.
  if (profile.skip_patterns.length === 0 || !isUtf8(rest)) return Buffer.concat([emptied, rest]);
  const kept = rest
    .toString('utf8')
    .split('\n')
    .map((line) => (line.trim() === '' || isSkipped(line.replace(/^\ufeff/, ''), profile) ? '' : line));
  return Buffer.concat([emptied, Buffer.from(kept.join('\n'))]);
}
