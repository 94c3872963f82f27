/**
 * What payrun says when it cannot do what it was asked. A code is stable and belongs to scripts; the message
 * names the value that is wrong, the hint names the way out. No message may carry an account number or a secret.
 */

/** One refused row of an input file. `line` is the physical line on which the record starts; the header is line 1. */
export interface RowError {
  line: number;
  column: string | null;
  code: string;
  message: string;
  value: string | null;
}

/** Why the work stopped; `cli/exit-codes.ts` turns each into an exit code, exhaustively. */
export type FailureKind =
  | 'usage' // wrong words, wrong configuration, missing credentials: exit 2
  | 'refused_file' // an input file was refused, nothing of it was imported: exit 4
  | 'locked' // another process is submitting on this ledger: exit 7
  | 'provider_unavailable' // out of reach, refuses us, or too little balance: exit 5
  | 'interrupted' // a signal came before anything was done: exit 130
  | 'failed'; // could not do its work, nothing is half-done: exit 1

/** How far long work had come, as its progress line counts. */
export interface SoFar {
  done: number;
  /** Null where nobody knows. */
  total: number | null;
  counts: Readonly<Record<string, number>>;
}

export interface ErrorDetails {
  hint?: string;
  /** The file that `rows` are of, as the user named it. */
  file?: string;
  rows?: RowError[];
  so_far?: SoFar | undefined;
  cause?: unknown;
}

export class PayrunError extends Error {
  readonly kind: FailureKind;
  /** Stable, lower_snake; documented in docs/reference.md and shown by a transcript in test/transcripts/errors. */
  readonly code: string;
  readonly hint: string | undefined;
  readonly file: string | undefined;
  readonly rows: RowError[];
  readonly so_far: SoFar | undefined;

  constructor(kind: FailureKind, code: string, message: string, details: ErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.name = 'PayrunError';
    this.kind = kind;
    this.code = code;
    this.hint = details.hint;
    this.file = details.file;
    this.rows = details.rows ?? [];
    this.so_far = details.so_far;
  }
}

/** A state of affairs that payrun's own code should have made impossible: exit 70. */
export class Bug extends Error {
  override name = 'Bug';
}

/** Where an error arose and what caused it, for whoever looks for it in the code. */
export function traceOf(error: Error): string {
  const trace = error.stack ?? error.message;
  return error.cause instanceof Error ? `${trace}\ncaused by ${traceOf(error.cause)}` : trace;
}

/** Makes a forgotten case of a union a type error, and a bug where the types were deceived. */
export function unreachable(value: never): never {
  throw new Bug(`Unhandled case ${JSON.stringify(value)}.`);
}
