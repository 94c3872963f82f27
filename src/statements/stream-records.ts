/**
 * The records of a file that is too large to stand in memory, block by block. It reads what readRecords reads, with
 * the same hands; what that would report as an error ends it with `NotPlain`, and whoever asked reads the file whole
 * to say all that is wrong with it.
 */
import { isUtf8 } from 'node:buffer';
import { readSync } from 'node:fs';
import { BLOCK_BYTES, type Block, type CsvRow, endOfBlock, readBlock } from './csv-records.ts';
import { linesIn } from './line-count.ts';
import { foreignFormat } from './text-encoding.ts';

/** The file is for the reader that knows every form and every error. */
export class NotPlain extends Error {}

export interface RecordBlock {
  /** To be called once, and before the next block is asked for. */
  records(): Iterable<CsvRow>;
  /** What they are read from, until then. */
  bytes: Buffer;
  /** The physical line on which it begins. */
  line: number;
  /** Bytes of the file up to its end. */
  through: number;
  /** No value holds a quote or a backslash. */
  bare: boolean;
}

export function* recordBlocks(
  descriptor: number,
  size: number,
  delimiter: string,
): Generator<RecordBlock, void, undefined> {
  const window = new FileWindow(descriptor, size);
  for (let line = 1; ; ) {
    const buffer = window.fill();
    if (buffer.length === 0) return;
    const block = endOfBlock(buffer);
    if (block === null) throw new NotPlain();
    const bytes = buffer.subarray(0, block.end);
    if (!isUtf8(bytes)) throw new NotPlain();
    const bare = !block.quoted && bytes.indexOf(BACKSLASH) < 0;
    const records = () => readClean(buffer, line, delimiter).records;
    yield { records, bytes, line, through: window.at + block.end, bare };
    line += linesIn(bytes);
    window.drop(block.end);
  }
}

function readClean(buffer: Buffer, line: number, delimiter: string): Block {
  const block = readBlock(buffer, 0, line, delimiter);
  if (block === null || block.failure || !block.clean) throw new NotPlain();
  return block;
}

const BACKSLASH = 0x5c;
/** A piece of the file that is longer than a block, or its rest. */
class FileWindow {
  readonly #bytes = Buffer.alloc(2 * BLOCK_BYTES);
  readonly #descriptor: number;
  readonly #size: number;
  #kept = 0;
  #read = 0;

  constructor(descriptor: number, size: number) {
    this.#descriptor = descriptor;
    this.#size = size;
  }

  /** How many bytes of the file were dropped. */
  get at(): number {
    return this.#read - this.#kept;
  }

  fill(): Buffer {
    const first = this.#read === 0;
    while (this.#kept < this.#bytes.length && this.#read < this.#size) {
      const wanted = Math.min(this.#bytes.length - this.#kept, this.#size - this.#read);
      const read = readSync(this.#descriptor, this.#bytes, this.#kept, wanted, this.#read);
      // It is shorter than it was.
      if (read === 0) throw new NotPlain();
      this.#kept += read;
      this.#read += read;
    }
    if (first) this.#begin();
    return this.#bytes.subarray(0, this.#kept);
  }

  #begin(): void {
    const bytes = this.#bytes.subarray(0, this.#kept);
    if (foreignFormat(bytes)) throw new NotPlain();
    if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) this.drop(3);
  }

  drop(length: number): void {
    this.#bytes.copyWithin(0, length, this.#kept);
    this.#kept -= length;
  }
}
