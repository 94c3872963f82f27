import { describe, expect, test } from 'vitest';
import { BREAK_VIEW } from '../../../src/cli/break/break-item.ts';
import { plain } from '../../../src/cli/output/colour.ts';
import { tableText } from '../../../src/cli/output/table.ts';
import { wrapText } from '../../../src/cli/output/wrap-text.ts';
import { PAYOUT_TABLE } from '../../../src/cli/payout/item.ts';
import { BREAK_KINDS } from '../../../src/domain/reconciliation/break.ts';

const payout = (row: number, more: object) => ({
  reference_id: `big-vendors-november-00000${row}`,
  beneficiary_name: 'Lakshmi Narayana Traders and Sons',
  account: '••••7788',
  amount: '162500.00',
  currency: 'INR',
  rail: 'IMPS',
  state: 'paid',
  utr: `63320000000${row}`,
  failure_reason: null,
  ...more,
});
const FAILED = { state: 'failed', utr: null, failure_reason: 'The account of the beneficiary is closed.' };
const ROWS = [payout(1, {}), payout(2, FAILED)];

const grouped = '1,62,500.00';

const shown = (rows: ReturnType<typeof payout>[], width: number | null) => {
  const text = tableText({ columns: PAYOUT_TABLE, rows }, { paint: plain, width });
  if (width !== null)
    for (const line of text
      .trimEnd()
      .split('\n')
      .slice(0, rows.length + 1))
      expect(line.length).toBeLessThanOrEqual(width);
  return text;
};

describe('a table on a terminal', () => {
  test('of 80 columns has the kind and the age of every difference whole', () => {
    const difference = {
      break: 12,
      reference_id: 'salary-nov-000004',
      age_days: 3,
      line: 16,
      currency: 'INR',
    };
    const rows = BREAK_KINDS.map((kind) => ({
      ...{ ...difference, kind, ledger: 'salary-nov-000004', statement: '94000.00', difference: '94000.00' },
    }));
    const columns = BREAK_VIEW.filter(({ key }) => key !== 'state');
    const lines = tableText({ columns, rows }, { paint: plain, width: 80 }).split('\n');
    for (const [index, kind] of BREAK_KINDS.entries())
      expect(lines[index + 1]).toMatch(new RegExp(`^ +12  ${kind} +salary-nov-000004 +3 +16 +94,000.00$`));
  });

  test.each([80, 60])('of %i columns has every reference and amount whole', (width) => {
    const text = shown(ROWS, width);
    for (const { reference_id, state } of ROWS) {
      expect(text).toContain(`${reference_id}  `);
      expect(text).toMatch(new RegExp(`${grouped}  ${state}`));
    }
    // The currency is the same everywhere and stands in the title.
    expect(text.split('\n')[0]).toMatch(/^reference id .* amount INR {2}state/);
    expect(text).toMatch(/\nToo narrow for: .*rail.*\. A wider terminal has them, and --format csv\.\n$/);
  });

  test('leaves out what no row has before anything that one has', () => {
    const text = shown([payout(1, FAILED), payout(2, FAILED)], 100);
    expect(text.split('\n')[0]).not.toContain('utr');
    expect(text).toContain('••••7788');
    expect(text).toContain('\n    The account of the beneficiary is closed.\n');
    expect(text).not.toContain('Too narrow');
  });

  test('keeps a currency column where the rows differ in it', () => {
    const text = shown([payout(1, {}), payout(2, { currency: 'USD' })], 80);
    expect(text).toMatch(/1,62,500\.00 {2}INR[\s\S]* {2}162,500\.00 {2}USD/);
  });

  test('cuts nothing in a pipe, and groups no digits', () => {
    expect(shown(ROWS, null)).toContain(' 162500.00  INR');
    expect(shown(ROWS, null)).toContain('The account of the beneficiary is closed.');
    expect(shown(ROWS, null).split('\n')[0]).toMatch(/amount {2}currency {2}rail/);
  });

  test('a sentence is folded in its column where there is room, and stands below its row where there is none', () => {
    const message =
      'The penny drop found SUNRISE TRADERS, and we know the account as the one of Kaveri Stores.';
    const finding = { row: 11, code: 'beneficiary_unverified', message };
    const columns = [{ key: 'row' }, { key: 'code' }, { key: 'message' }];
    const at = (width: number) => tableText({ columns, rows: [finding] }, { paint: plain, width });
    expect(at(70).split('\n').slice(1)).toEqual([
      ' 11  beneficiary_unverified  The penny drop found SUNRISE TRADERS, and',
      '                             we know the account as the one of Kaveri',
      '                             Stores.',
      '',
    ]);
    expect(at(50).split('\n')).toEqual([
      'row  code',
      ' 11  beneficiary_unverified',
      '    The penny drop found SUNRISE TRADERS, and we',
      '    know the account as the one of Kaveri Stores.',
      '',
    ]);
  });

  test('a decision in the audit log is whole: when, who, what, about what, and its details as words', () => {
    const columns = ['id', 'at', 'actor', 'action', 'subject_kind', 'subject', 'details'];
    const details = { file_sha256: 'ab12cd34ef56'.padEnd(64, '0'), rows: 41, reason: null };
    const row = { at: '2026-11-28T19:00:52.361Z', actor: 'meera', action: 'beneficiaries_imported', details };
    const rows = [{ id: 1, ...row, subject_kind: 'beneficiary', subject: 'salary-nov-000041' }];
    const view = { columns: columns.map((key) => ({ key, spare: key === 'subject_kind' })), rows };
    expect(tableText(view, { paint: plain, width: 80 }).split('\n')).toEqual([
      'id  at                    actor  action                  subject',
      ' 1  2026-11-28T19:00:52Z  meera  beneficiaries_imported  salary-nov-000041',
      '    file sha256: ab12cd34ef56…; rows: 41',
      expect.stringContaining('Too narrow for: subject kind.'),
      '',
    ]);
    expect(tableText(view, { paint: plain, width: null })).toContain('2026-11-28T19:00:52.361Z');
  });

  test('a statement’s line keeps its UTR and the rule that matched it, and no event is cut', () => {
    const keys = [
      'line',
      'kind',
      'provider_reference',
      'utr',
      'amount',
      'status',
      'date',
      'reference_id',
      'event',
      'rule',
    ];
    const spare = new Set(['kind', 'provider_reference']);
    const row = {
      line: 2,
      kind: 'payout',
      provider_reference: 'nov-000001',
      utr: '633000000001',
      amount: '62500.00',
    };
    const more = {
      currency: 'INR',
      status: 'SUCCESS',
      date: '2026-11-27',
      reference_id: 'nov-000001',
      event: 'failed',
    };
    const view = {
      columns: keys.map((key) => ({ key, spare: spare.has(key) })),
      rows: [{ ...row, ...more, rule: 'utr' }],
    };
    const [, line] = tableText(view, { paint: plain, width: 80 }).split('\n');
    expect(line).toMatch(
      /^ +2 {2}633000000001 +62,500\.00 {2}SUCCESS {2}2026-11-27 {2}nov-000001 +failed {2}utr/,
    );
  });

  test('a word that is longer than the terminal is broken', () => {
    expect(wrapText('see abcdefghij now', 6)).toEqual(['see', 'abcdef', 'ghij', 'now']);
    expect(wrapText('商店の口座', 5)).toEqual(['商店', 'の口', '座']);
  });

  test('never cuts the states of a batch', () => {
    const states = '1 held, 11 paid, 2 failed, 1 returned, 3 pending';
    const columns = [
      { key: 'batch' },
      { key: 'provider' },
      { key: 'amount' },
      { key: 'currency' },
      { key: 'states' },
      { key: 'imported_at', spare: true },
      { key: 'imported_by', spare: true },
    ];
    const row = { batch: 'salary-nov', provider: 'nxt', amount: '903946.49', currency: 'INR', states };
    const rows = [{ ...row, imported_at: '2026-11-28T17:12:34.248Z', imported_by: 'root' }];
    const text = tableText({ columns, rows }, { paint: plain, width: 80 });
    expect(text).toContain(states);
    expect(text).toContain(', imported at, imported by.');
  });
});
