import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import {
  circles,
  domainPurity,
  exhaustiveSwitch,
  fileLength,
  fileNames,
  functionLength,
  importDirections,
  noAny,
  noHooksInHelpers,
  nothingLeftOver,
  oneTitle,
  portableSql,
  providersApart,
  type Rule,
  type SourceFile,
  unreachable,
  worldOnly,
} from './tidy-rules.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = filesUnder('src');
const TYPESCRIPT = SOURCE.filter(({ path }) => path.endsWith('.ts') && !path.endsWith('.d.ts'));
const TESTS = filesUnder('test').filter(({ path }) => /\.tsx?$/.test(path));
const MARKDOWN = [...filesUnder('.', false), ...SOURCE, ...filesUnder('test')].filter(({ path }) =>
  path.endsWith('.md'),
);

describe('the source keeps the rules of the house', () => {
  const everything = [...SOURCE, ...TESTS];
  const rules: [string, Rule, readonly SourceFile[]][] = [
    ['imports go one way', importDirections, TYPESCRIPT],
    ['no provider imports another', providersApart, TYPESCRIPT],
    ['the domain is pure', domainPurity, TYPESCRIPT],
    ['no file has more than 400 lines', fileLength, everything],
    ['no function has more than 70 lines', functionLength, TYPESCRIPT],
    ['files have names that say something', fileNames, everything],
    ['SQL outside database.ts is portable', portableSql, TYPESCRIPT],
    ['only world.ts reads the process', worldOnly, TYPESCRIPT],
    ['nothing has the type any', noAny, [...TYPESCRIPT, ...TESTS]],
    ['no switch has a default', exhaustiveSwitch, TYPESCRIPT],
    ['no helper of tests has hooks of its own', noHooksInHelpers, TESTS],
    ['nothing is left over', nothingLeftOver, [...everything, ...MARKDOWN]],
    ['a Markdown file has one title', oneTitle, MARKDOWN],
  ];
  test.each(rules)('%s', (_name, rule, files) => {
    expect(files.length).toBeGreaterThan(0);
    expect(files.flatMap(rule)).toEqual([]);
  });

  test('no files import each other in a circle', () => {
    expect(TYPESCRIPT.length).toBeGreaterThan(0);
    expect(circles(TYPESCRIPT)).toEqual([]);
  });

  test('every file is reached from what the bundle starts with', () => {
    const bundled = SOURCE.filter(({ path }) => /\.(ts|sql|toml|yaml)$/.test(path));
    const build = readFileSync(join(ROOT, 'build.js'), 'utf8');
    const entries = [...build.matchAll(/'(src\/[^']+\.ts)'/g)].map(([, path = '']) => path);
    expect(entries).toContain('src/cli/main.ts');
    expect(unreachable(bundled, entries)).toEqual([]);
  });
});

describe('each rule finds what breaks it', () => {
  const cases: [string, Rule, string, string][] = [
    [
      'an import against the direction',
      importDirections,
      'src/domain/a.ts',
      "import { x } from '../store/b.ts';",
    ],
    [
      'a dynamic import against the direction',
      importDirections,
      'src/store/a.ts',
      "await import('../cli/b.ts');",
    ],
    ['the sandbox in an operation', importDirections, 'src/operations/a.ts', "import '../sandbox/b.ts';"],
    ['the ledger in the sandbox', importDirections, 'src/sandbox/a.ts', "import '../store/payouts.ts';"],
    ['a folder that is not of the house', importDirections, 'src/lib/a.ts', 'export const x = 1;'],
    ['a hook at the head of a helper', noHooksInHelpers, 'test/cli/a.ts', 'afterEach(() => undefined);'],
    ['a provider in another', providersApart, 'src/providers/one/a.ts', "import '../two/b.ts';"],
    ['a node module in the domain', domainPurity, 'src/domain/a.ts', "import 'node:fs';"],
    ['the clock in the domain', domainPurity, 'src/domain/a.ts', 'export const x = new Date();'],
    [
      'the clock in the domain by another way',
      domainPurity,
      'src/domain/a.ts',
      'export const x = Date.now();',
    ],
    ['chance in the domain', domainPurity, 'src/domain/a.ts', 'export const x = Math.random();'],
    ['the environment in the domain', domainPurity, 'src/domain/a.ts', 'export const x = process.env;'],
    ['a long file', fileLength, 'src/domain/a.ts', `${'\n'.repeat(400)}x`],
    ['a long function', functionLength, 'src/domain/a.ts', `function x() {${'\n'.repeat(70)}}`],
    ['a long arrow function', functionLength, 'src/domain/a.ts', `const x = () => {${'\n'.repeat(70)}};`],
    ['a name that says nothing', fileNames, 'src/domain/string-utils.ts', ''],
    ['a folder whose name says nothing', fileNames, 'src/helpers/a.ts', ''],
    ['a name in camel case', fileNames, 'src/domain/parseAmount.ts', ''],
    ['SQL of one engine', portableSql, 'src/store/a.ts', 'const x = `insert or ignore into a values (1)`;'],
    [
      'SQL of one engine beside a placeholder',
      portableSql,
      'src/store/a.ts',
      `const x = \`\${a} order by rowid \${b}\`;`,
    ],
    ['the environment beside world.ts', worldOnly, 'src/cli/a.ts', 'if (process.env.X) process.exit(1);'],
    ['any', noAny, 'src/cli/a.ts', 'const x = y as any;'],
    ['a default', exhaustiveSwitch, 'src/cli/a.ts', 'switch (x) { default: }'],
    ['work put off', nothingLeftOver, 'src/cli/a.ts', '// TO' + 'DO later'],
    ['two titles', oneTitle, 'A.md', '# One\n\n# Two\n'],
    ['no title', oneTitle, 'A.md', '```sh\n# a comment\n```\n'],
  ];
  test.each(cases)('%s', (_name, rule, path, text) => {
    expect(rule({ path, text })).not.toEqual([]);
  });

  test('a file that nothing leads to', () => {
    const files = [
      { path: 'src/cli/main.ts', text: "export const x = () => import('./used.ts');" },
      { path: 'src/cli/used.ts', text: "import sql from './used.sql';\nexport { sql };" },
      { path: 'src/cli/used.sql', text: '' },
      { path: 'src/cli/dead.ts', text: "import './used.ts';" },
    ];
    expect(unreachable(files, ['src/cli/main.ts'])).toEqual(['src/cli/dead.ts']);
  });

  test('what keeps the rules has no problem', () => {
    const fine = [
      { path: 'src/sandbox/a.ts', text: "import '../store/database.ts';\nimport '../domain/errors.ts';" },
      {
        path: 'src/domain/a.ts',
        text: '// insert or\nexport const day = (ms: number) => new Date(ms);\nexport const y = { process: 1 };',
      },
      {
        path: 'src/store/a.ts',
        text: "// never insert or replace\nconst x = 'insert into a values (1) on conflict do nothing';",
      },
    ];
    for (const rule of [importDirections, domainPurity, portableSql, worldOnly, noAny]) {
      expect(fine.flatMap(rule)).toEqual([]);
    }
    expect(oneTitle({ path: 'A.md', text: '# One\n\n```sh\n# a comment\n```\n' })).toEqual([]);
  });
});

function filesUnder(folder: string, recursive = true): SourceFile[] {
  return readdirSync(join(ROOT, folder), { recursive, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length).split(sep).join(posix.sep))
    .sort()
    .map((path) => ({
      path,
      text: /\.(ts|sql|toml|yaml|md)$/.test(path) ? readFileSync(join(ROOT, path), 'utf8') : '',
    }));
}
