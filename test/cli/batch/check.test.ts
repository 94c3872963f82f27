import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { openTill, sandboxFor } from './till.ts';

const FEES = '[providers.nxt.rails.IMPS]\nfee = "3.50"\ntax_rate = "0.18"\n';

interface Checked {
  rows: number;
  findings: { row: number | null; code: string }[];
}

const codes = (data: Checked) => data.findings.map(({ row, code }) => `${row} ${code}`);

describe('batch check', () => {
  test('a batch with nothing against it has no findings, and costs what the rates say', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url, provider_toml: FEES });
    await till.importBatch('nov', 'beneficiary_ref,amount\nasha,100\nbina,200\n');
    expect((await till.payrun('beneficiary', 'verify', 'asha', 'bina', '--json')).exit).toBe(0);
    const ran = await till.payrun(
      'batch',
      'check',
      'nov',
      '--expect-rows',
      '2',
      '--expect-amount',
      '300',
      '--json',
    );
    expect(ran.exit, ran.stdout).toBe(0);
    await expectMatchesSchema('batch check', ran.json());
    expect(ran.json().data).toEqual({
      rows: 2,
      amount: '300.00',
      fee_estimate: '7.00',
      tax_estimate: '1.26',
      available: '100000000.00',
      covered: true,
      findings: [],
    });
  });

  test('unregistered beneficiaries, look-alikes inside and outside, wrong totals and a short balance are findings', async () => {
    const { url } = await sandboxFor({ opening_balance_minor: 50_000n });
    const till = await openTill({ url });
    await till.importBatch('first', 'beneficiary_ref,amount\nasha,100\n');
    await till.payrun('batch', 'approve', 'first');
    await till.importBatch('second', 'beneficiary_ref,amount\nbina,200\nasha,100.00\nbina,200\n');
    const ran = await till.payrun('batch', 'check', 'second', '--expect-rows', '4', '--json');
    expect(ran.exit).toBe(3);
    await expectMatchesSchema('batch check', ran.json());
    const { data } = ran.json<Checked & { fee_estimate: string | null; covered: boolean }>();
    expect(codes(data)).toEqual([
      'null control_total_differs',
      '1 beneficiary_unverified',
      '2 beneficiary_unverified',
      '2 look_alike',
      '3 beneficiary_unverified',
      '3 look_alike',
      'null balance_short',
    ]);
    expect(data).toMatchObject({ fee_estimate: null, covered: false });
  });

  test('two beneficiaries with one account in one batch are a finding, once, with the row of the other', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    till.office.write(
      'ghost.csv',
      'beneficiary_ref,name,account_number,ifsc\nghost,Gopal Host,100000011111,HDFC0000001\n',
    );
    await till.payrun('beneficiary', 'import', 'ghost.csv');
    await till.importBatch(
      'nov',
      'beneficiary_ref,amount\nasha,100\nbina,200\nghost,300\nghost,310\nasha,320\n',
    );
    await till.payrun('beneficiary', 'verify', '--json');
    const ran = await till.payrun('batch', 'check', 'nov', '--json');
    const shared = ran
      .json<{ findings: { row: number; code: string; message: string }[] }>()
      .data.findings.filter(({ code }) => code === 'account_shared');
    expect([ran.exit, shared]).toEqual([
      3,
      [
        {
          row: 3,
          code: 'account_shared',
          message:
            'ghost has the account of asha in row 1, ••••1111; whoever holds it is paid under both names.',
        },
      ],
    ]);
  });

  test('a submission of rows that another batch pays says so, beforehand and in its warnings', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    await till.importBatch('dec', 'beneficiary_ref,amount\nasha,100\nbina,200\n');
    await till.importBatch('jan', 'beneficiary_ref,amount\nbina,200\nasha,100\nasha,300\n');
    for (const [name, warned] of [
      ['dec', ['look_alike']],
      ['jan', ['look_alike']],
    ] as const) {
      const ran = await till.payrun('batch', 'submit', name, '--dry-run', '--json');
      expect(ran.json().warnings.map(({ code }) => code)).toEqual(warned);
    }
    const said = await till.payrun('batch', 'submit', 'jan', '--yes', '--json');
    expect(said.json().warnings[0]?.message).toContain(
      'Batch jan: 2 of its rows pay the same account the same amount as rows of other batches, jan-000001 as dec-000002 in batch dec.',
    );
    const alone = await till.payrun('batch', 'submit', 'jan', '--yes', '--json');
    expect(alone.json().warnings).toEqual([]);
  });

  test('a row that stands twice in one file is told of at its import and before it is paid, until it is cancelled', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    const said = 'Batch nov: 1 row pays a beneficiary the amount of an earlier row, row 3 that of row 1.';
    const imported = await till.importBatch(
      'nov',
      'beneficiary_ref,amount\nasha,100\nbina,200\nasha,100.00\n',
    );
    expect([imported.exit, imported.json().warnings]).toEqual([
      0,
      [{ code: 'look_alike', message: expect.stringContaining(said) }],
    ]);
    const rehearsed = await till.payrun('batch', 'submit', 'nov', '--dry-run', '--json');
    expect(rehearsed.json().warnings[0]?.message).toContain(said);
    await till.payrun('payout', 'cancel', 'nov-000003');
    const paid = await till.payrun('batch', 'submit', 'nov', '--yes', '--json');
    expect(paid.json().warnings).toEqual([]);
  });

  test('an account that the bank knows under another name: what becomes of it, and a warning before it is paid', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    till.office.write(
      'other.csv',
      'beneficiary_ref,name,account_number,ifsc\nother,Isha Iyer,100000030007,HDFC0000001\n',
    );
    await till.payrun('beneficiary', 'import', 'other.csv');
    await till.payrun('beneficiary', 'verify', 'other');
    await till.importBatch('nov', 'beneficiary_ref,amount\nother,100\n');
    const name = 'other is "Isha Iyer" here, and the bank knows the account as "SUNRISE TRADERS"';
    const checked = await till.payrun('batch', 'check', 'nov');
    expect(checked.stdout).toContain(`${name}; it is paid nevertheless.`);
    const warned = await till.payrun('batch', 'submit', 'nov', '--dry-run', '--json');
    expect(warned.json().warnings).toEqual([
      {
        code: 'beneficiary_unverified',
        message: expect.stringContaining('the account of other as "SUNRISE TRADERS"'),
      },
    ]);
    writeFileSync(
      join(till.office.folder, 'payrun.toml'),
      `[beneficiaries]\nunverified = "hold"\n${configOf(till)}`,
    );
    expect((await till.payrun('batch', 'check', 'nov')).stdout).toContain(`${name}; it will be held.`);
    const quiet = await till.payrun('batch', 'submit', 'nov', '--dry-run', '--json');
    expect(quiet.json().warnings).toEqual([]);
  });

  test('a name that the bank tells only while a batch is sent is a warning of that submission', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    const other = 'beneficiary_ref,name,account_number,ifsc\nother,Isha Iyer,100000030007,HDFC0000001\n';
    till.office.write('other.csv', other);
    await till.payrun('beneficiary', 'import', 'other.csv');
    till.office.write('pay.csv', 'beneficiary_ref,amount\nother,100\nasha,5\n');
    const ran = await till.payrun(
      'batch',
      'submit',
      'pay.csv',
      '--name',
      'nov',
      '--yes',
      '--wait',
      '9s',
      '--json',
    );
    expect([ran.exit, ran.json().warnings]).toEqual([
      0,
      [
        {
          code: 'beneficiary_unverified',
          message: expect.stringContaining('the account of other as "SUNRISE TRADERS"'),
        },
      ],
    ]);
  });

  test('before anybody is verified, people read one line of it, and programs one finding for each row', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    await till.importBatch('nov', 'beneficiary_ref,amount\nasha,1\nbina,2\nchand,3\ndevi,4\nbina,2\n');
    const { stdout } = await till.payrun('batch', 'check', 'nov');
    expect(stdout.split('\n').filter((line) => line.includes('beneficiary_unverified'))).toEqual([
      expect.stringContaining(
        '5 rows of 4 beneficiaries who are not registered with nxt yet (asha, bina, chand …)',
      ),
    ]);
    expect(stdout).toContain('look_alike');
    const { data } = (await till.payrun('batch', 'check', 'nov', '--json')).json<Checked>();
    expect(codes(data).filter((line) => line.includes('unverified'))).toHaveLength(5);
  });

  test('limits that were lowered since the import are findings', async () => {
    const { url } = await sandboxFor();
    const till = await openTill({ url });
    await till.importBatch('nov', 'beneficiary_ref,amount\nasha,1000\n');
    await till.payrun('beneficiary', 'verify', 'asha', '--json');
    const file = `${till.office.folder}/payrun.toml`;
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n[providers.nxt.rails.IMPS]\nmax = "999.99"\n`);
    const ran = await till.payrun('batch', 'check', 'nov', '--json');
    expect(codes(ran.json<Checked>().data)).toEqual(['1 rail_limit']);
  });

  test('a provider out of reach leaves the balance unknown, and everything else is said all the same', async () => {
    const till = await openTill();
    await till.importBatch('nov', 'beneficiary_ref,amount\nasha,100\n');
    const ran = await till.payrun('batch', 'check', 'nov', '--json');
    expect(ran.exit).toBe(5);
    await expectMatchesSchema('batch check', ran.json());
    expect(ran.json<Checked>().data).toMatchObject({ available: null, covered: null });
    expect(codes(ran.json<Checked>().data)).toEqual(['1 beneficiary_unverified', 'null balance_unknown']);
  });

  test('an unknown batch is named, with what was meant', async () => {
    const till = await openTill();
    await till.importBatch('salary-nov', 'beneficiary_ref,amount\nasha,100\n');
    const ran = await till.payrun('batch', 'check', 'salary-now', '--json');
    expect(ran.exit).toBe(1);
    expect(ran.json().error).toMatchObject({ code: 'batch_unknown', hint: 'Did you mean "salary-nov"?' });
  });
});

function configOf(till: { office: { folder: string } }): string {
  return readFileSync(join(till.office.folder, 'payrun.toml'), 'utf8');
}
