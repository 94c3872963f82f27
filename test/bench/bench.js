/**
 * The figures, as ratios measured side by side in one run: `npm run bench`, or some of them by name,
 * `npm run bench -- start import`; `million` runs only by its name. A ratio travels between machines, a time does not. Whole processes are compared
 * with whole processes; the best of several runs counts, since everything else on the machine only makes it slower.
 */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeLedger } from './large-ledger.js';
import { comparing, reconciling } from './reconcile.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const PAYRUN = join(ROOT, 'bin/payrun.js');
const BENEFICIARIES = 1000;
const ENV = { ...process.env, NXT_API_KEY: 'key', NXT_API_SECRET: 'secret' };

const work = mkdtempSync(join(tmpdir(), 'payrun-bench-'));
const servers = [];
process.on('exit', () => {
  for (const server of servers) server.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

// Says at its end how much memory the process had at most, in kB, and what processor time it took, in microseconds.
const TELL_USAGE = `process.on('exit', () => {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  require('node:fs').writeSync(2, '\\nusage ' + maxRSS + ' ' + (userCPUTime + systemCPUTime) + '\\n');
});`;
const preload = join(work, 'usage.cjs');
writeFileSync(preload, TELL_USAGE);

/** Runs a process to its end: milliseconds, of them on a processor, most memory in MB, what it printed. */
function run(args, { cwd = work, expected = [0] } = {}) {
  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, ['--require', preload, ...args], { cwd, env: ENV });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('close', (code) => {
      const ms = performance.now() - started;
      if (!expected.includes(code)) {
        reject(new Error(`${args.join(' ')} ended with ${code}:\n${stdout}${stderr}`));
        return;
      }
      // A thread that ends says so too; the process, at its end, has the last and highest figure.
      const [, kb = 0, us = 0] = /.*usage (\d+) (\d+)/s.exec(stderr) ?? [];
      resolve({ ms, cpu_ms: Number(us) / 1000, mb: Number(kb) / 1024, stdout });
    });
  });
}

const payrun = (args, options) => run([PAYRUN, ...args], options);

async function best(times, measure) {
  let found;
  for (let turn = 0; turn < times; turn += 1) {
    const result = await measure(turn);
    if (found === undefined || result.ms < found.ms) found = result;
  }
  return found;
}

function print(what, value, goal) {
  process.stdout.write(`${what.padEnd(58)} ${value.padStart(24)}   ${goal}\n`);
}

const ms = (value) => `${value.toFixed(0)} ms`;

async function startUp() {
  const [empty, script] = [join(work, 'empty.mjs'), [PAYRUN, '--version']];
  writeFileSync(empty, '');
  // In turns, so that a busy moment hits both.
  const [bare, ours] = [[], []];
  for (let turn = 0; turn < 15; turn += 1) {
    bare.push((await run([empty])).ms);
    ours.push((await run(script)).ms);
  }
  const [least, mine] = [Math.min(...bare), Math.min(...ours)];
  print(
    'payrun --version over bare node',
    `${ms(mine - least)} (${ms(mine)} / ${ms(least)})`,
    'at most 60 ms',
  );
}

function beneficiaryFile() {
  const rows = ['beneficiary_ref,name,account_number,ifsc'];
  for (let index = 0; index < BENEFICIARIES; index += 1)
    rows.push(`b-${index},Person Number ${index},${50100000000 + index},HDFC0000001`);
  return `${rows.join('\n')}\n`;
}

function payoutFile(count) {
  const rows = ['reference_id,beneficiary_ref,amount,currency,rail,narration,account,purpose'];
  for (let index = 0; index < count; index += 1) {
    const amount = `${100 + (index % 5000)}.${String(index % 7).padStart(2, '0')}`;
    rows.push(
      `pay-${index},b-${index % BENEFICIARIES},${amount},INR,IMPS,Salary November ${index},expenses:payouts,salary`,
    );
  }
  return `${rows.join('\n')}\n`;
}

let offices = 0;

/** A folder with a ledger that knows the beneficiaries. */
async function office(url = 'http://127.0.0.1:9') {
  offices += 1;
  const cwd = join(work, `office-${offices}`);
  mkdirSync(cwd);
  writeFileSync(
    join(cwd, 'payrun.toml'),
    `[providers.nxt]\nkind = "nxtbanking"\nbase_url = "${url}"\napi_key = { env = "NXT_API_KEY" }\napi_secret = { env = "NXT_API_SECRET" }\nrequests_per_second = 0\nconcurrency = ${CONCURRENCY}\n`,
  );
  writeFileSync(join(cwd, 'beneficiaries.csv'), beneficiaryFile());
  await payrun(['init'], { cwd });
  await payrun(['beneficiary', 'import', 'beneficiaries.csv'], { cwd });
  return cwd;
}

async function importing() {
  const rows = 100_000;
  const file = join(work, 'import.csv');
  writeFileSync(file, payoutFile(rows));
  const reader = join(ROOT, 'test/bench/read-csv.js');
  const baseline = await best(3, () => run([reader, file]));
  const ours = await best(3, async () =>
    payrun(['batch', 'import', file, '--name', 'all'], { cwd: await office() }),
  );
  print(
    'batch import of 100,000 rows / csv-parse reading them',
    `${(ours.ms / baseline.ms).toFixed(2)} (${ms(ours.ms)} / ${ms(baseline.ms)})`,
    'at most 3, goal 2',
  );
  print('  memory', `${ours.mb.toFixed(0)} MB`, 'under 256 MB');
}

async function balances() {
  const cwd = await office();
  const empty = await office();
  const entries = await makeLedger(join(cwd, 'payrun.db'), 500_000);
  const register = ['ledger', 'register', 'assets:providers:nxt:available', '--reverse', '--limit', '100'];
  const [version, started, asked, registered] = [[], [], [], []];
  for (let turn = 0; turn < 10; turn += 1) {
    version.push((await payrun(['--version'], { cwd })).ms);
    started.push((await payrun(['ledger', 'balances'], { cwd: empty })).ms);
    asked.push((await payrun(['ledger', 'balances'], { cwd })).ms);
    registered.push((await payrun(register, { cwd })).ms);
  }
  const [least, start, ours] = [Math.min(...version), Math.min(...started), Math.min(...asked)];
  print(
    `ledger balances over ${entries} entries, over an empty ledger`,
    `${ms(ours - start)} (${ms(ours)} / ${ms(start)})`,
    'under 50 ms',
  );
  print(
    '  over --version, which reads no configuration',
    `${ms(ours - least)} (${ms(ours)} / ${ms(least)})`,
    '',
  );
  const lines = Math.min(...registered);
  print(
    'ledger register, the last 100 lines of its largest account',
    `${ms(lines - start)} (${ms(lines)} / ${ms(start)})`,
    'under 50 ms',
  );
  const verified = await payrun(['ledger', 'verify'], { cwd });
  print(
    'ledger verify',
    `${((entries / verified.ms) * 1000).toFixed(0)} entries/s`,
    'at least 50,000, goal 100,000',
  );
  print('  memory', `${verified.mb.toFixed(0)} MB`, '');
}

/** A server of this project in a process of its own; answers its URL. */
function startServer(file, ...args) {
  const child = spawn(process.execPath, [join(ROOT, file), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  servers.push(child);
  return new Promise((resolve) => {
    child.stdout.once('data', (text) => resolve(String(text).trim()));
  });
}

// Enough that the latency of 50 ms, and not the number of connections, is what both wait for.
const CONCURRENCY = 64;

/** A batch of `count` that is ready to be sent: imported, and its beneficiaries registered. */
async function readyBatch(url, count, prefix) {
  const cwd = await office(url);
  const file = join(cwd, 'payouts.csv');
  writeFileSync(file, payoutFile(count).replaceAll('\npay-', `\n${prefix}-`));
  const imported = await payrun(['batch', 'import', file, '--name', 'all'], { cwd });
  // Beneficiaries are registered before the clock starts, as they are for the bare loop.
  await payrun(['batch', 'submit', 'all', '--yes', '--first', '1'], { cwd, expected: [6] });
  return { cwd, imported };
}

async function submitting(count, latency_ms, times, goal) {
  // Nothing settles and nothing is asked: only sends are compared.
  const options = JSON.stringify({ settle_ms: 600_000_000, latency_ms });
  const url = await startServer('test/independent/server.js', '--options', options);
  const bare = join(ROOT, 'test/bench/bare-loop.js');
  const [loops, runs] = [[], []];
  for (let turn = 0; turn < times; turn += 1) {
    const { cwd } = await readyBatch(url, count, `pay-${turn}`);
    loops.push(await run([bare, url, String(count), String(CONCURRENCY), `bare-${turn}`]));
    runs.push(await payrun(['batch', 'submit', 'all', '--yes'], { cwd, expected: [6] }));
  }
  const least = (results, what) => Math.min(...results.map((result) => result[what]));
  const rate = (results) => `${((count / least(results, 'ms')) * 1000).toFixed(0)}/s`;
  const ratio = (what) => (least(loops, what) / least(runs, what)).toFixed(2);
  print(
    `submit of ${count} at ${latency_ms} ms latency, rate / bare loop's`,
    `${ratio('ms')} (${rate(runs)} / ${rate(loops)})`,
    goal,
  );
  print('  the same by processor time, which other work disturbs less', ratio('cpu_ms'), '');
  print('  memory', `${Math.max(...runs.map((result) => result.mb)).toFixed(0)} MB`, '');
}

/** One batch of a million, and two smaller ones that show how memory grows. Takes some minutes; only by its name. */
async function million() {
  const url = await startServer('test/bench/quick-server.js');
  for (const count of [100_000, 300_000, 1_000_000]) {
    const { cwd, imported } = await readyBatch(url, count, `m-${count}`);
    const sent = await payrun(['batch', 'submit', 'all', '--yes'], { cwd, expected: [6] });
    const mb = (result) => `${result.mb.toFixed(0)} MB in ${(result.ms / 1000).toFixed(0)} s`;
    print(`a batch of ${count}: import`, mb(imported), 'under 400 MB');
    print(`a batch of ${count}: submit`, mb(sent), 'under 400 MB');
  }
}

const SECTIONS = {
  start: startUp,
  import: importing,
  balances,
  submit: () => submitting(20_000, 0, 2, 'at least 0.5'),
  reconcile: () => comparing({ payrun, print, work }, [1, 2, 3], 3),
  ledger: () => reconciling({ payrun, print, work, office }, [100_000]),
  'ledger-million': () => reconciling({ payrun, print, work, office }, [1_000_000]),
  latency: () => submitting(20_000, 50, 2, 'at least 0.95'),
  million,
};
const ONLY_BY_NAME = new Set(['million', 'ledger-million']);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in SECTIONS));
if (unknown.length > 0) {
  process.stderr.write(
    `There is no section ${unknown.join(', ')}; there are ${Object.keys(SECTIONS).join(', ')}.\n`,
  );
  process.exit(2);
}
if (!existsSync(join(ROOT, 'dist/main.js'))) execFileSync(process.execPath, ['build.js'], { cwd: ROOT });
for (const [name, section] of Object.entries(SECTIONS)) {
  if (wanted.length === 0 ? !ONLY_BY_NAME.has(name) : wanted.includes(name)) await section();
}
// A server that still runs would keep this process from ending.
for (const server of servers) server.kill('SIGKILL');
