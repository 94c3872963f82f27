import { describe, expect, test } from 'vitest';
import { type BeneficiaryRow, checkBeneficiary, namesAgree } from '../../../src/domain/payout/beneficiary.ts';

const GOOD: BeneficiaryRow = {
  beneficiary_ref: 'acme-01',
  name: 'Acme Supplies',
  account_number: '001234567890',
  ifsc: 'HDFC0000001',
  vpa: '',
  bank_name: '',
  account_type: '',
  email: '',
  phone: '',
};
const VPA: Partial<BeneficiaryRow> = { account_number: '', ifsc: '', vpa: 'acme.supplies@okbank' };

function problems(changes: Partial<BeneficiaryRow>): string[] {
  const checked = checkBeneficiary({ ...GOOD, ...changes }, 7);
  if (checked.ok) return [];
  for (const error of checked.errors) expect(error.line).toBe(7);
  return checked.errors.map((error) => `${error.column} ${error.code}`);
}

describe('a row of a beneficiary file', () => {
  test('that is good becomes a beneficiary, unstated fields null', () => {
    expect(checkBeneficiary(GOOD, 2)).toEqual({
      ok: true,
      beneficiary: {
        beneficiary_ref: 'acme-01',
        name: 'Acme Supplies',
        destination_kind: 'bank_account',
        account_number: '001234567890',
        ifsc: 'HDFC0000001',
        vpa: null,
        bank_name: null,
        account_type: null,
        email: null,
        phone: null,
      },
    });
    expect(checkBeneficiary({ ...GOOD, ...VPA }, 2)).toMatchObject({
      ok: true,
      beneficiary: { destination_kind: 'vpa', vpa: 'acme.supplies@okbank', account_number: null, ifsc: null },
    });
  });

  test.each<[string, Partial<BeneficiaryRow>]>([
    ['letters in the account', { account_number: 'AB12X9' }],
    ['the shortest account', { account_number: '12345' }],
    ['the longest account', { account_number: '1'.repeat(35) }],
    ['an account with an E in it', { account_number: '123E4567' }],
    ['letters in the branch', { ifsc: 'YESB00VSBN0' }],
    ['an Arabic name', { name: 'محمد علي' }],
    ['a name with a joiner', { name: 'می‌خواهم' }],
    ['an apostrophe', { name: "O'Brien & Sons (P) Ltd." }],
    ['contacts', { email: 'a.b+c@example.co.in', phone: '+91 98000-01234' }],
    ['an account type', { account_type: 'current', bank_name: 'HDFC Bank' }],
  ])('passes with %s', (_name, changes) => {
    expect(problems(changes)).toEqual([]);
  });

  test.each<[string, Partial<BeneficiaryRow>, string[]]>([
    ['no reference', { beneficiary_ref: '' }, ['beneficiary_ref reference_invalid']],
    ['a reference with a space', { beneficiary_ref: 'acme 01' }, ['beneficiary_ref reference_invalid']],
    [
      'a reference of 41 characters',
      { beneficiary_ref: 'a'.repeat(41) },
      ['beneficiary_ref reference_invalid'],
    ],
    ['no name', { name: '  ' }, ['name value_missing']],
    ['a name of 121 characters', { name: 'x'.repeat(121) }, ['name text_too_long']],
    ['a formula for a name', { name: '=cmd|calc' }, ['name text_forbidden']],
    ['a name that starts with a minus', { name: '-Acme' }, ['name text_forbidden']],
    ['a full-width formula', { name: '＝1+1' }, ['name text_forbidden']],
    ['a name over two lines', { name: 'Acme\nSupplies' }, ['name text_forbidden']],
    ['a hidden override', { name: 'Acme\u202e' }, ['name text_forbidden']],
    ['a formula for a bank', { bank_name: '@SUM' }, ['bank_name text_forbidden']],
    ['four characters of account', { account_number: '1234' }, ['account_number account_number_invalid']],
    [
      '36 characters of account',
      { account_number: '1'.repeat(36) },
      ['account_number account_number_invalid'],
    ],
    [
      'spaces in the account',
      { account_number: '0012 3456 7890' },
      ['account_number account_number_invalid'],
    ],
    [
      'hyphens in the account',
      { account_number: '0012-3456-7890' },
      ['account_number account_number_invalid'],
    ],
    [
      'full-width digits',
      { account_number: '１２３４５６７８９' },
      ['account_number account_number_invalid'],
    ],
    [
      'a spreadsheet apostrophe',
      { account_number: "'0012345678" },
      ['account_number account_number_invalid'],
    ],
    ['scientific notation', { account_number: '1.23457E+15' }, ['account_number account_number_damaged']],
    [
      'scientific notation in lower case',
      { account_number: '1.2e+11' },
      ['account_number account_number_damaged'],
    ],
    [
      'scientific notation with a comma',
      { account_number: '1,23457E+15' },
      ['account_number account_number_damaged'],
    ],
    ['decimals', { account_number: '123456789012.00' }, ['account_number account_number_damaged']],
    ['a lower-case ifsc', { ifsc: 'hdfc0000001' }, ['ifsc ifsc_invalid']],
    ['an ifsc without its zero', { ifsc: 'HDFC1000001' }, ['ifsc ifsc_invalid']],
    ['an ifsc that is too short', { ifsc: 'HDFC000001' }, ['ifsc ifsc_invalid']],
    ['an account without ifsc', { ifsc: '' }, ['ifsc ifsc_invalid']],
    ['an ifsc without account', { account_number: '' }, ['account_number account_number_invalid']],
    ['no account at all', { account_number: '', ifsc: '' }, ['account_number destination_missing']],
    ['an account and a VPA', { vpa: 'a.b@okbank' }, ['vpa destination_ambiguous']],
    ['a VPA without a handle', { ...VPA, vpa: 'acme' }, ['vpa vpa_invalid']],
    ['a VPA with two handles', { ...VPA, vpa: 'acme@ok@bank' }, ['vpa vpa_invalid']],
    ['an unknown account type', { account_type: 'Savings' }, ['account_type account_type_unknown']],
    ['a broken e-mail', { email: 'nobody' }, ['email email_invalid']],
    ['a broken phone', { phone: 'call me' }, ['phone phone_invalid']],
    [
      'four mistakes at once',
      { beneficiary_ref: '?', name: '', account_number: '1', ifsc: 'x' },
      [
        'beneficiary_ref reference_invalid',
        'name value_missing',
        'account_number account_number_invalid',
        'ifsc ifsc_invalid',
      ],
    ],
  ])('is refused with %s', (_name, changes, expected) => {
    expect(problems(changes)).toEqual(expected);
  });

  test('no message repeats an account number, wherever it stands', () => {
    const canary = '998877665544';
    for (const column of ['account_number', 'ifsc', 'vpa', 'email', 'phone', 'account_type'] as const) {
      const checked = checkBeneficiary({ ...GOOD, [column]: `${canary} ?` }, 2);
      expect(checked.ok).toBe(false);
      for (const { message } of checked.ok ? [] : checked.errors) expect(message).not.toContain(canary);
    }
  });

  test('a lower-case ifsc is told how to write it', () => {
    const checked = checkBeneficiary({ ...GOOD, ifsc: 'hdfc0000001' }, 2);
    expect(checked.ok ? '' : checked.errors[0]?.message).toContain('write HDFC0000001');
  });
});

describe('two names', () => {
  test.each([
    ['Riya Sharma', 'RIYA SHARMA'],
    ['Riya  Sharma', 'riya sharma '],
    ['Riya Sharma', 'SHARMA RIYA'],
    ['Mr. Arjun Rao', 'ARJUN RAO'],
    ['ARJUN RAO', 'MR ARJUN RAO'],
    ['Acme Supplies', 'M/S ACME SUPPLIES'],
    ['M/s. Acme Supplies', 'Acme Supplies'],
    ['S.K. Sharma', 'SK SHARMA'],
    ['S K Sharma', 'S.K.SHARMA'],
    ["Mary O'Brien", 'MARY OBRIEN'],
    ['Zoë Müller', 'ZOE MULLER'],
    ['Acme Supplies Pvt. Ltd.', 'ACME SUPPLIES PRIVATE LIMITED'],
    ['Rao & Sons', 'RAO AND SONS'],
    ['Anne-Marie D', 'ANNE MARIE D'],
    ['M.S. Dhoni', 'MS DHONI'],
    ['मीरा देवी', 'मीरा  देवी'],
  ])('%j and %j agree', (ours, registered) => {
    expect(namesAgree(ours, registered)).toBe(true);
    expect(namesAgree(registered, ours)).toBe(true);
  });

  test.each([
    ['Acme Supplies', 'SUNRISE TRADERS'],
    ['Riya Sharma', 'R SHARMA'],
    ['Riya Sharma', 'RIYA'],
    ['Riya Sharma', 'RIYA SHARMAN'],
    ['Riya Sharma', ''],
    ['मीरा', 'मीरी'],
    ['Mr', 'Mrs'],
  ])('%j and %j do not', (ours, registered) => {
    expect(namesAgree(ours, registered)).toBe(false);
    expect(namesAgree(registered, ours)).toBe(false);
  });
});
