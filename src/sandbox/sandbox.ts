/**
 * The built-in provider: a real HTTP server that speaks the wire contract, keeps its own books in its own file, and
 * settles payouts as time passes. What an account number's last digits make happen stands in endings.ts.
 */
import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PayrunError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import type { Answer } from './answer.ts';
import { Book, type Totals } from './book.ts';
import { Chaos } from './chaos.ts';
import type { FaultName, Knobs } from './fault-table.ts';
import { type Faults, latencyOnly } from './faults.ts';
import { chargesOf, DEFAULT_FEES, type FeeTable } from './fees.ts';
import { CURRENCY } from './payout.ts';
import { createRoutes } from './routes.ts';
import { Rush } from './rush.ts';
import { openSandboxFile, type SandboxFile } from './sandbox-file.ts';
import { createWire } from './server.ts';
import type { IdempotentAnswer } from './submission.ts';
import { Tokens } from './tokens.ts';
import { type WebhookCounts, Webhooks } from './webhooks.ts';

// Known to everybody, on purpose: the sandbox moves no money.
export const DEFAULT_API_KEY = 'sandbox-key';
export const DEFAULT_API_SECRET = 'sandbox-secret';
export const DEFAULT_WEBHOOK_SECRET = 'sandbox-webhook-secret';

const DEFAULT_SETTLE_MS = 300;
const DEFAULT_TOKEN_SECONDS = 3600;
// setTimeout takes no more.
const TIMER_MAX_MS = 2 ** 31 - 1;
// How long an answer under way may take when the sandbox closes.
const CLOSE_LIMIT_MS = 1000;

export interface SandboxOptions {
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** `:memory:` forgets everything at close. */
  file?: string;
  now?: () => Date;
  random?: (length: number) => Uint8Array;
  /** From acceptance to SUCCESS or FAILED. */
  settle_ms?: number;
  /** From SUCCESS to REVERSED, where the account's ending asks for it; as long as settling where not given. */
  reverse_ms?: number;
  /** Counts for a new file; another balance than an existing file's is refused. Default: 10 crore rupees. */
  opening_balance_minor?: bigint;
  api_key?: string;
  api_secret?: string;
  webhook_url?: string;
  webhook_secret?: string;
  token_seconds?: number;
  latency_ms?: number;
  fees?: FeeTable;
  /** What a known reference is answered: 409, or 200 with the earlier payout. */
  idempotent_answer?: IdempotentAnswer;
  /** False: every account is verified and paid, whatever its last digits. */
  endings?: boolean;
  /** In place of `latency_ms` and `chaos`. */
  faults?: Faults;
  /** Faults by chance. */
  chaos?: { knobs: Knobs; seed: number };
  /** More in any rolling second is answered 429. */
  requests_per_second?: number;
  /** Milliseconds of a clock that nobody sets. */
  monotonic_ms?: () => number;
}

export interface SandboxStats extends Totals {
  /** Also those that were cut off without an answer. */
  requests: number;
  /** How many answers had each HTTP status. */
  answers: Readonly<Record<string, number>>;
  webhooks: WebhookCounts;
  /** The largest number of requests in any rolling 900 ms. */
  peak_900ms: number;
  /** How often each fault has happened. */
  faults: Readonly<Partial<Record<FaultName, number>>>;
}

export interface Sandbox {
  readonly url: string;
  stats(): SandboxStats;
  close(): Promise<void>;
}

export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const now = options.now ?? (() => new Date());
  const file = await openSandboxFile(options.file ?? ':memory:', now().toISOString());
  try {
    return await serveFile(file, options, now);
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function serveFile(file: SandboxFile, options: SandboxOptions, now: () => Date): Promise<Sandbox> {
  const random = options.random ?? randomBytes;
  const settle_ms = options.settle_ms ?? DEFAULT_SETTLE_MS;
  const latency_ms = options.latency_ms ?? 0;
  const knows = (reference: string) => book.payoutByReference(reference) !== undefined;
  const chaos = options.chaos && new Chaos({ ...options.chaos, latency_ms, now, knows });
  const rules = {
    now,
    random,
    settle_ms,
    reverse_ms: options.reverse_ms ?? settle_ms,
    charges: chargesOf(options.fees ?? DEFAULT_FEES),
    endings: options.endings ?? true,
    ...(chaos ? { fates: chaos } : {}),
  };
  const book: Book = await Book.open(file, rules, options.opening_balance_minor);
  const tokens = new Tokens({ seconds: options.token_seconds ?? DEFAULT_TOKEN_SECONDS, now, random });
  const routes = createRoutes({
    book,
    tokens,
    api_key: options.api_key ?? DEFAULT_API_KEY,
    api_secret: options.api_secret ?? DEFAULT_API_SECRET,
    idempotent_answer: options.idempotent_answer ?? '409',
    figures: () => figuresOf(stats()),
  });
  const answers: Record<string, number> = {};
  const rush = new Rush(
    options.requests_per_second ?? null,
    options.monotonic_ms ?? (() => performance.now()),
  );
  const server = createWire({
    routes,
    faults: options.faults ?? chaos ?? latencyOnly(latency_ms),
    accepts: (authorization) => tokens.accepts(authorization),
    written: () => book.written(),
    answered: ({ status }: Answer) => {
      answers[status] = (answers[status] ?? 0) + 1;
    },
    arrived: () => rush.arrive(),
  });
  const url = await listen(server, options.host ?? '127.0.0.1', options.port ?? 0);
  const announcing = options.webhook_url
    ? announce(
        book,
        new Webhooks(options.webhook_url, options.webhook_secret ?? DEFAULT_WEBHOOK_SECRET),
        now,
        chaos,
      )
    : null;
  const stats = (): SandboxStats => ({
    ...book.totals(),
    requests: rush.figures().requests,
    answers: { ...answers },
    webhooks: announcing?.counts() ?? { delivered: 0, dropped: 0 },
    peak_900ms: rush.figures().peak,
    faults: chaos?.counts() ?? {},
  });
  return {
    url,
    stats,
    close: async () => {
      await stopServer(server);
      await announcing?.stop();
      await file.close();
    },
  };
}

/** What GET /sandbox/stats answers: amounts are decimal text. */
function figuresOf(stats: SandboxStats): Readonly<Record<string, unknown>> {
  const { opening_minor, available_minor, outstanding_minor, paid_minor, fees_minor, ...rest } = stats;
  const amount = (minor: bigint) => formatAmount(minor, CURRENCY);
  return {
    ...rest,
    opening: amount(opening_minor),
    available: amount(available_minor),
    outstanding: amount(outstanding_minor),
    paid: amount(paid_minor),
    fees: amount(fees_minor),
    currency: CURRENCY,
  };
}

function listen(server: Server, host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        new PayrunError(
          'failed',
          'port_unavailable',
          `The sandbox cannot listen on ${host}:${port}: ${cause.code ?? cause.message}.`,
          {
            hint: 'Name another port, or 0 for any free one.',
            cause,
          },
        ),
      );
    });
    server.listen(port, host, () => {
      const address = server.address() as AddressInfo;
      resolve(
        `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
      );
    });
  });
}

async function stopServer(server: Server): Promise<void> {
  const limit = setTimeout(() => server.closeAllConnections(), CLOSE_LIMIT_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(limit);
}

/** Without webhooks time need not pass unasked; with them a timer looks whenever the next change is due. */
function announce(
  book: Book,
  webhooks: Webhooks,
  now: () => Date,
  chaos: Chaos | undefined,
): { counts(): WebhookCounts; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | undefined;
  let armedFor: string | undefined;
  const arm = () => {
    const next = book.nextChangeAt();
    if (next === undefined || (armedFor !== undefined && armedFor <= next)) return;
    clearTimeout(timer);
    armedFor = next;
    const wait = Math.min(Math.max(Date.parse(next) - now().getTime(), 1), TIMER_MAX_MS);
    timer = setTimeout(() => {
      armedFor = undefined;
      book.advance();
      arm();
    }, wait);
    timer.unref();
  };
  book.onChange((payout, status, at) => {
    webhooks.announce(payout, status, at, book.written(), chaos?.eventFate(payout.reference_id));
    arm();
  });
  arm();
  return {
    counts: () => webhooks.counts(),
    stop: async () => {
      clearTimeout(timer);
      // Before every instant: nothing arms it again.
      armedFor = '';
      await webhooks.close();
    },
  };
}
