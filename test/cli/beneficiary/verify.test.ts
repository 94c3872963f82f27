import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../../src/sandbox/sandbox.ts';
import { type Office, openOffice } from './office.ts';

const CREDENTIALS = { NXT_API_KEY: 'key-for-tests', NXT_API_SECRET: 'secret-for-tests' };

const sandboxes: Sandbox[] = [];
const servers: Server[] = [];
afterEach(async () => {
  await Promise.all(sandboxes.splice(0).map((sandbox) => sandbox.close()));
  for (const server of servers.splice(0)) server.close();
});

interface Item {
  beneficiary_ref: string;
  status: string;
  registered_name: string | null;
  name_matches: boolean | null;
  provider_beneficiary_id: string | null;
  failure_reason: string | null;
}

async function officeWith(options: SandboxOptions = {}): Promise<{ office: Office; sandbox: Sandbox }> {
  const sandbox = await startSandbox({
    api_key: CREDENTIALS.NXT_API_KEY,
    api_secret: CREDENTIALS.NXT_API_SECRET,
    settle_ms: 60_000,
    ...options,
  });
  sandboxes.push(sandbox);
  return { office: await officeAt(sandbox.url), sandbox };
}

async function officeAt(url: string, env: Readonly<Record<string, string>> = CREDENTIALS): Promise<Office> {
  const office = await openOffice(env);
  writeFileSync(
    join(office.folder, 'payrun.toml'),
    `[providers.nxt]\nkind = "nxtbanking"\nbase_url = "${url}"\nrequests_per_second = 0\ntimeout_ms = 5000\n` +
      'api_key = { env = "NXT_API_KEY" }\napi_secret = { env = "NXT_API_SECRET" }\n',
  );
  return office;
}

/** Beneficiaries by name; what their penny drop finds follows from the last digits. */
async function know(
  office: Office,
  accounts: Readonly<Record<string, string>>,
  ...flags: string[]
): Promise<void> {
  const rows = Object.entries(accounts).map(([ref, account]) => `${ref},Asha Verma,${account},HDFC0000001`);
  const content = ['beneficiary_ref,name,account_number,ifsc', ...rows].join('\n');
  const ran = await office.payrun(
    'beneficiary',
    'import',
    office.write('b.csv', content),
    '--json',
    ...flags,
  );
  if (ran.exit !== 0) throw new Error(ran.stdout);
}

async function verify(office: Office, ...args: string[]) {
  const ran = await office.payrun('beneficiary', 'verify', ...args, '--json');
  return { ran, items: ran.json<{ items: Item[] } | undefined>().data?.items ?? [] };
}

describe('beneficiary verify', () => {
  test('registers with the provider and tells what its penny drop found', async () => {
    const { office } = await officeWith();
    await know(office, { good: '501000001234' });
    const { ran, items } = await verify(office);
    expect(ran.exit).toBe(0);
    expect(items).toEqual([
      {
        beneficiary_ref: 'good',
        name: 'Asha Verma',
        registered_name: 'ASHA VERMA',
        name_matches: true,
        status: 'verified',
        provider_beneficiary_id: expect.any(String),
        failure_reason: null,
      },
    ]);
  });

  test('run again asks nothing about those that are verified', async () => {
    const { office, sandbox } = await officeWith();
    await know(office, { a: '501000001234', b: '501000001235' });
    const first = await verify(office);
    const requests = sandbox.stats().requests;
    const second = await verify(office);
    expect(second.items).toEqual(first.items);
    expect(sandbox.stats().requests).toBe(requests);
  });

  test('another registered name and a failed penny drop are findings', async () => {
    const { office } = await officeWith();
    await know(office, { fails: '501000000006', other: '501000000007' });
    const { ran, items } = await verify(office);
    expect(ran.exit).toBe(3);
    expect(items).toMatchObject([
      { beneficiary_ref: 'fails', status: 'failed', failure_reason: 'ACCOUNT_INVALID' },
      {
        beneficiary_ref: 'other',
        status: 'verified',
        registered_name: 'SUNRISE TRADERS',
        name_matches: false,
      },
    ]);
  });

  test('a penny drop that has not answered is open, and asked again the next time', async () => {
    const clock = { ms: Date.now() };
    const { office } = await officeWith({ now: () => new Date(clock.ms), token_seconds: 1_000_000 });
    await know(office, { late: '501000000008' });
    const first = await verify(office);
    expect([first.ran.exit, first.items[0]?.status]).toEqual([6, 'pending']);
    clock.ms += 601_000;
    const second = await verify(office, 'late');
    expect([second.ran.exit, second.items[0]?.status]).toEqual([0, 'verified']);
    expect(second.items[0]?.provider_beneficiary_id).toBe(first.items[0]?.provider_beneficiary_id);
  });

  test('pending weighs more than failed', async () => {
    const { office } = await officeWith();
    await know(office, { fails: '501000000006', late: '501000000008' });
    expect((await verify(office)).ran.exit).toBe(6);
  });

  test('an account that the provider knows already keeps its registration', async () => {
    const { office } = await officeWith();
    await know(office, { a: '501000001234' });
    const before = await verify(office);
    await office.ledger((database) =>
      database.transaction(async (tx) => void (await tx.run('delete from registrations'))),
    );
    const after = await verify(office);
    expect(after.items).toEqual(before.items);
  });

  test('after a change of bank details the new account is registered', async () => {
    const { office } = await officeWith();
    await know(office, { a: '501000001234' });
    const before = await verify(office);
    await know(office, { a: '501000004321' }, '--allow-changes');
    const after = await verify(office);
    expect(after.items[0]?.status).toBe('verified');
    expect(after.items[0]?.provider_beneficiary_id).not.toBe(before.items[0]?.provider_beneficiary_id);
  });

  test('wrong credentials and an unreachable provider are exit 5, and what was learned stays', async () => {
    const { office, sandbox } = await officeWith();
    await know(office, { a: '501000001234' });
    await verify(office);
    await know(office, { b: '501000001235' });
    await sandbox.close();
    sandboxes.length = 0;
    const { ran, items } = await verify(office);
    expect(ran.exit).toBe(5);
    expect(ran.json().warnings).toEqual([
      { code: 'provider_unreachable', message: expect.stringMatching(/\(ECONNREFUSED\): nxt at http:.*\.$/) },
    ]);
    expect(items.map((item) => item.status)).toEqual(['verified', 'unregistered']);

    const { sandbox: other } = await officeWith();
    const wrong = await officeAt(other.url, { ...CREDENTIALS, NXT_API_SECRET: 'wrong' });
    await know(wrong, { a: '501000001234' });
    const refused = await verify(wrong);
    expect(refused.ran.exit).toBe(5);
    expect(refused.ran.json().warnings.map((each) => each.code)).toEqual(['provider_credentials']);
  });

  test('a provider that asks to slow down is waited for', async () => {
    let refusals = 0;
    const url = await serve((path) => {
      if (path.endsWith('/auth/token')) return [200, { access_token: 't', expires_in: 3600 }];
      refusals += 1;
      if (refusals <= 2) return [429, { error: { code: 'RATE_LIMITED', message: 'slow down' } }];
      return [201, { beneficiary_id: 'ben_1', status: 'VERIFIED', registered_name: 'ASHA VERMA' }];
    });
    const office = await officeAt(url);
    await know(office, { a: '501000001234' });
    const { ran, items } = await verify(office);
    expect([ran.exit, items[0]?.status, refusals]).toEqual([0, 'verified', 3]);
  });

  test('details that the provider refuses are a finding, and tried again', async () => {
    let answers = 0;
    const url = await serve((path) => {
      if (path.endsWith('/auth/token')) return [200, { access_token: 't', expires_in: 3600 }];
      answers += 1;
      return [422, { error: { code: 'INVALID_IFSC', message: 'no such branch' } }];
    });
    const office = await officeAt(url);
    await know(office, { a: '501000001234' });
    for (const expected of [1, 2]) {
      const { ran, items } = await verify(office);
      expect([ran.exit, answers]).toEqual([3, expected]);
      expect(items[0]).toMatchObject({ status: 'failed', provider_beneficiary_id: null });
      expect(items[0]?.failure_reason).toContain('no such branch');
    }
  });

  test('a dry run sends nothing', async () => {
    const { office, sandbox } = await officeWith();
    await know(office, { a: '501000001234' });
    const { ran, items } = await verify(office, '-n');
    expect([ran.exit, items[0]?.status, sandbox.stats().requests]).toEqual([6, 'unregistered', 0]);
  });

  test('an unknown reference is an error before anything is asked', async () => {
    const { office, sandbox } = await officeWith();
    await know(office, { a: '501000001234' });
    const { ran } = await verify(office, 'a', 'nobody');
    expect([ran.exit, ran.json().error.code, sandbox.stats().requests]).toEqual([
      1,
      'beneficiary_unknown',
      0,
    ]);
  });

  test('many are registered side by side, each once', async () => {
    const { office } = await officeWith();
    const accounts = Object.fromEntries(
      Array.from({ length: 300 }, (_, index) => [`b${index}`, `50100${1_002_000 + index}`]),
    );
    await know(office, accounts);
    const { ran, items } = await verify(office);
    expect(ran.exit).toBe(0);
    expect(new Set(items.map((item) => item.provider_beneficiary_id)).size).toBe(300);
  });

  test('one id for two accounts is taken for the first only, also in a later run', async () => {
    const office = await officeAt(
      await serve((path) =>
        path.endsWith('/auth/token')
          ? [200, { access_token: 't', expires_in: 3600 }]
          : [201, { beneficiary_id: 'ben_1', status: 'VERIFIED', registered_name: 'ASHA VERMA' }],
      ),
    );
    await know(office, { a: '501000001234', b: '501000005678' });
    expect((await verify(office, 'a')).ran.exit).toBe(0);
    const { items } = await verify(office);
    expect(items).toMatchObject([
      { beneficiary_ref: 'a', status: 'verified', provider_beneficiary_id: 'ben_1' },
      {
        beneficiary_ref: 'b',
        status: 'failed',
        provider_beneficiary_id: null,
        failure_reason: 'the provider calls this account ben_1, which is the account of a',
      },
    ]);
    await know(office, { c: '501000009876', d: '501000009875' });
    for (const item of (await verify(office, 'c', 'd')).items)
      expect(item).toMatchObject({ status: 'failed', provider_beneficiary_id: null });
  });

  test('two names for one account may share its id', async () => {
    const office = await officeAt(
      await serve((path) =>
        path.endsWith('/auth/token')
          ? [200, { access_token: 't', expires_in: 3600 }]
          : [201, { beneficiary_id: 'ben_1', status: 'VERIFIED', registered_name: 'ASHA VERMA' }],
      ),
    );
    await know(office, { a: '501000001234', b: '501000001234' });
    const { items } = await verify(office);
    expect(items.map((item) => item.provider_beneficiary_id)).toEqual(['ben_1', 'ben_1']);
  });

  test('an account that turns out to be another one when it is asked about again loses its id', async () => {
    const office = await officeAt(
      await serve((path) => {
        if (path.endsWith('/auth/token')) return [200, { access_token: 't', expires_in: 3600 }];
        if (path.endsWith('/beneficiaries')) return [201, { beneficiary_id: 'ben_1', status: 'PENDING' }];
        return [200, { beneficiary_id: 'ben_1', status: 'VERIFIED', account_last4: '0000' }];
      }),
    );
    await know(office, { a: '501000001234' });
    await verify(office);
    const { items } = await verify(office);
    expect(items).toMatchObject([{ status: 'failed', provider_beneficiary_id: null }]);
    expect(items[0]?.failure_reason).toContain('is another account');
  });
});

async function serve(answer: (path: string) => [number, object]): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const [status, body] = answer(request.url ?? '');
      response.writeHead(status, { 'content-type': 'application/json', 'retry-after': '0' });
      response.end(JSON.stringify(body));
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
