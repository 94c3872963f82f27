import { expect, test } from 'vitest';
import { openOffice } from '../beneficiary/office.ts';

const ACCOUNT = '50100012345678';

test('columns that have slipped show no account number and no address, in no format', async () => {
  const office = await openOffice();
  const payouts = office.write(
    'pay.csv',
    [
      'beneficiary_ref,amount,rail,reference_id,account',
      `${ACCOUNT},${ACCOUNT}.5050,${ACCOUNT},${ACCOUNT} x,${ACCOUNT}`,
      'asha.rao@okbank,asha.rao@okbank,asha.rao@okbank,asha.rao@okbank,asha.rao@okbank',
      '',
    ].join('\n'),
  );
  const people = office.write(
    'people.csv',
    `beneficiary_ref,name,account_number,ifsc\n/${ACCOUNT},Asha,${ACCOUNT},${ACCOUNT}\nasha.rao@okbank,Asha,1,1\n`,
  );
  const headless = office.write('headless.csv', `${ACCOUNT},asha.rao@okbank\n`);
  for (const words of [
    ['batch', 'import', payouts, '--name', 'nov'],
    ['beneficiary', 'import', people],
    ['batch', 'import', headless, '--name', 'nov'],
  ]) {
    for (const format of ['table', 'json']) {
      const ran = await office.payrun(...words, '--format', format);
      expect(ran.exit).toBe(4);
      expect(ran.stdout + ran.stderr).not.toMatch(/\d{9}|asha\.rao/);
    }
  }
});
