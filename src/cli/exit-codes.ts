/** What each exit code means, and which one counts where several hold. Scripts rely on both; README lists them. */
import { Bug, type FailureKind, PayrunError, unreachable } from '../domain/errors.ts';

export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  findings: 3,
  refused_file: 4,
  provider: 5,
  open: 6,
  locked: 7,
  bug: 70,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** First of these that holds. */
const PRECEDENCE: readonly ExitCode[] = [70, 2, 4, 7, 130, 143, 1, 5, 6, 3, 0];

export function worstOf(codes: readonly ExitCode[]): ExitCode {
  return PRECEDENCE.find((code) => codes.includes(code)) ?? EXIT.done;
}

export function exitCodeOfFailure(kind: FailureKind): ExitCode {
  switch (kind) {
    case 'usage':
      return EXIT.usage;
    case 'refused_file':
      return EXIT.refused_file;
    case 'locked':
      return EXIT.locked;
    case 'provider_unavailable':
      return EXIT.provider;
    case 'interrupted':
      return EXIT.interrupted;
    case 'failed':
      return EXIT.failed;
  }
  return unreachable(kind);
}

export function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof PayrunError) {
    // The shell's convention: 128 and the number of the signal.
    if (error.kind === 'interrupted' && error.cause === 'SIGTERM') return EXIT.terminated;
    return exitCodeOfFailure(error.kind);
  }
  if (error instanceof Bug) return EXIT.bug;
  return EXIT.bug;
}
