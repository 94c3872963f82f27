import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { approveBatch } from '../../../src/operations/approve-batch.ts';
import { approvalStanding } from '../../../src/operations/valid-approvals.ts';
import { batchByName } from '../../../src/store/batches.ts';
import { emptyFolder } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { runPayrun } from '../run-payrun.ts';
import { openTill } from './till.ts';

const GOOD = 'beneficiary_ref,amount,reference_id\nasha,100.00,a-1\nbina,250.5,a-2\n';
const TWO_EYES = '[approval]\nrequired = 2\n';
const NONE = { required: 0, bands: [], keys: [] };
const NOW = '2026-11-24T10:00:00.000Z';

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
      expect(await approvalStanding(database, batch, NONE, NOW)).toMatchObject({
        may_be_sent: false,
        approvals: 0,
      });
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
      expect(await approvalStanding(database, batch, NONE, NOW)).toMatchObject({
        enough: true,
        approvals: 1,
      });
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
      expect(await approvalStanding(database, batch, NONE, NOW)).toMatchObject({
        may_be_sent: false,
        approvals: 0,
      });
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
      await expect(approveBatch(deps, batch, NONE)).rejects.toMatchObject({ code: 'batch_cancelled' });
    });
  });
});

const BANDS = `[approval]
required = 1

[[approval.bands]]
above = "300"
required = 2

[[approval.bands]]
above = "1000"
required = 3
`;

describe('amount bands', () => {
  test('the total decides how many must approve, and submit and show say how many are missing', async () => {
    const till = await openTill({ toml: BANDS });
    await till.importBatch('small', 'beneficiary_ref,amount\nasha,300\n', '--as', 'ravi');
    const imported = await till.payrun(
      'batch',
      'import',
      'small.csv',
      '--name',
      'x',
      '--allow-duplicate-file',
    );
    expect(imported.stderr).toContain('It needs an approval');
    await till.importBatch('nov', GOOD, '--as', 'ravi');
    const approve = async (batch: string, actor: string) =>
      (await till.payrun('batch', 'approve', batch, '--as', actor, '--json')).json().data;
    expect(await approve('small', 'meera')).toMatchObject({ approvals: 1, required: 1 });
    expect(await approve('nov', 'meera')).toMatchObject({ approvals: 1, required: 2 });
    const refused = await till.payrun('batch', 'submit', 'nov', '--yes', '--json');
    expect([refused.exit, refused.json().error]).toMatchObject([
      1,
      { code: 'approval_missing', message: 'Batch nov has 1 of 2 approvals that it needs.' },
    ]);
    const shown = await till.payrun('batch', 'show', 'nov', '--json');
    await expectMatchesSchema('batch show', shown.json());
    expect(shown.json().data).toMatchObject({
      approvals_required: 2,
      approvals_valid: 1,
      states: { draft: 2 },
    });
    expect((await till.payrun('batch', 'show', 'nov')).stdout).toContain('1 of 2 approvals that it needs');
    expect(await approve('nov', 'john')).toMatchObject({ approvals: 2 });
    const states = async () => (await till.payrun('batch', 'show', 'nov', '--json')).json().data.states;
    expect(await states()).toEqual({ approved: 2 });
  });

  test('what the importer approved while none was required counts no more once one is', async () => {
    const till = await openTill();
    await till.importBatch('nov', GOOD, '--as', 'ravi');
    expect((await till.payrun('batch', 'approve', 'nov', '--as', 'ravi', '--json')).exit).toBe(0);
    const config = join(till.office.folder, 'payrun.toml');
    writeFileSync(config, `[approval]\nrequired = 1\n${readFileSync(config, 'utf8')}`);
    const refused = await till.payrun('batch', 'submit', 'nov', '--yes', '--json');
    expect([refused.exit, refused.json().error.code]).toEqual([1, 'approval_missing']);
    const { approvals } = (await till.payrun('batch', 'show', 'nov', '--json')).json().data;
    expect(approvals).toMatchObject([{ actor: 'ravi', valid: false }]);
  });

  test.each([
    [
      '[[approval.bands]]\nabove = "1,000"\nrequired = 1\n',
      2,
      'approval.bands.0.above: "1,000" has grouping',
    ],
    [
      '[[approval.bands]]\nabove = "1"\ncurrency = "INX"\nrequired = 1\n',
      3,
      'approval.bands.0.currency: "INX"',
    ],
    ['[[approval.bands]]\nabove = "1"\n', 1, 'approval.bands.0.required: is missing'],
    ['[[approval.bands]]\nabove = "1"\nrequired = 10\n', 3, 'approval.bands.0.required: Too big'],
    [
      '[approval]\nrequired = 2\nbands = [{ above = "1", required = 2 }]\n',
      3,
      'asks for 2, and every batch needs 2',
    ],
    [
      `${BANDS}\n[[approval.bands]]\nabove = "1000"\nrequired = 4\n`,
      13,
      'approval.bands.2.above: is not greater',
    ],
    [
      `${BANDS}\n[[approval.bands]]\nabove = "1001"\nrequired = 3\n`,
      14,
      'approval.bands.2.required: asks for no more',
    ],
    ['[[approval.bands]]\nabov = "1"\nrequired = 1\n', 2, 'unknown key "approval.bands.0.abov"'],
  ])('a configuration that contradicts itself is refused with its line: %j', async (toml, line, message) => {
    const folder = emptyFolder();
    writeFileSync(join(folder, 'payrun.toml'), toml);
    const ran = await runPayrun(['batch', 'list', '--json'], { cwd: folder });
    expect(ran.exit).toBe(2);
    expect(ran.json().error.message).toContain(`payrun.toml:${line}: `);
    expect(ran.json().error.message).toContain(message);
  });
});
