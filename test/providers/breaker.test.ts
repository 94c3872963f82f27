import { afterEach, describe, expect, it } from 'vitest';
import { type Breaker, createBreaker } from '../../src/providers/breaker.ts';
import type { HttpResult } from '../../src/providers/http.ts';
import { createPace, type Pace } from '../../src/providers/pace.ts';

const GOOD: HttpResult = answer(200);
const BAD: HttpResult = answer(503);
const TIMES = { first_pause_ms: 60, longest_pause_ms: 120, patience_ms: 600 };

function answer(status: number): HttpResult {
  const headers = { 'content-type': null, 'retry-after': [], date: null, 'x-row-count': null };
  return { kind: 'answer', status, text: '', headers, received_at_ms: 0, complete: true };
}

interface Rig {
  pace: Pace;
  breaker: Breaker;
  /** What the provider answers now. */
  now: HttpResult;
  calls: number;
  probes: number[];
  told: (string | null)[];
  call(): Promise<HttpResult | 'not_started'>;
}

const rigs: Rig[] = [];
afterEach(() => {
  for (const { pace, breaker } of rigs.splice(0)) {
    breaker.close();
    pace.close();
  }
});

function rig(settings: { requests_per_second?: number; times?: typeof TIMES } = {}): Rig {
  const pace = createPace({ requests_per_second: 0, concurrency: 4, ...settings });
  const told: Rig['told'] = [];
  const probes: number[] = [];
  const breaker = createBreaker({
    pace,
    probe: async () => {
      probes.push(performance.now());
      return it.now;
    },
    onPause: (why) => told.push(why),
    random: () => 1,
    times: settings.times ?? TIMES,
  });
  const perform = async () => {
    it.calls += 1;
    return it.now;
  };
  const it: Rig = {
    pace,
    breaker,
    now: GOOD,
    calls: 0,
    probes,
    told,
    call: () => pace.run(0, () => breaker.watch(perform)),
  };
  rigs.push(it);
  return it;
}

async function calls(it: Rig, results: readonly HttpResult[]): Promise<void> {
  for (const result of results) {
    it.now = result;
    await it.call();
  }
}

const times = (count: number, ...results: HttpResult[]) =>
  Array.from({ length: count }, () => results).flat();

describe('the breaker', () => {
  it('lets failures pass that are fewer than half, and nine in a row', async () => {
    const it = rig();
    await calls(it, [...times(12, GOOD), ...times(9, BAD), ...times(16, GOOD, GOOD, BAD)]);
    expect(it.calls).toBe(69);
    expect(it.told).toEqual([]);
  });

  it('pauses where half of the calls fail, and all that wait go on when one question was answered', async () => {
    const it = rig();
    const half = calls(it, times(30, GOOD, BAD));
    while (it.told.length === 0) await new Promise((resolve) => setImmediate(resolve));
    const before = it.calls;
    expect(before).toBeLessThan(60);
    expect(it.told[0]).toMatch(
      /^paused for 0\.1 s since too many calls fail \(HTTP 503\); then one tries again$/,
    );
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(it.calls).toBe(before);
    await half;
    expect(it.calls).toBe(60);
    expect(it.told).toContain(null);
  });

  it('hands every result on as it came, whatever it makes of it', async () => {
    const it = rig();
    const lost: HttpResult = { kind: 'lost', code: 'ECONNRESET', reason: 'reset' };
    const got: unknown[] = [];
    for (const result of [BAD, lost, answer(404), answer(429), GOOD]) {
      it.now = result;
      got.push(await it.call());
    }
    expect(got).toEqual([BAD, lost, answer(404), answer(429), GOOD]);
  });

  it('asks one question at a time while it pauses, each time later, and starts nothing else', async () => {
    const it = rig();
    it.now = BAD;
    const waiting = Array.from({ length: 30 }, () => it.call());
    await new Promise((resolve) => setTimeout(resolve, 330));
    const { calls, probes } = it;
    // Four at once may have been under way when the tenth failure came.
    expect(calls).toBeLessThanOrEqual(13);
    expect(probes.length).toBeGreaterThanOrEqual(2);
    expect((probes[1] ?? 0) - (probes[0] ?? 0)).toBeGreaterThanOrEqual(119);
    it.now = GOOD;
    expect(await Promise.all(waiting)).not.toContain('not_started');
    expect(it.calls).toBe(30);
    expect(it.breaker.gaveUp()).toBeNull();
  });

  it('gives up in the end: those that wait are told, and who comes later may try', async () => {
    const it = rig();
    it.now = BAD;
    const started = performance.now();
    const ended = await Promise.all(Array.from({ length: 30 }, () => it.call()));
    expect(performance.now() - started).toBeGreaterThanOrEqual(600);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(ended.filter((each) => each === 'not_started').length).toBeGreaterThanOrEqual(17);
    expect(it.breaker.gaveUp()).toMatch(/^the provider has been in trouble for 0\.\d s, at last: HTTP 503$/);
    it.now = GOOD;
    expect(await it.call()).toEqual(GOOD);
    expect(it.breaker.gaveUp()).toBeNull();
  });

  it('that opens again soon after it closed waits longer, and its patience goes on counting', async () => {
    const it = rig({ times: { ...TIMES, longest_pause_ms: 10_000 } });
    await calls(it, times(10, BAD).concat(GOOD));
    await calls(it, times(10, BAD).concat(GOOD));
    expect(it.told.filter((each) => each !== null)).toEqual([
      'paused for 0.1 s since too many calls fail (HTTP 503); then one tries again',
      'paused for 0.1 s since too many calls fail (HTTP 503); then one tries again',
    ]);
    expect((it.probes[1] ?? 0) - (it.probes[0] ?? 0)).toBeGreaterThanOrEqual(119);
  });

  it('keeps to the rate with its questions too', async () => {
    const it = rig({ requests_per_second: 10 });
    const starts: number[] = [];
    await it.pace.run(0, async () => starts.push(performance.now()));
    await it.pace.outside(async () => starts.push(performance.now()));
    expect((starts[1] ?? 0) - (starts[0] ?? 0)).toBeGreaterThanOrEqual(95);
  });
});
