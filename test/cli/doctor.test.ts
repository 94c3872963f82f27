import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTill, sandboxFor } from './batch/till.ts';
import { emptyFolder } from './beneficiary/office.ts';
import { expectMatchesSchema } from './expect-matches-schema.ts';
import { runPayrun } from './run-payrun.ts';

interface Checks {
  items: { check: string; ok: string; detail: string }[];
}

const verdicts = (data: Checks) => Object.fromEntries(data.items.map(({ check, ok }) => [check, ok]));

describe('doctor', () => {
  test('finds nothing wrong where nothing is', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    const ran = await till.payrun('doctor', '--json');
    await expectMatchesSchema('doctor', ran.json());
    expect(ran.json<Checks>().data.items.filter(({ ok }) => ok !== 'yes')).toEqual([]);
    expect(ran.exit).toBe(0);
    expect(Object.keys(verdicts(ran.json<Checks>().data))).toEqual([
      'node',
      'sqlite',
      'config',
      'key',
      'ledger',
      'ledger mode',
      'ledger key',
      'ledger file',
      'books',
      'time zone',
      'provider nxt',
      'provider nxt credentials',
      'provider nxt clock',
      'provider nxt balance',
    ]);
  });

  test('goes on after each failure, and says every one', async () => {
    const till = await openTill();
    chmodSync(join(till.office.folder, 'payrun.key'), 0o644);
    chmodSync(join(till.office.folder, 'payrun.db'), 0o644);
    const ran = await till.payrun('doctor', '--json');
    expect(ran.exit).toBe(3);
    expect(verdicts(ran.json<Checks>().data)).toMatchObject({
      key: 'no',
      'ledger mode': 'no',
      'ledger key': 'no',
      'ledger file': 'yes',
      books: 'yes',
      'provider nxt': 'no',
      'provider nxt credentials': 'unknown',
    });
  });

  test('credentials that are not there are one of its findings, in one document', async () => {
    const till = await openTill();
    const ran = await runPayrun(['doctor', '--json'], { cwd: till.office.folder, env: {} });
    expect(ran.exit).toBe(3);
    expect(ran.stdout.trim().split('\n')).toHaveLength(1);
    expect(ran.json<Checks>().data.items).toContainEqual(
      expect.objectContaining({
        check: 'provider nxt',
        ok: 'no',
        detail: '[providers.nxt] api_key is not set: the environment has no NXT_API_KEY.',
      }),
    );
  });

  test('a ledger that was changed by hand does not pass', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    await till.office.ledger((database) =>
      database.transaction(async (tx) => {
        await tx.run('drop trigger audit_events_stay');
        await tx.run(
          "insert into audit_events (at, actor, os_user, host, action, subject_kind, subject, details) values ('2026', 'x', 'x', 'x', 'x', 'x', 'x', '{}')",
        );
      }),
    );
    const ran = await till.payrun('doctor', '--json');
    expect(verdicts(ran.json<Checks>().data).books).toBe('no');
  });

  test('a clock that is far off is named', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    const ran = await runPayrun(['doctor', '--json'], {
      cwd: till.office.folder,
      env: { NXT_API_KEY: 'key-for-tests', NXT_API_SECRET: 'secret-for-tests' },
      now: () => new Date(Date.now() + 600_000),
    });
    expect(verdicts(ran.json<Checks>().data)['provider nxt clock']).toBe('no');
  });

  test('works without a configuration, and with one that does not parse', async () => {
    const nothing = await runPayrun(['doctor', '--json'], { cwd: emptyFolder() });
    expect(nothing.exit).toBe(3);
    expect(verdicts(nothing.json<Checks>().data)).toMatchObject({ node: 'yes', sqlite: 'yes', config: 'no' });
    const till = await openTill();
    const file = join(till.office.folder, 'payrun.toml');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n[`);
    expect(verdicts((await till.payrun('doctor', '--json')).json<Checks>().data).config).toBe('no');
  });
});
