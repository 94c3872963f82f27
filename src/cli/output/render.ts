/**
 * An outcome as text, in the asked format: data on stdout or in the output file, everything else on stderr. The
 * formats hold the same data, and the exit code does not depend on them.
 */
import type { PayrunError } from '../../domain/errors.ts';
import type { Data, Json, Outcome, Verb, Warning } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Format, GlobalFlags } from '../global-flags.ts';
import type { World } from '../world.ts';
import { flatten, isRows } from './cells.ts';
import { type Paint, paintFor, plain } from './colour.ts';
import { errorBlock, warningLine } from './error-block.ts';
import { openOutputFile } from './output-file.ts';
import { sanitiseBlock, sanitiseJson } from './sanitise.ts';

type Chunk = string | Uint8Array;

/** `batch submit` → `payrun/batch.submit/v1`; what fails before a command is known bears the name `error`. */
export function schemaName(command: string | null): string {
  return `payrun/${command === null ? 'error' : command.replace(' ', '.')}/v1`;
}

export async function writeOutcome(
  verb: Verb,
  outcome: Outcome,
  exit: ExitCode,
  warnings: readonly Warning[],
  flags: GlobalFlags,
  world: World,
): Promise<void> {
  const chunks = outcomeText(verb, outcome, exit, warnings, flags, world);
  const path = verb.writes_output_file ? null : flags.output_file;
  if (path !== null) await writeFileWhole(path, chunks, world);
  else for await (const chunk of chunks) await world.stdout.write(chunk);
  if (outcome.annotations) await world.stderr.write(sanitiseBlock(outcome.annotations));
  // In JSON the warnings are in the document; how to go on after a signal is for the person who sent it.
  if (flags.format === 'json') {
    if ((exit === EXIT.interrupted || exit === EXIT.terminated) && outcome.next !== undefined && !flags.quiet)
      await world.stderr.write(`${sanitiseBlock(outcome.next)}\n`);
    return;
  }
  const paint = paintFor(world.stderr, flags, world);
  for (const warning of warnings) await world.stderr.write(warningLine(warning, paint));
  if (outcome.next !== undefined && !flags.quiet)
    await world.stderr.write(`${sanitiseBlock(outcome.next)}\n`);
}

/** A failure leaves an output file as it was, so that its document goes to stdout also with -o. */
export async function writeFailure(
  name: string | null,
  error: PayrunError,
  exit: ExitCode,
  warnings: readonly Warning[],
  flags: GlobalFlags,
  world: World,
): Promise<void> {
  if (flags.format === 'json' || flags.format === 'ndjson') {
    await world.stdout.write(jsonLine(failureDocument(name, error, exit, warnings)));
  }
  if (flags.format === 'json') return;
  const paint = paintFor(world.stderr, flags, world);
  for (const warning of warnings) await world.stderr.write(warningLine(warning, paint));
  await world.stderr.write(errorBlock(error, paint));
}

/** Help and the version: data that was asked for. */
export async function writeText(text: string, world: World): Promise<void> {
  await world.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

function failureDocument(
  name: string | null,
  error: PayrunError,
  exit: ExitCode,
  warnings: readonly Warning[],
): Data {
  return {
    schema: schemaName(name),
    ok: false,
    exit_code: exit,
    error: {
      code: error.code,
      message: error.message,
      hint: error.hint ?? null,
      rows: error.rows.map(({ line, column, code, message, value }) => ({
        line,
        column,
        code,
        message,
        value,
      })),
      ...(error.so_far === undefined ? {} : { so_far: { ...error.so_far } }),
    },
    ...(warnings.length > 0 ? { warnings: warningData(warnings) } : {}),
  };
}

function warningData(warnings: readonly Warning[]): Data[] {
  return warnings.map(({ code, message }) => ({ code, message }));
}

function jsonLine(value: Json): string {
  return `${sanitiseJson(JSON.stringify(value))}\n`;
}

async function* outcomeText(
  verb: Verb,
  outcome: Outcome,
  exit: ExitCode,
  warnings: readonly Warning[],
  flags: GlobalFlags,
  world: World,
): AsyncGenerator<Chunk> {
  // A verb with a format of its own under this name has written it; json is always the envelope.
  if (outcome.text !== undefined && flags.format !== 'json' && ownText(verb, flags.format)) {
    yield* forTerminal(rawText(outcome.text), flags, world);
    return;
  }
  switch (flags.format) {
    case 'json': {
      const data =
        outcome.data.items === undefined && outcome.stream
          ? await withItems(outcome.data, outcome.stream)
          : outcome.data;
      yield jsonLine({
        schema: schemaName(verb.name),
        ok: true,
        exit_code: exit,
        data,
        warnings: warningData(warnings),
      });
      return;
    }
    case 'ndjson':
      for await (const row of rowsOf(outcome, (data) => data)) yield jsonLine(row);
      return;
    case 'csv': {
      const { csvText } = await import('./csv.ts');
      const listed = outcome.stream !== undefined || isRows(outcome.data.items);
      yield* forTerminal(
        csvText(rowsOf(outcome, flatten), listed ? (outcome.columns ?? verb.columns) : undefined),
        flags,
        world,
      );
      return;
    }
    case 'table':
      yield await peopleText(outcome, flags, world);
  }
}

function ownText(verb: Verb, format: Format): boolean {
  return format === 'table' || verb.formats?.includes(format) === true;
}

async function* rawText(text: NonNullable<Outcome['text']>): AsyncGenerator<Chunk> {
  if (typeof text === 'string' || text instanceof Uint8Array) yield text;
  else yield* text;
}

/** A million rows go through one by one; a single object is the only row. */
async function* rowsOf(outcome: Outcome, single: (data: Data) => Data): AsyncGenerator<Data> {
  if (outcome.stream) yield* outcome.stream;
  else if (isRows(outcome.data.items)) yield* outcome.data.items;
  else yield single(outcome.data);
}

async function withItems(data: Data, stream: AsyncIterable<Data>): Promise<Data> {
  const items: Data[] = [];
  for await (const row of stream) items.push(row);
  return { ...data, items };
}

async function peopleText(outcome: Outcome, flags: GlobalFlags, world: World): Promise<string> {
  const { dataText, paragraphText, tableText } = await import('./table.ts');
  const toFile = flags.output_file !== null;
  const paint: Paint = toFile ? plain : paintFor(world.stdout, flags, world);
  const style = { paint, width: !toFile && world.stdout.isTTY ? (world.stdout.columns ?? 80) : null };
  if (outcome.view) {
    let text = '';
    let afterTable = false;
    for (const part of outcome.view) {
      const isTable = typeof part !== 'string';
      if (text !== '' && (isTable || afterTable)) text += '\n';
      text += isTable ? tableText(part, style) : paragraphText(part);
      afterTable = isTable;
    }
    return text;
  }
  const data =
    outcome.stream && outcome.data.items === undefined
      ? await withItems(outcome.data, outcome.stream)
      : outcome.data;
  return dataText(outcome.shown ?? data, style);
}

/** What a terminal would obey is shown instead; files and pipes get csv and exports byte for byte. */
async function* forTerminal(
  chunks: AsyncIterable<Chunk>,
  flags: GlobalFlags,
  world: World,
): AsyncGenerator<Chunk> {
  if (flags.output_file !== null || !world.stdout.isTTY) {
    yield* chunks;
    return;
  }
  const decoder = new TextDecoder();
  for await (const chunk of chunks) {
    yield sanitiseBlock(typeof chunk === 'string' ? chunk : decoder.decode(chunk, { stream: true }));
  }
}

async function writeFileWhole(path: string, chunks: AsyncIterable<Chunk>, world: World): Promise<void> {
  const file = await openOutputFile(path, world.cwd);
  try {
    for await (const chunk of chunks) await file.write(chunk);
    await file.finish();
  } finally {
    await file.abandon();
  }
}
