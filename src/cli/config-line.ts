/** Where a key stands in payrun.toml: the parser forgets it, and whoever has to correct it wants to know. */

/** The line on which a key or its table stands, counted from 1; the first line where it cannot be told. */
export function lineOf(source: string, path: readonly string[]): number {
  const lines = source.split('\n');
  for (let depth = path.length; depth > 0; depth -= 1) {
    const line = findKey(lines, path.slice(0, depth));
    if (line > 0) return line;
  }
  return 1;
}

function findKey(lines: readonly string[], path: readonly string[]): number {
  let table: string[] = [];
  const entries = new Map<string, number>();
  for (const [index, line] of lines.entries()) {
    const header = /^\s*(\[+)([^\]]+)\]+/.exec(line);
    if (header !== null) {
      table = (header[2] ?? '').split('.').map((part) => part.trim().replace(/^"|"$/g, ''));
      if (header[1] === '[[') {
        // An array of tables: its entries are known by their number, counted from 0.
        const name = table.join('.');
        const number = entries.get(name) ?? 0;
        entries.set(name, number + 1);
        table.push(String(number));
      }
      if (table.join('.') === path.join('.')) return index + 1;
      continue;
    }
    const key = /^\s*"?([A-Za-z0-9_.-]+)"?\s*=/.exec(line)?.[1];
    if (key !== undefined && [...table, ...key.split('.')].join('.') === path.join('.')) return index + 1;
  }
  return 0;
}
