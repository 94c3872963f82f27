import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttp, type Http } from '../../src/providers/http.ts';
import { createMeter, createPace, type Pace } from '../../src/providers/pace.ts';
import { json, type Scripted, serve } from './scripted-server.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const thing of opened.splice(0).reverse()) await thing.close();
});

function keep<T extends { close(): unknown }>(thing: T): T {
  opened.push(thing);
  return thing;
}

function pace(settings: { requests_per_second?: number; concurrency?: number } = {}): Pace {
  return keep(createPace({ requests_per_second: 0, concurrency: 16, ...settings }));
}

/** The most arrivals in any window of this length. */
function busiest(arrivals: readonly number[], windowMs: number): number {
  let most = 0;
  let first = 0;
  for (const [index, at] of arrivals.entries()) {
    while (at - (arrivals[first] ?? at) >= windowMs) first += 1;
    most = Math.max(most, index - first + 1);
  }
  return most;
}

/** How long this process did not run at all: other tests have the processor then, and no pace can use that time. */
function watchStalls(): { end(): number } {
  let last = performance.now();
  let stalledMs = 0;
  const look = () => {
    const now = performance.now();
    // Shorter ones are for the gate to make up for.
    if (now - last > 50) stalledMs += now - last;
    last = now;
  };
  const timer = setInterval(look, 5);
  return {
    end: () => {
      look();
      clearInterval(timer);
      return stalledMs;
    },
  };
}

/** When calls start on a clock of the test's own: each so long after it may, and waiting for that or only then made. */
function startsWith(cap: number, calls: readonly { late_ms: number; waited: boolean }[]): number[] {
  const meter = createMeter(cap);
  if (!meter) throw new Error('A finite cap has a meter.');
  let now = 0;
  return calls.map(({ late_ms, waited }) => {
    now = Math.max(now, meter.nextMs()) + late_ms;
    meter.count(now, waited);
    return now;
  });
}

const always = (count: number, late_ms: number) => new Array(count).fill({ late_ms, waited: true });

describe('the rate', () => {
  it('is never over the cap in any second, however late or idle the caller is', () => {
    const late = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 400, noNaN: true }));
    const calls = fc.array(fc.record({ late_ms: late, waited: fc.boolean() }), {
      minLength: 1,
      maxLength: 400,
    });
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        calls,
        (cap, given) => busiest(startsWith(cap, given), 1_000) <= cap,
      ),
      { numRuns: 2_000 },
    );
  });

  it('is 95 per cent of the cap, also where every start is two milliseconds late', () => {
    // Up to a start every two milliseconds; above that one late timer finds several calls due.
    for (const cap of [1, 3, 17, 20, 50, 200, 333]) {
      const starts = startsWith(cap, always(cap * 10, 2));
      const perSecond = (starts.length - 1) / (((starts.at(-1) ?? 0) - (starts[0] ?? 0)) / 1000);
      expect(perSecond / cap, `cap ${cap}`).toBeGreaterThan(0.94);
      expect(perSecond / cap, `cap ${cap}`).toBeLessThanOrEqual(0.9501);
    }
  });

  it('is even from the first call on, and idle time saves nothing up', () => {
    const calls = [...always(1_000, 0), { late_ms: 60_000, waited: false }, ...always(1_000, 0)];
    expect(busiest(startsWith(1000, calls), 100)).toBeLessThanOrEqual(96);
  });

  it('is even after a pause too, however many calls waited for its end', () => {
    const meter = createMeter(1000);
    if (!meter) throw new Error('A finite cap has a meter.');
    meter.count(0, false);
    meter.pauseUntil(5_000);
    expect(meter.nextMs()).toBe(5_000);
    meter.count(5_000, true);
    expect(meter.nextMs()).toBeGreaterThan(5_001);
  });

  it('makes up for a busy loop, but for no more than a tenth of a second of it', () => {
    const calls = [...always(100, 0), { late_ms: 500, waited: true }, ...always(500, 0)];
    expect(busiest(startsWith(1000, calls), 10)).toBeGreaterThan(80);
    expect(busiest(startsWith(1000, calls), 10)).toBeLessThanOrEqual(110);
  });

  it('has no cap where none is set', () => {
    expect(createMeter(0)).toBeNull();
    expect(createMeter(Number.POSITIVE_INFINITY)).toBeNull();
  });

  for (const cap of [20, 40, 200, 1000]) {
    it(`of ${cap} a second is kept as the server counts it, and nearly reached`, async () => {
      const server: Scripted = keep(await serve((_, response) => json(response, 200, {})));
      const http: Http = keep(createHttp({ base_url: server.base_url, timeout_ms: 5_000 }));
      const gate = pace({ requests_per_second: cap });
      const call = () => gate.run(0, () => http.send({ method: 'GET', path: '/', headers: {} }));
      let best = 0;
      // What keeps this process from the processor slows it down, and nothing else may: one quiet round shows it.
      for (let round = 0; round < 3 && best < 0.9 * cap; round += 1) {
        server.seen.length = 0;
        const stalls = watchStalls();
        await Promise.all(Array.from({ length: cap * 2 }, call));
        const stalledMs = stalls.end();
        const arrivals = server.seen.map((request) => request.at_ms).sort((a, b) => a - b);
        expect(busiest(arrivals, 900)).toBeLessThanOrEqual(cap);
        const span = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0) - stalledMs;
        best = Math.max(best, (arrivals.length - 1) / (span / 1000));
      }
      expect(best).toBeGreaterThanOrEqual(0.9 * cap);
    });
  }
});

describe('the gate', () => {
  it('lets through no more at once than it may', async () => {
    const gate = pace({ concurrency: 3 });
    let running = 0;
    let most = 0;
    const task = async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
    };
    await Promise.all(Array.from({ length: 20 }, () => gate.run(0, task)));
    expect(most).toBe(3);
  });

  it('lets the more urgent go first among those that wait', async () => {
    const gate = pace({ concurrency: 1 });
    const order: string[] = [];
    const note = (name: string) => async () => {
      order.push(name);
    };
    await Promise.all([
      gate.run(0, note('first')),
      gate.run(0, note('later')),
      gate.run(1, note('proof')),
      gate.run(2, note('token')),
    ]);
    expect(order).toEqual(['first', 'token', 'proof', 'later']);
  });

  it('starts nothing during a pause, and a shorter pause does not end a longer one', async () => {
    const gate = pace();
    const started = performance.now();
    gate.pauseFor(200);
    gate.pauseFor(10);
    const waited = await gate.run(0, async () => performance.now() - started);
    expect(waited).toBeGreaterThanOrEqual(199);
    expect(waited).toBeLessThan(1_500);
  });

  it('takes back a call that waits when it may not start any more, long before a pause ends', async () => {
    const gate = pace();
    let wanted = true;
    let ran = false;
    gate.pauseFor(60_000);
    const call = gate.run(
      0,
      async () => {
        ran = true;
      },
      () => wanted,
    );
    wanted = false;
    expect(await call).toBe('not_started');
    expect(ran).toBe(false);
  });

  it('asks at the last moment, when the turn has come', async () => {
    const gate = pace({ concurrency: 1 });
    let wanted = true;
    const first = gate.run(0, async () => {
      wanted = false;
      return 'ran';
    });
    const second = gate.run(
      0,
      async () => 'ran',
      () => wanted,
    );
    expect([await first, await second]).toEqual(['ran', 'not_started']);
  });

  it('never drops the answer of a call that is under way', async () => {
    const gate = pace();
    let answer = (_: string) => {};
    const call = gate.run(
      0,
      () =>
        new Promise<string>((resolve) => {
          answer = resolve;
        }),
      () => true,
    );
    gate.close();
    answer('late');
    expect(await call).toBe('late');
  });

  it('keeps the answer of what waited and has started, also when nothing more may start', async () => {
    const gate = createPace({ requests_per_second: 20, concurrency: 4 });
    let may = true;
    const slow = () => new Promise<string>((resolve) => setTimeout(() => resolve('answered'), 700));
    const calls = [gate.run(0, slow, () => may), gate.run(0, slow, () => may)];
    setTimeout(() => {
      may = false;
    }, 150);
    expect(await Promise.all(calls)).toEqual(['answered', 'answered']);
    gate.close();
  });

  it('ends every wait when it closes', async () => {
    const gate = pace();
    gate.pauseFor(60_000);
    const calls = [
      gate.run(0, async () => 'ran'),
      gate.run(
        0,
        async () => 'ran',
        () => true,
      ),
    ];
    gate.close();
    expect(await Promise.all(calls)).toEqual(['not_started', 'not_started']);
  });
});
