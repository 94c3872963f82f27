/** A batch `night` of a few rows against the sandbox, with hands on its clock, its answers and what runs beside it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import { refusal } from '../../src/sandbox/answer.ts';
import { type Faults, GO_ON } from '../../src/sandbox/faults.ts';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { runPayrun } from '../cli/run-payrun.ts';

const ENV = { NXT_API_KEY: 'sandbox-key', NXT_API_SECRET: 'sandbox-secret' };
export const SUBMIT = ['batch', 'submit', 'night', '--yes', '--json'];
export const HOUR_MS = 3_600_000;

interface Desk {
  folder: string;
  sandbox: Sandbox;
  run(...args: string[]): ReturnType<typeof runPayrun>;
  states(...args: string[]): Promise<unknown>;
  write(name: string, text: string): void;
  configure(url: string): void;
  /** As a provider's word that came in by another process would have it. */
  sql(text: string): void;
  /** Moves the clock of the commands and the sandbox's. */
  pass(ms: number): void;
  now(): Date;
}

/** A draft of these rows as the batch `night`; b-2 has closed its account, and b-4's is refused at submission, b-5's has another name, b-6's stays on its way, b-7's comes back. */
export async function desk(
  rows: readonly string[],
  faults: Partial<Faults>,
  { more = '', ...options }: SandboxOptions & { more?: string } = {},
): Promise<Desk> {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-meanwhile-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  let passedMs = 0;
  const now = () => new Date(Date.now() + passedMs);
  const sandbox = await startSandbox({
    now,
    faults: { before: async () => GO_ON, after: async () => GO_ON, ...faults },
    settle_ms: 0,
    ...options,
  });
  onTestFinished(() => sandbox.close());
  const run = (...args: string[]) => runPayrun(args, { cwd: folder, env: ENV, haste: 10, now });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const configure = (url: string) =>
    write(
      'payrun.toml',
      `[providers.nxt]
kind = "nxtbanking"
base_url = "${url}"
api_key = { env = "NXT_API_KEY" }
api_secret = { env = "NXT_API_SECRET" }
requests_per_second = 0
concurrency = 1
${more}
`,
    );
  configure(sandbox.url);
  write(
    'beneficiaries.csv',
    [
      'b-1,Asha Rao,501007777',
      'b-2,Ravi Rao,501000001',
      'b-3,Mina Rao,501007779',
      'b-4,Tara Rao,501000005',
      'b-5,Uma Rao,501000007',
      'b-6,Ela Rao,501000003',
      'b-7,Isha Rao,501000004',
    ].reduce((text, row) => `${text}${row},HDFC0000001\n`, 'beneficiary_ref,name,account_number,ifsc\n'),
  );
  write('payouts.csv', ['beneficiary_ref,amount', ...rows, ''].join('\n'));
  for (const args of [
    ['init'],
    ['beneficiary', 'import', 'beneficiaries.csv'],
    ['batch', 'import', 'payouts.csv', '--name', 'night'],
  ])
    expect((await run(...args)).exit).toBe(0);
  const sql = (text: string) => {
    const connection = new SqliteDatabase(join(folder, 'payrun.db'));
    connection.exec(text);
    connection.close();
  };
  const states = async (...args: string[]) => (await run(...args)).json().data.states;
  return { folder, sandbox, run, states, write, configure, sql, pass: (ms) => (passedMs += ms), now };
}

export const isSend = ({ method, path }: { method: string; path: string }) =>
  method === 'POST' && path.endsWith('/payouts');

export const refuse = (status: number, code: string) =>
  ({ act: 'answer', answer: refusal(status, code, 'not now') }) as const;
