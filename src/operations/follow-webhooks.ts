/**
 * Looks into the events of one provider as they come, for as long as its process runs: at once when one was stored,
 * at the start for those that an earlier process left, and again after a pause where the provider could not tell.
 * The pauses grow, so that an outage is not answered with a storm of questions.
 */
import { webhooksToApply } from '../store/webhooks.ts';
import type { Asking } from './apply-answers.ts';
import { applyWebhooks, type WebhookRound } from './apply-webhooks.ts';

export interface Follow extends Asking {
  /** Never goes back: pauses do not depend on the clock. */
  monotonicMs(): number;
  /** After each group of events that was looked into. */
  onRound(round: WebhookRound): void;
}

export interface Follower {
  /** There is something new, or reason to try again. */
  wake(): void;
  /** Resolves once the stop was asked for and what is under way is stored; rejects where the ledger gives out. */
  ended: Promise<void>;
}

const GROUP = 64;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 60_000;
// Events of another process, such as `webhook apply`, are found without a word from it.
const LOOK_AGAIN_MS = 60_000;

interface Waiting {
  pause_ms: number;
  due_ms: number;
}

export function followWebhooks(follow: Follow): Follower {
  let woken = false;
  let sleeping: AbortController | undefined;
  const wake = () => {
    woken = true;
    sleeping?.abort();
  };
  const rest = async (ms: number) => {
    if (woken || follow.stop.aborted || ms <= 0) return;
    sleeping = new AbortController();
    await follow.sleep(ms, sleeping.signal);
    sleeping = undefined;
  };
  const run = async () => {
    const waiting = new Map<bigint, Waiting>();
    let outage_ms = 0;
    while (!follow.stop.aborted) {
      woken = false;
      const reached = await lookIntoAll(follow, waiting);
      outage_ms = reached ? 0 : Math.min(Math.max(FIRST_PAUSE_MS, outage_ms * 2), LONGEST_PAUSE_MS);
      if (outage_ms === 0) {
        await rest(untilNext(waiting, follow.monotonicMs()));
        continue;
      }
      // A new event is a reason to try again at once, but a stream of them is not to become a stream of questions.
      await follow.sleep(FIRST_PAUSE_MS, follow.stop);
      await rest(outage_ms - FIRST_PAUSE_MS);
    }
  };
  follow.stop.addEventListener('abort', wake, { once: true });
  const ended = run().finally(() => follow.stop.removeEventListener('abort', wake));
  return { wake, ended };
}

/** Every event that is open and not waiting for its time; false where the provider is out of reach. */
async function lookIntoAll(follow: Follow, waiting: Map<bigint, Waiting>): Promise<boolean> {
  const open = new Set<bigint>();
  for (let after = 0n; !follow.stop.aborted; ) {
    const events = await webhooksToApply(follow.database, follow.provider.name, after, GROUP);
    const last = events.at(-1);
    if (last === undefined) break;
    after = last.id;
    for (const { id } of events) open.add(id);
    const now = follow.monotonicMs();
    // One answer settles all events of its payout, so that one that waits goes with one that is due.
    const asked = new Set(events.filter(({ id }) => dueAt(waiting, id) <= now).map((each) => each.payout_id));
    const due = events.filter((event) => asked.has(event.payout_id));
    if (due.length === 0) continue;
    const round = await applyWebhooks(follow, due);
    keepTime(waiting, round, follow.monotonicMs());
    follow.onRound(round);
    if (round.stopped !== null) return false;
  }
  // Another process may have settled what waits here.
  for (const id of waiting.keys()) if (!open.has(id)) waiting.delete(id);
  return true;
}

function dueAt(waiting: ReadonlyMap<bigint, Waiting>, id: bigint): number {
  return waiting.get(id)?.due_ms ?? 0;
}

function keepTime(waiting: Map<bigint, Waiting>, round: WebhookRound, now: number): void {
  for (const { id } of round.settled) waiting.delete(id);
  // What was left because nobody answers waits with the provider, not by itself.
  if (round.stopped !== null) return;
  for (const { id } of round.left) {
    const before = waiting.get(id)?.pause_ms ?? 0;
    const pause_ms = Math.min(Math.max(FIRST_PAUSE_MS, before * 2), LONGEST_PAUSE_MS);
    waiting.set(id, { pause_ms, due_ms: now + pause_ms });
  }
}

function untilNext(waiting: ReadonlyMap<bigint, Waiting>, now: number): number {
  let next = now + LOOK_AGAIN_MS;
  for (const { due_ms } of waiting.values()) next = Math.min(next, due_ms);
  return next - now;
}
