/** What a profile of a user can say, and that nothing is read which it does not say. */
import { describe, expect, it } from 'vitest';
import { loadProfiles, type Profile, profileByName } from '../../src/statements/profile.ts';
import { detectProfile, readStatement } from '../../src/statements/read-statement.ts';
import { ambiguousDates, dateReader } from '../../src/statements/statement-date.ts';

const OWN = {
  delimiter: ';',
  decimal_mark: ',',
  grouping: '.',
  date_format: 'DD-MMM-YY',
  currency: 'EUR',
  columns: { utr: 'Text', amount: 'Sum', direction: 'S/H', created_at: 'Day' },
  directions: { debit: ['S'], credit: ['H'] },
};

function own(changes: object = {}): Profile {
  return profileByName('own', loadProfiles({ own: { ...OWN, ...changes } }, 'payrun.toml'));
}

const FOUR = {
  delimiter: ',',
  decimal_mark: '.',
  grouping: ',',
  date_format: 'iso',
  currency: 'INR',
  directions: {},
  columns: { utr: 'Text', debit: 'Out', credit: 'In', balance: 'Balance', created_at: 'Day' },
};

function read(file: string | Uint8Array, changes: object = {}) {
  return readStatement(typeof file === 'string' ? Buffer.from(file) : file, own(changes), 'Europe/Berlin');
}

function located(file: string | Uint8Array, changes: object = {}) {
  return read(file, changes).errors.map(({ line, column, code }) => [line, column, code]);
}

function utf16be(text: string): Buffer {
  return Buffer.from(text, 'utf16le').swap16();
}

describe('the encoding that is declared', () => {
  const text = 'Text;Sum;S/H;Day\nfür 12;1.234,50;S;03-Apr-26\nx;5,00;h;04-APR-26\n';

  it.each([
    ['utf-16le', Buffer.from(`\ufeff${text}`, 'utf16le')],
    ['utf-16le', Buffer.from(text, 'utf16le')],
    ['utf-16be', utf16be(`\ufeff${text}`)],
    ['utf-16be', utf16be(text)],
    ['windows-1252', Buffer.from(text, 'latin1')],
    ['utf-8', Buffer.from(`\ufeff${text}`)],
  ])('%s is read, with words of direction, groups and names of months', (encoding, bytes) => {
    const { rows, errors } = read(bytes, { encoding });
    expect(errors).toEqual([]);
    expect(rows).toMatchObject([
      { kind: 'payout', utr: 'FÜR12', amount_minor: 123_450n, stated_on: '2026-04-03' },
      { kind: 'other', amount_minor: -500n, stated_on: '2026-04-04' },
    ]);
  });

  it('windows-1252 has euros, dashes and curly quotes where Latin-1 has control characters', () => {
    const bytes = Buffer.from(text.replace('12', '\x80\x96\x92\x9f'), 'latin1');
    const { rows, errors } = read(bytes, { encoding: 'windows-1252' });
    expect(errors).toEqual([]);
    expect(rows[0]).toMatchObject({ utr: 'FÜR€–’Ÿ' });
  });

  it.each([
    ['utf-8 that is windows-1252', 'utf-8', Buffer.from(text, 'latin1'), 2],
    ['utf-8 that is UTF-16', 'utf-8', Buffer.from(text, 'utf16le'), 1],
    ['windows-1252 that is UTF-8', 'windows-1252', Buffer.from(text), 2],
    ['windows-1252 that says it is UTF-8', 'windows-1252', Buffer.from('\ufeffText;Sum'), 1],
    ['windows-1252 that is UTF-16', 'windows-1252', Buffer.from(text, 'utf16le'), 1],
    [
      'a byte that windows-1252 does not have',
      'windows-1252',
      Buffer.from('Text;Sum;S/H;Day\n\n\x81', 'latin1'),
      3,
    ],
    ['utf-16le that is ASCII', 'utf-16le', Buffer.from('Text;Sum'), 1],
    ['utf-16le that is the other way round', 'utf-16le', utf16be(text), 1],
    ['utf-16le that says it is the other', 'utf-16le', utf16be(`\ufeff${text}`), 1],
    ['utf-16be that is the other way round', 'utf-16be', Buffer.from(text, 'utf16le'), 1],
    ['utf-16le cut within a letter', 'utf-16le', Buffer.from(text, 'utf16le').subarray(0, 51), 2],
    ['utf-16le with half a character', 'utf-16le', Buffer.from('Text;Sum\n\ud83d;1', 'utf16le'), 2],
  ])('is held to: %s', (_, encoding, bytes, line) => {
    expect(located(bytes, { encoding })).toEqual([[line, null, 'encoding_invalid']]);
    expect(read(bytes, { encoding }).rows).toEqual([]);
  });

  it('is that of text: a workbook under any encoding is none', () => {
    for (const encoding of ['utf-8', 'utf-16le', 'windows-1252'])
      expect(located(Buffer.from('PK\x03\x04\x14\x00', 'latin1'), { encoding })).toEqual([
        [1, null, 'file_not_csv'],
      ]);
  });
});

describe('amounts', () => {
  const minor = (written: string, changes: object) => {
    const { rows, errors } = read(`Text,Sum\na,"${written}"\n`, {
      ...FOUR,
      columns: { utr: 'Text', amount: 'Sum' },
      ...changes,
    });
    return errors[0]?.code ?? rows[0]?.amount_minor;
  };

  it.each([
    ['1,234,567.50', 'western', 123_456_750n],
    ['12,34,567.50', 'western', 'amount_invalid'],
    ['12,34,567.50', 'indian', 123_456_750n],
    ['1,234,567.50', 'indian', 'amount_invalid'],
    ['1,234', 'indian', 123_400n],
    ['12,34,567', 'either', 123_456_700n],
    ['1,234,56,789', 'either', 'amount_invalid'],
    ['1,23', 'either', 'amount_invalid'],
    ['100.505', 'either', 'amount_precision'],
    ['1,00,000.0,0', 'either', 'amount_invalid'],
    ['one lakh', 'either', 'amount_invalid'],
    ['1 lakh', 'either', 'amount_invalid'],
    ['१२३', 'either', 'amount_invalid'],
    ['1e5', 'either', 'amount_invalid'],
  ])('%s with %s groups is %s', (written, groups, expected) => {
    expect(minor(written, { groups })).toBe(expected);
  });

  it('have a minus, a mark or a word only where the profile says so', () => {
    const signed = { sign: 'debit_negative' };
    expect(minor('-5.00', signed)).toBe(500n);
    expect(minor('-5.00', {})).toBe('amount_invalid');
    expect(minor('5.00-', { ...signed, negative: 'trailing' })).toBe(500n);
    expect(minor('(5.00)', { ...signed, negative: 'parentheses' })).toBe(500n);
    expect(minor('-5.00', { ...signed, negative: 'parentheses' })).toBe('amount_invalid');
    expect(minor('₹ 5.00', { currency_marks: ['₹'] })).toBe(500n);
    expect(minor('₹ 5.00', {})).toBe('amount_invalid');
    const words = { sign: 'words', directions: { debit: ['Dr'], credit: ['Cr', 'Cr.'] } };
    expect(minor('5.00 Dr', words)).toBe(500n);
    expect(minor('CR 5.00', words)).toBe(-500n);
    expect(minor('5.00', words)).toBe('direction_unknown');
  });
});

describe('dates', () => {
  const berlin = (pattern: string | string[]) => dateReader(pattern, 'Europe/Berlin');

  it('have one of several forms, of which none reads the other as another day', () => {
    const either = berlin(['DD/MM/YY', 'DD/MM/YYYY', 'D MMM YYYY']);
    expect(['03/04/26', '03/04/2026', '3 Apr 2026'].map((text) => either(text)?.on)).toEqual(
      Array(3).fill('2026-04-03'),
    );
    expect(either('2026-04-03')).toBeNull();
    expect(ambiguousDates(['DD/MM/YYYY', 'MM/DD/YYYY'])).toBe('DD/MM/YYYY and MM/DD/YYYY');
    expect(ambiguousDates(['DD/MM/YY', 'YY/MM/DD'])).not.toBeNull();
    expect(ambiguousDates(['DD/MM/YYYY', 'YYYY/MM/DD', 'D/M/YYYY'])).toBeNull();
    expect(() => own({ date_format: ['D-M-YY', 'MM-DD-YY'] })).toThrow(
      'read the same text as different days',
    );
  });

  it('come as seconds, and with the hours of a clock face', () => {
    expect(berlin('unix')('1795253400')?.at).toBe('2026-11-21T09:30:00.000Z');
    expect(berlin('unix')('2026')).toBeNull();
    expect(berlin('unix_ms')('1795253400000')?.at).toBe('2026-11-21T09:30:00.000Z');
    const clock = berlin('DD/MM/YYYY hh:mm A');
    expect(clock('03/04/2026 12:05 AM')?.at).toBe('2026-04-02T22:05:00.000Z');
    expect(clock('03/04/2026 12:05 pm')?.at).toBe('2026-04-03T10:05:00.000Z');
    expect(clock('03/04/2026 13:05 PM')).toBeNull();
    expect(berlin('DD-MMM-YYYY')('01-Sept-2026')?.on).toBe('2026-09-01');
    expect(berlin('DD-MMM-YYYY')('01-Sepp-2026')).toBeNull();
  });
});

describe('columns', () => {
  it('stand under one of several names, whatever the spaces in them', () => {
    const columns = { utr: ['Narration', 'Text'], amount: 'Amount (INR )' };
    const changes = { ...FOUR, columns };
    expect(read('Amount(INR),TEXT\n1.00,a\n', changes).rows).toMatchObject([
      { utr: 'A', amount_minor: 100n },
    ]);
    expect(located('Amount,Text\n1.00,a\n', changes)).toEqual([[1, 'Amount (INR )', 'column_missing']]);
    const [error] = read('Txt,Amount(INR)\na,1\n', changes).errors;
    expect(error).toMatchObject({ column: 'Narration', code: 'column_missing' });
    expect(error?.message).toContain(
      'Column "Narration" or "Text" of the profile own is missing; the file has "Txt"',
    );
  });

  it('have positions where the file has no header', () => {
    const changes = { ...FOUR, header: 'none', columns: { utr: 2, amount: 3, created_at: 1 } };
    const { rows, errors, count } = read('2026-11-18,U1,5.00\n2026-11-19,U2,"6.00"\n', changes);
    expect(errors).toEqual([]);
    expect(rows.map(({ line_no, utr }) => [line_no, utr])).toEqual([
      [1, 'U1'],
      [2, 'U2'],
    ]);
    expect(count).toMatchObject({ lines: 2, taken: 2, header: 0 });
    expect(located('2026-11-18,U1\n', changes)).toEqual([[1, 'column 3', 'column_missing']]);
    expect(located('2026-11-18,U1,x\n', changes)).toEqual([[1, 'column 3', 'amount_invalid']]);
    expect(detectProfile(Buffer.from('2026-11-18,U1,5.00\n'), [own(changes)])).toBeUndefined();
    expect(() => own({ header: 'none' })).toThrow('by position');
  });

  it('are added up where an amount is spread over them', () => {
    const columns = { utr: 'Text', amount: 'Sum', fee: { sum: ['A', 'B'] } };
    const changes = { ...FOUR, columns, signed_fees: true };
    const { rows } = read('Text,Sum,A,B\na,1.00,0.10,0.05\nb,1.00,,-0.05\nc,1.00,,\n', changes);
    expect(rows.map(({ fee_minor }) => fee_minor)).toEqual([15n, -5n, null]);
    expect(located('Text,Sum,A,B\na,1.00,0.10,x\n', changes)).toEqual([[2, 'B', 'amount_invalid']]);
  });
});

describe('a profile like one that ships', () => {
  it('changes what it names, table by table, and keeps the rest', () => {
    const [mine] = loadProfiles(
      { mine: { like: 'icici', columns: { utr: 'Remarks' }, kinds: [], optional: ['Balance (INR )'] } },
      'payrun.toml',
    );
    expect(mine).toMatchObject({ name: 'mine', grouping: ',', header: 'search' });
    expect(mine?.columns.utr).toEqual({ names: ['Remarks'] });
    expect(mine?.columns.created_at).toEqual({ names: ['Transaction Date'] });
    expect(mine?.kinds).toEqual([]);
  });

  it('names one that ships', () => {
    expect(() => loadProfiles({ mine: { like: 'axis' } }, 'payrun.toml')).toThrow('no profile "axis" ships');
  });
});

describe('a profile that has no one meaning is refused', () => {
  it.each([
    ['no column of an amount', { columns: { utr: 'Text' } }],
    ['an amount and a debit column alone', { columns: { amount: 'Sum', debit: 'Out' } }],
    ['a direction without words', { directions: {} }],
    ['an amount beside words without words', { sign: 'words', directions: {} }],
    ['a pattern that is none', { kinds: [{ column: 'Text', pattern: '(', kind: 'fee' }] }],
    ['a pattern without a group', { patterns: { utr: 'UTR' } }],
    ['control totals without names', { totals: ['^Total (\\d+)'] }],
    ['control totals with a name that is none', { totals: ['^Total (?<closing_balance>\\d+) (?<sum>\\d+)'] }],
  ])('%s', (_, changes) => {
    expect(() => own(changes)).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  });
});

describe('what a report states about itself', () => {
  const HEADER = 'Day,Text,Out,In,Balance';
  const rows = ['2026-11-18,U1,10.00,,90.00', '2026-11-18,Sale,,25.00,115.00', '2026-11-19,U2,5.00,,110.00'];
  const totals = [
    '^Opening,(?<opening_balance>[\\d.]+)(,(?<opening_side>\\w+))?',
    '^Closing,(?<closing_balance>[\\d.]+)',
    '^Sums,(?<debit_rows>\\d+),(?<debits>[\\d.]+),(?<credit_rows>\\d+),(?<credits>[\\d.]+)',
  ];
  const changes = { ...FOUR, totals };
  const file = (...lines: string[]) => `${[HEADER, ...lines].join('\n')}\n`;

  it('is proved, to the last minor unit, and its lines are no rows', () => {
    const { errors, proofs, count } = read(
      file('Opening,100.00', ...rows, 'Sums,2,15.00,1,25.00', 'Closing,110.00'),
      changes,
    );
    expect(errors).toEqual([]);
    expect(proofs.map(({ what, proved }) => [what, proved])).toEqual([
      ['debit_rows', true],
      ['credit_rows', true],
      ['debits', true],
      ['credits', true],
      ['closing_balance', true],
      ['running_balance', true],
    ]);
    expect(count).toEqual({
      ...{ lines: 7, taken: 3, continued: 0, header: 1, skipped: 0 },
      ...{ totals: 3, footer: 0, blank: 0, refused: 0 },
    });
  });

  it.each([
    ['a sum', ['Opening,100.00', ...rows, 'Sums,2,15.01,1,25.00'], [6, null, 'control_total_differs']],
    ['a count', [...rows, 'Sums,3,15.00,1,25.00'], [5, null, 'control_total_differs']],
    ['a balance', ['Opening,99.99', ...rows], [3, 'Balance', 'balance_differs']],
    ['an overdrawn balance', ['Opening,100.00,Dr', ...rows], [3, 'Balance', 'balance_differs']],
    ['a row that was taken out', [rows[0] ?? '', rows[2] ?? ''], [3, 'Balance', 'balance_differs']],
    ['no number', [...rows, 'Closing,1.2.3'], [5, null, 'control_total_invalid']],
  ])('refuses the file with its line: %s', (_, lines, expected) => {
    const directions = { debit: ['Dr'], credit: ['Cr'] };
    expect(located(file(...lines), { ...changes, directions })).toEqual([expected]);
  });

  it('may be warned of, and may be required', () => {
    const wrong = file(...rows, 'Sums,2,15.01,1,25.00');
    const warned = read(wrong, { ...changes, totals_differ: 'warn' });
    expect(warned.errors).toEqual([]);
    expect(warned.rows).toHaveLength(3);
    expect(warned.warnings.map(({ code }) => code)).toEqual(['control_total_differs']);
    expect(located(file(...rows), { ...changes, totals_required: true })).toEqual([
      [4, null, 'control_total_missing'],
    ]);
    // What stands before the rows is still there when the end is cut off.
    const cut = file('Opening,100.00', ...rows, 'Sums,2,15.00,1,25.00');
    expect(located(cut, { ...changes, totals_required: true })).toEqual([[6, null, 'control_total_missing']]);
    expect(located(`${cut}Closing,110.00\n`, { ...changes, totals_required: true })).toEqual([]);
  });

  it('goes through the rows in the order that is declared', () => {
    const turned = file(...[...rows].reverse());
    expect(read(turned, { ...changes, balance_order: 'newest_first' }).errors).toEqual([]);
    expect(read(turned, { ...changes, balance_order: 'either' }).errors).toEqual([]);
    expect(located(turned, changes).length).toBeGreaterThan(0);
    expect(located(file(...rows), { ...changes, balance_order: 'newest_first' }).length).toBeGreaterThan(0);
  });
});

describe('lines that are no rows', () => {
  it('are skipped before the header, behind the end and by pattern, and every line is counted', () => {
    const changes = {
      ...FOUR,
      header: 'search',
      skip_patterns: ['^-+$'],
      end_pattern: '^Legend',
      optional: ['Balance'],
    };
    const text = [
      'Bank of Somewhere',
      'Account,1',
      '',
      'Day,Text,Out,In',
      '-----',
      '2026-11-18,"U1',
      '-----',
      'Legend of a row",1.00,',
      ',,,',
      'Day,Text,Out,In',
      '   ',
      '2026-11-19,U2,2.00,',
      'Legend',
      '2026-11-19,U3,2.00,',
    ].join('\r\n');
    const { rows, errors, count } = read(text, changes);
    expect(errors).toEqual([]);
    expect(rows.map(({ line_no }) => line_no)).toEqual([6, 12]);
    expect(count).toEqual({
      ...{ lines: 14, taken: 2, continued: 2, header: 5, skipped: 1 },
      ...{ totals: 0, footer: 2, blank: 2, refused: 0 },
    });
  });

  it('do not hide a header that is not there', () => {
    const changes = { ...FOUR, header: 'search' };
    expect(located('Bank\nDay,Text,Out,Balance\n2026-11-18,U1,1.00,\n', changes)).toEqual([
      [2, 'In', 'column_missing'],
    ]);
    expect(located('Bank\n', changes).map(([, , code]) => code)).toEqual(Array(5).fill('column_missing'));
  });
});
