import { isUtf8 } from 'node:buffer';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { RowError } from '../../../src/domain/errors.ts';
import { forbiddenCharacter } from '../../../src/domain/plain-text.ts';
import { RecordScanner } from '../../../src/statements/bulk/record-scanner.ts';
import { type CsvRow, readRecords } from '../../../src/statements/csv-records.ts';
import { fuzzedCsv } from './csv-fuzz.ts';

/** All records as the scanner finds them in blocks of so many bytes; null where it calls the file foreign. */
function scanned(file: Buffer, blockBytes: number, delimiter = ','): CsvRow[] | null {
  const scanner = new RecordScanner(delimiter, 1);
  const rows: CsvRow[] = [];
  // Stale bytes behind the limit, as a block that is used again has them.
  const block = Buffer.alloc(file.length + blockBytes + 8, '"\u202e,');
  let kept = 0;
  for (let at = 0; ; ) {
    const read = file.copy(block, kept, at, Math.min(at + blockBytes, file.length));
    at += read;
    scanner.load(block, kept + read, read === 0);
    let found = scanner.next();
    for (; found === 'record'; found = scanner.next()) {
      const values = Array.from({ length: scanner.count }, (_, index) => scanner.text(index));
      rows.push({ line: scanner.line, values });
    }
    if (found === 'foreign' || !scanner.isUtf8()) return null;
    if (read === 0) return rows;
    block.copyWithin(0, scanner.rest, kept + read);
    kept = kept + read - scanner.rest;
  }
}

/** As the reference reads it, blank lines left out; null where it refuses the file. */
function parsed(file: Buffer, delimiter = ','): string[][] | null {
  try {
    const records = parse(file, {
      delimiter,
      relax_column_count: true,
      record_delimiter: ['\r\n', '\n', '\r'],
    }) as string[][];
    return records.filter((values) => values.length > 1 || values[0] !== '');
  } catch {
    return null;
  }
}

/** Whether the file is text that may stand in a CSV of ours at all. */
function isFit(file: Buffer): boolean {
  return isUtf8(file) && forbiddenCharacter(file.toString('utf8').replace(/\r|\n/g, '')) === null;
}

function check(file: Buffer, note: string): 'read' | 'foreign' {
  const reference = isFit(file) ? parsed(file) : null;
  const errors: RowError[] = [];
  const ordinary = isUtf8(file) ? [...readRecords(file, errors)] : null;
  for (const blockBytes of [1, 7, 4096]) {
    const rows = scanned(file, blockBytes);
    expect(rows?.map((row) => row.values) ?? null, `${note}, blocks of ${blockBytes}`).toEqual(reference);
    if (rows !== null && errors.length === 0) expect(rows, note).toEqual(ordinary);
  }
  return reference === null ? 'foreign' : 'read';
}

describe('records found in bytes are those that csv-parse finds', () => {
  it('in grown and damaged files, whatever the size of the blocks, and it refuses what csv-parse refuses', () => {
    const seeds = Number(process.env.FUZZ_SEEDS ?? 3000);
    const seen = { read: 0, foreign: 0 };
    for (let seed = 1; seed <= seeds; seed += 1) {
      const file = fuzzedCsv(seed);
      seen[check(file, `seed ${seed}: ${JSON.stringify(file.toString('latin1'))}`)] += 1;
    }
    // Both have to be common, or nothing was shown.
    expect(Math.min(seen.read, seen.foreign)).toBeGreaterThan(seeds / 5);
  }, 3_600_000);

  it('in the public torture files of csv-spectrum', () => {
    const folder = join(dirname(createRequire(import.meta.url).resolve('csv-spectrum/package.json')), 'csvs');
    const names = readdirSync(folder).filter((name) => name.endsWith('.csv'));
    expect(names.length).toBeGreaterThan(10);
    const foreign = names.filter((name) => check(readFileSync(join(folder, name)), name) === 'foreign');
    // It has a tab inside a value, which no file of ours may have.
    expect(foreign).toEqual(['location_coordinates.csv']);
  });

  it('with other delimiters', () => {
    for (const delimiter of [';', '|', '\t']) {
      const file = Buffer.from(`a${delimiter}b,c\n"x${delimiter === '\t' ? '' : delimiter}y"${delimiter}z\n`);
      const rows = scanned(file, 3, delimiter);
      expect(rows).toHaveLength(2);
      expect(rows?.map((row) => row.values)).toEqual(parsed(file, delimiter));
    }
  });

  it('leaves records that are too large, and what quotes hide of a tab, to the reader that says so', () => {
    expect(scanned(Buffer.from(`a,${'x'.repeat(70_000)}\n`), 4096)).toBeNull();
    expect(scanned(Buffer.from('a\t"b\tc"\n'), 4096, '\t')).toBeNull();
  });
});
