import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { envelopeSchema } from '../../src/cli/output/schemas/index.ts';
import { expectMatchesSchema } from './expect-matches-schema.ts';
import { runPayrun } from './run-payrun.ts';

const cwd = tmpdir();

test.each(COMMANDS.map(({ name }) => name))('the output of %s has a schema', async (name) => {
  const ran = await runPayrun(['schema', ...name.split(' ')], { cwd });
  expect(ran.exit).toBe(0);
  const schema = JSON.parse(ran.stdout);
  expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  expect(schema.oneOf[0].properties.schema.const).toBe(`payrun/${name.replace(' ', '.')}/v1`);
});

test('without a command the schemas are listed, in json too', async () => {
  const ran = await runPayrun(['schema', '--json'], { cwd });
  const document = ran.json<{ items: { command: string }[] }>();
  expect(document.data.items.map(({ command }) => command)).toEqual(COMMANDS.map(({ name }) => name));
  await expectMatchesSchema('schema', document);
});

test('the schema of one command is data in json', async () => {
  const document = (await runPayrun(['schema', 'payout.list', '--json'], { cwd })).json();
  await expectMatchesSchema('schema', document);
});

test('a failure is of its command’s schema too', async () => {
  const ran = await runPayrun(['schema', 'nothing', '--json'], { cwd });
  expect(ran.exit).toBe(2);
  await expectMatchesSchema('schema', ran.json());
});

test('a document with a field more, a field less, or both data and error is refused', async () => {
  const good = { schema: 'payrun/batch.approve/v1', ok: true, exit_code: 0, warnings: [] };
  const data = { batch: 'nov', digest: 'a'.repeat(64), approvals: 1, required: 1 };
  const schema = await envelopeSchema('batch approve');
  expect(schema.safeParse({ ...good, data }).success).toBe(true);
  expect(schema.safeParse({ ...good, data: { ...data, more: 1 } }).success).toBe(false);
  expect(schema.safeParse({ ...good, data: { batch: 'nov' } }).success).toBe(false);
  expect(schema.safeParse({ ...good, data, error: {} }).success).toBe(false);
  expect(schema.safeParse({ ...good, data, ok: false }).success).toBe(false);
});
