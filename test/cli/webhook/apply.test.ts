import { expect, test } from 'vitest';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { runPayrun } from '../run-payrun.ts';
import { deliver, entriesOf, eventually, openDesk, told } from './desk.ts';

const ndjson = (events: readonly unknown[]) => `${events.map((event) => JSON.stringify(event)).join('\n')}\n`;

test('one event in a file, however it is laid out, has the provider asked', async () => {
  const desk = await openDesk();
  await desk.submit(['100']);
  desk.office.write('event.json', `${JSON.stringify(told('nov-000001', 'SUCCESS'), null, 2)}\n`);
  const ran = await desk.payrun('webhook', 'apply', 'event.json', '--json');
  expect([ran.exit, ran.json().data]).toEqual([
    0,
    { file: 'event.json', events: 1, applied: 1, unchanged: 0, unknown: 0 },
  ]);
  await expectMatchesSchema('webhook apply', ran.json());
  expect(await desk.states()).toEqual({ 'nov-000001': 'paid' });
  const again = await desk.payrun('webhook', 'apply', 'event.json', '--json');
  expect(again.json().data).toMatchObject({ events: 1, applied: 0, unchanged: 1, unknown: 0 });
});

test('events a line are counted by what they led to, and a failure is a finding', async () => {
  const desk = await openDesk();
  await desk.importBatch('nov', 'beneficiary_ref,amount\nasha,100\nclosed,100\n');
  await desk.payrun('batch', 'submit', 'nov', '--yes');
  const events = [
    told('nov-000001', 'SUCCESS'),
    told('nov-000001', 'PROCESSING'),
    told('nov-000002', 'FAILED'),
    told('stranger', 'SUCCESS'),
  ];
  desk.office.write('events.ndjson', ndjson(events));
  const ran = await desk.payrun('webhook', 'apply', 'events.ndjson', '--json');
  expect([ran.exit, ran.json().data]).toMatchObject([3, { events: 4, applied: 3, unchanged: 0, unknown: 1 }]);
  expect(await desk.states()).toEqual({ 'nov-000001': 'paid', 'nov-000002': 'failed' });
});

test('who brought the events is in the audit log', async () => {
  const desk = await openDesk();
  desk.office.write('events.ndjson', ndjson([told('a', 'SUCCESS'), told('b', 'FAILED')]));
  await desk.payrun('webhook', 'apply', 'events.ndjson', '--as', 'bina');
  const log = await desk.payrun('audit', 'log', '--kind', 'webhook', '--json');
  expect(log.json().data.items).toMatchObject([
    {
      actor: 'bina',
      action: 'webhooks_applied',
      subject: 'events.ndjson',
      details: {
        provider: 'nxt',
        events: 2,
        new_events: 2,
        file_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    },
  ]);
  expect((await desk.payrun('audit', 'verify', '--json')).exit).toBe(0);
});

test.each([
  [
    'a line that is no JSON',
    `${JSON.stringify(told('a', 'SUCCESS'))}\n\nnot json 50100012345678\n`,
    3,
    'event_invalid',
  ],
  [
    'JSON that is no event',
    `${JSON.stringify(told('a', 'SUCCESS'))}\n{"event":"ping"}\n`,
    2,
    'event_invalid',
  ],
  ['a list of events', JSON.stringify([told('a', 'SUCCESS')]), 1, 'event_invalid'],
  ['nothing', ' \n', 1, 'file_empty'],
])('a file with %s is refused whole, with its line', async (_what, content, line, code) => {
  const desk = await openDesk();
  desk.office.write('events.ndjson', content);
  const ran = await desk.payrun('webhook', 'apply', 'events.ndjson', '--json');
  const { error } = ran.json();
  expect([ran.exit, error.code, error.rows]).toMatchObject([4, 'file_refused', [{ line, code }]]);
  expect(ran.stdout).not.toContain('50100012345678');
  expect(await desk.webhooks()).toEqual([]);
  expect((await desk.payrun('audit', 'log', '--kind', 'webhook', '--json')).json().data.items).toEqual([]);
});

test('bytes that are not UTF-8 are refused', async () => {
  const desk = await openDesk();
  desk.office.write('event.json', Uint8Array.of(0x7b, 0xff, 0x7d));
  const ran = await desk.payrun('webhook', 'apply', 'event.json', '--json');
  expect([ran.exit, ran.json().error.rows]).toMatchObject([4, [{ code: 'encoding_invalid' }]]);
});

test('a provider out of reach leaves the events for the next run', async () => {
  const desk = await openDesk();
  await desk.submit(['100']);
  desk.office.write('event.json', JSON.stringify(told('nov-000001', 'SUCCESS')));
  desk.relay.lost = (method) => method === 'GET';
  const ran = await desk.payrun('webhook', 'apply', 'event.json', '--json');
  expect([ran.exit, ran.json().data]).toMatchObject([5, { events: 1, applied: 0, unchanged: 0 }]);
  expect(ran.json().warnings).toMatchObject([{ code: 'provider_unreachable' }]);
  desk.relay.lost = () => false;
  const again = await desk.payrun('webhook', 'apply', 'event.json', '--json');
  expect([again.exit, again.json().data]).toMatchObject([0, { applied: 1 }]);
});

test('a rehearsal says which payouts it knows, stores nothing and asks nobody', async () => {
  const desk = await openDesk();
  await desk.submit(['100']);
  desk.office.write('events.ndjson', ndjson([told('nov-000001', 'SUCCESS'), told('stranger', 'SUCCESS')]));
  const before = desk.relay.asked.GET;
  const ran = await desk.payrun('webhook', 'apply', 'events.ndjson', '--dry-run', '--json');
  expect([ran.exit, ran.json().data]).toMatchObject([0, { events: 2, applied: 0, unchanged: 0, unknown: 1 }]);
  expect(desk.relay.asked.GET).toBe(before);
  expect(await desk.webhooks()).toEqual([]);
});

test('an event that a receiver finds in the ledger is looked into without being told', async () => {
  const desk = await openDesk();
  await desk.submit(['100']);
  desk.office.write('event.json', JSON.stringify(told('nov-000001', 'SUCCESS')));
  desk.relay.lost = (method) => method === 'GET';
  expect((await desk.payrun('webhook', 'apply', 'event.json')).exit).toBe(5);
  desk.relay.lost = () => false;
  await desk.serve();
  await eventually(async () => expect(await desk.states()).toEqual({ 'nov-000001': 'paid' }));
  expect(await desk.office.ledger(entriesOf)).toContain('nov-000001 paid');
});

test('the list goes page by page, by state, in every format', async () => {
  const desk = await openDesk();
  await desk.submit(['100']);
  const { url } = await desk.serve();
  for (const reference of ['a', 'nov-000001', 'b']) await deliver(url, told(reference, 'SUCCESS'));
  await eventually(async () => expect(await desk.webhooks('--state', 'received')).toEqual([]));
  const page = await desk.payrun('webhook', 'list', '--limit', '2', '--json');
  await expectMatchesSchema('webhook list', page.json());
  const { items, next } = page.json<{ items: { reference_id: string }[]; next: string }>().data;
  expect(items.map((item) => item.reference_id)).toEqual(['a', 'nov-000001']);
  const rest = await desk.webhooks('--after', next);
  expect(rest).toMatchObject([
    { reference_id: 'b', state: 'unknown_reference', applied_at: null, effect: null },
  ]);
  expect(await desk.webhooks('--state', 'applied')).toMatchObject([
    { reference_id: 'nov-000001', event: 'payout.success', status: 'SUCCESS', effect: 'moved' },
  ]);
  const lines = await desk.payrun('webhook', 'list', '--provider', 'nxt', '--format', 'ndjson');
  expect(lines.lines<{ id: number }>().map(({ id }) => id)).toEqual([1, 2, 3]);
  const narrow = await runPayrun(['webhook', 'list', '--state', 'applied', '--no-color'], {
    cwd: desk.office.folder,
    tty: true,
    columns: 80,
  });
  expect(narrow.stdout).toMatch(
    /^id {2}event .* received at .* effect\n[\s\S]*nov-000001 .*Z {2}applied .* moved\n/,
  );
  const csv = await desk.payrun('webhook', 'list', '--state', 'received', '--format', 'csv');
  expect(csv.stdout.trim()).toBe(
    'id,provider,event,provider_id,reference_id,status,received_at,state,applied_at,effect',
  );
  expect((await desk.payrun('webhook', 'list', '--after', 'x')).exit).toBe(2);
  expect((await desk.payrun('webhook', 'list', '--state', 'lost')).exit).toBe(2);
});

test('what was told is neither changed nor deleted, not even by hand', async () => {
  const desk = await openDesk();
  const { url } = await desk.serve();
  await deliver(url, told('a', 'SUCCESS'));
  await desk.office.ledger(async (database) => {
    const attempt = (sql: string) => database.transaction((tx) => tx.run(sql));
    await expect(attempt("update webhooks set status = 'FAILED'")).rejects.toThrow(
      'an event is kept as it was told',
    );
    await expect(attempt("update webhooks set utr = 'x'")).rejects.toThrow('an event is kept as it was told');
    await expect(attempt('delete from webhooks')).rejects.toThrow('events are never deleted');
  });
});

test('webhook serve ends with its counts, as its schema has them', async () => {
  const desk = await openDesk();
  const { url, stop } = await desk.serve('--json');
  await deliver(url, told('a', 'SUCCESS'));
  await deliver(url, told('b', 'SUCCESS'), { secret: 'other' });
  const { stdout } = await stop();
  const document = JSON.parse(stdout.split('\n')[1] ?? '');
  await expectMatchesSchema('webhook serve', document);
  expect(document.data).toEqual({ stored: 1, known: 0, refused: 1, applied: 0, unknown: 1 });
});
