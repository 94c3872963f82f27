/** Which report a file's name asks for, and writing it: whole or not at all. */
import { basename, resolve } from 'node:path';
import { PayrunError, unreachable } from '../../../domain/errors.ts';
import { BREAK_COLUMNS } from '../../break/break-item.ts';
import type { World } from '../../world.ts';
import { checkOutputFile, openOutputFile } from '../output-file.ts';
import type { Report } from './report.ts';

type Form = 'html' | 'junit' | 'markdown' | 'sheet';

export interface ReportTarget {
  path: string;
  form: Form;
}

/** Refuses names that say no form, and files that must not be written, before any work is done; `inputs` are read. */
export async function reportTargets(
  paths: readonly string[],
  world: World,
  outputFile: string | null,
  inputs: readonly string[],
): Promise<ReportTarget[]> {
  const taken = new Set(outputFile === null ? [] : [resolve(world.cwd, outputFile)]);
  const targets: ReportTarget[] = [];
  for (const path of paths) {
    const absolute = resolve(world.cwd, path);
    if (taken.has(absolute)) {
      throw new PayrunError('usage', 'option_invalid', `--report ${path}: this file is written already.`, {
        hint: 'Give every report, and -o, a file of its own.',
      });
    }
    taken.add(absolute);
    targets.push({ path, form: formOf(path) });
    await checkOutputFile(path, world.cwd, inputs);
  }
  return targets;
}

export async function writeReports(
  targets: readonly ReportTarget[],
  report: Report,
  world: World,
): Promise<void> {
  for (const { path, form } of targets) await writeWhole(path, textOf(form, report), world);
}

/** Whole or not at all. */
export async function writeWhole(
  path: string,
  chunks: AsyncIterable<string> | Iterable<string>,
  world: World,
): Promise<void> {
  const file = await openOutputFile(path, world.cwd);
  try {
    for await (const chunk of chunks) await file.write(chunk);
    await file.finish();
  } finally {
    await file.abandon();
  }
}

function formOf(path: string): Form {
  const name = basename(path).toLowerCase();
  if (/\.html?$/.test(name)) return 'html';
  if (name.endsWith('.xml')) return 'junit';
  if (name.endsWith('.csv')) return 'sheet';
  // The file that GitHub names in GITHUB_STEP_SUMMARY has no ending.
  if (name.endsWith('.md') || name.startsWith('step_summary_')) return 'markdown';
  throw new PayrunError('usage', 'option_invalid', `--report ${path}: the name says no kind of report.`, {
    hint: 'Let it end in .html (a page), .xml (JUnit), .md (Markdown) or .csv (a sheet).',
  });
}

async function* textOf(form: Form, report: Report): AsyncGenerator<string> {
  switch (form) {
    case 'html':
      yield (await import('./html.ts')).htmlReport(report);
      return;
    case 'junit':
      yield (await import('./junit.ts')).junitReport(report);
      return;
    case 'markdown':
      yield (await import('./markdown.ts')).markdownReport(report);
      return;
    case 'sheet':
      yield* (await import('../sheet.ts')).sheetText(
        report.breaks.map(({ item }) => item),
        BREAK_COLUMNS,
      );
      return;
  }
  unreachable(form);
}
