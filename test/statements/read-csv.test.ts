import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CsvRow, type CsvSpec, fileRefused, readCsv } from '../../src/statements/read-csv.ts';

const SPEC: CsvSpec = { required: ['ref', 'amount'], optional: ['note'], rows_required: true };

function read(text: string | Uint8Array, spec: CsvSpec = SPEC) {
  const result = readCsv(typeof text === 'string' ? new TextEncoder().encode(text) : text, spec);
  const rows: CsvRow[] = [...result.rows];
  return {
    ...result,
    rows,
    located: result.errors.map(({ line, column, code }) => ({ line, column, code })),
  };
}

function bytes(...parts: (string | number[])[]): Uint8Array {
  return Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
}

describe('good files', () => {
  test('rows come with the physical line on which they start', () => {
    const result = read('ref,amount,note\n\na,1,"two\nlines"\r\nb,2,"three\r\nmore\nlines"\n\n\nc,3,\n');
    expect(result.errors).toEqual([]);
    expect(result.rows).toEqual([
      { line: 3, values: ['a', '1', 'two\nlines'] },
      { line: 5, values: ['b', '2', 'three\r\nmore\nlines'] },
      { line: 10, values: ['c', '3', ''] },
    ]);
  });

  test.each(['\n', '\r\n', '\r'])('line ends %j count one line each', (end) => {
    const result = read(['ref,amount', 'a,1', '', 'b,2'].join(end));
    expect(result.rows.map((row) => row.line)).toEqual([2, 4]);
  });

  test('a byte order mark is no part of the first column', () => {
    const result = read(bytes([0xef, 0xbb, 0xbf], 'ref,amount\na,1\n'));
    expect(result.errors).toEqual([]);
    expect(result.columns.get('ref')).toBe(0);
  });

  test('columns come in any order, with spaces or capitals', () => {
    const result = read(' Amount ,NOTE,ref\n1,x,a\n');
    expect(result.errors).toEqual([]);
    expect(result.warnings).toEqual([]);
    expect([...result.columns]).toEqual([
      ['amount', 0],
      ['note', 1],
      ['ref', 2],
    ]);
  });

  test('values are kept as they are, with their spaces', () => {
    expect(read('ref,amount\n a ,"  1"\n').rows[0]?.values).toEqual([' a ', '  1']);
  });

  test('an unknown column is a warning, also one named __proto__', () => {
    const result = read('ref,amount,__proto__,\na,1,x,y\n');
    expect(result.errors).toEqual([]);
    expect(result.warnings.map((each) => each.code)).toEqual(['column_unknown', 'column_unknown']);
    expect(result.rows).toHaveLength(1);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });

  test('names of every script pass, with joiners', () => {
    const names = ['محمد علي', 'שרה כהן', 'क्‍ष', 'می‌خواهم', '张伟', 'O’Brien', 'Zoë 👩‍💻'];
    const result = read(`ref,amount\n${names.map((name) => `${name},1`).join('\n')}\n`);
    expect(result.errors).toEqual([]);
    expect(result.rows.map((row) => row.values[0])).toEqual(names);
  });

  test('a file without rows is good where the caller says so', () => {
    expect(read('ref,amount\n', { ...SPEC, rows_required: false }).errors).toEqual([]);
  });
});

describe('files that are refused', () => {
  const cases: [string, string | Uint8Array, { line: number; column: string | null; code: string }[]][] = [
    ['nothing at all', '', [{ line: 1, column: null, code: 'file_empty' }]],
    ['only a byte order mark', bytes([0xef, 0xbb, 0xbf]), [{ line: 1, column: null, code: 'file_empty' }]],
    ['only line ends', '\n\n', [{ line: 1, column: null, code: 'file_empty' }]],
    ['a header and no rows', 'ref,amount\n\n', [{ line: 1, column: null, code: 'file_empty' }]],
    ['a missing column', 'ref,amuont\na,1\n', [{ line: 1, column: 'amount', code: 'column_missing' }]],
    [
      'the same column twice',
      'ref,amount,amount\na,1,999\n',
      [{ line: 1, column: 'amount', code: 'column_duplicate' }],
    ],
    [
      'the same in another case',
      'ref,amount,AMOUNT\na,1,2\n',
      [{ line: 1, column: 'AMOUNT', code: 'column_duplicate' }],
    ],
    [
      'the same with spaces',
      'ref,amount, am ount\na,1,2\n',
      [{ line: 1, column: ' am ount', code: 'column_duplicate' }],
    ],
    [
      'the same in full width',
      'ref,amount,ａmount\na,1,2\n',
      [{ line: 1, column: 'ａmount', code: 'column_duplicate' }],
    ],
    ['a semicolon file', 'ref;amount\na;1\n', [{ line: 1, column: null, code: 'delimiter_wrong' }]],
    ['a tab file', 'ref\tamount\na\t1\n', [{ line: 1, column: null, code: 'delimiter_wrong' }]],
    ['an instruction to Excel', 'sep=,\nref,amount\na,1\n', [{ line: 1, column: null, code: 'sep_line' }]],
    [
      'too few values and too many',
      'ref,amount\na\nb,1\nc,1,2\n',
      [
        { line: 2, column: null, code: 'row_ragged' },
        { line: 4, column: null, code: 'row_ragged' },
      ],
    ],
    [
      'a quote never closed',
      'ref,amount\na,1\nb,"2\nc,3\n',
      [{ line: 3, column: 'amount', code: 'quote_unclosed' }],
    ],
    [
      'a quote inside a value',
      'ref,amount\n"x\ny",1\nb,2"3"\n',
      [{ line: 4, column: 'amount', code: 'quote_misplaced' }],
    ],
    [
      'text after a closing quote',
      'ref,amount\n"a"b,1\n',
      [{ line: 2, column: 'ref', code: 'quote_misplaced' }],
    ],
    ['a NUL', 'ref,amount\na\0b,1\n', [{ line: 2, column: 'ref', code: 'text_forbidden' }]],
    [
      'an escape sequence',
      'ref,amount\na,1\nb,\x1b[31m2\n',
      [{ line: 3, column: 'amount', code: 'text_forbidden' }],
    ],
    ['a C1 control', 'ref,amount\n\u009b31mb,1\n', [{ line: 2, column: 'ref', code: 'text_forbidden' }]],
    [
      'an override of direction',
      'ref,amount,note\n"a",1,"x\u202ey"\n',
      [{ line: 2, column: 'note', code: 'text_forbidden' }],
    ],
    ['an isolate', 'ref,amount\n\u2066a,1\n', [{ line: 2, column: 'ref', code: 'text_forbidden' }]],
    [
      'a byte order mark in the middle',
      'ref,amount\n\ufeffa,1\n',
      [{ line: 2, column: 'ref', code: 'text_forbidden' }],
    ],
    [
      'a control character in the header',
      'ref,amount,\x07\na,1,2\n',
      [{ line: 1, column: null, code: 'text_forbidden' }],
    ],
    [
      'Latin-1 bytes',
      bytes('ref,amount\na,1\nZo', [0xeb], ',2\n\nJos', [0xe9], ',3\n'),
      [
        { line: 3, column: null, code: 'encoding_invalid' },
        { line: 5, column: null, code: 'encoding_invalid' },
      ],
    ],
    [
      'an overlong sequence',
      bytes('ref,amount\n', [0xc0, 0xaf], ',1\n'),
      [{ line: 2, column: null, code: 'encoding_invalid' }],
    ],
    [
      'a lone surrogate',
      bytes('ref,amount\n', [0xed, 0xa0, 0x80], ',1\n'),
      [{ line: 2, column: null, code: 'encoding_invalid' }],
    ],
    [
      'UTF-16 with a mark',
      bytes([0xff, 0xfe], [0x72, 0, 0x65, 0]),
      [{ line: 1, column: null, code: 'encoding_invalid' }],
    ],
    [
      'UTF-16 without one',
      bytes([0x72, 0, 0x65, 0, 0x66, 0]),
      [{ line: 1, column: null, code: 'encoding_invalid' }],
    ],
    ['a workbook', bytes('PK', [3, 4, 20, 0, 6, 0]), [{ line: 1, column: null, code: 'file_not_csv' }]],
    ['a gzip file', bytes([0x1f, 0x8b, 8]), [{ line: 1, column: null, code: 'file_not_csv' }]],
    [
      '65 columns',
      `ref,amount,${Array.from({ length: 63 }, (_, index) => `c${index}`).join(',')}\n`,
      [{ line: 1, column: null, code: 'columns_too_many' }],
    ],
    [
      'a record over 64 kB',
      `ref,amount\na,1\n${'x'.repeat(65_536)},1\nb,2,3\n`,
      [
        { line: 3, column: null, code: 'record_too_large' },
        { line: 4, column: null, code: 'row_ragged' },
      ],
    ],
    [
      'a record over 64 kB in bytes only',
      `ref,amount\n${'é'.repeat(33_000)},1\n`,
      [{ line: 2, column: null, code: 'record_too_large' }],
    ],
    [
      'one endless line',
      `ref,amount\n${'x'.repeat(3_000_000)}`,
      [{ line: 2, column: null, code: 'record_too_large' }],
    ],
    [
      'a quote left open over megabytes',
      `ref,amount\na,"1\n${'b,2\n'.repeat(600_000)}`,
      [{ line: 2, column: null, code: 'quote_unclosed' }],
    ],
  ];

  test.each(cases)('%s', (_name, file, expected) => {
    const result = read(file);
    expect(result.located).toEqual(expected);
    for (const error of result.errors) {
      expect(error.message).not.toBe('');
      expect(JSON.stringify(error).length).toBeLessThan(600);
    }
  });

  test('all bad rows are reported, and the good ones are still read', () => {
    const result = read('ref,amount\na\nb,1\nc\x07,2\n\nd,1,2\ne,3\n');
    expect(result.located.map(({ line }) => line)).toEqual([2, 4, 6]);
    expect(result.rows.map((row) => row.line)).toEqual([3, 7]);
  });

  test('a refusal names the file, the count and every row', () => {
    const { errors } = read('ref,amount\na\nc,1,2\n');
    const refusal = fileRefused('june.csv', errors);
    expect(refusal).toMatchObject({
      kind: 'refused_file',
      code: 'file_refused',
      message: 'june.csv has 2 errors on 2 lines.',
    });
    expect(refusal.rows).toHaveLength(2);
  });
});

describe('both ways of reading agree', () => {
  const cell = fc.string({ unit: fc.constantFrom('a', 'é', '1', ' ', ',', '"', '\n', '😀'), maxLength: 6 });
  const table = fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 8 });
  const end = fc.constantFrom('\n', '\r\n');

  test('what is written with quotes is read back, whatever it holds', () => {
    fc.assert(
      fc.property(table, end, (rows, eol) => {
        const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
        const text = [['ref', 'amount', 'note'], ...rows].map((row) => row.map(quote).join(',')).join(eol);
        const result = read(text);
        expect(result.errors).toEqual([]);
        expect(result.rows.map((row) => row.values)).toEqual(rows);
        let line = 2;
        for (const [index, row] of rows.entries()) {
          expect(result.rows[index]?.line).toBe(line);
          line += 1 + row.join('').split('\n').length - 1;
        }
      }),
    );
  });

  test('a file without quotes reads as csv-parse reads it', () => {
    const plain = fc.string({ unit: fc.constantFrom('a', 'é', '1', ' ', '😀', "'"), maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.array(plain, { minLength: 3, maxLength: 3 }), { maxLength: 8 }),
        end,
        (rows, eol) => {
          const text = [['ref', 'amount', 'note'], ...rows].map((row) => row.join(',')).join(eol);
          const [, ...expected] = parse(text, { relax_column_count: true });
          expect(read(text, { ...SPEC, rows_required: false }).rows.map((row) => row.values)).toEqual(
            expected,
          );
        },
      ),
    );
  });

  test('files of many blocks keep their lines and their rows', () => {
    const rows = Array.from({ length: 60_000 }, (_, index) =>
      index % 20_011 === 7
        ? `r${index},"a ""quoted""\n${'é'.repeat(index % 9)}",x`
        : `r${index},${index}.50,${'é'.repeat(index % 40)}`,
    );
    const result = read(`ref,amount,note\n${rows.join('\n')}\n`);
    expect(result.errors).toEqual([]);
    expect(result.rows).toHaveLength(rows.length);
    let line = 2;
    for (const [index, row] of result.rows.entries()) {
      if (row.line !== line || row.values[0] !== `r${index}`) expect(row).toEqual({ line, ref: `r${index}` });
      line += rows[index]?.includes('\n') ? 2 : 1;
    }
  });
});
