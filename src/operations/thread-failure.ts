/** An error as another thread can be told it: of a class only the name would arrive. */
import { Bug, type FailureKind, PayrunError, traceOf } from '../domain/errors.ts';

export interface Failure {
  /** Of a PayrunError its own; a bug's own words, and whatever else was thrown. */
  kind: FailureKind | 'bug' | 'unexpected';
  code: string;
  message: string;
  hint: string | undefined;
  /** Where it arose there. */
  trace: string;
}

export function failureOf(thrown: unknown): Failure {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { message } = error;
  const trace = traceOf(error);
  if (error instanceof PayrunError) {
    const { kind, code, hint } = error;
    return { kind, code, message, hint, trace };
  }
  return { kind: error instanceof Bug ? 'bug' : 'unexpected', code: '', message, hint: undefined, trace };
}

export function errorOf({ kind, code, message, hint, trace }: Failure): Error {
  const error = madeAs(kind, code, message, hint);
  error.stack = trace;
  return error;
}

function madeAs(kind: Failure['kind'], code: string, message: string, hint: string | undefined): Error {
  if (kind === 'bug') return new Bug(message);
  if (kind === 'unexpected') return new Error(message);
  return new PayrunError(kind, code, message, hint === undefined ? {} : { hint });
}
