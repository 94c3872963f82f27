/** The sandbox is held against the contract that it serves: every path, and every answer against its schema. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { afterAll, expect, test } from 'vitest';
import { CONTRACT } from '../../src/sandbox/contract.ts';
import { type Body, type Caller, startCaller } from './caller.ts';

const SCHEMAS = CONTRACT.components.schemas as Record<string, Body>;
const covered = new Set<string>();
const folder = mkdtempSync(join(tmpdir(), 'payrun-contract-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Where `value` differs from a schema; as much of JSON Schema as the contract uses. */
function differences(value: unknown, schema: Body, path = '$'): string[] {
  if (typeof schema.$ref === 'string')
    return differences(value, SCHEMAS[schema.$ref.split('/').at(-1) ?? ''] ?? {}, path);
  const types = schema.type === undefined ? [] : [schema.type].flat();
  const type = value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
  if (types.length > 0 && !types.includes(type) && !(types.includes('integer') && Number.isInteger(value))) {
    return [`${path} is ${type}, not ${types.join(' or ')}`];
  }
  const found: string[] = [];
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) found.push(`${path} is ${String(value)}`);
  if ('const' in schema && schema.const !== value) found.push(`${path} is ${String(value)}`);
  if (
    schema.format === 'date-time' &&
    type === 'string' &&
    !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(String(value))
  ) {
    found.push(`${path} is no time`);
  }
  if (type === 'array') {
    for (const [index, item] of (value as unknown[]).entries())
      found.push(...differences(item, schema.items as Body, `${path}[${index}]`));
  }
  if (type === 'object') {
    const object = value as Body;
    const properties = (schema.properties ?? {}) as Record<string, Body>;
    for (const name of (schema.required ?? []) as string[])
      if (!(name in object)) found.push(`${path}.${name} is missing`);
    for (const [name, inner] of Object.entries(object)) {
      const known = properties[name];
      if (known) found.push(...differences(inner, known, `${path}.${name}`));
      else if (schema.properties) found.push(`${path}.${name} is not in the contract`);
    }
  }
  return found;
}

type Operation = { responses: Record<string, { content?: Record<string, { schema: Body }> }> };

async function hold(
  caller: Caller,
  method: 'GET' | 'POST',
  template: string,
  path: string,
  body?: unknown,
  headers = {},
) {
  const reply = await caller.call(method, path, body, headers);
  const operations = (CONTRACT.paths as unknown as Record<string, Record<string, Operation>>)[template];
  const response = operations?.[method.toLowerCase()]?.responses[String(reply.status)];
  expect(response, `${method} ${template} ${reply.status}`).toBeDefined();
  const schema = response?.content?.['application/json']?.schema;
  if (schema) expect(differences(reply.json, schema)).toEqual([]);
  covered.add(`${method.toLowerCase()} ${template} ${reply.status}`);
  return reply;
}

const API = '/api/v1';

async function exercise(caller: Caller): Promise<void> {
  const at = (method: 'GET' | 'POST', template: string, path = template, body?: unknown, headers = {}) =>
    hold(caller, method, API + template, API + path, body, headers);
  const nobody = { authorization: '' };
  await at('POST', '/auth/token', '/auth/token', { api_key: 'sandbox-key', api_secret: 'sandbox-secret' });
  await at('POST', '/auth/token', '/auth/token', { api_key: 'x', api_secret: 'y' });
  await at('POST', '/auth/token', '/auth/token', '{');
  const account = { name: 'Asha', account_number: '50100012345678', ifsc: 'HDFC0000001' };
  const made = await at('POST', '/beneficiaries', '/beneficiaries', account);
  for (const body of [account, { name: 'Asha' }, '{', { name: 'Asha', vpa: 'asha@okbank' }]) {
    await at('POST', '/beneficiaries', '/beneficiaries', body);
  }
  await at('POST', '/beneficiaries', '/beneficiaries', account, nobody);
  const one = '/beneficiaries/{beneficiary_id}';
  for (const id of [String(made.json.beneficiary_id), 'none']) await at('GET', one, `/beneficiaries/${id}`);
  await at('GET', one, '/beneficiaries/none', undefined, nobody);
  const payout = { beneficiary_id: made.json.beneficiary_id, amount: 10.5, mode: 'IMPS', reference_id: 'r1' };
  const accepted = await at('POST', '/payouts', '/payouts', payout);
  for (const change of [
    {},
    { reference_id: 'r2', amount: 0 },
    { reference_id: 'r2', amount: 400_000 },
    { reference_id: 5 },
  ]) {
    await at('POST', '/payouts', '/payouts', { ...payout, ...change });
  }
  await at('POST', '/payouts', '/payouts', payout, nobody);
  caller.clock.ms += 60_000;
  const single = '/payouts/{payout_id}';
  for (const id of [String(accepted.json.payout_id), 'none']) await at('GET', single, `/payouts/${id}`);
  await at('GET', single, '/payouts/none', undefined, nobody);
  for (const query of ['', '?limit=1', '?limit=0']) await at('GET', '/payouts', `/payouts${query}`);
  await at('GET', '/payouts', '/payouts', undefined, nobody);
  for (const headers of [{}, nobody]) await at('GET', '/balance', '/balance', undefined, headers);
  const report = '/reports/payouts';
  for (const query of ['?date=2026-11-21', '']) await at('GET', report, report + query);
  await at('GET', report, `${report}?date=2026-11-21`, undefined, nobody);
}

test('every answer of the contract occurs, and fits its schema', async () => {
  await exercise(await startCaller({ opening_balance_minor: 100_00n }));
  const again = await startCaller({ idempotent_answer: '200' });
  const id = await again.account();
  await again.pay(id, 1, { reference_id: 'twice' });
  await hold(again, 'POST', `${API}/payouts`, `${API}/payouts`, {
    beneficiary_id: id,
    amount: 1,
    mode: 'IMPS',
    reference_id: 'twice',
  });
  const broken = await startCaller({ file: join(folder, 'sandbox.db') });
  const beneficiary_id = await broken.account();
  const other = new SqliteDatabase(join(folder, 'sandbox.db'));
  other.exec('drop table payouts');
  other.close();
  await hold(broken, 'POST', `${API}/payouts`, `${API}/payouts`, {
    beneficiary_id,
    amount: 1,
    mode: 'IMPS',
    reference_id: 'lost',
  });
  const promised = Object.entries(
    CONTRACT.paths as unknown as Record<string, Record<string, Operation>>,
  ).flatMap(([path, operations]) =>
    Object.entries(operations).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method} ${path} ${status}`),
    ),
  );
  expect([...covered].sort()).toEqual(promised.sort());
});

test('a value that does not fit its schema is noticed', () => {
  const payout = {
    payout_id: 'p',
    reference_id: 'r',
    beneficiary_id: 'b',
    amount: '1',
    mode: 'IMPS',
    status: 'DONE',
    extra: 1,
  };
  expect(differences(payout, { $ref: '#/components/schemas/Payout' })).toEqual([
    '$.created_at is missing',
    '$.updated_at is missing',
    '$.amount is string, not number',
    '$.status is DONE',
    '$.extra is not in the contract',
  ]);
});
