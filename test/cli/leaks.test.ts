/**
 * A whole day at the command line, at a provider that answers with everything that goes wrong: afterwards no file but
 * the ones that came in and the keys' own holds an account number, an address, a name of a mailbox or a secret, in
 * whatever spelling, and nothing that was printed does.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import type { Signal } from '../../src/cli/world.ts';
import { emptyFolder } from './beneficiary/office.ts';
import { type Ran, runPayrun } from './run-payrun.ts';
import { deliver, told } from './webhook/desk.ts';

// The last four digits are what the sandbox goes by; they, and only they, may be shown.
const ACCOUNTS = ['7110044455567788', '711004440001', '7110044450002', '71100444560004', '711004445650005'];
const VPAS = ['canary.seven77@okbank', '9811004477@ybl'];
const CONTACTS = ['canary.mailbox@example.in', '+919811004466'];
const SECRETS = {
  NXT_API_KEY: 'canary-key-4f1d0c6a9b',
  NXT_API_SECRET: 'canary-secret-92be77d1c0',
  NXT_WEBHOOK_SECRET: 'canary-hook-5a08c4e3f7',
};
const ENV = {
  ...SECRETS,
  PAYRUN_ACTOR: 'ravi',
  PAYRUN_SANDBOX_API_KEY: SECRETS.NXT_API_KEY,
  PAYRUN_SANDBOX_API_SECRET: SECRETS.NXT_API_SECRET,
  PAYRUN_SANDBOX_WEBHOOK_SECRET: SECRETS.NXT_WEBHOOK_SECRET,
};

const PEOPLE = `beneficiary_ref,name,account_number,ifsc,vpa,email,phone
${ACCOUNTS.map((account, index) => `b${index},Person ${index},${account},HDFC0000060,,${index === 0 ? CONTACTS.join(',') : ','}`).join('\n')}
${VPAS.map((vpa, index) => `v${index},Holder ${index},,,${vpa},,`).join('\n')}
`;
const PAYOUTS = `beneficiary_ref,amount\n${[...ACCOUNTS.map((_, at) => `b${at}`), 'v0', 'v1', 'b0', 'v0'].map((ref, at) => `${ref},${100 + at}.50`).join('\n')}\n`;
const BANK = 'Day,Text,Reason,Out,In\n';

/** What came in: these may hold what they like. */
const INPUTS = [
  ...['people.csv', 'spoiled.csv', 'moved.csv', 'payouts.csv', 'more.csv'],
  ...['bank.csv', 'slipped.csv', 'event.json', 'their-report.csv'],
];
const KEYS = ['payrun.key', 'asha.key'];

/** Every spelling in which a text could have been kept. */
function spellings(text: string): string[] {
  const bytes = Buffer.from(text);
  // Within base64 a text stands at one of three places; its first and last letters mix with what is beside it.
  const base64 = [0, 1, 2].map((shift) =>
    Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(shift === 0 ? 0 : shift + 1, -2),
  );
  const grouped = /^\+?\d+$/.test(text)
    ? [' ', '-', '\u00a0'].flatMap((gap) =>
        [3, 4].map((size) => text.replace(new RegExp(`\\d{${size}}(?=\\d)`, 'g'), (group) => group + gap)),
      )
    : [];
  return [
    text,
    ...grouped,
    ...base64,
    ...base64.map((each) => each.replaceAll('+', '-').replaceAll('/', '_')),
    bytes.toString('hex'),
    bytes.toString('hex').toUpperCase(),
    encodeURIComponent(text),
    [...text].reverse().join(''),
    // Half of it is half of a secret.
    text.slice(0, Math.ceil(text.length * 0.7)),
  ];
}

function leaks(text: string, canaries: readonly string[]): string[] {
  const folded = text.toLowerCase();
  return canaries.filter((canary) => spellings(canary).some((each) => folded.includes(each.toLowerCase())));
}

interface Session {
  folder: string;
  run(...args: string[]): Promise<Ran>;
  /** A server that ends with the session; the first line that it wrote. */
  serve(...args: string[]): Promise<string>;
  end(): Promise<void>;
  /** All that was printed, by the words that printed it. */
  printed: Map<string, string>;
}

function openSession(): Session {
  const folder = emptyFolder();
  const printed = new Map<string, string>();
  const servers: (() => Promise<unknown>)[] = [];
  const keep = (words: string, text: string) => printed.set(words, (printed.get(words) ?? '') + text);
  return {
    folder,
    printed,
    run: async (...args) => {
      const ran = await runPayrun([...args, '-v'], { cwd: folder, env: ENV });
      keep(args.join(' '), ran.stdout + ran.stderr);
      expect([70, 2], ran.stderr + ran.stdout).not.toContain(ran.exit);
      return ran;
    },
    serve: async (...args) => {
      let send: (signal: Signal) => void = () => undefined;
      let out = '';
      const ended = runPayrun([...args, '-v'], {
        cwd: folder,
        env: ENV,
        onSignals: (given) => {
          send = given;
        },
        onOutput: (text, stream) => {
          keep(args.join(' '), text);
          if (stream === 'stdout') out += text;
        },
      });
      servers.push(() => {
        send('SIGTERM');
        return ended;
      });
      await vi.waitFor(() => expect(out).toContain('\n'), { timeout: 10_000 });
      return out.split('\n')[0] ?? '';
    },
    end: async () => {
      for (const stop of servers.splice(0)) await stop();
    },
  };
}

/** At a provider that fails half of what it is asked, most things are asked again. */
async function untilDone(run: () => Promise<Ran>, times: number): Promise<Ran> {
  let ran = await run();
  for (let turn = 1; turn < times && (ran.exit === 5 || ran.exit === 6); turn += 1) ran = await run();
  return ran;
}

async function setUp({ folder, run, serve }: Session): Promise<void> {
  await run('init');
  const provider = await serve(
    ...['sandbox', 'serve', '--port', '0', '--settle', '5ms', '--seed', '1'],
    ...['--chaos', 'heavy', '--fault', 'echo-text=0.2', '--fault', 'echo-beneficiary=0.05'],
  );
  const config = join(folder, 'payrun.toml');
  const text = readFileSync(config, 'utf8')
    .replace('http://127.0.0.1:4010', provider)
    .replace('# timeout_ms = 150000', 'timeout_ms = 300');
  writeFileSync(
    config,
    `${text}\n[statements.bank]\ncurrency = "INR"\ndate_format = "YYYY-MM-DD"\n[statements.bank.columns]\ncreated_at = "Day"\nutr = "Text"\nfailure_reason = "Reason"\ndebit = "Out"\ncredit = "In"\n` +
      "[statements.bank.patterns]\nutr = 'UTR ([A-Z0-9]+)'\n",
  );
  writeFileSync(join(folder, 'people.csv'), PEOPLE);
  writeFileSync(join(folder, 'payouts.csv'), PAYOUTS);
  // Columns that moved by one, and numbers where something else belongs: what a refusal has to tell about.
  writeFileSync(
    join(folder, 'spoiled.csv'),
    PEOPLE.replaceAll('HDFC0000060', ACCOUNTS[0] ?? '').replaceAll('Person', VPAS[0] ?? ''),
  );
  writeFileSync(join(folder, 'moved.csv'), PEOPLE.replace(ACCOUNTS[1] ?? '', ACCOUNTS[3] ?? ''));
  writeFileSync(
    join(folder, 'more.csv'),
    `beneficiary_ref,amount,narration\n${ACCOUNTS[0]},1,x\nb0,${ACCOUNTS[1]}x,y\n${VPAS[0]},1e5,z\n`,
  );
  writeFileSync(
    join(folder, 'bank.csv'),
    `${BANK}2026-11-20,UTR CANARY1 to ${ACCOUNTS[0]} ${VPAS[0]},Account ${ACCOUNTS[1]} closed,12.00,\n2026-11-20,To ${ACCOUNTS[2]},${VPAS[1]},,13.00\n`,
  );
  // A column less at the front: what stood in the second is read as the first.
  const slipped = `${ACCOUNTS[0]},UTR CANARY2,${VPAS[0]},${ACCOUNTS[1]},${ACCOUNTS[2]}x\n${VPAS[1]},,,12.00,\n`;
  writeFileSync(join(folder, 'slipped.csv'), BANK + slipped);
}

async function pay({ run }: Session): Promise<void> {
  await run('beneficiary', 'import', 'spoiled.csv');
  await run('beneficiary', 'import', 'people.csv');
  await untilDone(() => run('beneficiary', 'verify'), 3);
  await run('batch', 'import', 'more.csv', '--name', 'refused');
  await run('batch', 'import', 'payouts.csv', '--name', 'nov');
  await run('batch', 'check', 'nov');
  await run('batch', 'approve', 'nov');
  await untilDone(() => run('batch', 'submit', 'nov', '--yes'), 3);
  await untilDone(() => run('payout', 'sync'), 2);
  await run('beneficiary', 'import', 'moved.csv', '--allow-changes');
}

async function hear({ folder, run, serve }: Session): Promise<void> {
  const url = /^nxt (\S+)$/.exec(await serve('webhook', 'serve', '--port', '0'))?.[1] ?? '';
  const event = JSON.stringify({
    ...told('nov-000001', 'FAILED', { failure_reason: `${ACCOUNTS[0]} of ${VPAS[0]} is closed` }),
    beneficiary: { account_number: ACCOUNTS[0], vpa: VPAS[0], email: CONTACTS[0] },
  });
  expect(await deliver(url, event, { secret: SECRETS.NXT_WEBHOOK_SECRET })).toBe(200);
  expect(await deliver(url, event, { secret: 'wrong' })).toBe(401);
  writeFileSync(join(folder, 'event.json'), event.replace('nov-000001', 'nov-000002'));
  await run('webhook', 'apply', 'event.json');
  await run('webhook', 'list', '--json');
}

async function closeTheDay({ folder, run }: Session): Promise<void> {
  await untilDone(() => run('provider', 'report', 'nxt', '--date', 'today', '-o', 'report.csv'), 10);
  const report = readFileSync(join(folder, 'report.csv'), 'utf8').trimEnd();
  const stranger: Record<string, string> = {
    payout_id: 'po_other',
    reference_id: 'not-ours',
    amount: '999.00',
    currency: 'INR',
    status: 'SUCCESS',
    failure_reason: `${ACCOUNTS[0]} ${VPAS[0]}`,
    created_at: new Date().toISOString(),
  };
  const columns = report.split('\n')[0]?.split(',') ?? [];
  const line = columns.map((column) => stranger[column] ?? '').join(',');
  writeFileSync(join(folder, 'their-report.csv'), `${report}\n${line}\n`);
  const endings = ['.html', '.csv', '.xml', '.md'];
  const reports = endings.flatMap((ending) => ['--report', `reconciliation${ending}`]);
  await run('reconcile', 'their-report.csv', '--profile', 'nxtbanking', ...reports, '--github');
  await run('statement', 'inspect', 'bank.csv', '--profile', 'bank');
  await run('statement', 'import', 'slipped.csv', '--profile', 'bank');
  await run('statement', 'import', 'bank.csv', '--profile', 'bank');
  await run('statement', 'show', '2', '--json');
  await run('reconcile', '--json');
  await run('break', 'export', '-o', 'breaks.csv');
  await run('break', 'list');
  for (const each of ['1', '2', '3', '4']) await run('break', 'show', each);
  for (const format of ['hledger', 'beancount', 'csv', 'json'])
    await run('ledger', 'export', '--format', format, '-o', `books.${format}`);
}

async function tellAndKeep({ folder, run }: Session): Promise<void> {
  for (const row of [1, 2, 3, 5, 6])
    await run('payout', 'explain', `nov-00000${row}`, '--report', `payout-${row}.html`);
  for (const ref of ['b0', 'b1', 'v0']) await run('beneficiary', 'explain', ref, '--report', `${ref}.html`);
  await run('payout', 'explain', 'nov-000001', '--json');
  await run('payout', 'list', '--json');
  await run('beneficiary', 'list');
  await run('beneficiary', 'account', 'b0');
  await run('batch', 'export', 'nov', '-o', 'nov-outcomes.csv');
  await run('audit', 'log', '--json');
  await run('doctor');
  await run('ledger', 'backup', 'before.db');
  await run('key', 'rotate');
  await run('ledger', 'backup', 'after.db');
  await run('ledger', 'verify');
  await run('key', 'new', '--approval', '--name', 'asha', '-o', 'asha.key');
  // Who asks for it sees it, and nothing but the screen does.
  const reveal = ['beneficiary', 'list', '--reveal', '--reason', 'to compare', '--json'];
  const revealed = await runPayrun(reveal, { cwd: folder, env: ENV });
  expect(leaks(revealed.stdout, [...ACCOUNTS, ...VPAS])).toEqual(
    [...ACCOUNTS, ...VPAS].filter((each) => each !== ACCOUNTS[1]),
  );
}

test('a whole day, with faults and -v, leaves no account number and no secret anywhere', async () => {
  const session = openSession();
  try {
    await setUp(session);
    await pay(session);
    await hear(session);
    await closeTheDay(session);
    await tellAndKeep(session);
  } finally {
    await session.end();
  }
  const { folder, printed } = session;
  const keys = KEYS.map(
    (name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .find((line) => line.length > 40) ?? '',
  );
  const canaries = [
    ...ACCOUNTS,
    ...VPAS,
    ...CONTACTS,
    ...Object.values(SECRETS),
    ...keys.map((line) => line.replace(/^.*:/, '')),
  ];
  const found: string[] = [];
  for (const [words, text] of printed)
    for (const canary of leaks(text, canaries)) found.push(`${canary} printed by ${words}`);
  const files = readdirSync(folder).filter((name) => !INPUTS.includes(name) && !KEYS.includes(name));
  for (const name of files)
    for (const canary of leaks(readFileSync(join(folder, name), 'latin1'), canaries))
      found.push(`${canary} in ${name}`);
  expect(found).toEqual([]);
  expect(files.length, files.join(' ')).toBeGreaterThan(20);
}, 90_000);

test('the search finds a canary in every spelling', () => {
  const account = ACCOUNTS[0] ?? '';
  for (const text of [
    account,
    '7110 0444 5556 7788',
    '711-004-445-556-778-8',
    Buffer.from(`{"account":"${account}"}`).toString('base64'),
    Buffer.from(`a${account}b`).toString('base64url'),
    Buffer.from(account).toString('hex'),
    `${account.slice(0, 12)}XXXX`,
  ])
    expect(leaks(`before ${text} after`, ACCOUNTS), text).toContain(account);
  expect(leaks('••••7788', ACCOUNTS)).toEqual([]);
});
