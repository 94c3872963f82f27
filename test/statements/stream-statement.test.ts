import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { PackedLineReader } from '../../src/statements/packed-lines.ts';
import type { PlainPage } from '../../src/statements/plain-page.ts';
import { loadProfiles, type Profile, profileByName } from '../../src/statements/profile.ts';
import { readStatement } from '../../src/statements/read-statement.ts';
import type { StatementRow } from '../../src/statements/statement-row.ts';
import { NotPlain } from '../../src/statements/stream-records.ts';
import { OpenFile, StatementStream } from '../../src/statements/stream-statement.ts';
import { randomOf } from '../domain/reconciliation/truth.ts';

const folder = mkdtempSync(join(tmpdir(), 'payrun-stream-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ZONE = 'Asia/Kolkata';
const HEADER =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';
const profiles = loadProfiles(
  {
    summed: {
      currency: 'INR',
      columns: {
        provider_reference: 'reference_id',
        amount: 'amount',
        fee: { sum: ['fee', 'tax'] },
        status: 'status',
      },
      status: { success: ['SUCCESS'], failed: ['FAILED'] },
    },
    bare: { currency: 'INR', columns: { provider_reference: 'reference_id', utr: 'utr', amount: 'amount' } },
  },
  '',
);
const nxtbanking = profileByName('nxtbanking', profiles);

type Streamed = Pick<ReturnType<typeof readStatement>, 'rows' | 'warnings' | 'count'>;

/** Lines that the ledger keeps by their text, as they are read from there. */
function again({ form }: StatementStream, page: PlainPage): StatementRow[] {
  if (page.ends.length === 0) return [];
  if (form === null) throw new Error('There is no form to read it by.');
  // As from the ledger, which keeps the form as JSON.
  const reader = new PackedLineReader(JSON.parse(JSON.stringify(form)));
  const rows = [...reader.lines(page.lines)].map((row, index) => {
    if (!row) throw new Error(`Line ${page.line_nos[index]} is not read again.`);
    return row;
  });
  const days = rows.flatMap(({ stated_on }) => (stated_on === null ? [] : [stated_on])).sort();
  const breaks = [...page.lines.entries()].flatMap(([at, byte]) => (byte === 0x0a ? [at + 1] : []));
  expect({
    line_nos: [...page.line_nos],
    ends: [...page.ends],
    keys: Buffer.from(page.keys).toString('hex'),
    on: [page.from_on, page.to_on],
  }).toEqual({
    line_nos: rows.map(({ line_no }) => line_no),
    ends: breaks,
    keys: rows.map(({ content }) => content.slice(0, 32)).join(''),
    on: [days[0] ?? null, days.at(-1) ?? null],
  });
  return rows;
}

/** Null where the file is for the other reader. */
function stream(bytes: Buffer, profile: Profile): Streamed | null {
  const path = join(folder, 'report.csv');
  writeFileSync(path, bytes);
  const file = new OpenFile(path);
  try {
    const read = new StatementStream(file, profile, ZONE);
    const rows: StatementRow[] = [];
    for (const { plain, rows: others } of read.pages(() => undefined))
      rows.push(...again(read, plain), ...others);
    rows.sort((a, b) => a.line_no - b.line_no);
    return { rows, warnings: [...read.warnings], count: read.count };
  } catch (error) {
    if (error instanceof NotPlain) return null;
    throw error;
  } finally {
    file.close();
  }
}

type Pick1 = <T>(from: readonly T[]) => T;

const PLAIN = ['po_7', 'pay-7', 'UTR007', 'ben_1', '1500.50', '3.50', '0.63', 'INR', 'IMPS', 'SUCCESS', ''];
const AT = '2026-11-18T06:00:00Z';
// For each column what else stands in such cells, good and bad.
const OTHERS: readonly (readonly string[])[] = [
  ['', ' ', 'po 8', '"po,9"', '"po ""x"""', 'pö_7', 'x'.repeat(255), 'x'.repeat(256), 'po\\7', '"a\nb"'],
  ['', 'pay-8', 'pay-7.r2', ' pay-7', 'पे-7', "pay'7", '💸'],
  ['', 'utr007', 'UTR 007', ' ', '"UTR\r\n007"', 'ÜTR', 'N/A'],
  ['', 'ben_2', 'ben "2'],
  [
    '1500',
    '0',
    '0.5',
    '1500.500',
    '-3.00',
    '1,500.00',
    '"1,500.00"',
    '1e5',
    '',
    ' 5',
    '5.',
    '.5',
    '9'.repeat(14),
  ],
  ['', '0', '3.5', '-3.50', 'x'],
  ['', '0.63', '0.631'],
  ['', 'USD', 'JPY', 'KWD', 'inr', 'XXX'],
  ['UPI', '', '"NEFT"', '50100233417788'],
  ['FAILED', 'REVERSED', 'PARKED', 'success', ' SUCCESS ', '', 'PROCESSING'],
  ['INVALID_ACCOUNT', '"closed, for good"', 'a\tb', 'Ω', '\u202e', 'of 50100233417788', 'r@okbank'],
];
const DATES = [
  '2026-11-18',
  '2026-11-18T20:00:00Z',
  '2026-11-18 20:00:00',
  '2026-11-18T06:00:00.123Z',
  '2026-11-18T06:00:00+05:30',
  '2026-02-30T06:00:00Z',
  '2026-11-18T24:00:00Z',
  '2026-11-18T06:60:00Z',
  '18/11/2026',
  '',
  '1971-01-01T00:07:30Z',
];

function rowOf(pick: Pick1, random: () => number, spoiled: number): string {
  const cells = PLAIN.map((cell, index) => (random() < spoiled ? pick(OTHERS[index] ?? ['']) : cell));
  for (const _ of ['created', 'completed']) cells.push(random() < spoiled ? pick(DATES) : AT);
  return cells.join(',');
}

function fileOf(random: () => number): Buffer {
  const pick: Pick1 = (from) => from[Math.floor(random() * from.length)] as never;
  const end = pick(['\n', '\n', '\r\n', '\r']);
  // Most files have little that is odd, so that not all of them are refused.
  const spoiled = pick([0, 0.002, 0.01, 0.05]);
  const lines = random() < 0.1 ? ['', HEADER] : [HEADER];
  for (let count = Math.floor(random() * 30); count > 0; count -= 1) {
    const row = rowOf(pick, random, spoiled);
    lines.push(row);
    if (random() < 0.05) lines.push(row);
    if (random() < 0.03) lines.push(pick(['', ',,,,,,,,,,,,', ' , ,,,,,,,,,,,', '""', '"\n",,,,,,,,,,,,']));
    if (random() < spoiled) lines.push(pick(['a,b', `${row},`, '"open', HEADER]));
  }
  const text = lines.join(end) + (random() < 0.7 ? end : '');
  const bytes = Buffer.from((random() < 0.1 ? '\ufeff' : '') + text);
  if (random() < 0.02 && bytes.length > 0) bytes[Math.floor(random() * bytes.length)] = 0xff;
  return bytes;
}

/** As much of the reading by blocks as there is must be what reading it whole makes of the file. */
function check(bytes: Buffer, profile: Profile, told: string): 'streamed' | 'refused' | 'left' {
  const whole = readStatement(bytes, profile, ZONE);
  const streamed = stream(bytes, profile);
  if (streamed === null) return whole.errors.length > 0 ? 'refused' : 'left';
  expect(whole.errors, told).toEqual([]);
  const { rows, warnings, count } = whole;
  expect(streamed, told).toEqual({ rows, warnings, count });
  return 'streamed';
}

describe('a statement that is read by blocks', () => {
  test('has the rows, the warnings and the count of one that is read whole, or is left to be read so', () => {
    const seeds = Number(process.env.FUZZ_SEEDS ?? 150);
    const tally = { streamed: 0, refused: 0, left: 0 };
    for (let seed = 1; seed <= seeds; seed += 1) {
      const random = randomOf(seed);
      const profile = seed % 5 === 0 ? profileByName(seed % 2 ? 'summed' : 'bare', profiles) : nxtbanking;
      tally[check(fileOf(random), profile, `seed ${seed}`)] += 1;
    }
    // None of the three ways goes untried, and what is good is hardly ever read twice.
    expect(tally.streamed).toBeGreaterThan(seeds / 3);
    expect(tally.refused).toBeGreaterThan(seeds / 20);
    expect(tally.left).toBeLessThan(seeds / 10);
  }, 3_600_000);

  test('loses nothing where one block ends and the next begins', () => {
    const random = randomOf(7);
    const pick: Pick1 = (from) => from[Math.floor(random() * from.length)] as never;
    const lines = [HEADER];
    for (let index = 0; index < 9000; index += 1) {
      const quoted = index > 3000 && index < 4000 && index % 50 === 0;
      lines.push(
        quoted
          ? rowOf(pick, random, 0).replace('po_7', '"po\r\n""7"""')
          : rowOf(pick, random, 0).replace('pay-7', `pay-${index}`),
      );
      if (index % 997 === 0) lines.push('');
    }
    const bytes = Buffer.from(lines.join('\r\n'));
    expect(bytes.length).toBeGreaterThan(700_000);
    expect(check(bytes, nxtbanking, 'large')).toBe('streamed');
  });

  test.each([
    ['a reason', 'INR,IMPS,FAILED,a/c 50100233417788 closed', 'a/c ••••7788 closed'],
    ['an address', 'INR,IMPS,FAILED,r@okbank', '••••@okbank'],
    ['a column that is kept and not read', 'INR,50100233417788,FAILED,closed', '••••7788'],
  ])('keeps account numbers masked, too: %s', (_what, cells, masked) => {
    const bytes = Buffer.from(`${HEADER}\npo_7,pay-7,UTR007,ben_1,1500.50,,,${cells},${AT},${AT}\n`);
    expect(check(bytes, nxtbanking, cells)).toBe('streamed');
    const [row] = stream(bytes, nxtbanking)?.rows ?? [];
    expect(row?.cells).toContain(masked);
    expect(JSON.stringify([row?.cells, row?.failure_reason])).not.toMatch(/50100|r@/);
  });

  test('keeps all lines by their text but those that have quotes or backslashes', () => {
    const path = join(folder, 'quoted.csv');
    const rows = Array.from({ length: 9 }, (_, index) =>
      [...PLAIN, AT, AT].join(',').replace('po_7', `po_${index}`),
    );
    rows[3] = `"po_3"${rows[3]?.slice(4)}`;
    rows[6] = rows[6]?.replace('po_6', 'po\\6') ?? '';
    writeFileSync(path, `${HEADER}\n${rows.join('\n')}\n`);
    const file = new OpenFile(path);
    const [page] = new StatementStream(file, nxtbanking, ZONE).pages(() => undefined);
    file.close();
    expect([...(page?.plain.line_nos ?? [])]).toEqual([2, 3, 4, 6, 7, 9, 10]);
    expect(page?.rows.map(({ line_no, provider_id }) => [line_no, provider_id])).toEqual([
      [5, 'po_3'],
      [8, 'po\\6'],
    ]);
  });

  test('that grows meanwhile is not taken as it was', () => {
    const path = join(folder, 'growing.csv');
    const row = [...PLAIN, AT, AT].join(',');
    writeFileSync(path, `${HEADER}\n${row}\n`);
    const file = new OpenFile(path);
    const pages = new StatementStream(file, nxtbanking, ZONE).pages(() => undefined);
    expect(pages.next().value).toMatchObject({ plain: { line_nos: Uint32Array.of(2) }, rows: [] });
    writeFileSync(path, `${HEADER}\n${row}\n${row}\n`);
    expect(() => pages.next()).toThrow(NotPlain);
    file.close();
  });
});
