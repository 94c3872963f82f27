/**
 * Tells a URL of every change of status, signed over the raw bytes. An event that is not answered with 2xx is sent
 * again a few times and then dropped, as providers do: whoever relies on webhooks alone loses payouts. Events can
 * arrive late and out of order, since several are under way at once.
 */
import { createHmac } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import PQueue from 'p-queue';
import { Agent, request } from 'undici';
import { unreachable } from '../domain/errors.ts';
import { rupees, type SandboxPayout, type Status } from './payout.ts';

// Before the second, third and fourth try.
const PAUSES_MS = [250, 1000, 4000] as const;
const ANSWER_LIMIT_MS = 5000;
const CONCURRENCY = 8;

const SIGNATURE_HEADER = 'X-NxtB-Signature';

/** How one event goes out, where something is to go wrong with it. */
export interface EventFate {
  copies: number;
  delay_ms: number;
  /** Kept until the next event went out, or for so long; null where it is not kept. */
  overtaken_ms: number | null;
  /** By how much its amount is wrong. */
  off_minor: bigint;
}

const PROMPT: EventFate = { copies: 1, delay_ms: 0, overtaken_ms: null, off_minor: 0n };

export interface WebhookCounts {
  delivered: number;
  dropped: number;
}

export class Webhooks {
  readonly #url: string;
  readonly #secret: string;
  readonly #queue = new PQueue({ concurrency: CONCURRENCY });
  readonly #agent = new Agent({ connections: CONCURRENCY });
  readonly #stop = new AbortController();
  /** Events that wait to be overtaken. */
  readonly #kept: (() => void)[] = [];
  readonly #counts: WebhookCounts = { delivered: 0, dropped: 0 };

  constructor(url: string, secret: string) {
    this.#url = url;
    this.#secret = secret;
  }

  /** `ready` is awaited first: nobody hears of a payout that is not on the record. */
  announce(payout: SandboxPayout, status: Status, at: string, ready: Promise<void>, fate = PROMPT): void {
    const body = JSON.stringify(eventOf(payout, status, at, fate.off_minor));
    const overtakes = this.#kept.splice(0);
    const sent = this.#release(body, ready, fate);
    if (overtakes.length > 0) {
      void sent.then(() => {
        for (const letGo of overtakes) letGo();
      });
    }
  }

  async #release(body: string, ready: Promise<void>, fate: EventFate): Promise<void> {
    const { signal } = this.#stop;
    const late = (ms: number) => delay(ms, undefined, { signal }).catch(() => undefined);
    if (fate.delay_ms > 0) await late(fate.delay_ms);
    if (fate.overtaken_ms !== null) {
      const next = new Promise<void>((resolve) => this.#kept.push(resolve));
      await Promise.race([next, late(fate.overtaken_ms)]);
    }
    await Promise.all(Array.from({ length: fate.copies }, () => this.#enqueue(body, ready)));
  }

  async #enqueue(body: string, ready: Promise<void>): Promise<void> {
    if (this.#stop.signal.aborted) {
      this.#counts.dropped += 1;
      return;
    }
    await this.#queue.add(async () => {
      try {
        await ready;
        await this.#deliver(body);
        this.#counts.delivered += 1;
      } catch {
        this.#counts.dropped += 1;
      }
    });
  }

  async #deliver(body: string): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.#send(body);
      } catch (error) {
        const pause = PAUSES_MS[tries];
        if (pause === undefined || this.#stop.signal.aborted) throw error;
        await delay(pause, undefined, { signal: this.#stop.signal });
      }
    }
  }

  async #send(body: string): Promise<void> {
    const signature = createHmac('sha256', this.#secret).update(body).digest('hex');
    const answer = await request(this.#url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', [SIGNATURE_HEADER]: signature },
      body,
      dispatcher: this.#agent,
      signal: AbortSignal.any([this.#stop.signal, AbortSignal.timeout(ANSWER_LIMIT_MS)]),
    });
    await answer.body.dump();
    if (answer.statusCode < 200 || answer.statusCode > 299)
      throw new Error(`The receiver answered ${answer.statusCode}.`);
  }

  counts(): WebhookCounts {
    return { ...this.#counts };
  }

  async close(): Promise<void> {
    this.#stop.abort();
    this.#queue.clear();
    await this.#queue.onIdle();
    await this.#agent.destroy();
  }
}

function eventOf(payout: SandboxPayout, status: Status, at: string, offMinor: bigint) {
  return {
    event: eventName(status),
    payout_id: payout.payout_id,
    reference_id: payout.reference_id,
    status,
    utr: status === 'SUCCESS' || status === 'REVERSED' ? payout.utr : null,
    amount: rupees(payout.amount_minor + offMinor),
    failure_reason: status === 'FAILED' || status === 'REVERSED' ? payout.failure_reason : null,
    timestamp: at,
  };
}

function eventName(status: Status): string {
  switch (status) {
    case 'QUEUED':
      return 'payout.queued';
    case 'PROCESSING':
      return 'payout.processing';
    case 'SUCCESS':
      return 'payout.completed';
    case 'FAILED':
      return 'payout.failed';
    case 'REVERSED':
      return 'payout.reversed';
  }
  return unreachable(status);
}
