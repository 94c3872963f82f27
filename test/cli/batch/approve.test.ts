import { describe, expect, test } from 'vitest';
import { approvalStanding, approveBatch } from '../../../src/operations/approve-batch.ts';
import { batchByName } from '../../../src/store/batches.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { openTill } from './till.ts';

const GOOD = 'beneficiary_ref,amount,reference_id\nasha,100.00,a-1\nbina,250.5,a-2\n';
const TWO_EYES = '[approval]\nrequired = 2\n';

describe('batch approve', () => {
  test('a batch is approved when as many persons as required have said so, each counted once', async () => {
    const till = await openTill({ toml: TWO_EYES });
    await till.importBatch('nov', GOOD, '--as', 'ravi');
    const approve = async (actor: string) =>
      (await till.payrun('batch', 'approve', 'nov', '--as', actor, '--json')).json();
    const importer = await till.payrun('batch', 'approve', 'nov', '--as', 'Ravi', '--json');
    expect([importer.exit, importer.json().error.code]).toEqual([1, 'approver_is_importer']);
    expect((await approve('meera')).data).toMatchObject({ approvals: 1, required: 2 });
    expect((await approve('Meera')).data).toMatchObject({ approvals: 1 });
    const states = async () => (await till.payrun('batch', 'show', 'nov', '--json')).json().data.states;
    expect(await states()).toEqual({ draft: 2 });
    const second = await approve('john');
    await expectMatchesSchema('batch approve', second);
    expect(second.data).toMatchObject({ approvals: 2 });
    expect(await states()).toEqual({ approved: 2 });
    const log = await till.office.ledger((database) =>
      database.all("select actor, subject from audit_events where action = 'batch_approved' order by id"),
    );
    expect(log).toEqual([
      { actor: 'meera', subject: 'nov' },
      { actor: 'john', subject: 'nov' },
    ]);
  });

  test('a change of bank details voids the approval, and the next approval takes the batch as it is now', async () => {
    const till = await openTill();
    await till.importBatch('nov', GOOD);
    const first = (await till.payrun('batch', 'approve', 'nov', '--json')).json().data;
    till.office.write(
      'changed.csv',
      'beneficiary_ref,name,account_number,ifsc\nasha,Asha Rao,100000099999,HDFC0000001\n',
    );
    const changed = await till.payrun('beneficiary', 'import', 'changed.csv', '--allow-changes', '--json');
    expect(changed.exit, changed.stdout).toBe(0);
    await till.office.ledger(async (database) => {
      const batch = await batchByName(database, 'nov');
      if (!batch) throw new Error('no batch');
      expect(await approvalStanding(database, batch, 0)).toEqual({ approved: false, approvals: 0 });
    });
    const second = (await till.payrun('batch', 'approve', 'nov', '--json')).json();
    expect(second.data.digest).not.toBe(first.digest);
    expect(second.data.approvals).toBe(1);
    expect(second.warnings).toMatchObject([{ code: 'digest_changed' }]);
    const shown = (await till.payrun('batch', 'show', 'nov', '--json')).json().data;
    expect(shown).toMatchObject({ digest: second.data.digest, states: { approved: 2 } });
    expect(shown.approvals).toMatchObject([{ valid: false }, { valid: true }]);
  });

  test('an approval stands where bank details change after the row was sent', async () => {
    const till = await openTill();
    await till.importBatch('nov', GOOD);
    await till.payrun('batch', 'approve', 'nov', '--json');
    await till.office.ledger((database) =>
      database.transaction((tx) =>
        tx.run(
          "update payouts set state = 'paid', position = 'paid', attempt_no = 1 where reference_id = 'a-1'",
        ),
      ),
    );
    till.office.write(
      'changed.csv',
      'beneficiary_ref,name,account_number,ifsc\nasha,Asha Rao,100000099999,HDFC0000001\n',
    );
    expect(
      (await till.payrun('beneficiary', 'import', 'changed.csv', '--allow-changes', '--json')).exit,
    ).toBe(0);
    await till.office.ledger(async (database) => {
      const batch = await batchByName(database, 'nov');
      if (!batch) throw new Error('no batch');
      expect(await approvalStanding(database, batch, 1)).toEqual({ approved: true, approvals: 1 });
    });
  });

  test('any edit of a row in the database shows in the digest', async () => {
    const till = await openTill();
    await till.importBatch('nov', GOOD);
    await till.payrun('batch', 'approve', 'nov', '--json');
    await till.office.ledger(async (database) => {
      const batch = await batchByName(database, 'nov');
      if (!batch) throw new Error('no batch');
      await database.transaction((tx) =>
        tx.run("update payouts set amount_minor = 10001 where reference_id = 'a-1'"),
      );
      expect(await approvalStanding(database, batch, 0)).toEqual({ approved: false, approvals: 0 });
    });
  });

  test('a cancelled batch is not approved', async () => {
    const till = await openTill();
    await till.importBatch('nov', GOOD);
    await till.payrun('batch', 'cancel', 'nov');
    const ran = await till.payrun('batch', 'approve', 'nov', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'batch_cancelled']);
    await till.office.ledger(async (database) => {
      const batch = await batchByName(database, 'nov');
      if (!batch) throw new Error('no batch');
      const deps = {
        database,
        now: '2026-11-21T00:00:00.000Z',
        actor: { name: 'a', os_user: 'a', host: 'h' },
      };
      await expect(approveBatch(deps, batch, 0)).rejects.toMatchObject({ code: 'batch_cancelled' });
    });
  });
});
