/** After the bank details of a beneficiary change, everything still names the account that its money went to. */
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from '../../../src/store/database.ts';
import { LEDGER_MIGRATIONS } from '../../../src/store/ledger-database.ts';
import { migrate } from '../../../src/store/migrate.ts';
import { BATCH_SQL, BENEFICIARY_SQL, PAYOUT_SQL } from '../../operations/seed-sql.ts';
import { openTill, sandboxFor, type Till } from '../batch/till.ts';
import { openOffice } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

const HEADER = 'beneficiary_ref,name,account_number,ifsc,vpa\n';
const OLD = '100000011111';
const NEW = '918020989999';
const OLD_VPA = 'devi9@okbank';
const EARLIER = 'an earlier account that this ledger no longer has';

const AT = '2026-11-17T06:00:00.000Z';
const OLD_PAYOUT = {
  ...{ amount_minor: 100n, provider: 'nxt', state: 'pending', position: 'in_transit', hold_reason: null },
  ...{ provider_id: null, provider_reference: null, utr: null, fee_minor: null, tax_minor: null },
  ...{ submitted_at: AT, paid_at: null, returned_at: null },
};
const OLD_ATTEMPT = `insert into attempts (payout_id, attempt_no, provider, provider_reference, provider_beneficiary_id, body, body_sha256, stored_at)
  values (:id, :no, 'nxt', :reference, :known_as, '{}', 'x', '${AT}')`;
const OLD_SEND = `insert into sends (payout_id, attempt_no, kind, sent_at, answered_at, outcome, http_status)
  values (:id, :no, 'submit', '${AT}', '${AT}', 'accepted', 202)`;
const REGISTRATION = `insert into registrations (beneficiary_id, provider, provider_beneficiary_id, fingerprint, status, registered_at, checked_at)
  values (1, 'nxt', 'ben_now', 'f', 'verified', '${AT}', '${AT}')`;

interface Item {
  reference_id: string;
  beneficiary_name: string;
  account: string;
  state: string;
}
interface Explained {
  payout: Item;
  items: { kind: string; what: string }[];
}

let till: Till;

async function run(...args: string[]) {
  const ran = await till.payrun(...args, '--json');
  expect([0, 3, 6], `${args.join(' ')}: ${ran.stdout}${ran.stderr}`).toContain(ran.exit);
  return ran;
}

async function change(row: string): Promise<void> {
  till.office.write('moved.csv', `${HEADER}${row}\n`);
  await run('beneficiary', 'import', 'moved.csv', '--allow-changes', '--as', 'mallory');
}

const listed = async () =>
  (await run('payout', 'list'))
    .json<{ items: Item[] }>()
    .data.items.map(({ reference_id, account, beneficiary_name }) => [
      reference_id,
      account,
      beneficiary_name,
    ]);

/** Two payouts to asha, of which one was sent before her account and name were changed, and one to a VPA. */
async function movedTill(): Promise<void> {
  const sandbox = await sandboxFor();
  till = await openTill({ url: sandbox.url });
  await till.importBatch(
    'nov',
    'reference_id,beneficiary_ref,amount\nnov-1,asha,100.00\nnov-2,devi,70.00\nnov-3,asha,30.00\n',
  );
  await run('batch', 'submit', 'nov', '--first', '2', '--wait', '10s', '--yes');
  await change(`asha,Asha Iyer,${NEW},HDFC0000001,`);
  await change('devi,Devi Nair,,,devi.nair@axl');
}

describe('after a change of bank details', () => {
  beforeAll(movedTill);

  test('payouts are listed with the account that each was or will be sent to, and the name of its day', async () => {
    expect(await listed()).toEqual([
      ['nov-1', '••••1111', 'Asha Rao'],
      ['nov-2', '••••@okbank', 'Devi Nair'],
      ['nov-3', '••••9999', 'Asha Iyer'],
    ]);
    const exported = (await till.payrun('batch', 'export', 'nov', '--format', 'csv')).stdout;
    expect(exported.split('\n')[1]).toContain('asha,Asha Rao,••••1111,');
    const shown = await run('payout', 'show', 'nov-1');
    expect(shown.json().data.account).toBe('••••1111');
  });

  test('the story names it at each send, in every form', async () => {
    const ran = await run('payout', 'explain', 'nov-1');
    await expectMatchesSchema('payout explain', ran.json());
    const { payout, items } = ran.json<Explained>().data;
    expect(payout.account).toBe('••••1111');
    const said = items.map(({ what }) => what);
    expect(said).toContain('attempt 1 stored as nov-1, before anything was sent');
    expect(said).toContain('attempt 1 sent to ••••1111, IFSC HDFC0000001: accepted, HTTP 202');
    const people = await till.payrun('payout', 'explain', 'nov-1', '--report', 'dispute.html');
    expect(people.stdout).toContain('nov-1: 100.00 INR to Asha Rao (••••1111) by IMPS');
    const page = readFileSync(join(till.office.folder, 'dispute.html'), 'utf8');
    for (const text of [people.stdout, page]) {
      expect(text).toContain('••••1111');
      expect(text).not.toContain('••••9999');
    }
    const vpa = (await run('payout', 'explain', 'nov-2')).json<Explained>().data;
    expect(vpa.items.map(({ what }) => what)).toContain('attempt 1 sent to ••••@okbank: accepted, HTTP 202');
  });

  test('a reveal shows the number that was paid, and the audit log says which', async () => {
    const shown = await run('payout', 'show', 'nov-1', '--reveal', '--reason', 'a dispute');
    expect(shown.json().data.account).toBe(OLD);
    const all = await run('payout', 'list', '--reveal', '--reason', 'a dispute');
    expect(all.json<{ items: Item[] }>().data.items.map(({ account }) => account)).toEqual([
      OLD,
      OLD_VPA,
      NEW,
    ]);
    const log = (await run('audit', 'log', '--subject', 'asha')).json<{
      items: { action: string; details: { account: string } }[];
    }>().data.items;
    const reveals = log.filter(({ action }) => action === 'beneficiary_revealed');
    expect(reveals.map(({ details }) => details.account)).toEqual(['••••1111', '••••1111', '••••9999']);
  });

  test('the beneficiary shows its former accounts, masked, with from when until when', async () => {
    for (const verb of ['show', 'explain']) {
      const ran = await run('beneficiary', verb, 'asha');
      await expectMatchesSchema(`beneficiary ${verb}`, ran.json());
      const data = verb === 'show' ? ran.json().data : ran.json<{ beneficiary: object }>().data.beneficiary;
      expect(data).toMatchObject({
        account: '••••9999',
        former_accounts: [
          {
            name: 'Asha Rao',
            destination_kind: 'bank_account',
            account: '••••1111',
            ifsc: 'HDFC0000001',
            bank_name: null,
            from: expect.any(String),
            until: expect.any(String),
          },
        ],
      });
      expect((await till.payrun('beneficiary', verb, 'asha')).stdout).toContain('••••1111');
    }
  });

  test('a new data key seals the former accounts anew, and everything opens and verifies', async () => {
    const rotated = await run('key', 'rotate');
    expect(rotated.json().data).toEqual({ rows: 7, resealed: 7, key: 2 });
    const shown = await run('payout', 'show', 'nov-1', '--reveal', '--reason', 'a dispute');
    expect(shown.json().data.account).toBe(OLD);
    await run('ledger', 'backup', 'copy.db');
    for (const check of [
      ['ledger', 'verify'],
      ['audit', 'verify'],
    ])
      expect((await till.payrun(...check)).exit, check.join(' ')).toBe(0);
    for (const name of ['payrun.db', 'copy.db'])
      expect(readFileSync(join(till.office.folder, name)).includes(OLD), name).toBe(false);
  });
});

test('a new attempt goes to the new account, and each attempt keeps its own, however often it changes', async () => {
  const sandbox = await sandboxFor();
  till = await openTill({ url: sandbox.url });
  await till.importBatch('nov', 'reference_id,beneficiary_ref,amount\nnov-1,closed,100.00\n');
  await run('batch', 'submit', 'nov', '--wait', '10s', '--yes');
  await change('closed,Closed Ltd,100000030001,SBIN0000001,');
  expect(await listed()).toEqual([['nov-1', '••••0001', 'Closed Ltd']]);
  await run('payout', 'retry', 'nov-1', '--yes');
  await run('payout', 'sync', '--wait', '10s');
  await change(`closed,Opened Ltd,${OLD},SBIN0000001,`);
  await run('payout', 'retry', 'nov-1', '--yes');
  await change(`closed,Gone Ltd,${NEW},SBIN0000001,`);
  const ran = await run('payout', 'show', 'nov-1', '--reveal', '--reason', 'a dispute');
  expect(ran.json().data).toMatchObject({ attempts: 3, account: OLD, beneficiary_name: 'Opened Ltd' });
  const { items } = (await run('payout', 'explain', 'nov-1')).json<Explained>().data;
  expect(items.filter(({ what }) => / sent to /.test(what)).map(({ what }) => what.split(':')[0])).toEqual([
    'attempt 1 sent to ••••0001, IFSC SBIN0000001',
    'attempt 2 sent to ••••0001, IFSC SBIN0000001',
    'attempt 3 sent to ••••1111, IFSC SBIN0000001',
  ]);
  expect((await till.payrun('audit', 'verify')).exit).toBe(0);
});

test('a ledger of an older payrun names no account rather than the wrong one', async () => {
  const office = await openOffice();
  const path = join(office.folder, 'payrun.db');
  for (const end of ['', '-wal', '-shm']) rmSync(path + end, { force: true });
  const old = await openDatabase({ path, application_id: 0x70617972, noun: 'ledger', create: true });
  await migrate(old, LEDGER_MIGRATIONS.slice(0, 14), AT);
  await old.transaction(async (tx) => {
    await tx.run(BENEFICIARY_SQL);
    await tx.run(BATCH_SQL, { provider: 'nxt', rows: 4 });
    // The first went to the account before; the second did too, and again, to the present one; the third only there.
    for (const [id, attempts] of [1, 2, 1].entries()) {
      await tx.run(PAYOUT_SQL, {
        ...OLD_PAYOUT,
        id: id + 1,
        reference_id: `pay-${id + 1}`,
        attempt_no: attempts,
      });
      if (id < 2) await tx.run(`update payouts set fingerprint = 'before' where id = ${id + 1}`);
      for (let no = 1; no <= attempts; no += 1) {
        const known_as = id === 0 || no < attempts ? 'ben_before' : 'ben_now';
        await tx.run(OLD_ATTEMPT, { id: id + 1, no, reference: `pay-${id + 1}.${no}`, known_as });
        await tx.run(OLD_SEND, { id: id + 1, no });
      }
    }
    await tx.run(REGISTRATION);
    // Stored, provably never sent, and approved: it goes out as a new attempt, to the present account.
    const again = { state: 'approved', position: 'available', attempt_no: 1 };
    await tx.run(PAYOUT_SQL, { ...OLD_PAYOUT, ...again, id: 4, reference_id: 'pay-4' });
    await tx.run("update payouts set fingerprint = 'before' where id = 4");
    await tx.run(OLD_ATTEMPT, { id: 4, no: 1, reference: 'pay-4.1', known_as: 'ben_before' });
  });
  await old.close();
  const data = async (...args: string[]) => (await office.payrun(...args, '--json')).json().data;
  const { items } = (await data('payout', 'list')) as unknown as { items: Item[] };
  expect(items.map(({ account }) => account)).toEqual([EARLIER, '••••7890', '••••7890', '••••7890']);
  const people = (await office.payrun('payout', 'explain', 'pay-1')).stdout;
  expect(people).toContain(`pay-1: 1.00 INR to Asha Rao (${EARLIER}) by IMPS`);
  expect(people).toContain(`attempt 1 sent to ${EARLIER}: accepted`);
  const retried = (await office.payrun('payout', 'explain', 'pay-2')).stdout;
  expect(retried).toContain(`attempt 1 sent to ${EARLIER}: accepted`);
  expect(retried).toContain('attempt 2 sent to ••••7890, IFSC HDFC0000001: accepted');
  expect(await office.ledger((database) => database.all('select kind, item_id from chain'))).toEqual([
    { kind: 'attempt_account', item_id: 1n },
    { kind: 'attempt_account', item_id: 2n },
    { kind: 'attempt_account', item_id: 4n },
  ]);
});
