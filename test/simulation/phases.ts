/** The parts of the campaign, each for as long as it may: what it tried, and what went wrong. */
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Chance } from '../../src/sandbox/chance.ts';
import { countCalls, DISK_FATES, losePower, strikeDisk } from '../processes/disk-faults.ts';
import { buildFaultyDisk } from '../processes/faulty-disk.ts';
import { killAgainAndAgain } from '../processes/kills.ts';
import { openShop, type Shop } from '../processes/shop.ts';
import { fuzzClassification } from '../providers/nxtbanking/classify-fuzz.ts';
import type { Crime } from './auditor.ts';
import { dieAtEachPair, dieAtEachStep, liveAndTally, stopAtEachStep, stormPlan, Tally } from './campaign.ts';
import { Days, deathsOfLife } from './day.ts';
import { type Explored, exploreAll } from './explorer.ts';
import { realProtocol } from './interleavings.ts';
import { Laboratory } from './laboratory.ts';
import { MODES, modeNamed } from './modes.ts';
import { FAST } from './run.ts';
import { walkModel } from './walk-model.ts';

export interface Course {
  seed: number;
  /** Whether the time of this part is up. */
  enough(): boolean;
  /** Only these, by name. */
  modes?: readonly string[] | undefined;
}

export interface Tried {
  lines: string[];
  /** Crash points × modes, of the part that counts them. */
  coverage?: string;
  schedules: number;
  crashes: number;
  kills: number;
  payouts: number;
  crimes: Map<Crime, number>;
  /** In words, with what is needed to have it again. */
  failures: string[];
}

function nothing(): Tried {
  return { lines: [], schedules: 0, crashes: 0, kills: 0, payouts: 0, crimes: new Map(), failures: [] };
}

function blame(tried: Tried, crime: Crime): void {
  tried.crimes.set(crime, (tried.crimes.get(crime) ?? 0) + 1);
}

/** One submission: each step in each mode, stops, storms. */
export async function submissions({ seed, enough }: Course): Promise<Tried> {
  const laboratory = new Laboratory();
  const tally = new Tally();
  const full = () => enough() || tally.failures.length >= 20;
  try {
    for (const mode of MODES) {
      const plan = { mode, seed, rows: 2, concurrency: 2 };
      if (!full()) await stopAtEachStep(laboratory, plan, tally, { stride: 3, offset: 0, enough: full });
      if (!full()) await dieAtEachStep(laboratory, plan, tally, { alike: 'each', enough: full });
    }
    let storms = seed * 1_000_000;
    while (!full()) {
      storms += 1;
      await liveAndTally(laboratory, stormPlan(storms), tally);
    }
  } finally {
    laboratory.close();
  }
  const lines = [
    `submissions           ${tally.runs}, of which ${tally.replaced} were stopped and replaced by another`,
  ];
  return { ...tried(tally, lines), coverage: tally.coverage() };
}

/** How large batches are of which two processes die in a row: the smallest first, in every mode. */
const PAIRED = [
  { rows: 1, concurrency: 1 },
  { rows: 2, concurrency: 2 },
  { rows: 5, concurrency: 3 },
] as const;

/** Every pair of steps at which two processes in a row die, in one mode after the other; `modes` are their names. */
export async function pairs({ seed, enough, modes }: Course): Promise<Tried> {
  const laboratory = new Laboratory();
  const tally = new Tally();
  const full = () => enough() || tally.failures.length >= 20;
  const chosen = modes?.map(modeNamed) ?? MODES;
  const lines: string[] = [];
  try {
    for (const size of PAIRED) {
      let whole = 0;
      for (const mode of chosen)
        if (!full() && (await dieAtEachPair(laboratory, { mode, seed, ...size }, tally, full))) whole += 1;
      lines.push(
        `  of ${size.rows} ${size.rows === 1 ? 'row' : 'rows'}: every one there is, in ${whole} of ${chosen.length} modes`,
      );
    }
  } finally {
    laboratory.close();
  }
  const pairs = tried(tally, [
    `pairs of crashes      ${tally.pairs}; those that leave the same behind were lived once: ${tally.runs} lives`,
    ...lines,
  ]);
  for (const plan of tally.unreached) {
    blame(pairs, 'unfinished');
    pairs.failures.push(`CAMPAIGN_PLAN='${plan}'\n  the second process never died`);
  }
  return pairs;
}

function tried(tally: Tally, lines: string[]): Tried {
  return {
    ...nothing(),
    lines,
    crashes: tally.deaths,
    payouts: tally.payouts,
    crimes: tally.crimes,
    failures: tally.failures.map(
      ({ plan, findings }) =>
        `CAMPAIGN_PLAN='${plan}'\n${findings.map(({ crime, what }) => `  ${crime}: ${what}`).join('\n')}`,
    ),
  };
}

/** Days on which every command dies: first at each of its steps in turn, the second time wherever the seed has it. */
export async function daysOfDeaths({ seed, enough }: Course): Promise<Tried> {
  const tried = nothing();
  const days = new Days();
  const chance = new Chance(seed);
  const died = new Set<string>();
  let lived = 0;
  try {
    const { traces } = await days.live(seed, []);
    const longest = Math.max(...traces.map((trace) => trace.length));
    for (; !enough() && tried.failures.length < 10; lived += 1) {
      const deaths = deathsOfLife(lived, traces, chance);
      const { findings, died_at } = await days.live(seed, deaths);
      tried.crashes += died_at.length;
      for (const point of died_at) died.add(point);
      for (const { crime } of findings) blame(tried, crime);
      if (findings.length > 0) tried.failures.push(`day ${lived}: ${JSON.stringify({ findings, deaths })}`);
    }
    tried.payouts = lived * 11;
    tried.lines.push(
      `days                  ${lived} (${Math.min(lived, longest)} of ${longest} cover every step of ${traces.length} commands), ${died.size} crash points`,
    );
  } finally {
    days.close();
  }
  return tried;
}

export async function models({ seed, enough }: Course): Promise<Tried> {
  const tried = nothing();
  let walks = 0;
  let commands = 0;
  for (let round = 0; !enough() && tried.failures.length === 0; round += 1) {
    try {
      const walked = await walkModel({ seed: seed * 1_000 + round, runs: 50, most_commands: 60, enough });
      walks += walked.walks;
      commands += walked.commands;
    } catch (error) {
      blame(tried, 'unfinished');
      tried.failures.push(
        `SIMULATION_SEED=${seed * 1_000 + round} the model: ${(error as Error).message}\n${((error as Error).cause as Error | undefined)?.message ?? ''}`,
      );
    }
  }
  tried.lines.push(`model runs            ${walks}, of ${commands} commands`);
  return tried;
}

/** Every order of two submitters' steps, as far as time allows. */
export async function schedules({ enough }: Course): Promise<Tried> {
  const tried = nothing();
  const folder = mkdtempSync(join(FAST, 'payrun-schedules-'));
  const protocol = realProtocol(folder, modeNamed('none'));
  try {
    const explored: Explored & { all: boolean } = await exploreAll(protocol, enough);
    tried.payouts = explored.schedules;
    tried.schedules = explored.schedules;
    tried.lines.push(
      `schedules             ${explored.schedules}${explored.all ? ', which are all' : ''}; one of the two was replaced in ${explored.replaced}`,
    );
    for (const [breach, count] of explored.breaches) {
      tried.crimes.set(breach === 'paid_twice' ? 'double_payment' : 'unfinished', count);
      tried.failures.push(`schedules: ${breach} ${count} times`);
    }
  } finally {
    await protocol.close();
    rmSync(folder, { recursive: true, force: true });
  }
  return tried;
}

export async function fuzz({ seed, enough }: Course): Promise<Tried> {
  const tried = nothing();
  const { tuples, violations } = await fuzzClassification(seed, 1_000_000, enough);
  tried.lines.push(`fuzz tuples           ${tuples}`);
  for (const violation of violations) {
    blame(tried, violation.came === 'failed' ? 'false_failure' : 'state_against_the_truth');
    tried.failures.push(`fuzz: ${JSON.stringify(violation)}`);
  }
  return tried;
}

/** Batches of 300 through heavy faults, each killed 25 times. */
export async function kills({ seed, enough }: Course): Promise<Tried> {
  const tried = nothing();
  let batches = 0;
  const shop = await openShop(300);
  try {
    for (let batch = 0; (batch === 0 || !enough()) && tried.failures.length === 0; batch += 1) {
      const killed = await killAgainAndAgain(shop, seed * 1_000 + batch, 25, enough);
      batches += 1;
      tried.kills += killed.kills;
      tried.payouts += killed.payouts;
      complain(tried, killed.complaints, `kills, SEED ${seed * 1_000 + batch}`);
    }
    tried.lines.push(`batches killed        ${batches} of 300 payouts, ${tried.kills} kills`);
  } finally {
    await shop.close();
  }
  return tried;
}

/** Every write and flush of a submission meets each fate of a disk, and a loss of power. */
export async function disks({ seed, enough }: Course): Promise<Tried> {
  const tried = nothing();
  const disk = buildFaultyDisk();
  if (disk === null) return tried;
  const shop: Shop = await openShop(10);
  let struck = 0;
  let lost = 0;
  try {
    const calls = await countCalls(shop, disk);
    // Strides that meet every call once, and neighbours far apart, so that a short run sees the whole of it too.
    for (let turn = 0; turn < calls.any && !enough(); turn += 1) {
      const at = 1 + ((turn * 37 + seed) % calls.any);
      for (const fate of DISK_FATES) {
        if (enough()) break;
        if (fate.fault.on === 'sync' && turn >= calls.sync) continue;
        const call = fate.fault.on === 'sync' ? turn + 1 : at;
        complain(tried, await strikeDisk(shop, disk, fate, call), 'disk');
        struck += 1;
        if (fate.fault.kind === 'kill') tried.kills += 1;
      }
      if (enough()) break;
      complain(tried, await losePower(shop, disk, at), 'power');
      lost += 1;
    }
    tried.payouts = (struck + lost) * 10;
    tried.lines.push(
      `disk faults           ${struck} of ${calls.any} calls in ${DISK_FATES.length} ways, ${lost} losses of power`,
    );
  } finally {
    await shop.close();
    disk.close();
  }
  return tried;
}

const NAMES: readonly (readonly [string, Crime])[] = [
  ['double payment', 'double_payment'],
  ['lost payout', 'lost_payout'],
  ['false failure', 'false_failure'],
  ['unbalanced', 'unbalanced_entries'],
];

function complain(tried: Tried, complaints: readonly string[], where: string): void {
  for (const complaint of complaints) {
    blame(tried, NAMES.find(([words]) => complaint.includes(words))?.[1] ?? 'unfinished');
    tried.failures.push(`${where}: ${complaint}`);
  }
}
