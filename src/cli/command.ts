/**
 * What a verb is: words for commander, and one function from input to an outcome. A verb prints nothing and exits
 * nowhere; `main.ts` renders its outcome in the asked format and turns it into an exit code.
 */
import type { Actor } from '../domain/actor.ts';
import type { Provider } from '../providers/provider.ts';
import type { Database } from '../store/database.ts';
import type { Vault } from '../vault/vault.ts';
import type { Config, ProviderConfig } from './config.ts';
import type { ExitCode } from './exit-codes.ts';
import type { GlobalFlags } from './global-flags.ts';
import type { Progress } from './output/progress.ts';
import type { World } from './world.ts';

export interface Warning {
  code: string;
  message: string;
}

/** What a verb may reach. Everything behind a promise is opened at the first call and closed by `main.ts`. */
export interface Context {
  world: World;
  flags: GlobalFlags;
  actor: Actor;
  progress: Progress;
  config(): Promise<Config>;
  ledger(): Promise<Database>;
  vault(): Promise<Vault>;
  /** The named provider's configuration, or the only one; exit 2 where that is none or not clear. */
  providerConfig(name: string | undefined): Promise<ProviderConfig>;
  /** Exit 5 where another process was asked for a pause that lasts longer than `patienceMs`. */
  provider(name: string | undefined, patienceMs?: number): Promise<Provider>;
  warn(warning: Warning): void;
  /** Asks on a terminal, else needs --yes; silence is never yes. */
  confirm(question: string): Promise<void>;
  /** Yes or no; null where nobody is at a terminal. */
  ask(question: string): Promise<boolean | null>;
  /** Aborted by the first SIGINT or SIGTERM; a verb that catches it finishes what is in flight and returns. */
  stop: AbortSignal;
}

/** Plain JSON: amounts as decimal strings, times as RFC 3339 text. */
export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type Data = { [key: string]: Json };

/** One column of a table for people. */
export interface Column {
  key: string;
  title?: string;
  align?: 'left' | 'right';
  /** Left out before others where a terminal is too narrow. */
  spare?: boolean;
}

export interface TableView {
  title?: string;
  columns: readonly Column[];
  rows: readonly Data[];
}

export interface Outcome {
  data: Data;
  exit?: ExitCode;
  /** What a person sees; without it `data.items` becomes a table, or `data` a list of names and values. */
  view?: readonly (TableView | string)[];
  /** Without a view: what a person sees in place of `data`, where its names are not a person's. */
  shown?: Data;
  /** The columns in csv, where they depend on what was asked; else the verb's. */
  columns?: readonly string[];
  /** Rows for ndjson and csv in place of `data.items`, for lists that do not fit in memory. */
  stream?: AsyncIterable<Data>;
  /** Text or bytes that are the output as they stand (an export, a script, a report): printed in place of a table. */
  text?: string | Uint8Array | AsyncIterable<string>;
  /** Printed last on stderr: what to do next. */
  next?: string;
  /** Lines for another program that reads stderr, such as a CI server; also under --quiet, in every format. */
  annotations?: string;
}

export interface Argument {
  /** As commander writes it: `<file>`, `[ref...]`. */
  name: string;
  description: string;
}

export interface Option {
  /** As commander writes it: `--name <name>`, `-n, --dry-run`. */
  flags: string;
  description: string;
  required?: boolean;
  /** Values to choose from; also what shell completion offers. */
  choices?: readonly string[];
  /** May be given several times. */
  repeatable?: boolean;
}

/** Options by commander's names (`--on-low-balance` → `onLowBalance`), arguments in order. */
export interface Input {
  args: readonly (string | string[] | undefined)[];
  options: Readonly<Record<string, string | boolean | string[] | undefined>>;
}

export interface Verb {
  /** As typed: `batch import`. Also the name of the output's schema, with a point. */
  name: string;
  summary: string;
  /** What it does to the world: decides whether --dry-run and a confirmation make sense. */
  effect: 'reads' | 'writes' | 'pays';
  arguments?: readonly Argument[];
  options?: readonly Option[];
  examples?: readonly string[];
  /** Formats beyond the global ones (`ledger export --format hledger`), reached as `input.options.format`. */
  formats?: readonly string[];
  /** It writes the file of -o itself, such as a key that replaces nothing; its output goes to stdout. */
  writes_output_file?: boolean;
  /** The columns of `data.items` in csv, also where there are no rows. */
  columns?: readonly string[];
  run(context: Context, input: Input): Promise<Outcome>;
}

export function text(input: Input, name: string): string | undefined {
  const value = input.options[name];
  return typeof value === 'string' ? value : undefined;
}

/** The values of an option that may be given several times. */
export function texts(input: Input, name: string): string[] {
  const value = input.options[name];
  return Array.isArray(value) ? value : [];
}

export function flag(input: Input, name: string): boolean {
  return input.options[name] === true;
}

export function argument(input: Input, index: number): string {
  const value = input.args[index];
  return typeof value === 'string' ? value : '';
}

export function argumentList(input: Input, index: number): string[] {
  const value = input.args[index];
  return Array.isArray(value) ? value : [];
}
