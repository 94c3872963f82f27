import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { saveRegistrations } from '../../../src/store/beneficiaries.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { type Office, openOffice } from './office.ts';

const BEFORE = '50100123456789';
const AFTER = '918020987654321';
const NAME = '<script>alert(1)</script> Stores';

interface Explained {
  items: { kind: string; actor: string | null; what: string; details: string | null; seq: number | null }[];
  chain: { length: number; head: string };
}

let office: Office;

async function run(...args: string[]): Promise<void> {
  const ran = await office.payrun(...args);
  expect([args.join(' '), ran.exit, ran.stderr]).toEqual([args.join(' '), 0, expect.anything()]);
}

function write(account: string): string {
  const row = `acme,${NAME},${account},HDFC0000123,acme@example.com,9876543210`;
  return office.write(
    'beneficiaries.csv',
    `beneficiary_ref,name,account_number,ifsc,email,phone\n${row}\nother,Other Ltd,40100123456789,HDFC0000123,,\n`,
  );
}

beforeAll(async () => {
  office = await openOffice({ PAYRUN_ACTOR: 'anna' });
  await run('beneficiary', 'import', write(BEFORE));
  office.write('payouts.csv', 'reference_id,beneficiary_ref,amount\ninv-1,acme,1500.00\ninv-2,other,7.00\n');
  await run('batch', 'import', 'payouts.csv', '--name', 'november');
  await run('batch', 'approve', 'november', '--as', 'ben', '--yes');
  await run('beneficiary', 'import', write(AFTER), '--allow-changes', '--yes');
  await run('beneficiary', 'show', 'acme', '--reveal', '--reason', `the bank asks for ${AFTER}`);
  await office.ledger(async (database) => {
    const row = await database.get<{ id: bigint; fingerprint: string }>(
      `select id, fingerprint from beneficiaries where beneficiary_ref = 'acme'`,
    );
    const at = new Date().toISOString();
    const known = { provider: 'nxt', provider_beneficiary_id: 'ben_7', status: 'verified' as const };
    await database.transaction((tx) =>
      saveRegistrations(tx, [
        {
          ...{ ...known, beneficiary_id: row?.id ?? 0n, fingerprint: row?.fingerprint ?? '' },
          ...{
            registered_name: 'ACME\u202e STORES',
            failure_reason: null,
            registered_at: at,
            checked_at: at,
          },
        },
      ]),
    );
  });
});

describe('beneficiary explain', () => {
  test('tells what happened to a beneficiary, in order, with who did it', async () => {
    const ran = await office.payrun('beneficiary', 'explain', 'ACME', '--json');
    await expectMatchesSchema('beneficiary explain', ran.json());
    const { items, chain } = ran.json<Explained>().data;
    expect(items.map(({ actor, what }) => `${actor ?? '-'}: ${what}`)).toEqual([
      'anna: imported with account ••••6789, IFSC HDFC0000123',
      'anna: payout inv-1 imported, 1500.00 INR by IMPS; it is draft now',
      '-: approval of batch november by ben voided',
      'anna: beneficiary details changed',
      'anna: beneficiary revealed',
      '-: registered with nxt as ben_7',
      '-: penny drop of nxt: verified',
    ]);
    expect(items[3]?.details).toContain('"account_after":"••••4321"');
    expect(items[4]?.details).toContain('the bank asks for ••••4321');
    expect(items.filter(({ seq }) => seq !== null).map(({ kind }) => kind)).toEqual([
      'import',
      'decision',
      'decision',
    ]);
    const head = await office.payrun('audit', 'head', '--json');
    expect(chain).toEqual(head.json<Explained['chain']>().data);
  });

  test('nothing private is in any form, and the page makes no markup of a name', async () => {
    await run('beneficiary', 'explain', 'acme', '--report', 'acme.html');
    const page = readFileSync(join(office.folder, 'acme.html'), 'utf8');
    const texts = [page];
    for (const format of ['table', 'json', 'ndjson', 'csv'])
      texts.push((await office.payrun('beneficiary', 'explain', 'acme', '--format', format)).stdout);
    for (const text of texts) {
      expect(text).toContain('••••4321');
      for (const secret of [BEFORE, AFTER, 'acme@example.com', '9876543210'])
        expect(text).not.toContain(secret);
    }
    expect(page).not.toMatch(/<script|\u202e/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt; Stores');
    expect(page).toContain('ACME\\u{202e} STORES');
  });

  test('of a name that is none is refused', async () => {
    const ran = await office.payrun('beneficiary', 'explain', 'nobody', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'beneficiary_unknown']);
  });
});
