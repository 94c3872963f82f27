import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { beforeEach, describe, expect, test } from 'vitest';
import { postEntries } from '../../../src/store/ledger.ts';
import { handEntry, insertPayouts, moveEntries } from '../../store/ledger-rows.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

let office: Office;
beforeEach(async () => {
  office = await openOffice();
});

interface Items {
  items: Record<string, unknown>[];
}

/** Two paid payouts of 1500.00, one for ops and apollo, one for ops; and a month's rent by hand for ops2. */
async function tagged(): Promise<void> {
  await office.ledger(async (database) => {
    await insertPayouts(database, ['paid', 'paid']);
    await database.transaction((tx) =>
      postEntries(tx, [
        ...moveEntries(1, 'available', 'paid', { tags: 'cost_centre=ops;project=apollo' }),
        ...moveEntries(2, 'available', 'paid', { tags: 'cost_centre=ops', booked_on: '2026-12-02' }),
        handEntry('R-1', 'expenses:payouts', 'assets:bank:hdfc', 700n, { tags: 'cost_centre=ops2' }),
        handEntry('R-2', 'expenses:payouts', 'assets:bank:hdfc', 100n),
      ]),
    );
  });
}

describe('tags', () => {
  beforeEach(tagged);

  test('divide balances, with the sums of the whole untouched', async () => {
    const of = async (...args: string[]) => {
      const ran = await office.payrun('ledger', 'balances', '--account', 'expenses', ...args, '--json');
      await expectMatchesSchema('ledger balances', ran.json());
      return ran.json<Items>().data.items.map(({ balance }) => balance);
    };
    expect(await of()).toEqual(['3008.00']);
    expect(await of('--tag', 'cost_centre=ops')).toEqual(['3000.00']);
    expect(await of('--tag', 'cost_centre=ops', '--as-of', '2026-11-30')).toEqual(['1500.00']);
    expect(await of('--tag', 'cost_centre=ops2')).toEqual(['7.00']);
    expect(await of('--tag', 'cost_centre=op')).toEqual([]);
    const wrong = await office.payrun('ledger', 'balances', '--tag', 'ops', '--json');
    expect([wrong.exit, wrong.json().error.code]).toEqual([2, 'option_invalid']);
  });

  test('divide an account’s lines, in both directions, with their own running balance', async () => {
    const lines = async (...args: string[]) => {
      const ran = await office.payrun('ledger', 'register', 'expenses:payouts', '--json', ...args);
      await expectMatchesSchema('ledger register', ran.json());
      return ran.json<Items>().data.items.map(({ entry, balance, tags }) => `${entry} ${balance} ${tags}`);
    };
    const ops = ['2 1500.00 cost_centre=ops;project=apollo', '4 3000.00 cost_centre=ops'];
    expect(await lines('--tag', 'cost_centre=ops')).toEqual(ops);
    expect(await lines('--tag', 'cost_centre=ops', '--reverse')).toEqual([...ops].reverse());
    expect(await lines('--tag', 'project=apollo')).toEqual([ops[0]]);
    expect(await lines()).toHaveLength(4);
  });

  test('go into every export', async () => {
    const hledger = (await office.payrun('ledger', 'export')).stdout;
    expect(hledger).toContain('tag cost_centre\ntag project\n');
    expect(hledger).toContain('    ; cost_centre: ops\n    ; project: apollo\n');
    const beancount = (await office.payrun('ledger', 'export', '--format', 'beancount')).stdout;
    expect(beancount).toContain('  cost_centre: "ops"\n  project: "apollo"\n');
    const csv = (await office.payrun('ledger', 'export', '--format', 'csv')).stdout;
    expect(csv).toContain(',cost_centre=ops;project=apollo,');
    expect((await office.payrun('ledger', 'entry', '1', '--json')).json().data).toMatchObject({
      tags: 'cost_centre=ops;project=apollo',
    });
  });

  test('follow an entry that is reversed', async () => {
    expect((await office.payrun('ledger', 'reverse', '5', '--reason', 'twice')).exit).toBe(0);
    const { stdout } = await office.payrun(
      'ledger',
      'balances',
      '--tag',
      'cost_centre=ops2',
      '--format',
      'csv',
    );
    expect(stdout).toContain('expenses:payouts,INR,0.00');
  });

  test.each([
    ['an entry', 'update journal_entries set tags = null where id = 1', 'chain_hash'],
    [
      'a kept sum',
      "update tag_days set debit_minor = debit_minor + 1 where tag = 'cost_centre=ops2'",
      'balance_differs',
    ],
    ['a kept sum that is gone', "delete from tag_days where tag = 'project=apollo'", 'balance_differs'],
  ])('cannot be changed unseen: %s', async (_what, sql, code) => {
    expect((await office.payrun('ledger', 'verify')).exit).toBe(0);
    const file = new SqliteDatabase(join(office.folder, 'payrun.db'));
    file.exec('drop trigger journal_entries_stay');
    file.exec(sql);
    file.close();
    const ran = await office.payrun('ledger', 'verify', '--json');
    expect(ran.exit).toBe(3);
    const { problems } = ran.json<{ problems: { code: string }[] }>().data;
    expect(problems.map((problem) => problem.code)).toContain(code);
  });
});

describe('a payout file with tags', () => {
  beforeEach(async () => {
    office.write(
      'people.csv',
      'beneficiary_ref,name,account_number,ifsc\nb1,Asha Rao,123456789012,HDFC0001234\n',
    );
    expect((await office.payrun('beneficiary', 'import', 'people.csv')).exit).toBe(0);
  });
  const HEADER = 'beneficiary_ref,amount,tags\n';
  const digestOf = async (name: string, rows: string) => {
    office.write(`${name}.csv`, `${HEADER}${rows}`);
    const ran = await office.payrun('batch', 'import', `${name}.csv`, '--name', 'list', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    await office.payrun('batch', 'cancel', 'list', '--yes');
    return ran.json<{ digest: string }>().data.digest;
  };

  test('has them in what is approved, whatever their order', async () => {
    const plain = await digestOf('plain', 'b1,10.00,\n');
    const ops = await digestOf('ops', 'b1,10.00,cost_centre=ops;project=apollo\n');
    expect(await digestOf('turned', 'b1,10.00,project=apollo;cost_centre=ops\n')).toBe(ops);
    expect(new Set([plain, ops, await digestOf('other', 'b1,10.00,cost_centre=hr\n')]).size).toBe(3);
  });

  test('is refused where one is none', async () => {
    office.write('bad.csv', `${HEADER}b1,10.00,ops\n`);
    const ran = await office.payrun('batch', 'import', 'bad.csv', '--name', 'list', '--json');
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows).toMatchObject([{ line: 2, column: 'tags', code: 'tag_invalid' }]);
  });
});

test('an entry by hand has the tags of its rows', async () => {
  office.write(
    'rent.csv',
    `entry_ref,date,account,debit,credit,currency,description,tags
R-1,2026-11-20,expenses:rent,10.00,,INR,rent,project=b;cost_centre=ops
R-1,2026-11-20,assets:bank:hdfc,,10.00,INR,,
`,
  );
  expect((await office.payrun('ledger', 'record', 'rent.csv')).exit).toBe(0);
  expect((await office.payrun('ledger', 'entry', '1', '--json')).json().data).toMatchObject({
    tags: 'cost_centre=ops;project=b',
  });
  office.write(
    'two.csv',
    `entry_ref,date,account,debit,credit,currency,tags
R-2,2026-11-20,expenses:rent,10.00,,INR,a=1
R-2,2026-11-20,assets:bank:hdfc,,10.00,INR,a=2
`,
  );
  const two = await office.payrun('ledger', 'record', 'two.csv', '--json');
  expect(two.json().error.rows).toMatchObject([{ line: 3, column: 'tags', code: 'entry_rows_differ' }]);
});
