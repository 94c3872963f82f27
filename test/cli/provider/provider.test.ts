import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { openRateSlots } from '../../../src/store/rate-slots.ts';
import { openTill, sandboxFor } from '../batch/till.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A provider that hands out a token and answers every other request with this. */
async function scripted(body: string, headers: Record<string, string>, status = 200): Promise<string> {
  const server = createServer((request, response) => {
    const token = request.url?.endsWith('/auth/token') === true;
    response.writeHead(token ? 200 : status, token ? { 'content-type': 'application/json' } : headers);
    response.end(token ? '{"access_token":"t","expires_in":3600}' : body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('provider check', () => {
  test('says that the provider answers and takes the credentials', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    const ran = await till.payrun('provider', 'check', 'nxt', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    await expectMatchesSchema('provider check', ran.json());
    expect(ran.json().data).toMatchObject({
      provider: 'nxt',
      credentials: 'accepted',
      available: '100000000.00',
    });
  });

  test('tells credentials that are refused from a provider that does not answer', async () => {
    const refused = await openTill({ url: (await sandboxFor({ api_secret: 'another' })).url });
    const ran = await refused.payrun('provider', 'check', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([5, 'provider_credentials']);
    const silent = await openTill();
    const none = await silent.payrun('provider', 'check', '--json');
    expect([none.exit, none.json().error.code]).toEqual([5, 'provider_unreachable']);
  });
});

describe('a pause that another process was asked for', () => {
  /** A provider that asked another process of this ledger for a pause of so long. */
  async function paused(ms: number) {
    const till = await openTill({ url: (await sandboxFor()).url });
    const config = join(till.office.folder, 'payrun.toml');
    const text = readFileSync(config, 'utf8').replace('requests_per_second = 0', 'requests_per_second = 50');
    writeFileSync(config, text);
    const slots = openRateSlots(
      join(till.office.folder, 'payrun.db.rate'),
      'nxt',
      () => Number(process.hrtime.bigint()) / 1e6,
    );
    slots?.pauseFor(ms);
    slots?.close();
    return till;
  }

  test('is waited for, and told with its end', async () => {
    const till = await paused(5_500);
    const ran = await till.payrun('provider', 'balance', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    expect(ran.stderr).toMatch(/^nxt: asked for a pause until 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ; waiting$/m);
  });

  test('is exit 5 where it lasts longer than the command is patient', async () => {
    const till = await paused(120_000);
    for (const args of [
      ['provider', 'balance', '--json'],
      ['payout', 'sync', '--wait', '10s', '--json'],
    ]) {
      const ran = await till.payrun(...args);
      expect([ran.exit, ran.json().error.code]).toEqual([5, 'provider_unreachable']);
      expect(ran.json().error.message).toMatch(/^nxt asked for a pause until 20[-\dT:]+Z\.$/);
    }
  });
});

describe('provider list', () => {
  test('says whether the credentials are set, and never what they are', async () => {
    const till = await openTill();
    const ran = await till.payrun('provider', 'list', '--json');
    await expectMatchesSchema('provider list', ran.json());
    expect(ran.json().data).toMatchObject({
      items: [{ provider: 'nxt', credentials: 'set', webhook_secret: 'not configured' }],
    });
    expect(ran.stdout).not.toContain('key-for-tests');
  });

  test('says what is relied on of each provider', async () => {
    const till = await openTill();
    const listed = await till.payrun('provider', 'list', '--json');
    expect(listed.json().data).toMatchObject({
      items: [
        {
          capabilities: {
            reference_known_for_ms: 86_400_000,
            look_up_lateness_ms: 0,
            echoes: ['reference', 'amount', 'beneficiary'],
            definite_refusals: [401, 402, 403, 422, 429].map((http_status) => ({ http_status })),
          },
        },
      ],
    });
    const table = await till.payrun('provider', 'list');
    expect(table.stdout).toMatch(
      /nxt +24h +0s +reference, amount, beneficiary +401, 402 INSUFFICIENT_FUNDS, 403, 422, 429/,
    );
  });
});

describe('provider balance', () => {
  test('without an opening balance in the books the difference is not explained, and the note says why', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    const ran = await till.payrun('provider', 'balance', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    await expectMatchesSchema('provider balance', ran.json());
    expect(ran.json().data).toMatchObject({
      available: '100000000.00',
      ledger_available: '0.00',
      difference: '100000000.00',
      in_transit: '0.00',
      explained: false,
      note: expect.stringContaining('opening balance'),
    });
  });

  test('with it the books agree, also after payouts and their fees', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    till.office.write(
      'open.csv',
      'entry_ref,date,account,debit,credit,currency,description\n' +
        'open,2026-11-01,assets:providers:nxt:available,100000000.00,,INR,Opening\n' +
        'open,2026-11-01,equity:opening-balances,,100000000.00,INR,Opening\n',
    );
    const recorded = await till.payrun('ledger', 'record', 'open.csv', '--json');
    expect(recorded.exit, recorded.stdout).toBe(0);
    await till.importBatch('nov', 'beneficiary_ref,amount\nasha,100\nbina,200\n');
    await till.payrun('batch', 'submit', 'nov', '--wait', '20s', '--yes', '--json');
    const ran = await till.payrun('provider', 'balance', '--json');
    expect(ran.json().data).toMatchObject({
      difference: '0.00',
      in_transit: '0.00',
      explained: true,
      note: null,
    });
  });

  test('what is in transit explains a provider that has not deducted it yet', async () => {
    const till = await openTill({
      url: await scripted('{"available":100,"currency":"INR"}', { 'content-type': 'application/json' }),
    });
    till.office.write(
      'open.csv',
      'entry_ref,date,account,debit,credit,currency,description\n' +
        'open,2026-11-01,assets:providers:nxt:available,90.00,,INR,Opening\nopen,2026-11-01,assets:providers:nxt:in-transit,10.00,,INR,Opening\n' +
        'open,2026-11-01,equity:opening-balances,,100.00,INR,Opening\n',
    );
    expect((await till.payrun('ledger', 'record', 'open.csv', '--json')).exit).toBe(0);
    const ran = await till.payrun('provider', 'balance', '--json');
    expect(ran.json().data).toMatchObject({ difference: '10.00', in_transit: '10.00', explained: true });
  });

  test('less than the minimum is exit 5', async () => {
    const till = await openTill({ url: (await sandboxFor({ opening_balance_minor: 100n })).url });
    expect((await till.payrun('provider', 'balance', '--min', '1.00')).exit).toBe(0);
    const ran = await till.payrun('provider', 'balance', '--min', '1.01', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([5, 'balance_below_minimum']);
  });
});

describe('provider report', () => {
  const HEADER =
    'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at\n';
  const report = (rows: string, headers: Record<string, string>) =>
    scripted(HEADER + rows, { 'content-type': 'text/csv', ...headers });

  test('writes the bytes as they came, whole or not at all', async () => {
    const till = await openTill({ url: (await sandboxFor()).url });
    const ran = await till.payrun('provider', 'report', 'nxt', '--date', '2026-11-20', '-o', 'report.csv');
    expect(ran.exit, ran.stderr).toBe(0);
    expect(readFileSync(join(till.office.folder, 'report.csv'), 'utf8')).toMatch(/^payout_id,reference_id,/);
  });

  test('a file with another number of rows than stated is refused, and nothing is written', async () => {
    const till = await openTill({
      url: await report('po_1,r-1,,b,1,,,INR,IMPS,SUCCESS,,,\n', { 'x-row-count': '2' }),
    });
    const ran = await till.payrun(
      'provider',
      'report',
      'nxt',
      '--date',
      '2026-11-20',
      '-o',
      'report.csv',
      '--json',
    );
    expect([ran.exit, ran.json().error.code]).toEqual([5, 'report_incomplete']);
    expect(existsSync(join(till.office.folder, 'report.csv'))).toBe(false);
  });

  test('a value with a line break in it is one row', async () => {
    const till = await openTill({
      url: await report('po_1,r-1,,b,1,,,INR,IMPS,FAILED,"two\nlines",,\n', { 'x-row-count': '1' }),
    });
    const ran = await till.payrun('provider', 'report', 'nxt', '--date', '2026-11-20', '--json');
    expect(ran.exit, ran.stdout).toBe(0);
    expect(ran.json().data).toMatchObject({ rows: 1 });
  });
});
