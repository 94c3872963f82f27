/**
 * The seam for what a network or a provider does wrong: a request can be delayed, answered otherwise or cut off
 * before it is handled, when nothing was done, and after it, when everything was done but nobody learns of it.
 */
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from './answer.ts';

export interface Exchange {
  method: string;
  /** Without the query. */
  path: string;
  body: string;
  authorization: string | undefined;
  /** Aborted when the client hangs up. */
  gone: AbortSignal;
}

export type Verdict =
  | { act: 'go_on' }
  | { act: 'answer'; answer: Answer }
  /** Sends the head and half of the body, and closes the connection. */
  | { act: 'truncate'; answer: Answer; length_told: boolean }
  /** Closes the connection without an answer. */
  | { act: 'cut' };

export interface Faults {
  before(exchange: Exchange): Promise<Verdict>;
  after(exchange: Exchange, answer: Answer): Promise<Verdict>;
}

export const GO_ON: Verdict = { act: 'go_on' };
export const CUT: Verdict = { act: 'cut' };

/** Waits, but not for a client that is gone. */
export async function wait(ms: number, gone: AbortSignal): Promise<void> {
  if (ms > 0) await delay(ms, undefined, { signal: gone }).catch(() => undefined);
}

/** No faults; every request waits for `latencyMs` before it is handled. */
export function latencyOnly(latencyMs: number): Faults {
  return {
    before: async ({ gone }) => {
      await wait(latencyMs, gone);
      return GO_ON;
    },
    after: async () => GO_ON,
  };
}
