/**
 * `payrun sandbox serve`: a provider on this machine until a signal ends it. The first line on stdout is its URL,
 * so that a script can start it, read one line, and go on; what a person needs to know goes to stderr.
 */
import { resolve } from 'node:path';
import { parseAmountOrZero } from '../../domain/money/parse-amount.ts';
import { ENDINGS, USUAL } from '../../sandbox/endings.ts';
import {
  DEFAULT_API_KEY,
  DEFAULT_API_SECRET,
  DEFAULT_WEBHOOK_SECRET,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../sandbox/sandbox.ts';
import { type Context, type Input, text, type Verb } from '../command.ts';
import { parseDuration } from '../config.ts';
import { chaosNotice, readChaos, usage } from './read-chaos.ts';

// The port of the base_url that `payrun init` writes.
const DEFAULT_PORT = '4010';

export const verb: Verb = {
  name: 'sandbox serve',
  summary: 'Serve a provider with the wire contract on this machine',
  effect: 'reads',
  options: [
    { flags: '--host <host>', description: 'address to listen on (default: 127.0.0.1)' },
    {
      flags: '--port <port>',
      description: `port to listen on; 0 takes any free one (default: ${DEFAULT_PORT})`,
    },
    { flags: '--file <file>', description: 'keep its state in this file (default: in memory)' },
    {
      flags: '--settle <duration>',
      description: 'how long a payout takes, such as 300ms or 2s (default: 300ms)',
    },
    { flags: '--balance <amount>', description: 'opening balance in rupees (default: 100000000)' },
    { flags: '--latency <duration>', description: 'delay of every answer (default: none)' },
    { flags: '--webhook-url <url>', description: 'where to send signed events (default: nowhere)' },
    {
      flags: '--chaos <set>',
      description: 'answer with faults: a bad day (light) or everything at once (heavy)',
      choices: ['light', 'heavy'],
    },
    {
      flags: '--fault <name=p>',
      description: 'one fault with a probability from 0 to 1, some with a duration: late=0.1:5s',
      repeatable: true,
    },
    { flags: '--seed <n>', description: 'the same faults for the same requests (default: drawn, and shown)' },
    {
      flags: '--requests-per-second <n>',
      description: 'answer 429 to more in any second (default: no limit)',
    },
  ],
  examples: [
    'payrun sandbox serve',
    'payrun sandbox serve --port 0 --settle 2s --latency 50ms',
    'payrun sandbox serve --chaos heavy --seed 1',
    'payrun sandbox serve --fault late=0.1:5s --fault reset-after=0.05',
    'payrun sandbox serve --file sandbox.db --webhook-url http://127.0.0.1:4020/webhooks/nxt',
  ],
  run: async (context, input) => {
    const options = readOptions(context, input);
    const sandbox = await startSandbox(options);
    try {
      await context.world.stdout.write(`${sandbox.url}\n`);
      if (!context.flags.quiet) await context.world.stderr.write(notice(options));
      await stopped(context.stop);
      return { data: summary(sandbox), text: '' };
    } finally {
      await sandbox.close();
    }
  },
};

function readOptions({ world }: Context, input: Input): SandboxOptions {
  const file = text(input, 'file');
  const settle = duration(input, 'settle');
  const latency = duration(input, 'latency');
  const balance = text(input, 'balance');
  const webhookUrl = text(input, 'webhookUrl');
  const chaos = readChaos(input, () => world.randomBytes(4));
  const limit = text(input, 'requestsPerSecond');
  const apiKey = world.env.PAYRUN_SANDBOX_API_KEY;
  const apiSecret = world.env.PAYRUN_SANDBOX_API_SECRET;
  const webhookSecret = world.env.PAYRUN_SANDBOX_WEBHOOK_SECRET;
  return {
    now: () => world.now(),
    random: (length) => world.randomBytes(length),
    monotonic_ms: () => world.monotonicMs(),
    ...(chaos === null ? {} : { chaos }),
    ...(limit === undefined ? {} : { requests_per_second: readLimit(limit) }),
    host: text(input, 'host') ?? '127.0.0.1',
    port: readPort(text(input, 'port') ?? DEFAULT_PORT),
    ...(file === undefined ? {} : { file: file === ':memory:' ? file : resolve(world.cwd, file) }),
    ...(settle === undefined ? {} : { settle_ms: settle }),
    ...(latency === undefined ? {} : { latency_ms: latency }),
    ...(balance === undefined ? {} : { opening_balance_minor: readBalance(balance) }),
    ...(webhookUrl === undefined ? {} : { webhook_url: readUrl(webhookUrl) }),
    ...(apiKey ? { api_key: apiKey } : {}),
    ...(apiSecret ? { api_secret: apiSecret } : {}),
    ...(webhookSecret ? { webhook_secret: webhookSecret } : {}),
  };
}

function readPort(given: string): number {
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given);
  throw usage(`--port "${given}" is no port.`, 'Write a number from 0 to 65535; 0 takes any free port.');
}

function duration(input: Input, name: 'settle' | 'latency'): number | undefined {
  const given = text(input, name);
  if (given === undefined) return undefined;
  const parsed = parseDuration(given);
  if (parsed === null)
    throw usage(`--${name} "${given}" is no duration.`, 'Write for example 300ms, 2s or 1m.');
  return parsed;
}

function readLimit(given: string): number {
  if (/^[1-9]\d{0,5}$/.test(given)) return Number(given);
  throw usage(
    `--requests-per-second "${given}" is no number of requests.`,
    'Write a whole number from 1 to 999999, or leave it out for no limit.',
  );
}

function readBalance(given: string): bigint {
  const parsed = parseAmountOrZero(given, 'INR');
  if (!parsed.ok) throw usage(`--balance: ${parsed.message}`, 'Write rupees such as 500000 or 500000.00.');
  return parsed.minor;
}

function readUrl(given: string): string {
  if (URL.canParse(given) && /^https?:$/.test(new URL(given).protocol)) return given;
  throw usage(
    `--webhook-url "${given}" is no http URL.`,
    'Write for example http://127.0.0.1:4020/webhooks/nxt.',
  );
}

/** What a person wants to see beside the URL; a key from the environment is named, never shown. */
function notice(options: SandboxOptions): string {
  const known = (value: string | undefined, usual: string, variable: string) =>
    value === undefined ? usual : `from ${variable}`;
  const key = known(options.api_key, DEFAULT_API_KEY, 'PAYRUN_SANDBOX_API_KEY');
  const secret = known(options.api_secret, DEFAULT_API_SECRET, 'PAYRUN_SANDBOX_API_SECRET');
  const signing = known(options.webhook_secret, DEFAULT_WEBHOOK_SECRET, 'PAYRUN_SANDBOX_WEBHOOK_SECRET');
  const webhooks =
    options.webhook_url === undefined ? '' : `Events are signed with the webhook secret ${signing}.\n`;
  const endings = ENDINGS.map((ending) => `  …${ending.digits}  ${ending.says}\n`).join('');
  return (
    `API key: ${key}; API secret: ${secret}. It moves no money; Ctrl-C ends it.\n` +
    webhooks +
    `The last four digits of an account number, or of a VPA before the @, decide what happens:\n${endings}  ${USUAL.says}\n` +
    chaosNotice(options.chaos)
  );
}

function summary(sandbox: Sandbox) {
  const { requests, statuses } = sandbox.stats();
  const payouts = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  return { url: sandbox.url, requests, payouts };
}

function stopped(signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    if (signal.aborted) done();
    else signal.addEventListener('abort', () => done(), { once: true });
  });
}
