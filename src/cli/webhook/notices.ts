/**
 * What a receiver says on stderr while it runs: what moved, what nobody asked for, and why it stands still. Senders
 * that prove nothing cannot fill a log: what is refused is counted and told now and then.
 */

import { unreachable } from '../../domain/errors.ts';
import type { WebhookRound } from '../../operations/apply-webhooks.ts';
import type { Receipt } from '../../operations/receive-webhook.ts';
import type { Context } from '../command.ts';
import { counted } from '../output/counted.ts';

export interface WebhookCounts {
  stored: number;
  known: number;
  refused: number;
  applied: number;
  unknown: number;
}

export interface Notices {
  readonly counts: WebhookCounts;
  receipt(provider: string, receipt: Receipt): void;
  round(provider: string, round: WebhookRound): void;
  /** Tells what was only counted so far. */
  end(): void;
}

const TELL_REFUSED_MS = 10_000;
// Beyond these, what is waiting is told once more: a line too many is better than memory without a bound.
const REMEMBERED_LEFT = 1000;

export function serveNotices({ world, progress }: Pick<Context, 'world' | 'progress'>): Notices {
  const counts: WebhookCounts = { stored: 0, known: 0, refused: 0, applied: 0, unknown: 0 };
  const say = (provider: string, words: string) => progress.line(`${provider}: ${words}`);
  const refusals = tellRefusals(() => world.monotonicMs(), say);
  const outages = new Map<string, string>();
  const told = new Set<bigint>();
  return {
    counts,
    receipt: (provider, receipt) => {
      switch (receipt.outcome) {
        case 'stored':
          counts.stored += 1;
          if (receipt.webhook.state === 'unknown_reference') {
            counts.unknown += 1;
            say(provider, `event ${receipt.webhook.id} names a payout that this ledger does not know`);
          }
          return;
        case 'known':
          counts.known += 1;
          return;
        case 'unsigned':
          counts.refused += 1;
          refusals.count(provider, 'whose signature does not fit');
          return;
        case 'no_event':
          counts.refused += 1;
          refusals.count(provider, 'that had a signature, but no event');
          return;
        case 'from_the_future':
          counts.refused += 1;
          refusals.count(
            provider,
            `dated more than five minutes ahead (${receipt.stated_at}); check this machine's clock`,
          );
          return;
      }
      unreachable(receipt);
    },
    round: (provider, round) => {
      counts.applied += round.settled.length;
      tellMoves(provider, round, say);
      for (const { id } of round.settled) told.delete(id);
      tellOutage(provider, round, outages, say);
      if (round.stopped !== null) return;
      for (const left of round.left) {
        if (told.has(left.id)) continue;
        if (told.size >= REMEMBERED_LEFT) told.clear();
        told.add(left.id);
        say(provider, `${left.reference_id} will be asked about again: ${left.reason}`);
      }
    },
    end: () => refusals.tell(),
  };
}

type Say = (provider: string, words: string) => void;

function tellMoves(provider: string, round: WebhookRound, say: Say): void {
  const moved = new Set<string>();
  for (const { reference_id, effect, before, after, note } of round.settled) {
    const why = note === null ? '' : `: ${note}`;
    if (before !== after) {
      // Several events of one payout are settled by one answer.
      if (!moved.has(reference_id)) say(provider, `${reference_id} ${before} → ${after}${why}`);
      moved.add(reference_id);
    } else if (note !== null) {
      say(provider, `${reference_id} stays ${after} (${effect.replaceAll('_', ' ')})${why}`);
    }
  }
}

function tellOutage(
  provider: string,
  { stopped, settled }: WebhookRound,
  outages: Map<string, string>,
  say: Say,
): void {
  if (stopped !== null && outages.get(provider) !== stopped.reason) {
    outages.set(provider, stopped.reason);
    say(provider, `cannot be asked now: ${stopped.reason}. Events are kept and looked into later.`);
  }
  if (stopped === null && settled.length > 0 && outages.delete(provider)) say(provider, 'answers again.');
}

interface Refusals {
  count(provider: string, why: string): void;
  tell(): void;
}

/** The first at once, then at most every ten seconds how many there were. */
function tellRefusals(monotonicMs: () => number, say: Say): Refusals {
  const untold = new Map<string, { provider: string; why: string; count: number }>();
  let due = 0;
  const tell = () => {
    for (const { provider, why, count } of untold.values())
      say(provider, `refused ${counted(count, 'request', 'requests')} ${why}`);
    untold.clear();
    due = monotonicMs() + TELL_REFUSED_MS;
  };
  return {
    count: (provider, why) => {
      const key = `${provider}\n${why.split(' (')[0]}`;
      untold.set(key, { provider, why, count: (untold.get(key)?.count ?? 0) + 1 });
      if (monotonicMs() >= due) tell();
    },
    tell,
  };
}
