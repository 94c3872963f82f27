/** The documents say what the program does: every name that a user can meet stands in the README or the reference, and what they show happens. */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Verb } from '../src/cli/command.ts';
import { COMMANDS } from '../src/cli/commands.ts';
import { CONFIG_KEYS } from '../src/cli/config.ts';
import { EXIT } from '../src/cli/exit-codes.ts';
import { FORMATS, GLOBAL_OPTIONS, wholeProgram } from '../src/cli/program.ts';
import { FAILURE_CODES, HOLD_REASONS, PAYOUT_STATES } from '../src/domain/payout/payout.ts';
import { profileSchema, STATED_TOTALS } from '../src/statements/profile-schema.ts';
import { codesIn } from './documented-codes.ts';
import { agrees, commandText, parseSteps, type Replay, startReplay, withPlaceholders } from './replay.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
// In the order in which their examples are run: each goes on in the folder of those before.
const PAGES = [
  'README.md',
  'docs/approvals.md',
  'docs/operations.md',
  'docs/guarantees.md',
  'docs/reference.md',
].map((name) => join(ROOT, name));
const DOCUMENTS = PAGES.map((path) => readFileSync(path, 'utf8')).join('\n');
const ERRORS = join(ROOT, 'test/transcripts/errors');

// Told by Zod, by the row readers or by the domain as words of a union, where no syntax shows that they are codes.
const ROW_CODES = [
  ...['amount_invalid', 'amount_precision', 'amount_not_positive', 'account_number_damaged', 'ifsc_invalid'],
  ...[
    'beneficiary_unknown',
    'reference_duplicate',
    'reference_invalid',
    'currency_unknown',
    'currency_mixed',
  ],
  ...['rail_unknown', 'rail_unfit', 'rail_limit', 'column_missing', 'column_duplicate', 'row_ragged'],
  ...['encoding_invalid', 'text_forbidden', 'text_too_long', 'file_empty'],
];

// What a transcript cannot bring about, each with why.
const WITHOUT_TRANSCRIPT: Readonly<Record<string, string>> = {
  beneficiary_unregistered:
    'an account that payrun takes and the provider refuses, after a payout to another has failed',
  retry_unproven: 'a payout in doubt that a person has settled; test/cli/end-to-end.test.ts has one',
  clock_differs: 'a provider whose clock is minutes off',
  break_booked: 'a booked difference that has become another; test/cli/break/decide.test.ts has one',
  bug: 'payrun has no command that makes it fail by itself',
  sqlite_too_old: 'the SQLite that is installed is new enough',
  pragma_refused: 'SQLite takes the settings that it is given',
  ledger_io: 'a disk that fails',
  ledger_busy: 'a writer that keeps the ledger for a long time',
  ledger_damaged: 'a ledger whose pages were overwritten',
  ledger_newer: 'a ledger that a later payrun wrote',
  ledger_linked: 'a ledger with a second name; test/store/runner.test.ts has one',
  ledger_locked: 'another process that submits meanwhile; test/store/runner.test.ts has one',
  not_confirmed: 'a person at a terminal who says no',
  provider_answer: 'a provider that answers against its contract',
  report_incomplete: 'a provider that leaves rows out of its report',
  currency_unfit: 'the import refuses the currency first',
  demo_failed: 'a demo that fails',
  seal_broken: 'a sealed value that a hand has moved to another row of the ledger',
  backup_unsound: 'a ledger with which somebody tampered; test/cli/ledger/restore.test.ts has one',
  ledger_in_use: 'another process that has the ledger open meanwhile',
  key_rotated: 'a key that is rotated while a file is imported',
  stopped_at_once: 'two signals; test/cli/interruptions.test.ts sends them',
  interrupted_input: 'a signal while a pipe is read; test/cli/broken-streams.test.ts sends one',
  file_too_large: 'a file of more than a gibibyte',
};

const SOURCE = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => ({ path: join('src', name), text: readFileSync(join(ROOT, 'src', name), 'utf8') }));
const CODES = codesIn(SOURCE);
const { verbs } = await wholeProgram('');

/** Those that do not stand in the documents as code: `name`, or as a word of a code block. */
function missing(names: Iterable<string>, text = DOCUMENTS): string[] {
  return [...new Set(names)].filter((name) => !mentions(text, name)).sort();
}

function mentions(text: string, name: string): boolean {
  const exact = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`(^|[^A-Za-z0-9_-])${exact}($|[^A-Za-z0-9_-])`, 'm').test(text);
}

describe('the documents name', () => {
  test('every command', () => {
    expect(missing(COMMANDS.map(({ name }) => name))).toEqual([]);
  });

  test('every option', () => {
    const options = [...GLOBAL_OPTIONS, ...verbs.flatMap((verb) => verb.options ?? [])];
    expect(missing(options.map(longName))).toEqual([]);
  });

  test('every value that an option can choose, and every format', () => {
    const choices = verbs.flatMap((verb) => (verb.options ?? []).flatMap((option) => option.choices ?? []));
    expect(missing([...FORMATS, ...verbs.flatMap((verb) => verb.formats ?? []), ...choices])).toEqual([]);
  });

  test('every error code', () => {
    expect(CODES.errors.size).toBeGreaterThan(20);
    expect(missing([...CODES.errors].map((code) => `\`${code}\``))).toEqual([]);
  });

  test('every code of a row, a warning or a finding', () => {
    const own = [...CODES.others].filter((code) => !CODES.errors.has(code));
    expect(missing([...own, ...ROW_CODES].map((code) => `\`${code}\``))).toEqual([]);
  });

  test('every state, failure code and reason to hold', () => {
    expect(
      missing([...PAYOUT_STATES, ...FAILURE_CODES, ...HOLD_REASONS].map((word) => `\`${word}\``)),
    ).toEqual([]);
  });

  test('every key of the configuration', () => {
    const shown = configKeysIn(DOCUMENTS);
    expect(CONFIG_KEYS.filter((key) => !shown.has(key) && !mentions(DOCUMENTS, `\`${key}\``))).toEqual([]);
  });

  test('every key of a statement profile', () => {
    const { shape } = profileSchema;
    const names = [...Object.keys(shape), ...Object.keys(shape.columns.shape), ...STATED_TOTALS];
    expect(missing(names.map((name) => `\`${name}\``))).toEqual([]);
  });

  test('every exit code, in a table', () => {
    const codes = Object.values(EXIT).filter(
      (code) => !new RegExp(`^\\|[^|]*\\b${code}\\b[^|]*\\|`, 'm').test(DOCUMENTS),
    );
    expect(codes).toEqual([]);
  });
});

describe('help', () => {
  test.each(
    verbs.map((verb) => [verb.name, verb] as const),
  )('%s has one name and one summary', (name, verb) => {
    const entry = COMMANDS.find((each) => each.name === name);
    expect(verb.summary).toBe(entry?.summary);
    expect(problemsOf(verb)).toEqual([]);
  });

  test('every command is listed under the name that its verb has', () => {
    expect(verbs.map(({ name }) => name)).toEqual(COMMANDS.map(({ name }) => name));
  });
});

describe('every error has a transcript', () => {
  const shown = readdirSync(ERRORS).map((name) => name.replace(/\.txt$/, ''));

  test('and every transcript an error', () => {
    expect(shown.filter((code) => !CODES.errors.has(code))).toEqual([]);
    expect(Object.keys(WITHOUT_TRANSCRIPT).filter((code) => !CODES.errors.has(code))).toEqual([]);
  });

  test.each(
    [...CODES.errors].filter((code) => WITHOUT_TRANSCRIPT[code] === undefined).sort(),
  )('%s', (code) => {
    const path = join(ERRORS, `${code}.txt`);
    expect(existsSync(path), `${path} is missing`).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain('\nerror: ');
  });
});

// UPDATE_DOCS=1 writes what is shown now into the blocks, for a person to read.
test('what the documents show happens, in its order, in one folder', async () => {
  const replay = startReplay();
  let replayedBlocks = 0;
  try {
    for (const path of PAGES) {
      const page = readFileSync(path, 'utf8');
      const blocks = [...page.matchAll(/^```console\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? '');
      replayedBlocks += blocks.length;
      let updated = page;
      for (const block of blocks) {
        const rewritten = await replayed(replay, block);
        updated = updated.replace(`\`\`\`console\n${block}`, () => `\`\`\`console\n${rewritten}`);
      }
      if (process.env.UPDATE_DOCS && updated !== page) writeFileSync(path, updated);
    }
  } finally {
    await replay.end();
  }
  expect(replayedBlocks).toBeGreaterThan(8);
});

describe('a newcomer finds', () => {
  test('every page that a page names, and the heading on it', () => {
    const broken = PAGES.flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)]
        .filter(
          ([, file = '', heading]) => !leadsSomewhere(resolve(dirname(path), file), file, path, heading),
        )
        .map(([link]) => `${path}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test('the code of a command by its name', () => {
    const file = (name: string) => join(ROOT, 'src/cli', `${name.replace(' ', '/')}.ts`);
    expect(COMMANDS.filter(({ name }) => !existsSync(file(name))).map(({ name }) => name)).toEqual([]);
  });

  test('in every command line that is shown a command and options that there are', () => {
    const shown = PAGES.flatMap((path) => commandLines(readFileSync(path, 'utf8')));
    expect(shown.length).toBeGreaterThan(80);
    expect(shown.flatMap(unknownIn)).toEqual([]);
    expect(unknownIn('payrun batch submitt x')).toEqual(['payrun batch submitt x: no command']);
    expect(unknownIn('payrun batch list --fail-on x')).toEqual(['payrun batch list --fail-on x: --fail-on']);
  });

  test('README short enough for five minutes', () => {
    expect(Buffer.byteLength(readFileSync(join(ROOT, 'README.md')))).toBeLessThan(23_000);
  });
});

/** What stands as code and starts with payrun: in a line of text, and in the lines of scripts and examples. */
function commandLines(text: string): string[] {
  const blocks = [...text.matchAll(/^```(?:sh|console|yaml|ini)\n([\s\S]*?)^```/gm)].map(
    ([, block = '']) => block,
  );
  const inline = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/`(payrun [^`]+)`/g)].map(
    ([, code = '']) => code,
  );
  const inBlocks = blocks.flatMap((block) =>
    [...block.replace(/ #.*$/gm, '').matchAll(/(?:^|[ /])(payrun [a-z][^\n;|#]*)/gm)].map(
      ([, line = '']) => line,
    ),
  );
  return [...inline, ...inBlocks].map((line) => line.replace(/\s+/g, ' ').trim());
}

function unknownIn(line: string): string[] {
  const [, first = '', second = ''] = line.split(' ');
  if (first.startsWith('-') || first.startsWith('<') || first === '…') return [];
  const verb = verbs.find(({ name }) => name === `${first} ${second}` || name === first);
  if (!verb) return [`${line}: no command`];
  const known = new Set([...GLOBAL_OPTIONS, ...(verb.options ?? [])].map(longName).concat('--help'));
  const flags = line.match(/(?<= )--[a-z][a-z-]*/g) ?? [];
  return flags.filter((each) => !known.has(each)).map((each) => `${line}: ${each}`);
}

/** A heading as GitHub names it in a link. */
function leadsSomewhere(target: string, file: string, page: string, heading: string | undefined): boolean {
  const path = file === '' ? page : target;
  if (!existsSync(path)) return false;
  if (heading === undefined) return true;
  const headings = [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, words = '']) =>
    words
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
  return headings.includes(heading);
}

async function replayed(replay: Replay, block: string): Promise<string> {
  let rewritten = '';
  for (const step of parseSteps(block)) {
    const shown = await replay.run(step);
    const agreed = agrees(shown, step.expected);
    rewritten += `${commandText(step)}${agreed ? step.expected : withPlaceholders(shown)}`;
    if (!agreed && !process.env.UPDATE_DOCS) expect(shown, step.command).toBe(step.expected);
  }
  return rewritten;
}

describe('these checks themselves', () => {
  test('a name counts where it stands by itself', () => {
    expect(missing(['batch import', '--name', '`a_b`'], 'payrun batch import --names `a_b_c`')).toEqual([
      '--name',
      '`a_b`',
    ]);
  });

  test('codes are found where errors and rows are made', () => {
    const text = `
      throw new PayrunError('usage', known ? 'file_known' : 'file_new', 'x');
      rows.push({ line: 1, code: 'row_bad', message: 'x' });`;
    const { errors, others } = codesIn([{ path: 'a.ts', text }]);
    expect([...errors]).toEqual(['file_known', 'file_new']);
    expect([...others]).toEqual(['row_bad']);
    const passed = codesIn([
      { path: 'a.ts', text: "const t = { code: 'gone' }; throw new PayrunError('failed', t.code, 'x');" },
    ]);
    expect([...passed.errors]).toEqual(['gone']);
  });

  test('configuration keys are read from examples, commented ones too', () => {
    const shown = configKeysIn(
      '```toml\n[ledger]\npath = "x" # time_zone = "y"\n[providers.nxt.rails.IMPS]\n# min = 1\n```\n',
    );
    expect([...shown]).toEqual(['ledger.path', 'ledger.time_zone', 'providers.X.rails.R.min']);
  });
});

function longName({ flags }: { flags: string }): string {
  return /--[a-z-]+/.exec(flags)?.[0] ?? flags;
}

/** What help must say to be of use. */
function problemsOf(verb: Verb): string[] {
  const problems: string[] = [];
  if (!/^[A-Z].*[^.]$/.test(verb.summary)) problems.push('the summary is a sentence without a full stop');
  for (const { name, description } of [
    ...(verb.arguments ?? []),
    ...(verb.options ?? []).map((option) => ({ ...option, name: option.flags })),
  ]) {
    if (description === '') problems.push(`${name} is not described`);
  }
  for (const example of verb.examples ?? []) {
    if (!example.includes(`payrun ${verb.name}`)) problems.push(`an example of something else: ${example}`);
  }
  return problems;
}

/** `providers.X.base_url` of every toml block; a key in a comment is shown too. */
function configKeysIn(text: string): Set<string> {
  const shown = new Set<string>();
  for (const [, block = ''] of text.matchAll(/^```toml\n([\s\S]*?)^```/gm)) {
    let table = '';
    for (const line of block.split('\n')) {
      const header = /^\s*#?\s*\[+([^\]]+)\]+/.exec(line)?.[1];
      if (header !== undefined)
        table = header.replace(/^providers\.[^.]+/, 'providers.X').replace(/\.rails\.[^.]+/, '.rails.R');
      else for (const [, key = ''] of line.matchAll(/\b([a-z_]+)\s*=/g)) shown.add(`${table}.${key}`);
    }
  }
  return shown;
}
