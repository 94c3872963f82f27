/**
 * A report's bytes in the encoding that its profile declares. What they are is checked and never guessed: bytes that
 * the encoding does not have, another one's byte order mark, and text that is plainly in another encoding are errors
 * with their line.
 */
import { isUtf8 } from 'node:buffer';
import type { RowError } from '../domain/errors.ts';
import type { Profile } from './profile.ts';
import { foreignFormat } from './text-encoding.ts';

export type Decoded = { text: string; errors: null } | { text: null; errors: RowError[] };

const MARKS: readonly { bytes: readonly number[]; encoding: string }[] = [
  { bytes: [0xef, 0xbb, 0xbf], encoding: 'utf-8' },
  { bytes: [0xff, 0xfe], encoding: 'utf-16le' },
  { bytes: [0xfe, 0xff], encoding: 'utf-16be' },
];
// Windows-1252 has no characters there; decoders make control characters of them.
const UNASSIGNED = new Set([0x81, 0x8d, 0x8f, 0x90, 0x9d]);
// Where Latin-1 has control characters: a TextDecoder of Node 20 takes the one for the other, and euros and dashes with it.
const WINDOWS = '€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ';
const LINE_BREAK = /\r\n|\n|\r/;
// Enough to see a header in; what is not text shows in its first characters.
const BYTES_LOOKED_AT = 4096;

/** Not for UTF-8, whose bytes are taken as they are and checked line by line. */
export function decodeDeclared(bytes: Uint8Array, profile: Profile): Decoded {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const problem = markProblem(buffer, profile) ?? bodyProblem(buffer, profile.encoding);
  if (problem) return { text: null, errors: [problem] };
  const text = decodeAs(buffer, profile.encoding);
  const lone = profile.encoding === 'windows-1252' ? -1 : loneSurrogate(text);
  if (lone < 0) return { text, errors: null };
  const message = 'Half a character stands here without its other half; the file is damaged or cut off.';
  return { text: null, errors: [encodingError(lineAt(text, lone), message)] };
}

/** Without a byte order mark. Halves of characters stay what they are, which TextDecoder would replace in silence. */
export function decodeAs(buffer: Buffer, encoding: Profile['encoding']): string {
  switch (encoding) {
    case 'utf-8':
      return new TextDecoder(encoding).decode(buffer);
    case 'windows-1252':
      return buffer
        .toString('latin1')
        .replace(/[\u0080-\u009f]/g, (control) => WINDOWS[control.charCodeAt(0) - 0x80] ?? control);
    case 'utf-16le':
      return buffer.toString('utf16le').replace(/^\ufeff/, '');
    case 'utf-16be':
      return Buffer.from(buffer.subarray(0, buffer.length & ~1))
        .swap16()
        .toString('utf16le')
        .replace(/^\ufeff/, '');
  }
}

function markProblem(buffer: Buffer, profile: Profile): RowError | null {
  const foreign = foreignFormat(buffer);
  if (foreign?.code === 'file_not_csv') return foreign;
  const mark = MARKS.find(({ bytes }) => bytes.every((byte, index) => buffer[index] === byte));
  if (mark === undefined || mark.encoding === profile.encoding) return null;
  return encodingError(
    1,
    `The file says by its byte order mark that it is ${mark.encoding}, and the profile ${profile.name} declares ${profile.encoding}.`,
  );
}

function bodyProblem(buffer: Buffer, encoding: Profile['encoding']): RowError | null {
  switch (encoding) {
    case 'utf-8':
      return null;
    case 'windows-1252':
      return windowsProblem(buffer);
    case 'utf-16le':
    case 'utf-16be':
      return utf16Problem(buffer, encoding);
  }
}

function windowsProblem(buffer: Buffer): RowError | null {
  const zero = buffer.indexOf(0);
  if (zero >= 0)
    return encodingError(
      lineOfByte(buffer, zero),
      'The file has zero bytes, as UTF-16 has them; it is not windows-1252.',
    );
  const first = buffer.findIndex((byte) => byte >= 0x80);
  if (first < 0) return null;
  // Letters with accents are single bytes there; hardly any text of those is valid UTF-8 by chance.
  if (isUtf8(buffer)) {
    return encodingError(
      lineOfByte(buffer, first),
      'The line is UTF-8, and the profile declares windows-1252: names would be read as other letters.',
    );
  }
  const hole = buffer.findIndex((byte) => UNASSIGNED.has(byte));
  if (hole < 0) return null;
  const value = `0x${(buffer[hole] ?? 0).toString(16).toUpperCase()}`;
  return {
    ...encodingError(lineOfByte(buffer, hole), `The byte ${value} is no character of windows-1252.`),
    value,
  };
}

/** Headers are mostly ASCII, whose zero bytes tell the order of bytes and show that it is UTF-16 at all. */
function utf16Problem(buffer: Buffer, encoding: 'utf-16le' | 'utf-16be'): RowError | null {
  if (buffer.length === 0) return null;
  const head = buffer.subarray(0, BYTES_LOOKED_AT);
  const zeros = [0, 0];
  for (const [index, byte] of head.entries()) if (byte === 0) zeros[index % 2] = (zeros[index % 2] ?? 0) + 1;
  const [even = 0, odd = 0] = zeros;
  if (even + odd === 0)
    return encodingError(1, `The file has single bytes for its letters; it is not ${encoding}.`);
  const other = encoding === 'utf-16le' ? even > odd : odd > even;
  if (other)
    return encodingError(1, `The bytes of each letter stand the other way round than in ${encoding}.`);
  if (buffer.length % 2 === 0) return null;
  const text = decodeAs(buffer.subarray(0, -1), encoding);
  return encodingError(
    lineAt(text, text.length),
    'The file ends in the middle of a character; it was cut off.',
  );
}

function loneSurrogate(text: string): number {
  return text.search(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/);
}

function lineOfByte(buffer: Buffer, offset: number): number {
  return lineAt(buffer.subarray(0, offset).toString('latin1'), offset);
}

function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split(LINE_BREAK).length;
}

function encodingError(line: number, message: string): RowError {
  return { line, column: null, code: 'encoding_invalid', message, value: null };
}
