import { expect, test } from 'vitest';
import { openTill, sandboxFor } from '../batch/till.ts';

test('a held look-alike names the other payout, and its reason is not called a failure', async () => {
  const till = await openTill({ url: (await sandboxFor()).url, toml: '[checks]\nlook_alikes = "hold"' });
  await till.importBatch('nov', 'beneficiary_ref,amount\nasha,100\n');
  await till.importBatch('dec', 'beneficiary_ref,amount\nasha,100\n', '--allow-duplicate-file');
  await till.payrun('batch', 'submit', 'nov', '--yes', '--json');
  const held = await till.payrun('batch', 'submit', 'dec', '--yes');
  expect([held.exit, held.stderr]).toEqual([
    3,
    '1 is held for a decision: payrun payout list --batch dec --state held\n',
  ]);
  const note = 'held, look_alike: nov-000001 in batch nov pays the same account the same amount';
  const shown = await till.payrun('payout', 'show', 'dec-000001');
  expect(shown.stdout).toMatch(new RegExp(`^reason +${note}$`, 'm'));
  expect(shown.stdout).not.toContain('failure reason');
  expect((await till.payrun('payout', 'show', 'dec-000001', '--json')).json().data.failure_reason).toBe(note);
});

test('one is one, fields are words, and a report is reconciled by its name', async () => {
  const till = await openTill({ url: (await sandboxFor()).url });
  await till.importBatch('nov', 'beneficiary_ref,amount\nasha,100\n');
  await till.payrun('beneficiary', 'verify', 'asha', '--json');
  await till.importBatch('dec', 'beneficiary_ref,amount\nasha,100\n', '--allow-duplicate-file');
  expect((await till.payrun('batch', 'check', 'dec')).stdout).toContain('\n1 finding\n');
  await till.payrun('batch', 'submit', 'nov', '--yes', '--json');
  const entry = await till.payrun('ledger', 'entry', '1');
  expect(entry.stdout).toMatch(/^booked on {5}\d{4}/m);
  const report = await till.payrun('provider', 'report', 'nxt', '--date', 'today', '-o', 'rep.csv');
  expect(report.stderr).toBe('1 row. Reconcile with: payrun reconcile rep.csv --provider nxt\n');
});
