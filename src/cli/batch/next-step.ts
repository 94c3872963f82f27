/** The last lines about a batch: what a person has to look at, and then what to do next. */
import { FINDING_STATES } from '../../domain/payout/payout.ts';
import type { Stopped } from '../../operations/submission.ts';
import type { Data } from '../command.ts';
import { counted } from '../output/counted.ts';

/** Null where nothing is left to do. */
export function nextStep(name: string, states: Data, stopped: Stopped | null): string | null {
  const lines = [findings(name, states), open(name, states, stopped) ?? payAgain(name, states)];
  const said = lines.filter((line) => line !== null);
  return said.length === 0 ? null : said.join('\n');
}

/** Every state that asks for a person, in one command that lists them all. */
function findings(name: string, states: Data): string | null {
  const found = [...FINDING_STATES].filter((state) => count(states, state) > 0);
  if (found.length === 0) return null;
  const counts = found.map((state) => {
    const rows = count(states, state);
    if (state === 'held') return `${counted(rows, 'is', 'are')} held for a decision`;
    return state === 'failed' ? `${rows} failed` : `${counted(rows, 'was', 'were')} returned`;
  });
  return `${counts.join(', ')}: payrun payout list --batch ${name} --state ${found.join(',')}`;
}

function open(name: string, states: Data, stopped: Stopped | null): string | null {
  const again = `payrun batch submit ${name} --yes (nothing is paid twice)`;
  const unsent = count(states, 'draft') + count(states, 'approved');
  // After a signal there is nothing to settle.
  const why = stopped && stopped.code !== 'interrupted' ? ' when that is settled' : '';
  if (unsent > 0) return `${unsent} still to be sent. Go on${why} with: ${again}`;
  const doubtful = count(states, 'submitting') + count(states, 'unknown');
  if (doubtful > 0) return `The outcome of ${doubtful} is unknown. Ask again with: ${again}`;
  const pending = count(states, 'pending');
  if (pending > 0)
    return `${counted(pending, 'is on its way. Follow it', 'are on their way. Follow them')} with: payrun payout sync --batch ${name} --wait`;
  return null;
}

/** Only once nothing is open: a second payment is no haste. */
function payAgain(name: string, states: Data): string | null {
  const [failed, returned] = [count(states, 'failed'), count(states, 'returned')];
  if (failed > 0)
    return `Once the cause is gone, pay what failed again with: payrun payout retry --batch ${name}`;
  return returned > 0 ? 'Pay a returned one again with: payrun payout retry REF' : null;
}

function count(states: Data, state: string): number {
  return Number(states[state] ?? 0);
}
