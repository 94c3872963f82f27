import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startSandbox } from '../../../src/sandbox/sandbox.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { runPayrun } from '../run-payrun.ts';

let cwd: string;
let sandbox: Awaited<ReturnType<typeof startSandbox>>;
const env = { NXT_API_KEY: 'sandbox-key', NXT_API_SECRET: 'sandbox-secret', PAYRUN_ACTOR: 'asha' };

// A batch with every kind of outcome; what the commands say of it is held against their schemas.
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'payrun-outputs-'));
  sandbox = await startSandbox({ settle_ms: 20 });
  const config = `[providers.nxt]\nkind = "nxtbanking"\nbase_url = "${sandbox.url}"\napi_key = { env = "NXT_API_KEY" }\napi_secret = { env = "NXT_API_SECRET" }\n`;
  const accounts = ['2001', '0001', '0002', '0004'].map(
    (ending, row) => `b-${row},Name ${row},5010001234${ending},HDFC0000060`,
  );
  const files = {
    'payrun.toml': config,
    'beneficiaries.csv': `beneficiary_ref,name,account_number,ifsc\n${accounts.join('\n')}\n`,
    'payouts.csv': `beneficiary_ref,amount\n${accounts.map((_, row) => `b-${row},${100 + row}.50`).join('\n')}\n`,
    'stranger.csv':
      'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at\n' +
      'po_x,not-ours,UTR9,ben_x,12.00,,,INR,IMPS,SUCCESS,,2026-11-20T10:00:00+05:30,2026-11-20T10:00:05+05:30\n',
    'opening.csv':
      'entry_ref,date,account,debit,credit,currency,description\n' +
      'opening,2026-11-01,assets:bank:axis,5000.00,,INR,Opening balance\n' +
      'opening,2026-11-01,equity:opening-balances,,5000.00,INR,Opening balance\n',
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(cwd, name), text);
});
afterAll(async () => {
  await sandbox.close();
  rmSync(cwd, { recursive: true });
});

/** In the order of a working day; each with the exit codes that this day can have. */
const DAY: readonly [string, string, ...number[]][] = [
  ['init', ''],
  ['beneficiary import', 'beneficiaries.csv'],
  ['beneficiary verify', '', 0, 3, 6],
  ['beneficiary list', ''],
  ['beneficiary show', 'b-0'],
  ['batch import', 'payouts.csv --name nov'],
  ['batch check', 'nov', 0, 3],
  ['batch approve', 'nov'],
  ['batch submit', 'nov --yes --wait 10s', 3],
  ['payout sync', '', 0, 3, 6],
  ['batch list', ''],
  ['batch show', 'nov'],
  ['batch export', 'nov'],
  ['payout list', ''],
  ['payout list', '--limit 2'],
  ['payout show', 'nov-000001'],
  ['payout explain', 'nov-000002'],
  ['payout retry', 'nov-000002 --yes', 0, 3, 6],
  ['provider list', ''],
  ['provider check', ''],
  ['provider balance', ''],
  ['provider report', '--date today'],
  ['payout list', '--format csv -o ours.csv'],
  ['provider report', '--date today -o report.csv'],
  ['reconcile', 'report.csv', 0, 3],
  ['reconcile', '', 0, 3],
  ['reconcile', 'report.csv --against ours.csv', 0, 3],
  ['reconcile', 'stranger.csv', 3],
  ['statement import', 'report.csv'],
  ['statement list', ''],
  ['statement show', '1'],
  ['break list', ''],
  ['break show', '1'],
  ['break resolve', '1 --reason timing --note checked'],
  ['break reopen', '1'],
  ['break export', ''],
  ['break export', '-o breaks.csv'],
  ['break apply', 'breaks.csv'],
  ['reconcile', '--fail-on age>30d --report day.html --report day.xml', 0],
  ['ledger record', 'opening.csv'],
  ['ledger accounts', ''],
  ['ledger balances', ''],
  ['ledger register', 'assets:providers:nxt:available'],
  ['ledger entry', '1'],
  ['ledger trial-balance', ''],
  ['ledger export', ''],
  ['ledger verify', ''],
  ['audit log', ''],
  ['audit head', ''],
  ['audit verify', ''],
  ['doctor', '', 0, 3],
  ['completion', 'bash'],
];

// One after the other: each stands on those before it.
test.each(DAY)('payrun %s %s says what its schema says', async (command, rest, ...exits) => {
  const args = `${command} ${rest}`.trim().split(' ');
  if (args.includes('-o')) {
    expect((await runPayrun(args, { cwd, env })).exit).toBe(0);
    return;
  }
  const ran = await runPayrun([...args, '--json'], { cwd, env });
  expect(ran.stderr).toBe('');
  await expectMatchesSchema(command, ran.json());
  expect(exits.length > 0 ? exits : [0], ran.stdout).toContain(ran.exit);
  expect(ran.json()).toMatchObject({ ok: true, exit_code: ran.exit });
});

test('a query has the same rows in json, ndjson and csv, and the same exit code', async () => {
  const json = await runPayrun(['payout', 'list', '--json'], { cwd, env });
  const ndjson = await runPayrun(['payout', 'list', '--format', 'ndjson'], { cwd, env });
  const csv = await runPayrun(['payout', 'list', '--format', 'csv'], { cwd, env });
  const table = await runPayrun(['payout', 'list'], { cwd, env });
  const { items } = json.json<{ items: { reference_id: string }[] }>().data;
  expect(items).toHaveLength(4);
  expect(ndjson.lines()).toEqual(items);
  expect(csv.stdout.trimEnd().split('\n')).toHaveLength(5);
  for (const { reference_id } of items) {
    expect(csv.stdout).toContain(reference_id);
    expect(table.stdout).toContain(reference_id);
  }
  expect([ndjson.exit, csv.exit, table.exit]).toEqual([json.exit, json.exit, json.exit]);
});
