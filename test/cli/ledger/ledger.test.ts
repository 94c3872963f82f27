import { beforeEach, describe, expect, test } from 'vitest';
import { postEntries } from '../../../src/store/ledger.ts';
import { insertPayouts, moveEntries } from '../../store/ledger-rows.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

const HEADER = 'entry_ref,date,account,debit,credit,currency,description\n';
const OPENING = `${HEADER}OB-1,2026-11-01,assets:bank:hdfc,100000.00,,INR,opening balance
OB-1,2026-11-01,equity:opening-balances,,100000.00,INR,
T-1,2026-11-19,assets:providers:nxt:available,9000.00,,INR,to the provider
T-1,2026-11-19,assets:bank:hdfc,,9000.00,INR,to the provider
`;

let office: Office;
beforeEach(async () => {
  office = await openOffice();
  office.write('opening.csv', OPENING);
});

/** Entries 1 and 2 by hand, 3 to 6 of two payouts and their fee. */
async function fillLedger(): Promise<void> {
  expect((await office.payrun('ledger', 'record', 'opening.csv')).exit).toBe(0);
  await office.ledger(async (database) => {
    await insertPayouts(database, ['paid', 'in_transit']);
    const fee = {
      event: 'fee',
      postings: [
        { account: 'expenses:fees:nxt', amount_minor: 500n, currency: 'INR' },
        { account: 'assets:providers:nxt:available', amount_minor: -500n, currency: 'INR' },
      ],
    };
    await database.transaction((tx) =>
      postEntries(tx, [
        ...moveEntries(1, 'available', 'paid'),
        ...moveEntries(2, 'available', 'in_transit', { booked_on: '2026-11-21' }),
        ...moveEntries(1, 'available', 'in_transit', fee),
      ]),
    );
  });
}

interface Items {
  as_of: string;
  items: Record<string, unknown>[];
  next: string | null;
}

describe('ledger record', () => {
  test('books a file whole, and says which entry became which', async () => {
    const ran = await office.payrun('ledger', 'record', 'opening.csv', '--json');
    expect(ran.exit).toBe(0);
    await expectMatchesSchema('ledger record', ran.json());
    expect(ran.json().data).toEqual({
      file: 'opening.csv',
      rows: 4,
      entries: 2,
      accounts_opened: ['assets:bank:hdfc', 'assets:providers:nxt:available', 'equity:opening-balances'],
      items: [
        { entry: 1, entry_ref: 'OB-1', booked_on: '2026-11-01', postings: 2 },
        { entry: 2, entry_ref: 'T-1', booked_on: '2026-11-19', postings: 2 },
      ],
    });
    const log = await office.payrun('audit', 'log', '--json', '--kind', 'entry');
    await expectMatchesSchema('audit log', log.json());
    expect(log.json<Items>().data.items).toMatchObject([
      { action: 'entries_recorded', subject: '1-2', actor: 'tester', details: { file: 'opening.csv' } },
    ]);
  });

  test('takes an entry_ref once: the same file again is refused', async () => {
    await office.payrun('ledger', 'record', 'opening.csv');
    const again = await office.payrun('ledger', 'record', 'opening.csv', '--json');
    expect(again.exit).toBe(4);
    expect(again.json().error.rows.map(({ line, column, code }) => [line, column, code])).toEqual([
      [2, 'entry_ref', 'entry_ref_known'],
      [4, 'entry_ref', 'entry_ref_known'],
    ]);
  });

  test('tells everything that is wrong at once and books nothing', async () => {
    office.write(
      'bad.csv',
      `${HEADER}A,2026-11-01,assets:bank,5.00,,INR,good\nA,2026-11-01,assets:cash,,5.00,INR,good\nB,2026-11-31,assets:bank,5.00,,INR,x\nB,2026-11-30,Bank,,5.00,INR,x\nC,2026-11-01,assets:bank,5.00,,INR,x\nC,2026-11-01,assets:cash,,4.00,INR,x\n`,
    );
    const ran = await office.payrun('ledger', 'record', 'bad.csv', '--json');
    expect(ran.exit).toBe(4);
    expect(ran.json().error.code).toBe('file_refused');
    expect(ran.json().error.rows.map(({ line, code }) => [line, code])).toEqual([
      [4, 'date_invalid'],
      [5, 'account_invalid'],
      [5, 'entry_rows_differ'],
      [6, 'entry_unbalanced'],
    ]);
    expect((await office.payrun('ledger', 'accounts', '--json')).json<Items>().data.items).toEqual([]);
  });

  test('points out an account that payouts keep', async () => {
    await office.payrun('ledger', 'record', 'opening.csv');
    office.write(
      'kept.csv',
      `${HEADER}T-2,2026-11-20,assets:bank:hdfc,1.00,,INR,\nT-2,2026-11-20,assets:providers:nxt:in-transit,,1.00,INR,\n`,
    );
    const ran = await office.payrun('ledger', 'record', 'kept.csv', '--json');
    expect(ran.exit).toBe(0);
    expect(ran.json().warnings.map((warning) => warning.code)).toEqual(['account_kept_by_payouts']);
  });
});

describe('ledger balances and trial-balance', () => {
  beforeEach(fillLedger);

  test('hold every account, and sum to zero', async () => {
    const ran = await office.payrun('ledger', 'balances', '--json');
    await expectMatchesSchema('ledger balances', ran.json());
    expect(ran.json<Items>().data.items).toEqual([
      { account: 'assets:bank:hdfc', currency: 'INR', balance: '91000.00' },
      { account: 'assets:providers:nxt:available', currency: 'INR', balance: '5995.00' },
      { account: 'assets:providers:nxt:in-transit', currency: 'INR', balance: '1500.00' },
      { account: 'equity:opening-balances', currency: 'INR', balance: '-100000.00' },
      { account: 'expenses:fees:nxt', currency: 'INR', balance: '5.00' },
      { account: 'expenses:payouts', currency: 'INR', balance: '1500.00' },
    ]);
  });

  test('are as of the asked day, and of the asked account', async () => {
    const ran = await office.payrun(
      'ledger',
      'balances',
      '--as-of',
      '2026-11-20',
      '--account',
      'assets:providers',
      '--json',
    );
    expect(ran.json<Items>().data).toEqual({
      as_of: '2026-11-20',
      items: [
        { account: 'assets:providers:nxt:available', currency: 'INR', balance: '7495.00' },
        { account: 'assets:providers:nxt:in-transit', currency: 'INR', balance: '0.00' },
      ],
    });
    const wrong = await office.payrun('ledger', 'balances', '--as-of', '20.11.2026', '--json');
    expect([wrong.exit, wrong.json().error.code]).toEqual([2, 'option_invalid']);
  });

  test('without a day count what is booked on a day to come, and say so', async () => {
    office.write(
      'later.csv',
      OPENING.replaceAll('2026-11-01', '2126-01-01').replaceAll(/^(OB|T)-1/gm, '$1-9'),
    );
    await office.payrun('ledger', 'record', 'later.csv');
    expect((await office.payrun('ledger', 'balances', '--json')).json<Items>().data.as_of).toBe('2126-01-01');
  });

  test('show debits equal to credits', async () => {
    const ran = await office.payrun('ledger', 'trial-balance', '--json');
    await expectMatchesSchema('ledger trial-balance', ran.json());
    expect(ran.json<{ totals: unknown }>().data.totals).toEqual([
      { currency: 'INR', debit: '113505.00', credit: '113505.00', balance: '0.00' },
    ]);
  });
});

describe('ledger register', () => {
  beforeEach(fillLedger);
  const AVAILABLE = 'assets:providers:nxt:available';
  const lines = (data: Items) => data.items.map((item) => `${item.entry} ${item.amount} ${item.balance}`);
  const register = async (...args: string[]) => {
    const ran = await office.payrun('ledger', 'register', AVAILABLE, '--json', ...args);
    await expectMatchesSchema('ledger register', ran.json());
    return ran.json<Items>().data;
  };

  test('shows every line by day with the balance after it', async () => {
    const data = await register();
    expect(data.items[0]).toMatchObject({
      entry: 2,
      booked_on: '2026-11-19',
      event: 'recorded',
      reference_id: null,
      description: 'to the provider',
    });
    expect(lines(data)).toEqual([
      '2 9000.00 9000.00',
      '3 -1500.00 7500.00',
      '6 -5.00 7495.00',
      '5 -1500.00 5995.00',
    ]);
    expect(data.next).toBeNull();
  });

  test('has the same balances page by page, forwards and backwards', async () => {
    for (const direction of [[], ['--reverse']]) {
      const whole = lines(await register(...direction));
      const paged: string[] = [];
      for (let next: string | null = ''; next !== null; ) {
        const data: Items = await register(
          ...direction,
          '--limit',
          '1',
          ...(next === '' ? [] : ['--after', next]),
        );
        paged.push(...lines(data));
        next = data.next;
      }
      expect(paged).toEqual(whole);
    }
  });

  test('begins at a day with the balance of that day', async () => {
    expect(lines(await register('--since', '2026-11-20', '--until', '2026-11-20'))).toEqual([
      '3 -1500.00 7500.00',
      '6 -5.00 7495.00',
    ]);
    expect(lines(await register('--reverse', '--until', '2026-11-20', '--limit', '2'))).toEqual([
      '6 -5.00 7495.00',
      '3 -1500.00 7500.00',
    ]);
  });

  test('lists everything in csv, and suggests a name where there is none', async () => {
    const csv = await office.payrun('ledger', 'register', AVAILABLE, '--format', 'csv');
    expect(csv.stdout.split('\n')).toHaveLength(6);
    const unknown = await office.payrun('ledger', 'register', 'assets:providers:nxt:availabel', '--json');
    expect([unknown.exit, unknown.json().error.code, unknown.json().error.hint]).toEqual([
      1,
      'account_unknown',
      `Did you mean ${AVAILABLE}?`,
    ]);
  });
});

describe('ledger entry and ledger reverse', () => {
  beforeEach(fillLedger);

  test('an entry shows its postings, debit positive', async () => {
    const ran = await office.payrun('ledger', 'entry', '4', '--json');
    await expectMatchesSchema('ledger entry', ran.json());
    expect(ran.json().data).toMatchObject({
      entry: 4,
      event: 'paid',
      reference_id: 'p-1',
      utr: 'UTR1',
      postings: [
        { account: 'expenses:payouts', amount: '1500.00', currency: 'INR' },
        { account: 'assets:providers:nxt:in-transit', amount: '-1500.00', currency: 'INR' },
      ],
    });
    expect((await office.payrun('ledger', 'entry', '99', '--json')).json().error.code).toBe('entry_unknown');
    expect((await office.payrun('ledger', 'entry', 'x')).exit).toBe(2);
  });

  test('a reversal is the opposite entry, once, and the books still hold', async () => {
    const ran = await office.payrun('ledger', 'reverse', '2', '--reason', 'wrong bank', '--json');
    await expectMatchesSchema('ledger reverse', ran.json());
    expect(ran.json().data).toEqual({ entry: 7, reverses: 2, reason: 'wrong bank' });
    const [bank] = (
      await office.payrun('ledger', 'balances', '--account', 'assets:bank', '--json')
    ).json<Items>().data.items;
    expect(bank?.balance).toBe('100000.00');
    expect((await office.payrun('ledger', 'entry', '2', '--json')).json().data).toMatchObject({
      reversed_by: 7,
    });
    const again = await office.payrun('ledger', 'reverse', '2', '--reason', 'wrong bank', '--json');
    expect([again.exit, again.json().error.code]).toEqual([1, 'entry_reversed']);
    expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
  });

  test('an entry that moved a payout is not reversed by hand; its fee may be', async () => {
    const moved = await office.payrun('ledger', 'reverse', '4', '--reason', 'x', '--json');
    expect([moved.exit, moved.json().error.code]).toEqual([1, 'entry_of_payout']);
    expect((await office.payrun('ledger', 'reverse', '6', '--reason', 'x')).exit).toBe(0);
    expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
  });
});

describe('ledger verify, audit head and audit verify', () => {
  beforeEach(fillLedger);

  test('report the same head', async () => {
    const verified = await office.payrun('ledger', 'verify', '--json');
    await expectMatchesSchema('ledger verify', verified.json());
    const head = (await office.payrun('audit', 'head', '--json')).json();
    await expectMatchesSchema('audit head', head);
    expect(verified.json().data).toMatchObject({ entries: 6, postings: 12, problems: [], chain: head.data });
    const audit = await office.payrun('audit', 'verify', '--from', String(head.data.head), '--json');
    await expectMatchesSchema('audit verify', audit.json());
    expect(audit.exit).toBe(0);
    expect(audit.json().data).toMatchObject({ ...head.data, items_since: 0, problems: [] });
  });

  test('answer 3 where something is wrong, and the head that was kept is not there', async () => {
    await office.ledger((database) =>
      database.transaction(async (tx) => {
        await tx.run('drop trigger journal_entries_stay');
        await tx.run("update journal_entries set description = 'gift' where id = 2");
      }),
    );
    const ran = await office.payrun('ledger', 'verify', '--json');
    expect(ran.exit).toBe(3);
    expect(ran.json<{ problems: unknown[] }>().data.problems).toMatchObject([
      { code: 'chain_hash', entry: 2 },
    ]);
    const audit = await office.payrun('audit', 'verify', '--from', 'f'.repeat(64), '--json');
    expect(audit.exit).toBe(3);
    expect(
      audit.json<{ problems: { code: string }[] }>().data.problems.map((problem) => problem.code),
    ).toEqual(['chain_hash', 'head_unknown']);
    expect((await office.payrun('audit', 'verify', '--from', 'abc')).exit).toBe(2);
  });
});
