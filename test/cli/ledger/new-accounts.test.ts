import { beforeEach, describe, expect, test } from 'vitest';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { runPayrun } from '../run-payrun.ts';

const HEADER = 'entry_ref,date,account,debit,credit,currency,description\n';
const entry = (ref: string, account: string) =>
  `${ref},2026-11-20,${account},1.00,,INR,\n${ref},2026-11-20,equity:opening-balances,,1.00,INR,\n`;

let office: Office;
beforeEach(async () => {
  office = await openOffice();
  office.write('first.csv', `${HEADER}${entry('A', 'expenses:salaries')}`);
  office.write('typo.csv', `${HEADER}${entry('B', 'expenses:rent')}${entry('C', 'expenses:salraies')}`);
  expect((await office.payrun('ledger', 'record', 'first.csv')).exit).toBe(0);
});

const accounts = async () =>
  (await office.payrun('ledger', 'accounts', '--format', 'csv')).stdout
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.split(',')[0]);

describe('a new account that is nearly an old one', () => {
  test('is refused with its line where nobody can be asked, and nothing is booked', async () => {
    const ran = await office.payrun('ledger', 'record', 'typo.csv', '--json');
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows).toEqual([
      {
        line: 4,
        column: 'account',
        code: 'account_similar',
        message: 'expenses:salraies is a new account, and nearly the name of expenses:salaries.',
        value: 'expenses:salraies',
      },
    ]);
    expect(ran.json().error.hint).toContain('--new-account');
    expect(await accounts()).toEqual(['equity:opening-balances', 'expenses:salaries']);
  });

  test('is opened where it is named, or all are confirmed beforehand', async () => {
    const named = await office.payrun(
      'ledger',
      'record',
      'typo.csv',
      '--new-account',
      'expenses:salraies',
      '--json',
    );
    expect([named.exit, named.json().warnings]).toEqual([0, []]);
    office.write('again.csv', `${HEADER}${entry('D', 'expenses:salari-es')}`);
    const confirmed = await office.payrun('ledger', 'record', 'again.csv', '--yes', '--json');
    expect([confirmed.exit, confirmed.json().warnings[0]?.code]).toEqual([0, 'account_similar']);
    expect(await accounts()).toContain('expenses:salari-es');
  });

  test('is asked about on a terminal: yes opens it, anything else refuses the file', async () => {
    const at = (answer: string) =>
      runPayrun(['ledger', 'record', 'typo.csv'], { cwd: office.folder, tty: true, stdin: `${answer}\n` });
    const no = await at('');
    expect(no.exit).toBe(4);
    expect(no.stderr).toContain('nearly the name of expenses:salaries. Open it? [y/N]');
    expect((await at('y')).exit).toBe(0);
    expect(await accounts()).toContain('expenses:salraies');
  });

  test('is found within one file, too', async () => {
    office.write('two.csv', `${HEADER}${entry('D', 'expenses:travel')}${entry('E', 'expenses:travle')}`);
    const ran = await office.payrun('ledger', 'record', 'two.csv', '--json');
    expect(ran.json().error.rows.map(({ line, value }) => [line, value])).toEqual([[4, 'expenses:travle']]);
  });

  test('is found in a payout file and in its --account', async () => {
    office.write(
      'people.csv',
      'beneficiary_ref,name,account_number,ifsc\nb1,Asha Rao,123456789012,HDFC0001234\n',
    );
    expect((await office.payrun('beneficiary', 'import', 'people.csv')).exit).toBe(0);
    office.write('payouts.csv', 'beneficiary_ref,amount,account\nb1,10.00,\nb1,11.00,expenses:salariess\n');
    const ran = await office.payrun('batch', 'import', 'payouts.csv', '--name', 'a', '--json');
    expect([ran.exit, ran.json().error.rows.map(({ line, code }) => [line, code])]).toEqual([
      4,
      [[3, 'account_similar']],
    ]);
    const other = await office.payrun(
      'batch',
      'import',
      'payouts.csv',
      '--name',
      'a',
      '--account',
      'expenses:payuots',
      '--json',
    );
    expect(other.json().error.rows.map(({ value }) => value)).toEqual([
      'expenses:payuots',
      'expenses:salariess',
    ]);
    const meant = await office.payrun(
      ...['batch', 'import', 'payouts.csv', '--name', 'a', '--new-account', 'expenses:salariess', '--json'],
    );
    expect(meant.exit).toBe(0);
  });
});

test('short codes are no slips of each other', async () => {
  office.write(
    'codes.csv',
    `${HEADER}${entry('D', 'assets:bank:a')}${entry('E', 'assets:bank:b')}${entry('F', 'expenses:desk-eu')}${entry('G', 'expenses:desk-us')}`,
  );
  expect((await office.payrun('ledger', 'record', 'codes.csv')).exit).toBe(0);
});
