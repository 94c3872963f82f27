/**
 * Shell completion as a static script: made from the commands themselves, it needs no library in the shell and
 * starts no payrun at each press of the tab key.
 */
import { PayrunError } from '../domain/errors.ts';
import { argument, type Option, type Verb } from './command.ts';
import { NOUNS } from './commands.ts';
import { FORMATS, GLOBAL_OPTIONS, wholeProgram } from './program.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

interface CompletedOption {
  names: string[];
  description: string;
  /** What comes after it: nothing, one of these, a file, or a word that nobody can foresee. */
  value: 'none' | 'file' | 'word' | readonly string[];
}

interface CompletedCommand {
  name: string;
  summary: string;
  options: CompletedOption[];
  /** Its own arguments: `payrun batch import <file>`. */
  takes: 'file' | 'word' | readonly string[];
}

export const verb: Verb = {
  name: 'completion',
  summary: 'Print a shell completion script',
  effect: 'reads',
  arguments: [{ name: '<shell>', description: 'bash, zsh or fish' }],
  examples: [
    'source <(payrun completion bash)',
    'payrun completion fish > ~/.config/fish/completions/payrun.fish',
  ],
  async run(_context, input) {
    const word = argument(input, 0);
    const shell = SHELLS.find((known) => known === word);
    if (!shell) {
      throw new PayrunError('usage', 'shell_unknown', `There is no completion for "${word}".`, {
        hint: `Known shells: ${SHELLS.join(', ')}.`,
      });
    }
    const { verbs } = await wholeProgram('');
    const script = scriptFor(shell, verbs.map(completed));
    return { data: { shell, script }, text: script };
  },
};

function scriptFor(shell: Shell, commands: readonly CompletedCommand[]): string {
  switch (shell) {
    case 'bash':
      return bashScript(commands);
    case 'zsh':
      return zshScript(commands);
    case 'fish':
      return fishScript(commands);
  }
}

function completed(each: Verb): CompletedCommand {
  const formats = [...new Set([...FORMATS, ...(each.formats ?? [])])];
  const globals = GLOBAL_OPTIONS.map((option) =>
    completedOption(option, option.flags.includes('--format') ? formats : undefined),
  );
  const [first] = each.arguments ?? [];
  return {
    name: each.name,
    summary: each.summary,
    options: [
      ...(each.options ?? []).map((option) => completedOption(option, option.choices)),
      ...globals,
      HELP,
    ],
    takes:
      each.name === 'completion' ? SHELLS : first && /file|folder|dir/i.test(first.name) ? 'file' : 'word',
  };
}

const HELP: CompletedOption = {
  names: ['-h', '--help'],
  description: 'what the command does and takes',
  value: 'none',
};

function completedOption(
  option: Pick<Option, 'flags' | 'description'>,
  choices: readonly string[] | undefined,
): CompletedOption {
  const placeholder = /[<[]([^>\]]+)[>\]]/.exec(option.flags)?.[1];
  const names = option.flags.split(/[ ,]+/).filter((part) => part.startsWith('-'));
  const value =
    choices ??
    (placeholder === undefined ? 'none' : /file|dir|folder|path/i.test(placeholder) ? 'file' : 'word');
  return { names, description: option.description, value };
}

/** `batch` → its verbs; the empty noun → what can come first. */
function wordsAfter(commands: readonly CompletedCommand[]): Map<string, { word: string; summary: string }[]> {
  const words = new Map<string, { word: string; summary: string }[]>([['', []]]);
  for (const { name, summary } of commands) {
    const [noun = '', second] = name.split(' ');
    const first = words.get('') ?? [];
    if (!first.some(({ word }) => word === noun)) {
      first.push({ word: noun, summary: second === undefined ? summary : (NOUNS[noun] ?? '') });
    }
    if (second !== undefined) words.set(noun, [...(words.get(noun) ?? []), { word: second, summary }]);
  }
  return words;
}

function valuedNames(commands: readonly CompletedCommand[]): string[] {
  const names = commands.flatMap(({ options }) =>
    options.filter(({ value }) => value !== 'none').flatMap((option) => option.names),
  );
  return [...new Set(names)].sort();
}

/** Bash and zsh share the walk over the words typed so far; zsh runs it through its own emulation of bash's. */
function bashScript(commands: readonly CompletedCommand[]): string {
  const lines = [
    '# Completion of payrun for bash. Load it with: source <(payrun completion bash)',
    '_payrun() {',
    `  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" command="" word skip="" index`,
    '  COMPREPLY=()',
    '  for ((index = 1; index < COMP_CWORD; index++)); do',
    `    word="\${COMP_WORDS[index]}"`,
    '    if [[ -n $skip ]]; then skip=""; continue; fi',
    '    case "$word" in',
    `      ${valuedNames(commands).join('|')}) skip=1 ;;`,
    '      -*) ;;',
    '      *)',
    '        case "$command" in',
    `          ""${nounsOf(commands)
      .map((noun) => `|${noun}`)
      .join('')}) command="\${command:+$command }$word" ;;`,
    '        esac ;;',
    '    esac',
    '  done',
    '  case "$command" in',
  ];
  for (const [noun, words] of wordsAfter(commands)) {
    lines.push(
      `    "${noun}")`,
      `      COMPREPLY=($(compgen -W "${words.map(({ word }) => word).join(' ')}" -- "$current")) ;;`,
    );
  }
  for (const command of commands) lines.push(...bashCommand(command));
  lines.push('  esac', '}', 'complete -o filenames -F _payrun payrun', '');
  return lines.join('\n');
}

function nounsOf(commands: readonly CompletedCommand[]): string[] {
  return [...wordsAfter(commands).keys()].filter((noun) => noun !== '');
}

function bashCommand(command: CompletedCommand): string[] {
  const valued = command.options.filter(({ value }) => value !== 'none');
  const names = command.options.flatMap((option) => option.names).filter((name) => name.startsWith('--'));
  return [
    `    "${command.name}")`,
    '      case "$previous" in',
    ...valued.map(({ names: each, value }) => `        ${each.join('|')}) ${bashReply(value)}; return ;;`),
    '      esac',
    '      case "$current" in',
    `        -*) COMPREPLY=($(compgen -W "${[...new Set(names)].join(' ')}" -- "$current")) ;;`,
    `        *) ${bashReply(command.takes)} ;;`,
    '      esac ;;',
  ];
}

function bashReply(value: CompletedOption['value']): string {
  // A file's name may hold spaces, so that only line ends part one from the next.
  if (value === 'file') return 'local IFS=$\'\\n\'; COMPREPLY=($(compgen -f -- "$current"))';
  if (value === 'word' || value === 'none') return 'COMPREPLY=()';
  return `COMPREPLY=($(compgen -W "${value.join(' ')}" -- "$current"))`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  const bash = bashScript(commands).split('\n').slice(1).join('\n');
  return `#compdef payrun\n# Completion of payrun for zsh. Load it with: source <(payrun completion zsh)\nautoload -U +X compinit && compinit -u\nautoload -U +X bashcompinit && bashcompinit\n${bash}`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = [
    '# Completion of payrun for fish. Save it as ~/.config/fish/completions/payrun.fish',
    'complete -c payrun -f',
  ];
  for (const [noun, words] of wordsAfter(commands)) {
    const when =
      noun === ''
        ? '__fish_use_subcommand'
        : `__fish_seen_subcommand_from ${noun}; and not __fish_seen_subcommand_from ${words.map(({ word }) => word).join(' ')}`;
    for (const { word, summary } of words)
      lines.push(`complete -c payrun -n ${quoted(when)} -a ${word} -d ${quoted(summary)}`);
  }
  for (const command of commands) {
    const when = command.name
      .split(' ')
      .map((word) => `__fish_seen_subcommand_from ${word}`)
      .join('; and ');
    for (const option of command.options) lines.push(fishOption(option, when));
    if (command.takes === 'file') lines.push(`complete -c payrun -n ${quoted(when)} -F`);
    else if (command.takes !== 'word')
      lines.push(`complete -c payrun -n ${quoted(when)} -a ${quoted(command.takes.join(' '))}`);
  }
  return `${lines.join('\n')}\n`;
}

function fishOption(option: CompletedOption, when: string): string {
  const names = option.names
    .map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`))
    .join(' ');
  const after = { none: '', file: ' -r -F', word: ' -x' };
  const value =
    typeof option.value === 'string' ? after[option.value] : ` -x -a ${quoted(option.value.join(' '))}`;
  return `complete -c payrun -n ${quoted(when)} ${names}${value} -d ${quoted(option.description)}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
