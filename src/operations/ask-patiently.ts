/** A question that the provider was too busy for is asked again after the pause that it wished, a few times. */
import type { LookUpOutcome } from '../providers/provider.ts';

// After so many pauses a provider that still asks to slow down is treated as out of reach.
const PATIENCE = 5;

export interface Patience {
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  stop: AbortSignal;
}

export async function askPatiently(
  patience: Patience,
  ask: () => Promise<LookUpOutcome>,
): Promise<LookUpOutcome> {
  for (let turn = 1; ; turn += 1) {
    const found = await ask();
    if (found.outcome !== 'unavailable' || found.because.kind !== 'rate_limited') return found;
    if (turn === PATIENCE || patience.stop.aborted) return found;
    await patience.sleep(found.because.retry_after_ms, patience.stop);
  }
}
