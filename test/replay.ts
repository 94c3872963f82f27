/**
 * Replays what a page or a transcript shows. `$ payrun …` is run in a folder of its own and its output compared:
 * stdout, then stderr, then `[exit N]` where that is not 0. `…` stands for anything within a line, a line that is
 * only `…` for any lines. Also understood: files written with `$ cat > NAME <<EOF`, `cat`, `cp`, `chmod`, `mkdir`, `rm`,
 * `> FILE`, `>> FILE`, `NAME=value` before a command, and `&` behind a server, which is stopped at the end.
 *
 * A sandbox on port 4010 gets a free port, and what is shown says 4010 again: tests run side by side.
 */
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Signal } from '../src/cli/world.ts';
import { type Ran, runPayrun } from './cli/run-payrun.ts';

export interface Step {
  command: string;
  /** The lines of a here-document. */
  input: string | null;
  expected: string;
}

const FIXTURES = fileURLToPath(new URL('../fixtures', import.meta.url));
const SHOWN_PORT = '127.0.0.1:4010';

/** What stands before the first command is a title and says nothing. */
export function parseSteps(text: string): Step[] {
  const steps: Step[] = [];
  const lines = text.split('\n');
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (line.startsWith('$ ')) {
      const step: Step = { command: line.slice(2), input: null, expected: '' };
      const marker = /<<\s*'?(\w+)'?\s*$/.exec(step.command)?.[1];
      if (marker !== undefined) {
        const end = lines.indexOf(marker, index + 1);
        if (end < 0) throw new Error(`"${line}" has no line ${marker}`);
        step.input = lines
          .slice(index + 1, end)
          .map((each) => `${each}\n`)
          .join('');
        index = end;
      }
      steps.push(step);
    } else {
      const step = steps.at(-1);
      if (step) step.expected += `${line}\n`;
    }
  }
  for (const step of steps) step.expected = step.expected.replace(/\n+$/, '\n').replace(/^\n$/, '');
  return steps;
}

export interface Replay {
  /** Runs one command; what it showed. */
  run(step: Step): Promise<string>;
  end(): Promise<void>;
}

export function startReplay(): Replay {
  const folder = mkdtempSync(join(tmpdir(), 'payrun-replay-'));
  if (existsSync(FIXTURES)) symlinkSync(FIXTURES, join(folder, 'fixtures'));
  const state: ReplayState = { folder, port: null, servers: [] };
  return {
    run: (step) => runStep(step, state),
    end: async () => {
      for (const server of state.servers) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

interface ReplayState {
  folder: string;
  port: string | null;
  servers: { stop(): Promise<unknown> }[];
}

// The sandbox takes these from everybody; they are in the README.
const ENVIRONMENT = {
  NXT_API_KEY: 'sandbox-key',
  NXT_API_SECRET: 'sandbox-secret',
  NXT_WEBHOOK_SECRET: 'sandbox-webhook-secret',
  PAYRUN_ACTOR: 'asha',
};

async function runStep(step: Step, state: ReplayState): Promise<string> {
  const words = shellWords(step.command.replace(/<<.*$/, ''));
  const env: Record<string, string> = { ...ENVIRONMENT };
  while (/^[A-Z_]+=/.test(words[0] ?? '')) {
    const [name = '', ...value] = (words.shift() ?? '').split('=');
    env[name] = value.join('=');
  }
  const target = redirection(words);
  const background = words.at(-1) === '&' && words.pop() === '&';
  const [program = '', ...args] = words;
  const shown = (text: string) => (state.port === null ? text : text.replaceAll(state.port, SHOWN_PORT));
  if (program !== 'payrun') {
    const text = fileCommand(program, args, step.input, state.folder);
    if (target === null) return shown(text);
    writeFileSync(join(state.folder, target.path), text, { flag: target.flag });
    return '';
  }
  pointAtServer(state);
  if (background) return shown(await startServer(args, env, state));
  const ran = await runPayrun(args, {
    cwd: state.folder,
    env,
    ...(step.input === null ? {} : { stdin: step.input }),
  });
  if (target !== null) writeFileSync(join(state.folder, target.path), ran.stdout, { flag: target.flag });
  return shown(shownText(target === null ? ran : { ...ran, stdout: '' }));
}

function shownText({ stdout, stderr, exit }: Pick<Ran, 'stdout' | 'stderr' | 'exit'>): string {
  const ended = (text: string) => (text === '' || text.endsWith('\n') ? text : `${text}\n`);
  return `${ended(stdout)}${ended(stderr)}${exit === 0 ? '' : `[exit ${exit}]\n`}`;
}

/** A configuration that names the port which is shown gets the one that the sandbox has. */
function pointAtServer({ folder, port }: ReplayState): void {
  const file = join(folder, 'payrun.toml');
  if (port === null || !existsSync(file)) return;
  const text = readFileSync(file, 'utf8');
  if (text.includes(SHOWN_PORT)) writeFileSync(file, text.replaceAll(SHOWN_PORT, port));
}

async function startServer(
  args: readonly string[],
  env: Record<string, string>,
  state: ReplayState,
): Promise<string> {
  const withPort = args.includes('--port')
    ? args.map((word) => (word === '4010' ? '0' : word))
    : [...args, '--port', '0'];
  let send: (signal: Signal) => void = () => undefined;
  let ended: Promise<Ran> | undefined;
  const firstLine = new Promise<string>((resolve, reject) => {
    let text = '';
    const onOutput = (chunk: string, stream: 'stdout' | 'stderr') => {
      if (stream === 'stdout') text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n') + 1));
    };
    const onSignals = (given: (signal: Signal) => void) => {
      send = given;
    };
    ended = runPayrun(withPort, { cwd: state.folder, env, onOutput, onSignals });
    void ended.then((ran) => reject(new Error(`payrun ${args.join(' ')} ended: ${ran.stdout}${ran.stderr}`)));
  });
  const line = await firstLine;
  state.port ??= /127\.0\.0\.1:\d+/.exec(line)?.[0] ?? null;
  state.servers.push({
    stop: async () => {
      send('SIGTERM');
      await ended;
    },
  });
  return line;
}

function fileCommand(program: string, args: readonly string[], input: string | null, folder: string): string {
  const path = (index: number) => join(folder, args[index] ?? '');
  switch (program) {
    case 'cat':
      return input ?? args.map((_, index) => readFileSync(path(index), 'utf8')).join('');
    case 'cp':
      cpSync(path(0), args[1] === '.' ? join(folder, (args[0] ?? '').replace(/^.*\//, '')) : path(1));
      return '';
    case 'chmod':
      chmodSync(path(1), Number.parseInt(args[0] ?? '', 8));
      return '';
    case 'mkdir':
      mkdirSync(path(args.length - 1), { recursive: true });
      return '';
    case 'rm':
      rmSync(path(args.length - 1), { recursive: true, force: true });
      return '';
  }
  throw new Error(
    `"${program}" cannot be replayed; what is shown to be run needs a block of another kind than console.`,
  );
}

/** Takes `> FILE` or `>> FILE` out of the words. */
function redirection(words: string[]): { path: string; flag: 'w' | 'a' } | null {
  const index = words.findIndex((word) => word === '>' || word === '>>');
  if (index < 0) return null;
  const [arrow, path = ''] = words.splice(index, 2);
  return { path, flag: arrow === '>' ? 'w' : 'a' };
}

function shellWords(command: string): string[] {
  const words: string[] = [];
  for (const match of command.matchAll(/(?:[^\s'"\\]|\\.|'[^']*'|"[^"]*")+/g)) {
    const word = match[0].replace(
      /'([^']*)'|"([^"]*)"|\\(.)/g,
      (_all, single, double, escaped) => single ?? double ?? escaped,
    );
    if (word === '|' || word === '&&' || word === ';')
      throw new Error(`"${command}" is more than one command`);
    words.push(word);
  }
  return words;
}

// How a command ended is never any line.
const ANY_LINES = '(?:(?!\\[exit )[^\\n]*\\n)*';

/** Whether what was shown is what is written, with … for what changes from run to run. */
export function agrees(shown: string, expected: string): boolean {
  const pattern = expected
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => (line.trim() === '…' ? ANY_LINES : `${line.split('…').map(escaped).join('[^\\n]*')}\\n`))
    .join('');
  return expected === '' ? shown === '' : new RegExp(`^${pattern}$`).test(shown);
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

/** What was shown with … for what changes from run to run: a proposal, for a person to read. */
export function withPlaceholders(shown: string): string {
  return shown
    .replace(/\/[^\s"]*payrun-replay-\w+/g, '…')
    .replace(/\b[0-9a-f]{64}\b/g, '…')
    .replace(/\b(pay|ben)_[0-9a-f]{24}\b/g, '$1_…')
    .replace(/\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, '…')
    .replace(/\b\d{4}-\d\d-\d\d\b/g, '…');
}

/** A step as it is written: the command, and what it is given. */
export function commandText({ command, input }: Pick<Step, 'command' | 'input'>): string {
  const marker = /<<\s*'?(\w+)'?\s*$/.exec(command)?.[1];
  return `$ ${command}\n${input === null ? '' : `${input}${marker}\n`}`;
}
