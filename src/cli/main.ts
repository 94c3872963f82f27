/** Words in, words out: parse, run, exit code. The only place where an error becomes text. */
import packageJson from '../../package.json' with { type: 'json' };
import { Bug, PayrunError, type SoFar, traceOf } from '../domain/errors.ts';
import type { Context, Input, Outcome, Verb, Warning } from './command.ts';
import { type OpenContext, openContext } from './context.ts';
import { EXIT, type ExitCode, exitCodeOf, worstOf } from './exit-codes.ts';
import type { GlobalFlags } from './global-flags.ts';
import { checkOutputFile } from './output/output-file.ts';
import { writeFailure, writeOutcome, writeText } from './output/render.ts';
import { commandOf, FORMATS, parseArguments, withHelpAsOption } from './program.ts';
import { processWorld, type World } from './world.ts';

export const VERSION = packageJson.version;

const DEFAULT_FLAGS: GlobalFlags = {
  format: 'table',
  output_file: null,
  quiet: false,
  verbose: false,
  color: true,
  progress: true,
  yes: false,
  input: true,
  dry_run: false,
  config: null,
  as: null,
};

export async function runProcess(): Promise<ExitCode> {
  return run(processWorld());
}

/** One command, from its words to its exit code, which is no success where its output is lost. */
export async function run(world: World): Promise<ExitCode> {
  const exit = await runCommand(world);
  const { failure } = world.stdout;
  if (!failure) return exit;
  await world.stderr.write(`error: the output could not be written: ${reasonOf(failure)}.\n`);
  return worstOf([exit, EXIT.failed]);
}

function reasonOf({ code, message }: NodeJS.ErrnoException): string {
  return code === 'ENOSPC' ? 'no space left on device' : message;
}

async function runCommand(world: World): Promise<ExitCode> {
  let flags = flagsBeforeParsing(world.argv);
  let name: string | null = commandOf(withHelpAsOption(world.argv))?.name ?? null;
  const warnings: Warning[] = [];
  // Told at the end, or by a second signal before it: a program that reads gets one document, and not half of two.
  let told = false;
  const abandon = (code: number, soFar: SoFar | undefined) => {
    if (told || name === null) return;
    told = true;
    // Whatever the first write does not take is lost with the process.
    if (flags.format === 'json' || flags.format === 'ndjson')
      void writeFailure(name, stoppedAtOnce(soFar), code as ExitCode, warnings, flags, world);
  };
  try {
    const parsed = await parseArguments(world.argv, VERSION, world.stdout.columns ?? 100);
    if (parsed.kind === 'print') {
      await writeText(parsed.text, world);
      return EXIT.done;
    }
    flags = parsed.flags;
    name = parsed.verb.name;
    refuseMeaningless(parsed.verb, flags);
    if (flags.output_file !== null)
      await checkOutputFile(flags.output_file, world.cwd, filesRead(parsed.verb, parsed.input, flags));
    return await runVerb(
      parsed.verb,
      openContext(world, flags, warnings, abandon),
      async (context) => {
        const outcome = await parsed.verb.run(context, parsed.input);
        told = true;
        return outcome;
      },
      warnings,
    );
  } catch (error) {
    told = true;
    const exit = exitCodeOf(error);
    await writeFailure(name, asPayrunError(error), exit, warnings, flags, world);
    if (exit === EXIT.bug && flags.verbose && error instanceof Error)
      await world.stderr.write(`${traceOf(error)}\n`);
    return exit;
  }
}

async function runVerb(
  verb: Verb,
  opened: OpenContext,
  work: (context: Context) => Promise<Outcome>,
  warnings: readonly Warning[],
): Promise<ExitCode> {
  const { context } = opened;
  let outcome: Outcome;
  try {
    outcome = await work(context);
    await context.progress.end();
    const exit = outcome.exit ?? EXIT.done;
    await writeOutcome(verb, outcome, exit, warnings, context.flags, context.world);
    return exit;
  } finally {
    await context.progress.end();
    if (context.flags.verbose) await tellHead(opened);
    await opened.close();
  }
}

/** Whoever keeps it elsewhere can tell later that nothing of what it stands for was cut off. Also after a failure. */
async function tellHead({ context, head }: OpenContext): Promise<void> {
  // A ledger that cannot be read has been complained of already.
  const now = await head().catch(() => null);
  if (now !== null)
    await context.world.stderr.write(`Head of the chain: ${now.head} (${now.length} links)\n`);
}

/** Errors of parsing have to come in the format that was asked for, too. */
function flagsBeforeParsing(argv: readonly string[]): GlobalFlags {
  const joined = argv.find((word) => word.startsWith('--format='))?.slice('--format='.length);
  const asked = argv.includes('--json') ? 'json' : (joined ?? argv[argv.indexOf('--format') + 1]);
  const format = FORMATS.find((known) => known === asked) ?? 'table';
  return { ...DEFAULT_FLAGS, format, color: !argv.includes('--no-color') };
}

/** Words that may name a file which the command reads; a query's words name a batch or a payout. */
function filesRead(verb: Verb, input: Input, flags: GlobalFlags): string[] {
  const named = input.args.flatMap((word, index) => {
    const mayBeFile = verb.effect !== 'reads' || verb.arguments?.[index]?.name.includes('file') === true;
    return mayBeFile && word !== undefined ? word : [];
  });
  // Such options have a name of one word, as commander knows it too.
  const chosen = (verb.options ?? [])
    .filter((option) => option.flags.endsWith('<file>'))
    .flatMap((option) => input.options[/--([a-z]+)/.exec(option.flags)?.[1] ?? '']);
  return [...named, ...chosen, flags.config].filter((word) => typeof word === 'string');
}

function refuseMeaningless(verb: Verb, flags: GlobalFlags): void {
  if (flags.dry_run && verb.effect === 'reads') {
    throw new PayrunError(
      'usage',
      'usage',
      `\`payrun ${verb.name}\` only reads, so --dry-run means nothing to it.`,
    );
  }
}

function stoppedAtOnce(so_far: SoFar | undefined): PayrunError {
  return new PayrunError(
    'interrupted',
    'stopped_at_once',
    'A second signal stopped it at once; what was sent is stored, and what was in flight is asked about at the next start.',
    { hint: 'Go on with the same command again (nothing is paid twice).', so_far },
  );
}

function asPayrunError(error: unknown): PayrunError {
  if (error instanceof PayrunError) return error;
  const what = error instanceof Error ? error.message : String(error);
  const kind =
    error instanceof Bug
      ? 'payrun reached a state that it should never reach'
      : 'payrun met an error that it did not expect';
  return new PayrunError('failed', 'bug', `${kind}: ${what}`, {
    hint: 'This is a bug in payrun. What was confirmed is on disk; run the command again with -v to see where it happened.',
    cause: error,
  });
}
