/** The profiles that ship, each against a file of its own: what its rows say, and that no other profile takes it. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadProfiles, profileByName } from '../../src/statements/profile.ts';
import { detectProfile, readStatement } from '../../src/statements/read-statement.ts';

const PROFILES = loadProfiles({}, 'payrun.toml');

// line, kind, UTR or the provider's name, amount in minor units, status, day
type Said = [number, string, string | null, bigint, string, string];

const EXPECTED: Readonly<Record<string, readonly Said[]>> = {
  hdfc: [
    [2, 'payout', 'HDFCH26322000017', 1_250_050n, 'success', '2026-11-18'],
    [3, 'payout', '632210004711', 200_000n, 'success', '2026-11-18'],
    [4, 'return', 'HDFCH26322000017', 1_250_050n, 'reversed', '2026-11-19'],
    [5, 'fee', null, 590n, 'success', '2026-11-19'],
    [6, 'other', null, -30_000_000n, 'success', '2026-11-20'],
  ],
  icici: [
    [3, 'payout', 'ICICN26322000044', 12_500_000n, 'success', '2026-11-18'],
    [4, 'payout', '632311220099', 250_000n, 'success', '2026-11-19'],
    [5, 'tax', null, 1_800n, 'success', '2026-11-20'],
  ],
  sbi: [
    [5, 'payout', 'SBINR52026111812345678', 25_000_000n, 'success', '2026-11-18'],
    [6, 'other', null, -100_000n, 'success', '2026-11-19'],
  ],
  stripe: [
    [2, 'funding', 'ch_A1', -12_000n, 'success', '2026-11-18'],
    [3, 'refund', 're_A2', 2_000n, 'success', '2026-11-18'],
    [4, 'payout', 'po_A3', 9_622n, 'success', '2026-11-20'],
  ],
  paypal: [
    [5, 'payout', '4TX0001', 5_000n, 'success', '2026-11-18'],
    [6, 'other', '4TX0002', -7_500n, 'success', '2026-11-18'],
    [7, 'refund', '4TX0003', 1_500n, 'success', '2026-11-19'],
  ],
};

function fixture(name: string): Buffer {
  return readFileSync(fileURLToPath(new URL(`../../fixtures/statements/${name}.csv`, import.meta.url)));
}

describe('a file of each profile that ships', () => {
  it.each(Object.keys(EXPECTED))('%s is told by its header and read whole', (name) => {
    const bytes = fixture(name);
    expect(detectProfile(bytes, PROFILES)?.name).toBe(name);
    const { rows, errors } = readStatement(bytes, profileByName(name, PROFILES), 'Asia/Kolkata');
    expect(errors).toEqual([]);
    const said = rows.map((row) => [
      row.line_no,
      row.kind,
      row.utr ?? row.provider_id,
      row.amount_minor,
      row.status,
      row.stated_on,
    ]);
    expect(said).toEqual(EXPECTED[name]);
  });

  it('refuses a line of a bank that it cannot read, and says where it stands', () => {
    const text = fixture('icici').toString('utf8').replace('"1,25,000.00"', '"1,2,5000.00"');
    const { errors } = readStatement(Buffer.from(text), profileByName('icici', PROFILES), 'Asia/Kolkata');
    expect(errors.map(({ line, column, code }) => [line, column, code])).toEqual([
      [3, 'withdrawal amount (inr )', 'amount_invalid'],
    ]);
  });
});

const OWN = {
  encoding: 'utf-16le',
  delimiter: ';',
  decimal_mark: ',',
  grouping: '.',
  date_format: 'DD-MMM-YY',
  currency: 'EUR',
  columns: { utr: 'Text', amount: 'Sum', direction: 'S/H', created_at: 'Day' },
  directions: { debit: ['S'], credit: ['H'] },
};
const own = (changes: object = {}) =>
  profileByName('own', loadProfiles({ own: { ...OWN, ...changes } }, 'payrun.toml'));
const read = (text: string, encoding: BufferEncoding = 'utf16le') =>
  readStatement(Buffer.from(text, encoding), own(), 'Europe/Berlin');

describe('a profile of a user', () => {
  it('reads UTF-16, words of direction, grouped amounts and names of months', () => {
    const { rows, errors } = read('\ufeffText;Sum;S/H;Day\nab 12;1.234,50;S;03-Apr-26\nx;5,00;h;04-APR-26\n');
    expect(errors).toEqual([]);
    expect(rows).toMatchObject([
      { kind: 'payout', utr: 'AB12', amount_minor: 123_450n, stated_on: '2026-04-03' },
      { kind: 'other', amount_minor: -500n, stated_on: '2026-04-04' },
    ]);
  });

  it('has a word of direction that it does not know, and a month that is none, reported', () => {
    const { errors } = read(
      'Text;Sum;S/H;Day\na;1,00;?;03-Apr-26\nb;1,00;S;03-Abr-26\nc;-1,00;S;03-Apr-26\n',
    );
    expect(errors.map(({ line, code }) => [line, code])).toEqual([
      [2, 'direction_unknown'],
      [3, 'date_invalid'],
      [4, 'amount_invalid'],
    ]);
  });

  it('is held to the encoding that it declares', () => {
    const { errors, rows } = read('Text;Sum;S/H;Day!', 'utf8');
    expect(rows).toEqual([]);
    expect(errors.map(({ code }) => code)).toEqual(['encoding_invalid']);
  });

  it.each([
    ['no column of an amount', { columns: { utr: 'Text' } }],
    ['an amount and a debit column', { columns: { amount: 'Sum', debit: 'Out' } }],
    ['a direction without words', { directions: {} }],
    ['a pattern that is none', { kinds: [{ column: 'Text', pattern: '(', kind: 'fee' }] }],
    ['a pattern without a group', { patterns: { utr: 'UTR' } }],
  ])('is refused with %s', (_, changes) => {
    expect(() => own(changes)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});
