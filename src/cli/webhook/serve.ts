/**
 * `payrun webhook serve`: receives events until a signal ends it. An event is acknowledged once it is on disk; looking
 * into it comes after, and needs no runner's lock, so that a submission can go on beside it.
 */
import { PayrunError, unreachable } from '../../domain/errors.ts';
import type { WebhookRound } from '../../operations/apply-webhooks.ts';
import { type Follower, followWebhooks } from '../../operations/follow-webhooks.ts';
import { type Receipt, receiveWebhook, type WebhookSource } from '../../operations/receive-webhook.ts';
import { webhookFormat } from '../../providers/registry.ts';
import { type Context, type Input, text, type Verb } from '../command.ts';
import type { ProviderConfig } from '../config.ts';
import { readSecret } from '../secret.ts';
import { bookRules } from '../submission.ts';
import { type Notices, serveNotices } from './notices.ts';
import { type Delivery, type Receiver, type Reply, startReceiver } from './receiver.ts';

const DEFAULT_HOST = '127.0.0.1';
// What the examples of `sandbox serve` send to.
const DEFAULT_PORT = '4020';
const GREETING =
  'Receiving in plain HTTP; for senders beyond this machine put a proxy with TLS before it. Ctrl-C ends it.';

export const verb: Verb = {
  name: 'webhook serve',
  summary: 'Receive events from providers until a signal ends it',
  effect: 'writes',
  options: [
    { flags: '--host <host>', description: `address to listen on (default: ${DEFAULT_HOST})` },
    {
      flags: '--port <port>',
      description: `port to listen on; 0 takes any free one (default: ${DEFAULT_PORT})`,
    },
  ],
  examples: ['payrun webhook serve', 'payrun webhook serve --host 0.0.0.0 --port 8080'],
  run: async (context, input) => {
    refuseRehearsal(context);
    const [host, port] = [text(input, 'host') ?? DEFAULT_HOST, portOf(input)];
    const serving = await openServing(context);
    let receiver: Receiver | undefined;
    try {
      receiver = await startReceiver({ host, port, routes: routesOf(serving) });
      for (const { settings } of serving.lines)
        await context.world.stdout.write(`${settings.name} ${receiver.url}${pathOf(settings.name)}\n`);
      context.progress.line(GREETING);
      await until(context.stop, serving.failure);
    } finally {
      await receiver?.close();
      serving.end.abort();
      await Promise.allSettled(serving.lines.map(({ follower }) => follower.ended));
      serving.notices.end();
    }
    if (serving.failure.signal.aborted) throw serving.failure.signal.reason;
    return { data: { ...serving.notices.counts }, text: '' };
  },
};

/** One provider whose events are received. */
interface Line {
  settings: ProviderConfig;
  source: WebhookSource;
  follower: Follower;
}

interface Serving {
  lines: Line[];
  notices: Notices;
  /** Ends the looking into events. */
  end: AbortController;
  /** Aborted with what makes it impossible to go on: the ledger gave out. */
  failure: AbortController;
}

function refuseRehearsal({ flags }: Context): void {
  if (!flags.dry_run) return;
  throw new PayrunError(
    'usage',
    'usage',
    '`payrun webhook serve` with --dry-run would acknowledge events that it does not keep.',
    { hint: 'Try an event without keeping it with `payrun webhook apply FILE --dry-run`.' },
  );
}

function portOf(input: Input): number {
  const given = text(input, 'port') ?? DEFAULT_PORT;
  if (/^\d{1,5}$/.test(given) && Number(given) <= 65_535) return Number(given);
  throw new PayrunError('usage', 'usage', `--port "${given}" is no port.`, {
    hint: 'Write a number from 0 to 65535; 0 takes any free port.',
  });
}

async function openServing(context: Context): Promise<Serving> {
  const { world } = context;
  const config = await context.config();
  const configured = Object.values(config.providers).filter((settings) => settings.webhook_secret);
  if (configured.length === 0) {
    throw new PayrunError('usage', 'secret_missing', `No provider in ${config.file} has a webhook_secret.`, {
      hint: 'Add webhook_secret = { env = "…" } to its section; the provider shows the secret where its webhooks are set up.',
    });
  }
  // All of them before anything runs: a secret that is missing is to stop the start, not a part of it.
  const secretsOf = configured.map((settings) => {
    const what = `[providers.${settings.name}] webhook_secret`;
    return (settings.webhook_secret ?? []).map((ref) => readSecret(ref, what, config.folder, world));
  });
  const serving: Serving = {
    lines: [],
    notices: serveNotices(context),
    end: new AbortController(),
    failure: new AbortController(),
  };
  const database = await context.ledger();
  for (const settings of configured) await context.provider(settings.name);
  for (const [index, settings] of configured.entries()) {
    serving.lines.push({
      settings,
      source: {
        database,
        provider: settings.name,
        format: webhookFormat(settings.kind),
        secrets: secretsOf[index] ?? [],
        now: () => world.now(),
      },
      follower: await startFollower(context, serving, settings),
    });
  }
  return serving;
}

async function startFollower(
  context: Context,
  serving: Serving,
  settings: ProviderConfig,
): Promise<Follower> {
  const { world } = context;
  const follower = followWebhooks({
    database: await context.ledger(),
    provider: await context.provider(settings.name),
    actor: context.actor,
    rules: await bookRules(context, settings),
    concurrency: settings.concurrency,
    now: () => world.now().toISOString(),
    sleep: (ms, signal) => world.sleep(ms, signal),
    monotonicMs: () => world.monotonicMs(),
    stop: serving.end.signal,
    onRound: (round: WebhookRound) => serving.notices.round(settings.name, round),
  });
  follower.ended.catch((error: unknown) => serving.failure.abort(error));
  return follower;
}

function pathOf(provider: string): string {
  return `/webhooks/${provider}`;
}

function routesOf(serving: Serving): Map<string, (delivery: Delivery) => Promise<Reply>> {
  return new Map(
    serving.lines.map((line) => [
      pathOf(line.settings.name),
      (delivery: Delivery) => take(serving, line, delivery),
    ]),
  );
}

async function take(serving: Serving, line: Line, delivery: Delivery): Promise<Reply> {
  const { source, follower } = line;
  try {
    const receipt = await receiveWebhook(
      source,
      delivery.body,
      delivery.header(source.format.signature_header),
    );
    serving.notices.receipt(source.provider, receipt);
    if ('webhook' in receipt && receipt.webhook.state === 'received') follower.wake();
    return replyTo(receipt);
  } catch (error) {
    // Another process keeps the ledger locked: the sender comes again. Anything else does not get better by waiting.
    if (!(error instanceof PayrunError && error.code === 'ledger_busy')) serving.failure.abort(error);
    return { status: 503, text: 'not stored; send it again' };
  }
}

function replyTo(receipt: Receipt): Reply {
  switch (receipt.outcome) {
    case 'stored':
      return { status: 200, text: 'stored' };
    case 'known':
      return { status: 200, text: 'known already' };
    case 'unsigned':
      return { status: 401, text: 'the signature does not fit' };
    case 'no_event':
      return { status: 400, text: 'this is no event' };
    case 'from_the_future':
      return { status: 401, text: 'the timestamp is in the future' };
  }
  return unreachable(receipt);
}

/** Until a signal comes or it cannot go on. */
function until(stop: AbortSignal, failure: AbortController): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of [stop, failure.signal]) {
      if (signal.aborted) resolve();
      else signal.addEventListener('abort', () => resolve(), { once: true });
    }
  });
}
