/** Statements that a command takes in: small ones as bytes, large files by their place, which are read block by block. */
import { basename, resolve } from 'node:path';
import type { Stages, StatementFile, StatementInput } from '../operations/import-statement.ts';
import type { Context } from './command.ts';
import { readInputFile, regularFileSize } from './input-file.ts';

// Smaller ones are read whole as quickly, and their errors are found at once.
const LARGE_BYTES = 4_000_000;

export async function statementInputs(
  context: Context,
  paths: readonly string[],
): Promise<(StatementInput | StatementFile)[]> {
  const inputs: (StatementInput | StatementFile)[] = [];
  for (const path of paths) {
    const large = (await regularFileSize(context, path)) >= LARGE_BYTES;
    inputs.push(
      large
        ? { name: basename(path), path: resolve(context.world.cwd, path) }
        : await readInputFile(context, path),
    );
  }
  return inputs;
}

/** What is heard of long work becomes a line of progress. */
export function stagesOf({ progress }: Pick<Context, 'progress'>): Stages {
  return {
    begin: (what, total) => progress.start(what, total),
    done: (count) => progress.update({ done: count }),
  };
}
