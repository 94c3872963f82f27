import { describe, expect, it } from 'vitest';
import { loadProfiles, type Profile, profileByName } from '../../src/statements/profile.ts';
import { detectProfile, readStatement } from '../../src/statements/read-statement.ts';
import { dateReader } from '../../src/statements/statement-date.ts';
import { report, reportRow, seeded } from '../operations/seed-payouts.ts';

const ZONE = 'Asia/Kolkata';
const NXT = profileByName('nxtbanking', loadProfiles({}, 'payrun.toml'));

function ownProfile(tree: Record<string, unknown>): Profile {
  return profileByName('own', loadProfiles({ own: tree }, 'payrun.toml'));
}

function read(text: string, profile = NXT) {
  return readStatement(Buffer.from(text), profile, ZONE);
}

describe('the report of nxtbanking', () => {
  it('is told by its header, whatever the order of its columns', () => {
    const [header = '', row = ''] = report([reportRow(seeded(1))]).split('\r\n');
    const turned = [header, row].map((line) => line.split(',').reverse().join(',')).join('\n');
    expect(detectProfile(Buffer.from(`\ufeff${turned}`), [NXT])?.name).toBe('nxtbanking');
    expect(detectProfile(Buffer.from('a,b\n1,2\n'), [NXT])).toBeUndefined();
    const [said] = read(turned).rows;
    expect(said).toMatchObject({
      provider_id: 'po_1',
      amount_minor: 100_001n,
      status: 'success',
      stated_on: '2026-11-18',
    });
    expect(said?.content).toBe(read(report([row])).rows[0]?.content);
  });

  it('keeps an empty cell as not stated, and an unknown status word as it stands', () => {
    const empty = { payout_id: '', utr: ' ', fee: '', tax: '', completed_at: '' };
    const [row] = read(report([reportRow(seeded(1), { ...empty, status: 'Parked' })])).rows;
    expect(row).toMatchObject({
      provider_id: null,
      utr: null,
      fee_minor: null,
      tax_minor: null,
      status: 'unknown_word',
      status_word: 'Parked',
    });
  });

  it('counts rows that say the same', () => {
    const row = reportRow(seeded(1));
    expect(read(report([row, reportRow(seeded(2)), row])).rows.map((each) => each.occurrence)).toEqual([
      1, 1, 2,
    ]);
  });

  it('has every bad cell reported with its line and column', () => {
    const bad = [
      reportRow(seeded(1), { amount: '1e5' }),
      reportRow(seeded(1), { amount: '' }),
      reportRow(seeded(1), { fee: '3.505' }),
      reportRow(seeded(1), { tax: '-1' }),
      reportRow(seeded(1), { currency: 'RUPEES' }),
      reportRow(seeded(1), { status: '' }),
      reportRow(seeded(1), { completed_at: '18/11/2026' }),
      reportRow(seeded(1), { payout_id: 'p'.repeat(300) }),
    ];
    const { rows, errors } = read(report(bad));
    expect(rows).toEqual([]);
    expect(errors.map(({ line, column, code }) => [line, column, code])).toEqual([
      [2, 'amount', 'amount_invalid'],
      [3, 'amount', 'amount_invalid'],
      [4, 'fee', 'amount_precision'],
      [5, 'tax', 'amount_invalid'],
      [6, 'currency', 'currency_unknown'],
      [7, 'status', 'status_missing'],
      [8, 'completed_at', 'date_invalid'],
      [9, 'payout_id', 'text_too_long'],
    ]);
  });

  it('is not whole without one of its columns', () => {
    const text = report([reportRow(seeded(1))]).replace('completed_at', 'done_at');
    expect(read(text).errors).toMatchObject([{ line: 1, column: 'completed_at', code: 'column_missing' }]);
  });
});

describe('a profile', () => {
  it('reads minor units, another encoding and lines before the header under their own numbers', () => {
    const profile = ownProfile({
      encoding: 'windows-1252',
      skip_lines: 2,
      units: 'minor',
      currency: 'INR',
      columns: { provider_id: 'Id', amount: 'Betrag', failure_reason: 'Grund' },
    });
    const text = Buffer.from('Bank f\xfcr alle\n\nId,Betrag,Grund\n7,1500,f\xfcr\n8,15.00,\n', 'latin1');
    const { rows, errors } = readStatement(text, profile, ZONE);
    expect(rows).toMatchObject([
      { line_no: 4, amount_minor: 1500n, failure_reason: 'für', status: 'success' },
    ]);
    expect(errors).toMatchObject([{ line: 5, column: 'Betrag', code: 'amount_invalid' }]);
  });

  it('keeps of a narration what names the payout, and account numbers and addresses masked', () => {
    const profile = ownProfile({
      currency: 'INR',
      columns: {
        amount: 'Out',
        utr: 'Text',
        failure_reason: 'Reason',
        balance: 'Balance',
        created_at: 'Day',
      },
      patterns: { utr: '\\b(\\d{12})\\b' },
    });
    const row =
      '2026-11-20,"123456789.00",Ref 632200001712 to 50100233417788 / riya@okbank,a/c 5010-0233-417788 closed,999999999.00';
    const { rows, errors } = read(`Day,Out,Text,Reason,Balance\n${row}\n`, profile);
    expect(errors).toEqual([]);
    expect(rows).toMatchObject([{ utr: '632200001712', failure_reason: 'a/c ••••7788 closed' }]);
    expect(JSON.parse(rows[0]?.cells ?? '')).toEqual({
      Day: '2026-11-20',
      Out: '123456789.00',
      Text: 'Ref 632200001712 to ••••7788 / ••••@okbank',
      Reason: 'a/c ••••7788 closed',
      Balance: '999999999.00',
    });
  });

  it('is refused where a word has two meanings or no currency can be known', () => {
    const columns = { amount: 'a', status: 's' };
    expect(() => ownProfile({ columns })).toThrow('neither a currency column nor a currency');
    const status = { success: ['OK'], failed: ['ok'] };
    expect(() => ownProfile({ columns, currency: 'INR', status })).toThrow('"ok" stands under two statuses');
    expect(() => ownProfile({ columns, currency: 'INR', colour: 'red' })).toThrow(
      'payrun.toml: [statements.own]',
    );
  });

  it('of the user’s own replaces the one that ships under its name', () => {
    const profiles = loadProfiles(
      { nxtbanking: { columns: { amount: 'a' }, currency: 'INR' } },
      'payrun.toml',
    );
    const asked = profiles.filter((profile) => profile.name === 'nxtbanking');
    expect(asked.map((profile) => profile.required)).toEqual([[['a']]]);
  });
});

describe('dates', () => {
  it('are read by the pattern and never guessed', () => {
    const indian = dateReader('DD/MM/YYYY HH:mm', ZONE);
    expect(indian('03/04/2026 00:10')).toEqual({ at: '2026-04-02T18:40:00.000Z', on: null });
    expect(indian('3/4/2026 00:10')).toBeNull();
    expect(dateReader('MM-DD-YYYY', ZONE)('02-30-2026')).toBeNull();
    expect(dateReader('DD.MM.YYYY', ZONE)('30.11.2026')).toEqual({ at: null, on: '2026-11-30' });
  });

  it('take an offset as it is stated, else the profile’s zone on either side of a change of clocks', () => {
    const berlin = dateReader('iso', 'Europe/Berlin');
    expect(berlin('2026-03-29T01:59:59')?.at).toBe('2026-03-29T00:59:59.000Z');
    expect(berlin('2026-03-29 03:00:00')?.at).toBe('2026-03-29T01:00:00.000Z');
    expect(berlin('2026-07-01T00:00:00+05:30')?.at).toBe('2026-06-30T18:30:00.000Z');
    expect(berlin('2026-07-01')).toEqual({ at: null, on: '2026-07-01' });
    expect(berlin('2026-07-01T25:00:00Z')).toBeNull();
  });
});
