/** A question that the provider was too busy for is asked again after the pause that it wished, a few times. */
import { LONGEST_PAUSE_MS, type LookUpOutcome } from '../providers/provider.ts';
import { backoffMs } from './backoff.ts';

// After so many pauses a provider that still asks to slow down is treated as out of reach.
const PATIENCE = 5;

export interface Patience {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  stop: AbortSignal;
}

export async function askPatiently(
  patience: Patience,
  ask: (mayStart: () => boolean) => Promise<LookUpOutcome>,
): Promise<LookUpOutcome> {
  for (let turn = 1; ; turn += 1) {
    const found = await ask(() => !patience.stop.aborted);
    if (found.outcome !== 'unavailable' || found.because.kind !== 'rate_limited') return found;
    const { retry_after_ms } = found.because;
    if (turn === PATIENCE || patience.stop.aborted || retry_after_ms > LONGEST_PAUSE_MS) return found;
    await patience.sleep(retry_after_ms + backoffMs(turn), patience.stop);
  }
}
