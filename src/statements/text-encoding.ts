/** What bytes are before they are text: other formats under a .csv name, and text that is not UTF-8. */
import { isUtf8 } from 'node:buffer';
import type { RowError } from '../domain/errors.ts';

const LINE_FEED = 0x0a;
// A line is looked at only so far, whatever its length.
const LINE_BYTES_SHOWN = 65_536;

/** First bytes of formats that people take for CSV. */
const SIGNATURES: readonly { bytes: readonly number[]; what: string }[] = [
  { bytes: [0x50, 0x4b, 0x03, 0x04], what: 'an Excel workbook or another zip archive' },
  { bytes: [0x50, 0x4b, 0x05, 0x06], what: 'an empty zip archive' },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: 'an Excel workbook in the old format' },
  { bytes: [0x1f, 0x8b], what: 'compressed (gzip)' },
  { bytes: [0x25, 0x50, 0x44, 0x46], what: 'a PDF document' },
];

/** Why these bytes are no CSV in UTF-8 at all, or undefined. */
export function foreignFormat(buffer: Buffer): RowError | undefined {
  const signature = SIGNATURES.find(({ bytes }) => bytes.every((byte, index) => buffer[index] === byte));
  if (signature)
    return wholeFile({
      code: 'file_not_csv',
      message: `The file is ${signature.what}, not CSV; save it as "CSV UTF-8".`,
    });
  if (isUtf16(buffer))
    return wholeFile({ code: 'encoding_invalid', message: 'The file is UTF-16; save it as "CSV UTF-8".' });
  return undefined;
}

/** One error for each line whose bytes are not UTF-8. */
export function encodingErrors(buffer: Buffer): RowError[] {
  const errors: RowError[] = [];
  if (isUtf8(buffer)) return errors;
  let line = 1;
  for (let start = 0; start < buffer.length; line += 1) {
    const found = buffer.indexOf(LINE_FEED, start);
    const end = found < 0 ? buffer.length : found;
    // No byte of a longer UTF-8 sequence is a line feed, so that each line stands for itself.
    const bytes = buffer.subarray(start, end);
    if (!isUtf8(bytes)) errors.push(badLine(bytes.subarray(0, LINE_BYTES_SHOWN), line));
    start = end + 1;
  }
  return errors;
}

/** With a byte order mark, or without one but with the zero bytes of ASCII letters in it. */
function isUtf16(buffer: Buffer): boolean {
  const [a, b, c, d] = buffer;
  if ((a === 0xff && b === 0xfe) || (a === 0xfe && b === 0xff)) return true;
  return (a === 0 && c === 0) || (b === 0 && d === 0);
}

function badLine(bytes: Buffer, line: number): RowError {
  const readable = bytes.toString('utf8').split('\ufffd')[0] ?? '';
  const offset = Buffer.byteLength(readable);
  const value = `0x${(bytes[offset] ?? 0).toString(16).toUpperCase().padStart(2, '0')}`;
  return {
    line,
    column: null,
    code: 'encoding_invalid',
    message: `Byte ${offset + 1} of the line (${value}) is not UTF-8; save the file as "CSV UTF-8".`,
    value,
  };
}

function wholeFile(problem: Pick<RowError, 'code' | 'message'>): RowError {
  return { line: 1, column: null, value: null, ...problem };
}
