/** argv to a verb and its input, by commander. Only the verb that was called is loaded; the others are their names. */
import { type Argument, Command, CommanderError, Option } from 'commander';
import { PayrunError } from '../domain/errors.ts';
import type { Input, Verb } from './command.ts';
import { COMMANDS, type CommandEntry, NOUNS } from './commands.ts';
import type { Format, GlobalFlags } from './global-flags.ts';
import { nearest } from './output/nearest.ts';

export const FORMATS: readonly Format[] = ['table', 'json', 'ndjson', 'csv'];

interface GlobalOption {
  flags: string;
  description: string;
}

export const GLOBAL_OPTIONS: readonly GlobalOption[] = [
  { flags: '--json', description: 'the same as --format json' },
  { flags: '--format <format>', description: 'table, json, ndjson or csv' },
  {
    flags: '-o, --output-file <file>',
    description: 'write the output to a file, whole or not at all; - for stdout',
  },
  { flags: '-q, --quiet', description: 'no progress, notices or hints; the data is still printed' },
  {
    flags: '-v, --verbose',
    description: 'say more on stderr: the head of the chain at the end of whatever writes',
  },
  { flags: '--no-color', description: 'no colour' },
  { flags: '--no-progress', description: 'no progress line' },
  { flags: '-y, --yes', description: 'answer yes to the confirmation of a command that moves money' },
  { flags: '--no-input', description: 'never ask; what is missing is an error' },
  { flags: '-n, --dry-run', description: 'do everything but keep nothing and send nothing' },
  { flags: '--config <file>', description: 'configuration file (default: payrun.toml here)' },
  { flags: '--as <actor>', description: 'who decides (default: PAYRUN_ACTOR, else the OS user)' },
];

const VALUED = new Set(['--format', '-o', '--output-file', '--config', '--as']);

export type Parsed =
  | { kind: 'run'; verb: Verb; input: Input; flags: GlobalFlags }
  | { kind: 'print'; text: string };

/** The command that argv names, as far as it can be told without knowing the verbs' own options. */
export function commandOf(argv: readonly string[]): CommandEntry | undefined {
  const words = placesOfWords(argv).map((place) => argv[place]);
  return COMMANDS.find((entry) => entry.name === words[0] || entry.name === words.slice(0, 2).join(' '));
}

/** Where argv has words that are neither options nor the values of global ones. */
function placesOfWords(argv: readonly string[]): number[] {
  const places: number[] = [];
  for (let index = 0; index < argv.length; index += 1) {
    const word = argv[index] ?? '';
    if (VALUED.has(word)) index += 1;
    else if (!word.startsWith('-')) places.push(index);
  }
  return places;
}

export async function parseArguments(
  given: readonly string[],
  version: string,
  columns: number,
): Promise<Parsed> {
  const argv = withHelpAsOption(given);
  const called = commandOf(argv);
  const verb = called ? (await called.load()).verb : undefined;
  let printed = '';
  let parsed: { verb: Verb; input: Input } | undefined;
  const program = buildProgram(version, verb, (found, input) => {
    parsed = { verb: found, input };
  });
  withEach(program, (command) => {
    // Neither is inherited by commands that were added: a missing argument of a verb would exit the process.
    command.exitOverride();
    command.configureOutput({
      writeOut: (text) => {
        printed += text;
      },
      writeErr: () => undefined,
      getOutHelpWidth: () => columns,
      getErrHelpWidth: () => columns,
    });
  });
  if (argv.length === 0) return { kind: 'print', text: program.helpInformation() };
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return { kind: 'print', text: printed };
    throw error.code === 'commander.help' ? verbMissing(argv) : usageError(error, argv, verb);
  }
  if (!parsed) return { kind: 'print', text: printed || program.helpInformation() };
  return { kind: 'run', ...parsed, flags: globalFlags(program, parsed.verb) };
}

/** `help batch submit` and `batch help submit` ask for what `batch submit --help` says. */
export function withHelpAsOption(argv: readonly string[]): readonly string[] {
  const [noun = -1, verb = -1] = placesOfWords(argv);
  const help = argv[noun] === 'help' ? noun : verb;
  if (argv[help] !== 'help' || (help === verb && NOUNS[argv[noun] ?? ''] === undefined)) return argv;
  const rest = argv.filter((_, index) => index !== help);
  const words = placesOfWords(rest).map((place) => rest[place] ?? '');
  // Commander shows the help of what it knows, also where a word after it is wrong.
  const known = words.length === 0 || (words.length === 1 && NOUNS[words[0] ?? ''] !== undefined);
  return known || commandOf(rest) ? [...rest, '--help'] : rest;
}

/** An unset variable in a script must not pass for a success. */
function verbMissing(argv: readonly string[]): PayrunError {
  const noun = argv.find((word) => NOUNS[word] !== undefined);
  if (noun === undefined) {
    return new PayrunError('usage', 'usage', 'No command is named.', {
      hint: 'Usage: payrun NOUN VERB. See all of them with: payrun --help',
    });
  }
  const verbs = COMMANDS.flatMap(({ name }) => (name.startsWith(`${noun} `) ? name.split(' ')[1] : []));
  return new PayrunError('usage', 'usage', `\`payrun ${noun}\` needs a verb.`, {
    hint: `Usage: payrun ${noun} VERB, which is one of ${verbs.join(', ')}. More with: payrun ${noun} --help`,
  });
}

/** The whole tree with every verb loaded: for completion, documentation and their tests. */
export async function wholeProgram(version: string): Promise<{ program: Command; verbs: readonly Verb[] }> {
  const verbs = await Promise.all(COMMANDS.map(async (entry) => (await entry.load()).verb));
  const program = buildProgram(version, undefined, () => undefined);
  for (const verb of verbs) {
    const command = findCommand(program, verb.name);
    if (command) describeVerb(command, verb, () => undefined);
  }
  return { program, verbs };
}

type OnRun = (verb: Verb, input: Input) => void;

function buildProgram(version: string, called: Verb | undefined, onRun: OnRun): Command {
  const program = new Command('payrun');
  program
    .description('Payouts and reconciliation: submit once, follow to proof, keep books that balance.')
    .version(version, '-V, --version')
    .showSuggestionAfterError()
    // A verb's arguments are not known before it is loaded; its own help lists them.
    .configureHelp({ subcommandTerm: (command) => command.name(), showGlobalOptions: true })
    .addHelpText(
      'after',
      '\nStart with `payrun demo`. Exit codes: README.md; files and settings: docs/reference.md.',
    );
  for (const option of GLOBAL_OPTIONS) {
    // `payout resolve --as paid` means the outcome; who decides is then said by PAYRUN_ACTOR.
    const taken = called?.options?.some((own) => own.flags.split(' ')[0] === option.flags.split(' ')[0]);
    if (!taken) program.option(option.flags, option.description);
  }
  for (const entry of COMMANDS) {
    const parts = entry.name.split(' ');
    const noun = parts[0] ?? '';
    const verbName = parts[1];
    const parent = verbName === undefined ? program : nounCommand(program, noun);
    const command = parent.command(verbName ?? noun).description(entry.summary);
    if (called?.name === entry.name) describeVerb(command, called, onRun);
    else command.allowUnknownOption().argument('[arguments...]');
  }
  return program;
}

function nounCommand(program: Command, noun: string): Command {
  return (
    program.commands.find((command) => command.name() === noun) ??
    program
      .command(noun)
      .description(NOUNS[noun] ?? '')
      .showSuggestionAfterError()
  );
}

function describeVerb(command: Command, verb: Verb, onRun: OnRun): void {
  command.allowUnknownOption(false).showSuggestionAfterError();
  // A stub's catch-all argument must not swallow what the verb's own arguments would refuse.
  (command as unknown as { registeredArguments: Argument[] }).registeredArguments.length = 0;
  for (const argument of verb.arguments ?? []) command.argument(argument.name, argument.description);
  for (const each of verb.options ?? []) {
    const option = new Option(
      each.flags,
      each.required ? `${each.description} (required)` : each.description,
    );
    if (each.choices) option.choices([...each.choices]);
    if (each.required) option.makeOptionMandatory();
    if (each.repeatable)
      option.argParser((value: string, earlier: string[] | undefined) => [...(earlier ?? []), value]);
    command.addOption(option);
  }
  if (verb.examples?.length) {
    command.addHelpText(
      'after',
      `\nExamples:\n${verb.examples.map((example) => `  $ ${example}`).join('\n')}`,
    );
  }
  command.action((...received: unknown[]) => {
    const args = received.slice(0, -2) as Input['args'];
    onRun(verb, { args, options: command.optsWithGlobals() as Input['options'] });
  });
}

function findCommand(program: Command, name: string): Command | undefined {
  return name
    .split(' ')
    .reduce<Command | undefined>(
      (parent, word) => parent?.commands.find((command) => command.name() === word),
      program,
    );
}

function withEach(command: Command, visit: (command: Command) => void): void {
  visit(command);
  for (const child of command.commands) withEach(child, visit);
}

function globalFlags(program: Command, verb: Verb): GlobalFlags {
  const given = program.opts() as Record<string, string | boolean | undefined>;
  const asked = given.json === true ? 'json' : typeof given.format === 'string' ? given.format : 'table';
  const own = verb.formats ?? [];
  if (!own.includes(asked) && !FORMATS.some((format) => format === asked)) {
    throw new PayrunError('usage', 'format_unknown', `"${asked}" is no format of \`payrun ${verb.name}\`.`, {
      hint: `Known: ${[...new Set([...FORMATS, ...own])].join(', ')}.`,
    });
  }
  if (given.json === true && typeof given.format === 'string' && given.format !== 'json') {
    throw new PayrunError(
      'usage',
      'format_unknown',
      `--json and --format ${given.format} contradict each other.`,
    );
  }
  const word = (name: string) => (typeof given[name] === 'string' ? given[name] : null);
  return {
    format: FORMATS.find((format) => format === asked) ?? 'table',
    output_file: word('outputFile') === '-' ? null : word('outputFile'),
    quiet: given.quiet === true,
    verbose: given.verbose === true,
    color: given.color !== false,
    progress: given.progress !== false,
    yes: given.yes === true,
    input: given.input !== false,
    dry_run: given.dryRun === true,
    config: word('config'),
    as: word('as'),
  };
}

function usageError(error: CommanderError, argv: readonly string[], verb: Verb | undefined): PayrunError {
  if (error.code === 'commander.excessArguments' && verb) return tooManyWords(verb);
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n');
  const said = first.replace(/\.?$/, '.').replace(/^./, (letter) => letter.toUpperCase());
  const suggestion = rest
    .join(' ')
    .trim()
    .replace(/^\((.*)\)$/, '$1');
  const hint =
    suggestion ||
    guessVerb(argv) ||
    '`payrun --help` lists the commands, and a command with --help what it takes.';
  return new PayrunError('usage', 'usage', said, { hint });
}

function tooManyWords({ name, arguments: taken = [] }: Verb): PayrunError {
  const most = taken.length === 0 ? 'no argument' : `only ${taken.map((each) => each.name).join(' and ')}`;
  return new PayrunError('usage', 'usage', `\`payrun ${name}\` takes ${most}, and more words were given.`, {
    hint: `A name with spaces needs quotes. See what it takes with: payrun ${name} --help`,
  });
}

function guessVerb(argv: readonly string[]): string | undefined {
  const words = argv
    .filter((word) => !word.startsWith('-'))
    .slice(0, 2)
    .join(' ');
  const guess = nearest(
    words,
    COMMANDS.map((entry) => entry.name),
  );
  // The command is right and something else about it is wrong.
  if (guess === words) return `See what it takes with: payrun ${guess} --help`;
  return guess ? `Did you mean \`payrun ${guess}\`?` : undefined;
}
