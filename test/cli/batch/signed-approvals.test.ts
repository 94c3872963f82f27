import { generateKeyPairSync } from 'node:crypto';
import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { emptyFolder } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { type Ran, runPayrun } from '../run-payrun.ts';
import { CREDENTIALS, openTill, type Till } from './till.ts';

const CSV = 'beneficiary_ref,amount,reference_id\nasha,100.00,a-1\nbina,250.5,a-2\n';
const DAY_MS = 86_400_000;

/** Approvers' keys, in a folder without ledger and configuration: the machine on which they sign. */
const away = emptyFolder();
const toml: Record<string, string> = {};

async function sign(statement: string, key: string, now = new Date()): Promise<Ran> {
  writeFileSync(join(away, 'statement.txt'), statement);
  return runPayrun(['batch', 'approve', '--sign', 'statement.txt', '--key', `${key}.key`], {
    cwd: away,
    now: () => now,
  });
}

beforeAll(async () => {
  for (const name of ['asha', 'meera', 'meera-new', 'ravi', 'mallory']) {
    const ran = await runPayrun(
      ['key', 'new', '--approval', '--name', name.replace('-new', ''), '-o', `${name}.key`],
      { cwd: away },
    );
    expect(ran.exit, ran.stderr).toBe(0);
    toml[name] = ran.stdout;
  }
});

/** A ledger where ravi imported `nov`, and two approvals with keys of asha, meera or ravi are needed. */
async function openDesk(
  more = '',
  { own_ledger = false } = {},
): Promise<Till & { statement(batch: string, who: string, ...flags: string[]): Promise<string> }> {
  const keys = ['asha', 'meera', 'meera-new', 'ravi'].map((name) => toml[name]).join('\n');
  const till = await openTill({ toml: `[approval]\nrequired = 2\n${keys}\n${more}`, own_ledger });
  const imported = await till.importBatch('nov', CSV, '--as', 'ravi');
  expect(imported.exit, imported.stdout).toBe(0);
  return {
    ...till,
    statement: async (batch, who, ...flags) => {
      const ran = await till.payrun('batch', 'approve', batch, '--statement', '--as', who, ...flags);
      expect(ran.exit, ran.stderr).toBe(0);
      return ran.stdout;
    },
  };
}

async function take(till: Till, signed: string, batch = 'nov', now = new Date()): Promise<Ran> {
  till.office.write('taken.sig', signed);
  return runPayrun(['batch', 'approve', batch, '--signature', 'taken.sig', '--json'], {
    cwd: till.office.folder,
    env: CREDENTIALS,
    now: () => now,
  });
}

async function approvalsOf(till: Till, batch = 'nov') {
  const { data } = (await till.payrun('batch', 'show', batch, '--json')).json();
  return data as {
    approvals_valid: number;
    approvals: { actor: string; valid: boolean; void_reason: string }[];
  };
}

async function submitCode(till: Till, now = new Date()): Promise<string | undefined> {
  const ran = await runPayrun(['batch', 'submit', 'nov', '--yes', '--json'], {
    cwd: till.office.folder,
    env: CREDENTIALS,
    now: () => now,
  });
  return ran.json().error?.code;
}

describe('key new --approval', () => {
  test('writes the private half for its owner alone, and prints what the configuration takes', async () => {
    expect(statSync(join(away, 'asha.key')).mode & 0o777).toBe(0o600);
    expect(toml.asha).toMatch(/^\[\[approval\.keys\]\]\nname = "asha"\npublic_key = "MCow[^"]+"\n$/);
    const args = ['key', 'new', '--approval', '--name', 'asha', '-o'];
    const before = readFileSync(join(away, 'asha.key'), 'utf8');
    for (const name of ['asha.key', 'statement.txt']) {
      writeFileSync(join(away, 'statement.txt'), 'kept');
      const again = await runPayrun([...args, name, '--json'], { cwd: away });
      expect([again.exit, again.json().error.code]).toEqual([2, 'output_refused']);
    }
    expect(readFileSync(join(away, 'asha.key'), 'utf8')).toBe(before);
    const fresh = await runPayrun([...args, 'fresh.pem', '--json'], { cwd: away });
    await expectMatchesSchema('key new', fresh.json());
    expect(fresh.stdout + fresh.stderr).not.toContain(
      readFileSync(join(away, 'fresh.pem'), 'utf8').split('\n')[1],
    );
  });

  test.each([
    [['--approval', '--name', 'a\nb', '-o', 'x.key'], 'option_invalid'],
    [['--approval', '--name', 'asha'], 'usage'],
    [['-o', 'x.key'], 'usage'],
  ])('refuses %j', async (flags, code) => {
    const ran = await runPayrun(['key', 'new', ...flags, '--json'], { cwd: away });
    expect([ran.exit, ran.json().error.code]).toEqual([2, code]);
  });
});

describe('an approval that was signed elsewhere', () => {
  test('counts with its approver’s name, is proven again before sending, and its key can be withdrawn', async () => {
    const desk = await openDesk();
    const word = await desk.payrun('batch', 'approve', 'nov', '--as', 'asha', '--json');
    expect([word.exit, word.json().error.code]).toEqual([1, 'approval_unsigned']);
    const signed = await sign(await desk.statement('nov', 'asha'), 'asha');
    expect(signed.stderr).toMatch(
      /Signed the approval of asha with the key.*2 payouts, 350\.50 INR, batch nov \(number 1, imported by ravi\)/s,
    );
    const taken = await take(desk, signed.stdout);
    expect(taken.json().data).toMatchObject({ approvals: 1, required: 2 });
    await expectMatchesSchema('batch approve', taken.json());
    expect((await take(desk, signed.stdout)).json().data).toMatchObject({ approvals: 1 });
    expect(await submitCode(desk)).toBe('approval_missing');
    await take(desk, (await sign(await desk.statement('nov', 'meera'), 'meera')).stdout);
    expect(await approvalsOf(desk)).toMatchObject({
      approvals_valid: 2,
      approvals: [
        { actor: 'asha', signed: true, valid: true },
        { actor: 'meera', signed: true, valid: true },
      ],
    });
    // Nothing listens at the provider's address: to have come so far, the approvals were enough.
    expect(await submitCode(desk)).toBeUndefined();
    const config = join(desk.office.folder, 'payrun.toml');
    writeFileSync(config, readFileSync(config, 'utf8').replace(toml.asha ?? '', ''));
    expect(await submitCode(desk)).toBe('approval_missing');
    const doctor = (await desk.payrun('doctor', '--json')).json<{ items: { check: string; ok: string }[] }>();
    expect(doctor.data.items).toContainEqual(expect.objectContaining({ check: 'approvers', ok: 'yes' }));
    writeFileSync(config, readFileSync(config, 'utf8').replace('required = 2', 'required = 3'));
    const short = (await desk.payrun('doctor', '--json')).json<{ items: { check: string; ok: string }[] }>();
    expect(short.data.items).toContainEqual(expect.objectContaining({ check: 'approvers', ok: 'no' }));
    expect((await approvalsOf(desk)).approvals[0]?.void_reason).toBe('the configuration has no key of asha');
    const log = (await desk.payrun('audit', 'log', '--subject', 'nov', '--json')).json<{
      items: unknown[];
    }>();
    expect(log.data.items).toMatchObject([
      { action: 'batch_imported' },
      { action: 'batch_approved', actor: 'asha', details: { taken_in_by: 'tester' } },
      { action: 'batch_approved', actor: 'meera' },
    ]);
  });

  test('is void where the row that holds it was edited, or counts for whom it was signed and nobody else', async () => {
    const desk = await openDesk();
    for (const who of ['asha', 'meera'])
      await take(desk, (await sign(await desk.statement('nov', who), who)).stdout);
    const edit = (sql: string) => desk.office.ledger((database) => database.transaction((tx) => tx.run(sql)));
    await edit("update approvals set actor = 'john' where actor = 'meera'");
    expect((await approvalsOf(desk)).approvals.map(({ actor, valid }) => [actor, valid])).toEqual([
      ['asha', true],
      ['meera', true],
    ]);
    await edit(
      "update approvals set signed_statement = replace(signed_statement, 'rows: 2', 'rows: 3') where actor = 'john'",
    );
    await edit(
      "insert into approvals (batch_id, digest, row_count, amount_minor, actor, os_user, host, approved_at) select batch_id, digest, row_count, amount_minor, 'meera', os_user, host, approved_at from approvals where actor = 'asha'",
    );
    await edit(
      "insert into approvals (batch_id, digest, row_count, amount_minor, actor, os_user, host, approved_at, signed_statement) select batch_id, digest, row_count, amount_minor, 'meera', os_user, host, approved_at, signed_statement from approvals where actor = 'asha'",
    );
    const { approvals, approvals_valid } = await approvalsOf(desk);
    expect(approvals.map(({ void_reason }) => void_reason)).toEqual([
      null,
      'it is for 3 rows, and the batch has 2',
      'it is not signed',
      'the same person approved it before',
    ]);
    expect(approvals_valid).toBe(1);
    expect(await submitCode(desk)).toBe('approval_missing');
  });

  test('is void once bank details change, also where the change is taken back', async () => {
    const desk = await openDesk();
    const signed = (await sign(await desk.statement('nov', 'asha'), 'asha')).stdout;
    await take(desk, signed);
    const header = 'beneficiary_ref,name,account_number,ifsc\n';
    const change = async (account: string) => {
      desk.office.write('moved.csv', `${header}asha,Asha Rao,${account},HDFC0000001\n`);
      expect((await desk.payrun('beneficiary', 'import', 'moved.csv', '--allow-changes')).exit).toBe(0);
    };
    await change('100000099999');
    const moved = await take(desk, signed);
    expect([moved.exit, moved.json().error.code]).toEqual([4, 'approval_void']);
    expect(moved.json().error.message).toContain('the batch changed after it was stated');
    await change('100000011111');
    expect((await take(desk, signed)).json().error.message).toContain('it was voided at');
    expect((await approvalsOf(desk)).approvals_valid).toBe(0);
    expect((await take(desk, (await sign(await desk.statement('nov', 'asha'), 'asha')).stdout)).exit).toBe(0);
  });

  test('ends with its time: at the taking in and before sending, until a later one is given', async () => {
    const desk = await openDesk();
    const statements = [
      await desk.statement('nov', 'asha', '--valid-for', '2d'),
      await desk.statement('nov', 'meera'),
    ];
    const [two, seven] = [
      (await sign(statements[0] ?? '', 'asha')).stdout,
      (await sign(statements[1] ?? '', 'meera')).stdout,
    ];
    const later = new Date(Date.now() + 3 * DAY_MS);
    expect((await take(desk, two, 'nov', later)).json().error.message).toContain('it expired at');
    expect((await take(desk, two, 'nov', new Date(Date.now() - DAY_MS))).json().error.message).toContain(
      'in the future',
    );
    await take(desk, two);
    await take(desk, seven);
    expect(await submitCode(desk, later)).toBe('approval_missing');
    await take(desk, (await sign(await desk.statement('nov', 'asha'), 'asha')).stdout);
    expect(await submitCode(desk, later)).toBeUndefined();
    const late = await sign(statements[0] ?? '', 'asha', later);
    expect([late.exit, late.stdout]).toEqual([4, '']);
    for (const duration of ['0d', '91d', 'soon'])
      expect(
        (await desk.payrun('batch', 'approve', 'nov', '--statement', '--as', 'asha', '--valid-for', duration))
          .exit,
      ).toBe(2);
  });
});

describe('an approval that is not one', () => {
  let desk: Awaited<ReturnType<typeof openDesk>>;
  let asha: string;
  beforeAll(async () => {
    desk = await openDesk();
    await desk.importBatch('dec', 'beneficiary_ref,amount\nasha,5\n', '--as', 'ravi');
    asha = await desk.statement('nov', 'asha');
  });

  const refused = async (signed: string, code: string, message: string, batch = 'nov') => {
    const ran = await take(desk, signed, batch);
    expect(ran.json().error).toMatchObject({ code });
    expect(ran.json().error.message).toContain(message);
    expect(ran.exit).toBe(code === 'approver_is_importer' ? 1 : 4);
    expect((await approvalsOf(desk)).approvals).toEqual([]);
  };

  test('signed with the key of another, by name or by hand', async () => {
    await refused((await sign(asha, 'mallory')).stdout, 'approval_void', 'its signature is not asha');
    await refused((await sign(asha, 'meera')).stdout, 'approval_void', 'its signature is not asha');
    const mallory = (await sign(asha.replace('approver: asha', 'approver: mallory'), 'mallory')).stdout;
    await refused(mallory, 'approval_void', 'the configuration has no key of mallory');
  });

  test('by who imported the batch', async () => {
    await refused(
      (await sign(await desk.statement('nov', 'ravi'), 'ravi')).stdout,
      'approver_is_importer',
      'ravi imported',
    );
    const renamed = asha
      .replace('imported by: ravi', 'imported by: john')
      .replace('approver: asha', 'approver: ravi');
    await refused((await sign(renamed, 'ravi')).stdout, 'approval_void', 'the batch changed');
  });

  test('edited after it was signed, or signed after it was edited', async () => {
    const signed = (await sign(asha, 'asha')).stdout;
    await refused(
      signed.replace('approver: asha', 'approver: meera'),
      'approval_void',
      'its signature is not meera',
    );
    await refused(signed.replaceAll('\n', '\r\n'), 'approval_unreadable', 'CRLF');
    await refused(signed.replace('rows: 2', 'rows: 2\nrows: 3'), 'approval_unreadable', 'line 10');
    await refused(asha, 'approval_unreadable', 'no last line');
    await refused(
      (await sign(asha.replace('350.50', '350.51'), 'asha')).stdout,
      'approval_void',
      'a total of 350.51 INR',
    );
    const unread = await sign(asha.replaceAll('\n', '\r\n'), 'asha');
    expect([unread.exit, unread.stdout]).toEqual([4, '']);
  });

  test('of another batch, or of a batch of the same name in another ledger', async () => {
    await refused(
      (await sign(await desk.statement('dec', 'asha'), 'asha')).stdout,
      'approval_void',
      'for batch dec',
    );
    const other = await openDesk('', { own_ledger: true });
    await refused(
      (await sign(await other.statement('nov', 'asha'), 'asha')).stdout,
      'approval_void',
      'another ledger',
    );
  });

  test('a page that is too long, or no text', async () => {
    await refused('x'.repeat(5000), 'approval_unreadable', 'it has 5000 bytes');
    desk.office.write('bytes.sig', new Uint8Array([0xff, 0xfe]));
    const ran = await desk.payrun('batch', 'approve', 'nov', '--signature', 'bytes.sig', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([4, 'approval_unreadable']);
  });

  test('two keys of one person are one approver, and one key has one owner', async () => {
    const own = await openDesk();
    await take(own, (await sign(await own.statement('nov', 'meera'), 'meera')).stdout);
    await take(own, (await sign(await own.statement('nov', 'meera'), 'meera-new')).stdout);
    const { approvals, approvals_valid } = await approvalsOf(own);
    expect(approvals.map(({ void_reason }) => void_reason)).toEqual([
      null,
      'the same person approved it before',
    ]);
    expect(approvals_valid).toBe(1);
  });

  test.each([
    ['rsa', () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey],
    ['ec', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey],
    ['ed448', () => generateKeyPairSync('ed448').privateKey],
  ])('a key of %s signs nothing', async (name, make) => {
    writeFileSync(join(away, `${name}.key`), make().export({ type: 'pkcs8', format: 'pem' }), {
      mode: 0o600,
    });
    const ran = await sign(asha, name);
    expect([ran.exit, ran.stdout]).toEqual([2, '']);
    expect(ran.stderr).toContain('does not hold an approver');
  });

  test('a key that others can read signs nothing', async () => {
    writeFileSync(join(away, 'open.key'), readFileSync(join(away, 'asha.key')));
    chmodSync(join(away, 'open.key'), 0o640);
    expect((await sign(asha, 'open')).exit).toBe(2);
  });

  test('who says no at the terminal signs nothing, and a dry run neither', async () => {
    writeFileSync(join(away, 'asked.txt'), asha);
    const words = ['batch', 'approve', '--sign', 'asked.txt', '--key', 'asha.key'];
    const no = await runPayrun(words, { cwd: away, tty: true, stdin: 'n\n' });
    expect([no.exit, no.stdout]).toEqual([1, '']);
    expect(no.stderr).toContain('Sign as asha: 2 payouts, 350.50 INR');
    const dry = await runPayrun([...words, '--dry-run'], { cwd: away });
    expect(dry.stdout).toBe(asha);
  });
});

describe('batch approve --check', () => {
  const check = (folder: string, ...args: string[]) =>
    runPayrun(['batch', 'approve', '--json', ...args], { cwd: folder });

  test('needs the configuration, the signatures and the payout file, and no ledger', async () => {
    const desk = await openDesk();
    const ci = emptyFolder();
    const config = readFileSync(join(desk.office.folder, 'payrun.toml'), 'utf8');
    writeFileSync(join(ci, 'payrun.toml'), config);
    writeFileSync(join(ci, 'nov.csv'), CSV);
    writeFileSync(join(ci, 'other.csv'), CSV.replaceAll('\n', '\r\n'));
    for (const who of ['asha', 'meera', 'ravi'])
      writeFileSync(join(ci, `${who}.sig`), (await sign(await desk.statement('nov', who), who)).stdout);
    const both = ['--check', 'asha.sig', '--check', 'meera.sig'];
    const good = await check(ci, ...both, '--payouts', 'nov.csv');
    expect(good.exit, good.stdout).toBe(0);
    await expectMatchesSchema('batch approve', good.json());
    expect(good.json().data).toMatchObject({
      batch: 'nov',
      rows: 2,
      amount: '350.50',
      approvals: 2,
      required: 2,
    });
    for (const [args, approvals, reason] of [
      [['--check', 'asha.sig'], 1, null],
      [['--check', 'asha.sig', '--check', 'asha.sig'], 1, 'the same person approved it before'],
      [[...both, '--payouts', 'other.csv'], 0, 'other.csv is another file than was approved'],
      [[...both, '--check', 'ravi.sig'], 2, 'who imported a batch cannot approve it'],
    ] as const) {
      const bad = await check(ci, ...args);
      const { data } = bad.json<{ approvals: number; items: { void_reason: string | null }[] }>();
      expect([bad.exit, data.approvals, data.items.at(-1)?.void_reason]).toEqual([3, approvals, reason]);
    }
    writeFileSync(
      join(ci, 'payrun.toml'),
      config.replace(toml.meera ?? '', '').replace(toml['meera-new'] ?? '', ''),
    );
    expect((await check(ci, ...both)).exit).toBe(3);
    const edited = readFileSync(join(ci, 'asha.sig'), 'utf8').replace('version 1', 'version 2');
    writeFileSync(join(ci, 'asha.sig'), edited);
    const unread = await check(ci, ...both);
    expect([unread.exit, unread.json().error.code]).toEqual([4, 'approval_unreadable']);
  });
});
