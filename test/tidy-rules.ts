/** The rules of the house as functions from a file to its problems; tidy.test.ts runs them and proves that they can fail. */
import { posix } from 'node:path';
import ts from 'typescript';

export interface SourceFile {
  /** From the project's folder: `src/domain/money/money.ts`. */
  path: string;
  text: string;
}

export type Rule = (file: SourceFile) => string[];

const LEAVES = ['store', 'providers', 'statements', 'vault'];
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  domain: ['domain'],
  store: ['store', 'domain'],
  providers: ['providers', 'domain'],
  statements: ['statements', 'domain'],
  vault: ['vault', 'domain'],
  operations: ['operations', 'domain', ...LEAVES],
  sandbox: ['sandbox', 'domain'],
  cli: ['cli', 'operations', 'domain', 'sandbox', ...LEAVES],
};
// The sandbox keeps its own file with the same engine.
const SANDBOX_ALSO = new Set(['src/store/database.ts', 'src/store/migrate.ts']);

export const importDirections: Rule = (file) => {
  const zone = zoneOf(file.path);
  const allowed = MAY_IMPORT[zone];
  if (!allowed) return [`${file.path}: no folder of the house`];
  return importsOf(file)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => resolved(file.path, specifier))
    .filter((target) => target.startsWith('src/'))
    .filter(
      (target) => !allowed.includes(zoneOf(target)) && !(zone === 'sandbox' && SANDBOX_ALSO.has(target)),
    )
    .map((target) => `${file.path} imports ${target}`);
};

/** A hook at the head of a helper is that of the first file which loads it; the others of its process go without. */
export const noHooksInHelpers: Rule = ({ path, text }) =>
  /\.test\.ts$/.test(path) || path === 'test/each-file.ts'
    ? []
    : [...text.matchAll(/^(?:after|before)(?:Each|All)\(/gm)].map(([hook]) => `${path}: ${hook}`);

/** One provider knows nothing of another; they share what stands beside their folders. */
export const providersApart: Rule = (file) => {
  const own = /^src\/providers\/([^/]+)\//.exec(file.path)?.[1];
  if (own === undefined) return [];
  return importsOf(file)
    .map((specifier) => resolved(file.path, specifier))
    .filter(
      (target) => /^src\/providers\/[^/]+\//.test(target) && !target.startsWith(`src/providers/${own}/`),
    )
    .map((target) => `${file.path} imports ${target}`);
};

// Arithmetic is as pure as can be; nothing else from outside enters.
const DOMAIN_PACKAGES = new Set(['decimal.js']);
const IMPURE = new Set([
  'process',
  'performance',
  'crypto',
  'fetch',
  'setTimeout',
  'setInterval',
  'console',
  'Buffer',
]);

export const domainPurity: Rule = (file) => {
  if (zoneOf(file.path) !== 'domain') return [];
  const imports = importsOf(file).filter(
    (specifier) => !specifier.startsWith('.') && !DOMAIN_PACKAGES.has(specifier),
  );
  const problems = imports.map((specifier) => `${file.path} imports ${specifier}`);
  visit(parse(file), (node) => {
    const text = node.getText();
    if (ts.isNewExpression(node) && text.startsWith('new Date') && !node.arguments?.length)
      problems.push(at(file, node, 'reads the clock'));
    if (ts.isPropertyAccessExpression(node) && /^(Date\.now|Math\.random)$/.test(text))
      problems.push(at(file, node, text));
    if (ts.isIdentifier(node) && IMPURE.has(text) && isGlobalUse(node)) problems.push(at(file, node, text));
  });
  return problems;
};

export const fileLength: Rule = (file) => {
  const lines = file.text.trimEnd().split('\n').length;
  return lines > 400 ? [`${file.path} has ${lines} lines`] : [];
};

export const functionLength: Rule = (file) => {
  const source = parse(file);
  const problems: string[] = [];
  visit(source, (node) => {
    if (!ts.isFunctionLike(node)) return;
    const first = source.getLineAndCharacterOfPosition(node.getStart()).line;
    const last = source.getLineAndCharacterOfPosition(node.getEnd()).line;
    if (last - first + 1 > 70) problems.push(at(file, node, `a function of ${last - first + 1} lines`));
  });
  return problems;
};

const SAYS_NOTHING = /(^|[-./])(utils?|helpers?|common|managers?|services?)([-./]|$)/i;

export const fileNames: Rule = ({ path }) => {
  const problems: string[] = [];
  if (SAYS_NOTHING.test(path)) problems.push(`${path}: a name that says nothing`);
  if (/\.(ts|sql|toml|yaml)$/.test(path) && !/^[a-z0-9_.-]+$/.test(posix.basename(path)))
    problems.push(`${path}: not kebab-case`);
  return problems;
};

const NOT_PORTABLE =
  /\b(insert or|replace into|rowid|last_insert_rowid|json_each|json_extract|julianday|strftime|unixepoch|pragma|glob|autoincrement|ifnull|group_concat)\b|\bdatetime\s*\(/i;

/** What only SQLite understands stays in the one file that a second engine will replace. */
export const portableSql: Rule = (file) => {
  if (file.path === 'src/store/database.ts' || !/^src\/(store|operations|sandbox)\//.test(file.path))
    return [];
  const problems: string[] = [];
  visit(parse(file), (node) => {
    if (!ts.isStringLiteralLike(node) && !ts.isTemplateHead(node) && !ts.isTemplateMiddleOrTemplateTail(node))
      return;
    const found = NOT_PORTABLE.exec(node.text)?.[0];
    if (found !== undefined) problems.push(at(file, node, `"${found}"`));
  });
  return problems;
};

export const worldOnly: Rule = (file) => {
  if (file.path === 'src/cli/world.ts') return [];
  const problems: string[] = [];
  visit(parse(file), (node) => {
    if (ts.isIdentifier(node) && node.text === 'process' && isGlobalUse(node))
      problems.push(at(file, node, 'process'));
  });
  return problems.concat(
    importsOf(file).includes('node:process') ? [`${file.path} imports node:process`] : [],
  );
};

export const noAny: Rule = (file) => {
  const problems: string[] = [];
  visit(parse(file), (node) => {
    if (node.kind === ts.SyntaxKind.AnyKeyword) problems.push(at(file, node, 'any'));
  });
  return problems;
};

export const exhaustiveSwitch: Rule = (file) => {
  const problems: string[] = [];
  visit(parse(file), (node) => {
    if (ts.isDefaultClause(node))
      problems.push(at(file, node, 'a default hides the case that a union gets next'));
  });
  return problems;
};

// Put together, so that this file does not find itself.
const LEFT_OVER = new RegExp(
  ['TO' + 'DO', 'FIX' + 'ME', '@ts-' + 'ignore', '@ts-expect-' + 'error', 'test\\.' + 'only'].join('|'),
);

export const nothingLeftOver: Rule = (file) =>
  file.text
    .split('\n')
    .flatMap((line, index) => (LEFT_OVER.test(line) ? [`${file.path}:${index + 1}: ${line.trim()}`] : []));

export const oneTitle: Rule = (file) => {
  const prose = file.text.replace(/^(```|~~~)[\s\S]*?^\1/gm, '');
  const titles = prose.split('\n').filter((line) => /^# /.test(line));
  return titles.length === 1 ? [] : [`${file.path} has ${titles.length} titles`];
};

/** Files that nothing leads to from the entry. */
export function unreachable(files: readonly SourceFile[], entries: readonly string[]): string[] {
  const known = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  const follow = (path: string): void => {
    const file = known.get(path);
    if (!file || reached.has(path)) return;
    reached.add(path);
    if (!path.endsWith('.ts')) return;
    for (const specifier of importsOf(file)) if (specifier.startsWith('.')) follow(resolved(path, specifier));
  };
  for (const entry of entries) follow(entry);
  return files.map(({ path }) => path).filter((path) => !path.endsWith('.d.ts') && !reached.has(path));
}

/**
 * Files that import each other in a circle, one way round each. What a verb is loaded by when it is called does not count:
 * completion and help list the commands that they belong to.
 */
export function circles(files: readonly SourceFile[]): string[] {
  const known = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const found: string[] = [];
  const follow = (path: string, way: readonly string[]): void => {
    const file = known.get(path);
    if (!file || done.has(path)) return;
    if (way.includes(path)) {
      found.push([...way.slice(way.indexOf(path)), path].join(' -> '));
      return;
    }
    for (const specifier of staticImportsOf(file))
      if (specifier.startsWith('.')) follow(resolved(path, specifier), [...way, path]);
    done.add(path);
  };
  for (const { path } of files) follow(path, []);
  return found;
}

function staticImportsOf(file: SourceFile): string[] {
  return parse(file).statements.flatMap((statement) =>
    (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) &&
    statement.moduleSpecifier &&
    ts.isStringLiteral(statement.moduleSpecifier)
      ? [statement.moduleSpecifier.text]
      : [],
  );
}

/** Static, dynamic and re-exporting imports, as written. */
export function importsOf(file: SourceFile): string[] {
  const found: string[] = [];
  visit(parse(file), (node) => {
    if ((ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) && node.moduleSpecifier) {
      if (ts.isStringLiteral(node.moduleSpecifier)) found.push(node.moduleSpecifier.text);
    }
    if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const [argument] = node.arguments;
      if (argument && ts.isStringLiteral(argument)) found.push(argument.text);
    }
  });
  return found;
}

export function zoneOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function resolved(from: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(from), specifier));
}

const parsed = new Map<string, { text: string; source: ts.SourceFile }>();

function parse(file: SourceFile): ts.SourceFile {
  const known = parsed.get(file.path);
  if (known?.text === file.text) return known.source;
  const source = ts.createSourceFile(file.path, file.text, ts.ScriptTarget.ES2023, true);
  parsed.set(file.path, { text: file.text, source });
  return source;
}

function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** `process.env`, and not `{ process: 1 }`, `x.process` or a parameter's name. */
function isGlobalUse(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  return ts.isCallExpression(parent) && parent.expression === node;
}

function at(file: SourceFile, node: ts.Node, what: string): string {
  const { line } = parse(file).getLineAndCharacterOfPosition(node.getStart());
  return `${file.path}:${line + 1}: ${what}`;
}
