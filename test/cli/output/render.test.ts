import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Data, Outcome, Verb, Warning } from '../../../src/cli/command.ts';
import type { Format, GlobalFlags } from '../../../src/cli/global-flags.ts';
import { checkOutputFile, openOutputFile } from '../../../src/cli/output/output-file.ts';
import { writeFailure, writeOutcome } from '../../../src/cli/output/render.ts';
import { PayrunError } from '../../../src/domain/errors.ts';
import { makeWorld, type RunOptions } from '../run-payrun.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'payrun-render-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

const VERB: Verb = {
  name: 'batch show',
  summary: '',
  effect: 'reads',
  columns: ['reference_id', 'amount', 'state'],
  run: () => Promise.reject(new Error('not run here')),
};

function flagsFor(format: Format, more: Partial<GlobalFlags> = {}): GlobalFlags {
  return {
    ...{ format, output_file: null, quiet: false, verbose: false, color: true, progress: true },
    ...{ yes: false, input: true, dry_run: false, config: null, as: null, ...more },
  };
}

async function rendered(
  outcome: Outcome,
  format: Format,
  more: Partial<GlobalFlags> = {},
  options: Partial<RunOptions> = {},
  warnings: Warning[] = [],
  verb: Verb = VERB,
) {
  const { world, written } = makeWorld([], { cwd: folder, ...options });
  await writeOutcome(verb, outcome, outcome.exit ?? 0, warnings, flagsFor(format, more), world);
  return { stdout: written('stdout'), stderr: written('stderr') };
}

const ITEMS: Data[] = [
  { reference_id: 'A-1', amount: '1500.00', state: 'paid' },
  { reference_id: 'A-2', amount: '20.50', state: 'failed' },
];
const WARNING = { code: 'column_unknown', message: 'Column "note" is not known.' };

test('json is one document with the envelope, and nothing is on stderr', async () => {
  const outcome: Outcome = { data: { rows: 2 }, exit: 3, next: 'payrun batch show nov' };
  const { stdout, stderr } = await rendered(outcome, 'json', {}, {}, [WARNING]);
  expect(stdout).toBe(
    '{"schema":"payrun/batch.show/v1","ok":true,"exit_code":3,"data":{"rows":2},' +
      '"warnings":[{"code":"column_unknown","message":"Column \\"note\\" is not known."}]}\n',
  );
  expect(stderr).toBe('');
});

test('ndjson is one line per item, of a stream too, else the data on one line', async () => {
  expect((await rendered({ data: { items: ITEMS, next: null } }, 'ndjson')).stdout).toBe(
    ITEMS.map((item) => `${JSON.stringify(item)}\n`).join(''),
  );
  expect(
    (await rendered({ data: { rows: 2 }, stream: streamOf(ITEMS) }, 'ndjson')).stdout.split('\n'),
  ).toHaveLength(3);
  expect((await rendered({ data: { rows: 2 } }, 'ndjson')).stdout).toBe('{"rows":2}\n');
});

test('csv is exact: formulas, quotes, line ends and commas come back as they were', async () => {
  const items: Data[] = [
    { reference_id: '=1+1', amount: '-1.00', state: 'a "b", c\nd' },
    { reference_id: 'x\ry', amount: null, state: { paid: 1 } },
  ];
  const { stdout } = await rendered({ data: { items } }, 'csv');
  expect(parse(stdout)).toEqual([
    ['reference_id', 'amount', 'state'],
    ['=1+1', '-1.00', 'a "b", c\nd'],
    ['x\ry', '', '{"paid":1}'],
  ]);
});

test('csv names its columns also where there are no rows, and flattens a single object', async () => {
  expect((await rendered({ data: { items: [] } }, 'csv')).stdout).toBe('reference_id,amount,state\n');
  const single: Outcome = {
    data: { rows: 2, states: { paid: 1, failed: 1 }, covered: true, available: null },
  };
  expect((await rendered(single, 'csv')).stdout).toBe(
    'rows,states.paid,states.failed,covered,available\n2,1,1,true,\n',
  );
});

test('a long stream of csv is written in groups and loses no row', async () => {
  const many = Array.from({ length: 2500 }, (_, index) => ({
    reference_id: `R-${index}`,
    amount: '1.00',
    state: 'paid',
  }));
  const { stdout } = await rendered({ data: {}, stream: streamOf(many) }, 'csv');
  expect(stdout.trimEnd().split('\n')).toHaveLength(2501);
});

test('a table aligns amounts to the right and ends no line in spaces', async () => {
  const { stdout } = await rendered({ data: { items: ITEMS } }, 'table');
  expect(stdout).toBe(
    'reference id   amount  state\nA-1           1500.00  paid\nA-2             20.50  failed\n',
  );
});

test('a table in a pipe is never cut; on a narrow terminal texts are, amounts and states are not', async () => {
  const items = [
    { reference_id: 'A-1', beneficiary_name: 'x'.repeat(90), amount: '123456789012.00', state: 'submitting' },
  ];
  expect((await rendered({ data: { items } }, 'table')).stdout).toContain('x'.repeat(90));
  const { stdout } = await rendered(
    { data: { items } },
    'table',
    { color: false },
    { tty: true, columns: 60 },
  );
  expect(stdout).toContain('…');
  expect(stdout).toContain('123456789012.00');
  expect(stdout).toContain('submitting');
  for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(60);
});

test('an amount in a column of texts is not cut either, and a table without titles has no line for them', async () => {
  const columns = [
    { key: 'name', title: '' },
    { key: 'ledger', title: '' },
  ];
  const rows = [
    { name: 'n'.repeat(50), ledger: '123456789.00' },
    { name: 'state', ledger: 'a'.repeat(50) },
  ];
  const { stdout } = await rendered(
    { data: {}, view: [{ columns, rows }] },
    'table',
    {},
    { tty: true, columns: 30 },
  );
  expect(stdout).toMatch(/^n+… {2}123456789\.00\nstate +a+…\n$/);
});

test('a single object is a list of names and values, and counts stand below their name', async () => {
  const { stdout } = await rendered(
    { data: { batch: 'nov', provider_id: null, states: { paid: 2, failed: 1 } } },
    'table',
  );
  expect(stdout).toBe('batch        nov\nprovider id  -\nstates\n  paid       2\n  failed     1\n');
});

test('views come in order, tables parted by a blank line, and foreign text is made harmless in each', async () => {
  const columns = [{ key: 'name' }];
  const view = ['Two rows\u001b[2J.', { title: 'Who', columns, rows: [{ name: 'e\u202evil' }] }, 'The end.'];
  const { stdout } = await rendered({ data: {}, view }, 'table');
  expect(stdout).toBe('Two rows\\u{1b}[2J.\n\nWho\nname\ne\\u{202e}vil\n\nThe end.\n');
});

test('text is printed byte for byte in a pipe and harmless on a terminal', async () => {
  const text = 'a\r\n\u001b[31mb';
  expect((await rendered({ data: {}, text }, 'table')).stdout).toBe(text);
  expect((await rendered({ data: {}, text: Buffer.from(text) }, 'table')).stdout).toBe(text);
  expect((await rendered({ data: {}, text }, 'table', {}, { tty: true })).stdout).toBe(
    'a\\u{d}\n\\u{1b}[31mb',
  );
  expect(JSON.parse((await rendered({ data: { days: 1 }, text }, 'json')).stdout).data).toEqual({ days: 1 });
});

test('csv on a terminal shows control characters in place of sending them', async () => {
  const { stdout } = await rendered(
    { data: { items: [{ reference_id: '\u001b[2J' }] } },
    'csv',
    {},
    { tty: true },
  );
  expect(stdout).not.toContain('\u001b');
});

test('colour is for terminals, and the flag and NO_COLOR switch it off', async () => {
  const outcome: Outcome = { data: { items: ITEMS } };
  const coloured = async (more: Partial<GlobalFlags>, options: Partial<RunOptions>) =>
    (await rendered(outcome, 'table', more, options)).stdout.includes('\u001b[');
  expect(await coloured({}, { tty: true })).toBe(true);
  expect(await coloured({}, {})).toBe(false);
  expect(await coloured({}, { env: { FORCE_COLOR: '1' } })).toBe(true);
  expect(await coloured({ color: false }, { tty: true, env: { FORCE_COLOR: '1' } })).toBe(false);
  expect(await coloured({}, { tty: true, env: { NO_COLOR: '1' } })).toBe(false);
  expect(await coloured({}, { tty: true, env: { NO_COLOR: '' } })).toBe(true);
  expect(await coloured({}, { tty: true, env: { TERM: 'dumb' } })).toBe(false);
  expect((await rendered(outcome, 'json', {}, { tty: true })).stdout).not.toContain('\u001b');
});

test('the next step is the last line on stderr, after the warnings, and --quiet leaves it out', async () => {
  const outcome: Outcome = { data: { rows: 1 }, next: 'Go on with: payrun batch submit nov' };
  const loud = await rendered(outcome, 'table', {}, {}, [WARNING]);
  expect(loud.stderr).toBe('warning: Column "note" is not known.\nGo on with: payrun batch submit nov\n');
  const quiet = await rendered(outcome, 'table', { quiet: true }, {}, [WARNING]);
  expect(quiet.stderr).toBe('warning: Column "note" is not known.\n');
  expect(quiet.stdout).toBe(loud.stdout);
});

test('an output file holds the same bytes as stdout would, through a link too', async () => {
  for (const format of ['json', 'ndjson', 'csv', 'table'] as const) {
    const direct = await rendered({ data: { items: ITEMS } }, format);
    const filed = await rendered({ data: { items: ITEMS } }, format, { output_file: 'out' });
    expect(filed.stdout).toBe('');
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe(direct.stdout);
  }
  symlinkSync('out', join(folder, 'link'));
  await rendered({ data: { rows: 7 } }, 'ndjson', { output_file: 'link' });
  expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('{"rows":7}\n');
});

test('a stream that breaks off leaves the old output file and nothing beside it', async () => {
  writeFileSync(join(folder, 'out.csv'), 'old');
  const outcome: Outcome = { data: {}, stream: brokenStream() };
  await expect(rendered(outcome, 'csv', { output_file: 'out.csv' })).rejects.toThrow('broken');
  expect(readdirSync(folder)).toEqual(['out.csv']);
  expect(readFileSync(join(folder, 'out.csv'), 'utf8')).toBe('old');
});

test('an output file in a missing folder, or one that is a folder, is refused before any work', async () => {
  await expect(checkOutputFile('missing/out.csv', folder)).rejects.toMatchObject({
    code: 'output_unwritable',
  });
  await expect(checkOutputFile('.', folder)).rejects.toMatchObject({ code: 'output_unwritable' });
  await checkOutputFile('out.csv', folder);
  expect(readdirSync(folder)).toEqual([]);
});

test('what cannot be had again is not overwritten, by its beginning, by its name, or as an input', async () => {
  writeFileSync(join(folder, 'books'), 'SQLite format 3\0 and more');
  writeFileSync(join(folder, 'secret'), 'payrun-key-v1:AAAA');
  for (const name of ['new.db', 'a.key', 'stale-wal', 'pay.csv']) writeFileSync(join(folder, name), '');
  symlinkSync('books', join(folder, 'link'));
  const before = readdirSync(folder);
  for (const name of [
    ...['books', 'link', 'secret', 'new.db', 'a.key', 'stale-wal'],
    ...['payrun.toml', 'new.db-wal', 'new.db-shm', 'books.lock'],
  ]) {
    await expect(checkOutputFile(name, folder), name).rejects.toMatchObject({
      kind: 'usage',
      code: 'output_refused',
    });
    // Also where the command itself has made the file meanwhile.
    await expect(openOutputFile(name, folder), name).rejects.toMatchObject({ code: 'output_refused' });
  }
  await expect(checkOutputFile('./pay.csv', folder, ['none', 'pay.csv'])).rejects.toMatchObject({
    code: 'output_refused',
  });
  await checkOutputFile('pay.csv', folder, ['books']);
  await checkOutputFile('other.db', folder);
  expect(readdirSync(folder)).toEqual(before);
  expect(readFileSync(join(folder, 'books'), 'utf8')).toMatch(/^SQLite/);
});

test('a file that bears the name of the unfinished one is left alone', async () => {
  writeFileSync(join(folder, 'out.tmp'), 'mine');
  await rendered({ data: { rows: 7 } }, 'ndjson', { output_file: 'out' });
  expect(readFileSync(join(folder, 'out.tmp'), 'utf8')).toBe('mine');
});

test('/dev/null stays a device', async () => {
  await rendered({ data: { rows: 7 } }, 'json', { output_file: '/dev/null' });
  expect(readFileSync('/dev/null', 'utf8')).toBe('');
});

function refusal(rows: number): PayrunError {
  return new PayrunError('refused_file', 'file_refused', 'pay.csv has errors.', {
    hint: 'Correct it.',
    file: 'pay.csv',
    rows: Array.from({ length: rows }, (_, index) => ({
      ...{
        line: index + 2,
        column: 'amount',
        code: 'amount_invalid',
        message: `"x${index}\u001b" is no number.`,
        value: 'x',
      },
    })),
  });
}

async function failed(
  error: PayrunError,
  format: Format,
  name: string | null = 'batch import',
  warnings: Warning[] = [],
) {
  const { world, written } = makeWorld([], { cwd: folder });
  await writeFailure(name, error, 4, warnings, flagsFor(format), world);
  return { stdout: written('stdout'), stderr: written('stderr') };
}

test('a failure in json is the same envelope with the error, every row, and no data', async () => {
  const { stdout, stderr } = await failed(refusal(30), 'json');
  const document = JSON.parse(stdout);
  expect(Object.keys(document)).toEqual(['schema', 'ok', 'exit_code', 'error']);
  expect(document).toMatchObject({ schema: 'payrun/batch.import/v1', ok: false, exit_code: 4 });
  expect(Object.keys(document.error)).toEqual(['code', 'message', 'hint', 'rows']);
  expect(document.error.rows).toHaveLength(30);
  expect(stderr).toBe('');
});

test('a failure before a command is known has a schema and no hint where there is none', async () => {
  const document = JSON.parse(
    (await failed(new PayrunError('usage', 'usage', 'No such command.'), 'json', null)).stdout,
  );
  expect(document).toMatchObject({ schema: 'payrun/error/v1', error: { hint: null, rows: [] } });
});

test('a failure for people is one block with the first twenty rows and where each stands', async () => {
  const { stdout, stderr } = await failed(refusal(23), 'table');
  expect(stdout).toBe('');
  const lines = stderr.trimEnd().split('\n');
  expect(lines[0]).toBe('error: pay.csv has errors.');
  expect(lines[1]).toBe('  pay.csv:2  amount: "x0\\u{1b}" is no number.');
  expect(lines).toHaveLength(1 + 20 + 2);
  expect(lines.slice(-2)).toEqual(['  and 3 more; --json lists all', 'hint: Correct it.']);
});

test('csv prints no data on a failure; ndjson prints the envelope; both tell people on stderr', async () => {
  const csv = await failed(refusal(1), 'csv');
  expect(csv.stdout).toBe('');
  expect(csv.stderr).toContain('error: ');
  const ndjson = await failed(refusal(1), 'ndjson', 'batch import', [WARNING]);
  expect(JSON.parse(ndjson.stdout)).toMatchObject({ ok: false, warnings: [WARNING] });
  expect(ndjson.stderr).toContain('error: ');
});

async function* streamOf(rows: readonly Data[]): AsyncGenerator<Data> {
  yield* rows;
}

async function* brokenStream(): AsyncGenerator<Data> {
  yield { reference_id: 'A-1' };
  throw new Error('broken');
}
