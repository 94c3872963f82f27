import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CREDENTIALS, openTill } from '../batch/till.ts';
import { runPayrun, spawnPayrun } from '../run-payrun.ts';
import { type Desk, deliver, entriesOf, eventually, freePort, openDesk, told } from './desk.ts';

const down = (method: string) => method === 'GET';
const statesOf = async (desk: Desk) => (await desk.webhooks()).map(({ state }) => state);

test('a sandbox that tells of everything has a batch paid, failed and returned with no sync at all', async () => {
  const desk = await openDesk({ telling: true, settle_ms: 40 });
  const serving = await desk.serve('--port', String(desk.port));
  const people = 'beneficiary_ref,name,account_number,ifsc\nback,Back Ltd,100000030004,SBIN0000001\n';
  desk.office.write('more.csv', people);
  await desk.payrun('beneficiary', 'import', 'more.csv');
  const rows = ['asha', 'closed', 'back', 'bina'].flatMap((who) =>
    Array.from({ length: 15 }, (_, index) => `${who},${200 + index}\n`),
  );
  await desk.importBatch('nov', `beneficiary_ref,amount\n${rows.join('')}`);
  // The receiver writes to the ledger while this submits on it.
  const submitted = await desk.payrun('batch', 'submit', 'nov', '--yes', '--json');
  expect([0, 3, 6]).toContain(submitted.exit);
  await eventually(async () => {
    const counts: Record<string, number> = {};
    for (const state of Object.values(await desk.states())) counts[state] = (counts[state] ?? 0) + 1;
    expect(counts).toEqual({ paid: 30, failed: 15, returned: 15 });
  });
  await eventually(async () => expect(await desk.webhooks('--state', 'received')).toEqual([]));
  const { delivered, dropped } = desk.sandbox.stats().webhooks;
  expect(dropped).toBe(0);
  const ran = await serving.stop();
  expect(ran.exit).toBe(0);
  expect(ran.stdout).toBe(`nxt ${serving.url}\n`);
  expect(await desk.webhooks()).toHaveLength(delivered);
  const verified = await desk.payrun('ledger', 'verify', '--json');
  expect([verified.exit, verified.json().data]).toMatchObject([0, { problems: [] }]);
  const balance = await desk.payrun('provider', 'balance', 'nxt', '--json');
  expect(balance.json().data).toMatchObject({ in_transit: '0.00' });
});

describe('a payout whose send is not answered yet', () => {
  test('is proven by an event, and the answer that comes later changes nothing', async () => {
    const desk = await openDesk({ settle_ms: 1 });
    const { url } = await desk.serve();
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    let reached: () => void = () => undefined;
    const atProvider = new Promise<void>((resolve) => {
      reached = resolve;
    });
    desk.relay.between = async (each) => {
      if (each.method !== 'POST' || !each.path.endsWith('/payouts')) return each;
      reached();
      await answered;
      return each;
    };
    const submitted = desk.submit(['100']);
    await atProvider;
    expect(await desk.states()).toEqual({ 'nov-000001': 'submitting' });
    // A first question may still find it in flight; the event of its end is asked about anew.
    await eventually(async () => {
      await deliver(url, told('nov-000001', 'SUCCESS'));
      expect(await desk.states()).toEqual({ 'nov-000001': 'paid' });
    });
    answer();
    await submitted;
    expect(await desk.states()).toEqual({ 'nov-000001': 'paid' });
    expect(await desk.office.ledger(entriesOf)).toEqual([
      'nov-000001 submitted',
      'nov-000001 paid',
      'nov-000001 fee',
      'nov-000001 tax',
    ]);
    expect(desk.sandbox.stats().statuses.SUCCESS).toBe(1);
    expect((await desk.payrun('ledger', 'verify', '--json')).json().data).toMatchObject({ problems: [] });
  });

  test('is proven by an event where the answer is lost', async () => {
    const desk = await openDesk({ settle_ms: 1 });
    const { url } = await desk.serve();
    let reached = false;
    let lose: (answer: { status: number; text: string }) => void = () => undefined;
    const lost = new Promise<{ status: number; text: string }>((resolve) => {
      lose = resolve;
    });
    desk.relay.between = async (each) => {
      if (each.method !== 'POST' || !each.path.endsWith('/payouts')) return each;
      reached = true;
      return { ...each, ...(await lost) };
    };
    const submitted = desk.submit(['100']);
    await eventually(() => expect(reached).toBe(true));
    await eventually(async () => {
      await deliver(url, told('nov-000001', 'SUCCESS'));
      expect(await desk.states()).toEqual({ 'nov-000001': 'paid' });
    });
    lose({ status: 502, text: '<html>bad gateway</html>' });
    expect((await submitted).exit).toBe(0);
    expect(await desk.states()).toEqual({ 'nov-000001': 'paid' });
    expect(desk.sandbox.stats().statuses.SUCCESS).toBe(1);
  });

  test('stays as it is where the provider does not know it', async () => {
    const desk = await openDesk();
    const { url } = await desk.serve();
    let reached = false;
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      go = resolve;
    });
    desk.relay.between = async (each) => {
      if (each.method === 'GET' && each.path.includes('reference'))
        return { ...each, status: 404, text: NOT_FOUND };
      if (each.method !== 'POST' || !each.path.endsWith('/payouts')) return each;
      reached = true;
      await held;
      return each;
    };
    const submitted = desk.submit(['100']);
    await eventually(() => expect(reached).toBe(true));
    await deliver(url, told('nov-000001', 'FAILED'));
    const asked = desk.relay.asked.GET;
    await eventually(() => expect(desk.relay.asked.GET).toBeGreaterThan(asked));
    expect(await desk.states()).toEqual({ 'nov-000001': 'submitting' });
    expect(await statesOf(desk)).toEqual(['received']);
    go();
    await submitted;
    expect(Object.values(await desk.states())).not.toContain('failed');
  });
});

const NOT_FOUND = '{"error":{"code":"NOT_FOUND","message":"no such payout"}}';

test('an answer about an attempt that was replaced while it was asked for harms no later one', async () => {
  const desk = await openDesk();
  await desk.submit(['100'], 'closed');
  await desk.payrun('payout', 'sync', '--wait', '5s');
  const { url } = await desk.serve();
  let asked = false;
  let answer: () => void = () => undefined;
  const released = new Promise<void>((resolve) => {
    answer = resolve;
  });
  desk.relay.between = async (each) => {
    if (each.method !== 'GET' || !each.path.includes('/payouts/') || asked) return each;
    asked = true;
    await released;
    return each;
  };
  await deliver(url, told('nov-000001', 'FAILED'));
  await eventually(() => expect(asked).toBe(true));
  await desk.payrun('payout', 'retry', 'nov-000001', '--yes');
  answer();
  // The next event makes it look again, and find that the first was about the attempt before.
  await eventually(async () => {
    await deliver(url, told('nov-000001', 'FAILED'));
    expect((await desk.webhooks())[0]).toMatchObject({ state: 'applied', effect: 'earlier_attempt' });
  });
  expect((await desk.states())['nov-000001']).not.toBe('held');
});

describe('while the provider is out of reach', () => {
  test('events are kept, nothing is concluded, and they are looked into when it answers again', async () => {
    const desk = await openDesk();
    await desk.submit(['100', '200']);
    desk.relay.lost = down;
    const { url, stderr } = await desk.serve();
    expect(await deliver(url, told('nov-000001', 'FAILED'))).toBe(200);
    await eventually(() => expect(stderr()).toContain('nxt: cannot be asked now: '));
    expect(await deliver(url, told('nov-000002', 'SUCCESS', { amount: 200 }))).toBe(200);
    expect(await statesOf(desk)).toEqual(['received', 'received']);
    expect(new Set(Object.values(await desk.states()))).toEqual(new Set(['pending']));
    desk.relay.lost = () => false;
    await eventually(async () => expect(await statesOf(desk)).toEqual(['applied', 'applied']));
    expect(new Set(Object.values(await desk.states()))).toEqual(new Set(['paid']));
    expect(stderr()).toContain('nxt: answers again.');
  });

  test('a stream of events does not become a stream of questions', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    desk.relay.lost = down;
    const { url } = await desk.serve();
    const before = desk.relay.asked.GET;
    const until = performance.now() + 1200;
    while (performance.now() < until) expect(await deliver(url, told('nov-000001', 'SUCCESS'))).toBe(200);
    expect(desk.relay.asked.GET - before).toBeLessThan(20);
  });

  test('what one process left the next one looks into at its start', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    desk.relay.lost = down;
    const first = await desk.serve();
    await deliver(first.url, told('nov-000001', 'SUCCESS'));
    expect((await first.stop()).exit).toBe(0);
    expect(await statesOf(desk)).toEqual(['received']);
    desk.relay.lost = () => false;
    await desk.serve();
    await eventually(async () => expect(await desk.states()).toEqual({ 'nov-000001': 'paid' }));
    expect(await statesOf(desk)).toEqual(['applied']);
  });

  test('an event that a killed process had acknowledged is applied once, also when it comes again', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    desk.relay.lost = down;
    const spawned = spawnPayrun(['webhook', 'serve', '--port', '0'], { cwd: desk.folder, env: CREDENTIALS });
    const url = /http:\S+/.exec(await spawned.waitFor(/^nxt http:\S+\n/))?.[0] ?? '';
    const event = told('nov-000001', 'SUCCESS');
    expect(await deliver(url, event)).toBe(200);
    spawned.child.kill('SIGKILL');
    expect(await spawned.done).toMatchObject({ signal: 'SIGKILL' });
    expect(await statesOf(desk)).toEqual(['received']);
    desk.relay.lost = () => false;
    const next = await desk.serve();
    expect(await deliver(next.url, event)).toBe(200);
    await eventually(async () => expect(await statesOf(desk)).toEqual(['applied']));
    await next.stop();
    const entries = await desk.office.ledger(entriesOf);
    expect(entries.filter((entry) => entry.endsWith(' paid'))).toEqual(['nov-000001 paid']);
  });

  test.each([
    ['that cannot be read', { status: 200, text: '<html>maintenance</html>' }],
    ['of a server that has failed', { status: 500, text: '{"error":{"code":"INTERNAL","message":"x"}}' }],
  ])('one answer %s keeps no other event waiting', async (_what, shown) => {
    const desk = await openDesk();
    await desk.submit(['100', '200']);
    const { url, stderr } = await desk.serve();
    desk.relay.between = (each) => (each.text.includes('"nov-000001"') ? { ...each, ...shown } : each);
    await deliver(url, told('nov-000001', 'SUCCESS'));
    await deliver(url, told('nov-000002', 'SUCCESS', { amount: 200 }));
    await eventually(async () => expect(await statesOf(desk)).toEqual(['received', 'applied']));
    expect(await desk.states()).toEqual({ 'nov-000001': 'pending', 'nov-000002': 'paid' });
    await eventually(() => expect(stderr()).toContain('nov-000001 will be asked about again: '));
    desk.relay.between = (each) => each;
    await eventually(async () => expect(await statesOf(desk)).toEqual(['applied', 'applied']));
  });

  test('a payout that its provider never finds stays open, and its event comes to an end', async () => {
    const desk = await openDesk();
    await desk.submit(['100']);
    desk.relay.between = (each) =>
      each.method === 'GET' && each.path.includes('/payouts/')
        ? { ...each, status: 404, text: NOT_FOUND }
        : each;
    desk.office.write('event.json', JSON.stringify(told('nov-000001', 'SUCCESS')));
    for (let tries = 1; tries < 6; tries += 1) {
      expect((await desk.payrun('webhook', 'apply', 'event.json')).exit).toBe(6);
      expect(await statesOf(desk)).toEqual(['received']);
    }
    expect((await desk.payrun('webhook', 'apply', 'event.json')).exit).toBe(0);
    expect(await desk.webhooks()).toMatchObject([{ state: 'applied', effect: 'not_found' }]);
    expect(await desk.states()).toEqual({ 'nov-000001': 'pending' });
  });
});

describe('webhook serve', () => {
  test('names each provider that has a secret, and ends with 0 on a signal, as a process', async () => {
    const desk = await openDesk();
    const spawned = spawnPayrun(['webhook', 'serve', '--port', '0'], { cwd: desk.folder, env: CREDENTIALS });
    await spawned.waitFor(/^nxt http:\/\/127\.0\.0\.1:\d+\/webhooks\/nxt\n/);
    spawned.child.kill('SIGINT');
    expect(await spawned.done).toMatchObject({ exit: 0, signal: null });
  });

  test('does not start where no provider has a secret', async () => {
    const till = await openTill();
    const ran = await till.payrun('webhook', 'serve', '--port', '0', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([2, 'secret_missing']);
    expect(ran.json().error.message).toContain('has a webhook_secret.');
  });

  test.each([
    ['is missing', 'old', 'gone'],
    ['is empty', 'empty-secret', ''],
  ])('does not start where a secret %s', async (_what, name, content) => {
    const desk = await openDesk({ webhook_secret_toml: `[{ file = "hook-secret" }, { file = "${name}" }]` });
    if (content === '') writeFileSync(join(desk.folder, name), content, { mode: 0o600 });
    const ran = await desk.payrun('webhook', 'serve', '--port', '0', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([2, 'secret_missing']);
  });

  test.each([
    ['--port', 'http'],
    ['--port', '65536'],
    ['--dry-run', '--yes'],
  ])('%s %s is wrong usage', async (...flags) => {
    const desk = await openDesk();
    const ran = await desk.payrun('webhook', 'serve', ...flags);
    expect(ran.exit).toBe(2);
    expect(ran.stdout).toBe('');
  });

  test('ends with an error where the ledger gives out, and acknowledges nothing more', async () => {
    const desk = await openDesk();
    const serving = await desk.serve();
    await desk.office.ledger((database) => database.transaction((tx) => tx.run('drop table webhooks')));
    expect(await deliver(serving.url, told('a', 'SUCCESS'))).toBe(503);
    const ran = await serving.stop();
    // What is missing from the schema is no trouble of the disk: a bug, or somebody's hand.
    expect(ran.exit).toBe(70);
    expect(ran.stderr).toContain('error: ');
  });

  test('says when its port is taken, and leaves nothing running', async () => {
    const desk = await openDesk();
    const port = await freePort();
    await desk.serve('--port', String(port));
    const ran = await runPayrun(['webhook', 'serve', '--port', String(port), '--json'], {
      cwd: desk.folder,
      env: CREDENTIALS,
    });
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'port_unavailable']);
  });
});
