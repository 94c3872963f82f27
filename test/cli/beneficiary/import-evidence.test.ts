/** Who imported what, and which references share an account: what an auditor of a payroll asks first. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type Office, openOffice } from './office.ts';

const HEADER = 'beneficiary_ref,name,account_number,ifsc,vpa,bank_name,account_type,email,phone';
const ACME =
  'acme,Acme Supplies,123456789012,HDFC0000001,,HDFC Bank,current,pay@acme.example.com,+91 98000 12345';
const RIYA = 'riya,Riya Sharma,,,riya.sharma@okbank,,,,';

function file(...rows: string[]): string {
  return `${[HEADER, ...rows].join('\n')}\n`;
}

async function imported(office: Office, content: string | Uint8Array, ...flags: string[]) {
  return office.payrun('beneficiary', 'import', office.write('b.csv', content), '--json', ...flags);
}

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

describe('beneficiary import', () => {
  test('is in the audit log, once for each file that brought anything', async () => {
    const office = await openOffice({ PAYRUN_ACTOR: 'anna' });
    await imported(office, file(ACME, RIYA));
    await imported(office, file(ACME, RIYA));
    await imported(office, file(ACME.replace('Acme Supplies', 'Acme Stores'), RIYA), '--as', 'ben');
    const log = await office.payrun('audit', 'log', '--kind', 'beneficiary', '--json');
    const { items } = log.json<{ items: { actor: string; action: string; subject: string }[] }>().data;
    expect(items).toMatchObject([
      {
        ...{ actor: 'anna', action: 'beneficiaries_imported', subject: 'b.csv' },
        details: { file_sha256: sha256(file(ACME, RIYA)), rows: 2, created: 2, changed: 0, unchanged: 0 },
      },
      { actor: 'ben', details: { rows: 2, created: 0, changed: 1, unchanged: 1 } },
    ]);
    expect(items).toHaveLength(2);
    const told = (await office.payrun('beneficiary', 'explain', 'acme', '--json')).json<{
      items: { actor: string; what: string }[];
    }>();
    expect(told.data.items.map(({ actor, what }) => `${actor}: ${what}`)).toEqual([
      'anna: imported with account ••••9012, IFSC HDFC0000001',
      'ben: imported again with other details, the account the same',
    ]);
  });

  test('two references with one account are a warning that names them, in the file or in the ledger', async () => {
    const office = await openOffice();
    const ghost = 'ghost,Gopal Host,123456789012,HDFC0000001,,,,,';
    const ran = await imported(office, file(ACME, RIYA, ghost));
    expect([ran.exit, ran.json().warnings]).toEqual([
      0,
      [
        {
          code: 'account_shared',
          message:
            'Line 4: acme and ghost have one account, ••••9012 HDFC0000001; whoever holds it is paid under each of these names.',
        },
      ],
    ]);
    const later = await imported(office, file('riya-2,Riya S,,,Riya.Sharma@OKBANK,,,,'));
    expect(later.json().warnings.map(({ message }) => message)).toEqual([
      'Line 2: riya and riya-2 have one account, ••••ma@okbank; whoever holds it is paid under each of these names.',
    ]);
    expect(
      (await imported(office, file('own,Own Ltd,223456789012,HDFC0000001,,,,,'))).json().warnings,
    ).toEqual([]);
    const many = Array.from(
      { length: 25 },
      (_, index) => `m${index},M,${33000000000 + (index % 2)},HDFC0000001,,,,,`,
    );
    expect((await imported(office, file(...many))).json().warnings.map(({ message }) => message)).toEqual([
      expect.stringContaining(
        'Line 26: m0, m2, m4, m6, m8 and 8 more have one account, ••••0000 HDFC0000001;',
      ),
      expect.stringContaining('Line 25: m1, m3, m5, m7, m9 and 7 more have one account'),
    ]);
    expect(JSON.stringify(ran)).not.toContain('123456789012');
  });
});
