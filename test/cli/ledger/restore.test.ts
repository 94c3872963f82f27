import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openLedger } from '../../../src/store/ledger-database.ts';
import { holdRunner } from '../../../src/store/runner.ts';
import { openTill, sandboxFor, type Till } from '../batch/till.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

const ROWS = 'beneficiary_ref,amount,reference_id\nasha,100.00,a-1\nbina,250.00,a-2\nchand,75.00,a-3\n';

async function ok(till: Till, ...args: string[]) {
  const ran = await till.payrun(...args, '--json');
  expect([0, 6], ran.stdout + ran.stderr).toContain(ran.exit);
  return ran;
}

async function states(till: Till): Promise<Record<string, string>> {
  const ran = await till.payrun('payout', 'list', '--json');
  const { items } = ran.json<{ items: { reference_id: string; state: string }[] }>().data;
  return Object.fromEntries(items.map((item) => [item.reference_id, item.state]));
}

/** How many payouts the provider has, whoever sent them. */
const accepted = (sandbox: Awaited<ReturnType<typeof sandboxFor>>) =>
  Object.values(sandbox.stats().statuses).reduce((sum, count) => sum + count, 0);

async function opened() {
  const sandbox = await sandboxFor();
  const till = await openTill({ url: sandbox.url });
  return { sandbox, till };
}

describe('ledger backup', () => {
  test('writes a private, proven file with the head of the chain, and replaces nothing', async () => {
    const { till } = await opened();
    await till.importBatch('nov', ROWS);
    await ok(till, 'batch', 'submit', 'nov', '--wait', '5s', '--yes');
    const ran = await ok(till, 'ledger', 'backup', 'b.db');
    await expectMatchesSchema('ledger backup', ran.json());
    const head = (await ok(till, 'audit', 'head')).json<{ head: string }>().data.head;
    expect(ran.json<{ chain: { head: string } }>().data.chain.head).toBe(head);
    const file = join(till.office.folder, 'b.db');
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(file).size).toBe(ran.json<{ bytes: number }>().data.bytes);
    expect(readdirSync(till.office.folder).filter((name) => name.startsWith('b.db'))).toEqual(['b.db']);
    const before = readFileSync(file);
    const again = await till.payrun('ledger', 'backup', 'b.db', '--json');
    expect(again.exit).toBe(1);
    expect(again.json().error.code).toBe('backup_exists');
    expect(readFileSync(file).equals(before)).toBe(true);
  });

  test('holds one state of the ledger while another connection writes', async () => {
    const { till } = await opened();
    const path = join(till.office.folder, 'payrun.db');
    const writer = await openLedger(path, new Date().toISOString());
    let writing = true;
    const write = (async () => {
      for (let number = 0; writing; number += 1) {
        till.office.write(`o${number}.csv`, entryOf(`E-${number}`));
        const recorded = await till.payrun('ledger', 'record', `o${number}.csv`, '-q');
        expect(recorded.exit, recorded.stderr).toBe(0);
      }
    })();
    const names = ['b1.db', 'b2.db', 'b3.db'];
    for (const name of names) await ok(till, 'ledger', 'backup', name);
    writing = false;
    await write;
    await writer.close();
    for (const name of names) {
      const copy = await openLedger(join(till.office.folder, name), '2026-11-21T00:00:00.000Z');
      expect(await copy.integrityProblems('full')).toEqual([]);
      await copy.close();
    }
  });

  test('of a ledger that does not prove leaves no file', async () => {
    const { till } = await opened();
    till.office.write('o.csv', entryOf('E-1'));
    await ok(till, 'ledger', 'record', 'o.csv');
    await till.office.ledger((database) =>
      database.transaction((tx) =>
        tx.run('update account_days set debit_minor = debit_minor + 1 where debit_minor > 0'),
      ),
    );
    const ran = await till.payrun('ledger', 'backup', 'b.db', '--json');
    expect(ran.exit).toBe(1);
    expect(ran.json().error.code).toBe('backup_unsound');
    expect(readdirSync(till.office.folder).filter((name) => name.startsWith('b.db'))).toEqual([]);
  });

  test('that was interrupted leaves nothing that a later one stumbles over', async () => {
    const { till } = await opened();
    writeFileSync(join(till.office.folder, 'b.db.partial'), 'half of a page');
    writeFileSync(join(till.office.folder, 'b.db.partial-wal'), 'a log of something else');
    await ok(till, 'ledger', 'backup', 'b.db');
    expect(readdirSync(till.office.folder).filter((name) => name.startsWith('b.db'))).toEqual(['b.db']);
  });
});

const entryOf = (ref: string) =>
  `entry_ref,date,account,debit,credit,currency,description\n${ref},2026-11-01,assets:bank:hdfc,10.00,,INR,x\n${ref},2026-11-01,equity:opening-balances,,10.00,INR,x\n`;

describe('ledger restore', () => {
  test('keeps the present ledger aside, and the restored one sends nothing until it was compared', async () => {
    const { sandbox, till } = await opened();
    await till.importBatch('nov', ROWS);
    await ok(till, 'batch', 'submit', 'nov', '--first', '1', '--wait', '5s', '--yes');
    await ok(till, 'ledger', 'backup', 'b.db');
    // What the backup does not know: the other two are sent as well.
    await ok(till, 'batch', 'submit', 'nov', '--wait', '5s', '--yes');
    expect(await states(till)).toEqual({ 'a-1': 'paid', 'a-2': 'paid', 'a-3': 'paid' });

    const ran = await ok(till, 'ledger', 'restore', 'b.db');
    await expectMatchesSchema('ledger restore', ran.json());
    const { kept } = ran.json<{ kept: string }>().data;
    expect(existsSync(join(till.office.folder, kept))).toBe(true);
    expect(await states(till)).toEqual({ 'a-1': 'paid', 'a-2': 'approved', 'a-3': 'approved' });

    const refused = await till.payrun('batch', 'submit', 'nov', '--yes', '--json');
    expect(refused.exit).toBe(1);
    expect(refused.json().error.code).toBe('restore_unchecked');
    expect(accepted(sandbox)).toBe(3);
    // Whoever looks before the night is told.
    const looked = await till.payrun('doctor', '--json');
    expect(looked.exit).toBe(3);
    expect(looked.json<{ items: object[] }>().data.items).toContainEqual(
      expect.objectContaining({
        check: 'provider nxt restore',
        ok: 'no',
        hint: 'Run `payrun payout sync --provider nxt`.',
      }),
    );

    // A part of the payouts proves nothing of the rest.
    await ok(till, 'payout', 'sync', '--batch', 'nov');
    expect((await till.payrun('batch', 'submit', 'nov', '--yes')).exit).toBe(1);

    const synced = await till.payrun('payout', 'sync', '--json');
    expect(synced.exit, synced.stdout).toBe(0);
    await expectMatchesSchema('payout sync', synced.json());
    expect(synced.json<{ changed: number }>().data.changed).toBe(2);
    expect(await states(till)).toEqual({ 'a-1': 'paid', 'a-2': 'paid', 'a-3': 'paid' });
    expect((await ok(till, 'ledger', 'verify')).json<{ problems: unknown[] }>().data.problems).toEqual([]);
    expect((await till.payrun('batch', 'submit', 'nov', '--yes')).exit).toBe(0);
    expect(accepted(sandbox)).toBe(3);
    const balance = await ok(till, 'provider', 'balance', 'nxt');
    expect(balance.json<{ in_transit: string }>().data.in_transit).toBe('0.00');
  });

  test('knows a batch again that was lost with the ledger, and pays none of it twice', async () => {
    const { sandbox, till } = await opened();
    await ok(till, 'ledger', 'backup', 'b.db');
    await till.importBatch('nov', ROWS);
    await ok(till, 'batch', 'submit', 'nov', '--first', '2', '--wait', '5s', '--yes');
    await ok(till, 'ledger', 'restore', 'b.db');
    const found = await till.payrun('payout', 'sync', '--json');
    expect(found.exit).toBe(3);
    expect(found.json().warnings.map((warning) => warning.code)).toEqual(['payouts_foreign']);

    expect((await till.importBatch('nov', ROWS)).exit).toBe(0);
    const submitted = await till.payrun('batch', 'submit', 'nov', '--wait', '5s', '--yes', '--json');
    expect(submitted.exit).toBe(3);
    expect(await states(till)).toEqual({ 'a-1': 'held', 'a-2': 'held', 'a-3': 'paid' });
    expect(accepted(sandbox)).toBe(3);
    // A person may not let them go either: what the provider has is never sent again.
    const released = await till.payrun('payout', 'release', 'a-1', '--reason', 'let it go', '--json');
    expect(released.json().error.code).toBe('payout_state');
    expect((await till.payrun('batch', 'submit', 'nov', '--yes')).exit).toBe(3);
    expect(accepted(sandbox)).toBe(3);

    const synced = await till.payrun('payout', 'sync', '--json');
    expect(synced.exit, synced.stdout).toBe(0);
    expect(await states(till)).toEqual({ 'a-1': 'paid', 'a-2': 'paid', 'a-3': 'paid' });
    expect((await till.payrun('payout', 'sync', '--json')).json<{ changed: number }>().data.changed).toBe(0);
    expect((await ok(till, 'ledger', 'verify')).json<{ problems: unknown[] }>().data.problems).toEqual([]);
  });

  test('takes nothing over whose account it cannot tell, until the beneficiaries are registered again', async () => {
    const { sandbox, till } = await opened();
    await till.importBatch('nov', ROWS);
    // The beneficiaries were registered after the backup.
    await ok(till, 'ledger', 'backup', 'b.db');
    await ok(till, 'batch', 'submit', 'nov', '--wait', '5s', '--yes');
    await ok(till, 'ledger', 'restore', 'b.db');
    expect((await till.payrun('payout', 'sync')).exit).toBe(3);
    expect(await states(till)).toEqual({ 'a-1': 'draft', 'a-2': 'draft', 'a-3': 'draft' });
    await ok(till, 'beneficiary', 'verify', 'asha', 'bina', 'chand');
    await ok(till, 'payout', 'sync');
    expect(await states(till)).toEqual({ 'a-1': 'paid', 'a-2': 'paid', 'a-3': 'paid' });
    expect((await till.payrun('batch', 'submit', 'nov', '--yes')).exit).toBe(0);
    expect(accepted(sandbox)).toBe(3);
    expect((await ok(till, 'ledger', 'verify')).json<{ problems: unknown[] }>().data.problems).toEqual([]);
  });

  test('holds what went to another account or amount than this ledger has', async () => {
    const { till } = await opened();
    await ok(till, 'beneficiary', 'verify', 'asha', 'bina', 'chand');
    await ok(till, 'ledger', 'backup', 'b.db');
    await till.importBatch('nov', ROWS);
    await ok(till, 'batch', 'submit', 'nov', '--wait', '5s', '--yes');
    await ok(till, 'ledger', 'restore', 'b.db');
    await till.payrun('payout', 'sync');
    await till.importBatch('nov', ROWS.replace('100.00', '100.01').replace('bina,', 'chand,'));
    expect((await till.payrun('payout', 'sync')).exit).toBe(3);
    expect(await states(till)).toEqual({ 'a-1': 'held', 'a-2': 'held', 'a-3': 'paid' });
    const shown = await till.payrun(
      'payout',
      'resolve',
      'a-1',
      '--as',
      'failed',
      '--reason',
      'stopped',
      '--json',
    );
    expect(shown.exit, shown.stdout).toBe(0);
    expect((await ok(till, 'ledger', 'verify')).json<{ problems: unknown[] }>().data.problems).toEqual([]);
  });

  test('takes a later attempt over that a failed payout got meanwhile', async () => {
    const { sandbox, till } = await opened();
    await till.importBatch('nov', 'beneficiary_ref,amount,reference_id\nclosed,100.00,c-1\n');
    const first = await till.payrun('batch', 'submit', 'nov', '--wait', '5s', '--yes', '--json');
    expect(first.exit, first.stdout).toBe(3);
    expect(await states(till)).toEqual({ 'c-1': 'failed' });
    await ok(till, 'ledger', 'backup', 'b.db');
    const retried = await till.payrun('payout', 'retry', 'c-1', '--yes', '--json');
    expect([3, 6], retried.stdout).toContain(retried.exit);
    await till.payrun('payout', 'sync', '--wait', '5s');
    const payouts = accepted(sandbox);
    await ok(till, 'ledger', 'restore', 'b.db');
    expect((await till.payrun('payout', 'retry', 'c-1', '--yes', '--json')).json().error.code).toBe(
      'restore_unchecked',
    );
    await till.payrun('payout', 'sync', '--json');
    const shown = await ok(till, 'payout', 'show', 'c-1');
    expect(shown.json<{ attempts: number }>().data.attempts).toBe(2);
    expect(accepted(sandbox)).toBe(payouts);
  });

  test('is refused with 7 while somebody submits, and while somebody has the ledger open', async () => {
    const { till } = await opened();
    await ok(till, 'ledger', 'backup', 'b.db');
    await till.office.ledger(async (database) => {
      const actor = { name: 'asha', os_user: 'asha', host: 'h' };
      const runner = await holdRunner(database, { pid: 1, actor, command: 'batch submit', since: 'now' });
      const ran = await till.payrun('ledger', 'restore', 'b.db', '--json');
      expect(ran.exit).toBe(7);
      expect(ran.json().error.code).toBe('ledger_locked');
      runner.release();
      const open = await till.payrun('ledger', 'restore', 'b.db', '--json');
      expect(open.exit).toBe(7);
      expect(open.json().error.code).toBe('ledger_in_use');
    });
    expect(readdirSync(till.office.folder).filter((name) => /before|restoring/.test(name))).toEqual([]);
    await ok(till, 'ledger', 'restore', 'b.db');
  });

  test('refuses a backup that is damaged, another program’s, or sealed under another key', async () => {
    const { till } = await opened();
    await till.importBatch('nov', ROWS);
    await ok(till, 'ledger', 'backup', 'b.db');
    const ledger = readFileSync(join(till.office.folder, 'payrun.db'));
    const bytes = readFileSync(join(till.office.folder, 'b.db'));
    till.office.write('cut.db', bytes.subarray(0, bytes.length - 8192));
    till.office.write('text.db', 'not a database, but long enough to be looked at as one'.repeat(100));
    const other = await openTill({ own_ledger: true });
    await ok(other, 'ledger', 'backup', 'other.db');
    copyFileSync(join(other.office.folder, 'other.db'), join(till.office.folder, 'other.db'));
    for (const [file, code] of [
      ['cut.db', /ledger_damaged|backup_unsound/],
      ['text.db', /ledger_foreign/],
      ['other.db', /key_wrong/],
      ['none.db', /file_missing/],
      ['payrun.db', /argument_invalid/],
    ] as const) {
      const ran = await till.payrun('ledger', 'restore', file, '--json');
      expect(ran.json().error.code, file).toMatch(code);
    }
    expect(readFileSync(join(till.office.folder, 'payrun.db')).equals(ledger)).toBe(true);
    expect(readdirSync(till.office.folder).filter((name) => /before|restoring/.test(name))).toEqual([]);
  });

  test('takes the place of a ledger that is damaged, and of one that is gone', async () => {
    const { till } = await opened();
    await till.importBatch('nov', ROWS);
    await ok(till, 'ledger', 'backup', 'b.db');
    till.office.write('payrun.db', 'overwritten by something else'.repeat(200));
    const ran = await ok(till, 'ledger', 'restore', 'b.db');
    const { kept } = ran.json<{ kept: string }>().data;
    expect(readFileSync(join(till.office.folder, kept), 'utf8')).toContain('overwritten');
    expect(Object.keys(await states(till))).toHaveLength(3);
    rmSync(join(till.office.folder, 'payrun.db'));
    expect((await ok(till, 'ledger', 'restore', 'b.db')).json<{ kept: null }>().data.kept).toBeNull();
    expect(statSync(join(till.office.folder, 'payrun.db')).mode & 0o777).toBe(0o600);
    expect(Object.keys(await states(till))).toHaveLength(3);
  });
});
