/**
 * The built program against a server with heavy faults, killed again and again: at a moment that a seed draws, or when
 * the server has seen so many sends more. What it leaves is looked at each time, and in the end everything is paid.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Chance } from '../../src/sandbox/chance.ts';
import type { Fault } from '../independent/bank-process.ts';
import { endComplaints, type Running, type Shop, standingComplaints, submit } from './shop.ts';

const PAYOUTS = { method: 'POST', path: '/payouts' } as const;
const QUESTIONS = { method: 'GET', path: '/payouts' } as const;

export const HEAVY: readonly Fault[] = [
  { ...PAYOUTS, kind: 'status_after', chance: 0.06 },
  { ...PAYOUTS, kind: 'status_before', status: 503, chance: 0.04 },
  { ...PAYOUTS, kind: 'reset_after', chance: 0.05 },
  { ...PAYOUTS, kind: 'reset_before', chance: 0.04 },
  { ...PAYOUTS, kind: 'truncate', chance: 0.03 },
  { ...PAYOUTS, kind: 'html_after', chance: 0.02 },
  { ...PAYOUTS, kind: 'html_before', status: 422, chance: 0.02 },
  { ...PAYOUTS, kind: 'late', chance: 0.03, after_ms: 300 },
  { ...PAYOUTS, kind: 'rate_limit', chance: 0.02, retry_after: 0 },
  { ...PAYOUTS, kind: 'hang_after', chance: 0.004 },
  { ...QUESTIONS, kind: 'status_before', status: 503, chance: 0.04 },
  { ...QUESTIONS, kind: 'reset_before', chance: 0.03 },
];

export interface Killed {
  kills: number;
  payouts: number;
  complaints: string[];
}

/** One batch of the shop, killed so often at most; fewer where it is through before. */
export async function killAgainAndAgain(
  shop: Shop,
  seed: number,
  kills: number,
  enough: () => boolean = () => false,
): Promise<Killed> {
  const chance = new Chance(seed);
  const one = await shop.open({ seed, latency_ms: 15, settle_ms: 100 });
  const killed: Killed = { kills: 0, payouts: shop.rows, complaints: [] };
  try {
    await shop.bank.faults(HEAVY);
    // A start that ends by itself, out of patience with the faults, is no kill.
    for (let start = 0; killed.kills < kills && start < kills * 3 && (start === 0 || !enough()); start += 1) {
      const running = one.start(submit('--wait', '5s'));
      const ended = await killAt(shop, running, chance);
      if (ended.signal === 'SIGKILL') killed.kills += 1;
      else if (![0, 3, 5, 6].includes(ended.exit ?? -1))
        killed.complaints.push(`it ended with ${ended.exit}: ${ended.stdout}${ended.stderr}`);
      killed.complaints.push(...(await standingComplaints(shop, one.ledger)));
      if (ended.exit === 0 || ended.exit === 3 || killed.complaints.length > 0) break;
    }
    await shop.bank.faults([]);
    await shop.bank.settings({ latency_ms: 0 });
    const last = await one.run(submit('--wait', '30s'));
    if (last.exit !== 3)
      killed.complaints.push(`the last one ended with ${last.exit}: ${last.stdout}${last.stderr}`);
    killed.complaints.push(...(await endComplaints(shop, one.ledger)));
    return killed;
  } finally {
    one.close();
  }
}

async function killAt(shop: Shop, running: Running, chance: Chance) {
  const draw = (limit: number) => Number.parseInt(chance.hex(1), 16) % limit;
  const moment = chance.hits(0.4) ? delay(150 + draw(700)) : untilSends(shop, 1 + draw(24));
  await Promise.race([moment, running.done]);
  running.kill('SIGKILL');
  return running.done;
}

/** Resolves when so many more sends have reached the server, or after a while in which they did not. */
export async function untilSends(shop: Shop, more: number, patience_ms = 30_000): Promise<void> {
  const until = performance.now() + patience_ms;
  const wanted = (await shop.bank.sends()) + more;
  while ((await shop.bank.sends()) < wanted && performance.now() < until) await delay(10);
}
