/**
 * "Not found" is a reason to send again only from the provider that would have found it. Another address, another
 * account, or one that has lost its memory finds nothing either, and would pay a second time what the first has paid.
 * So a payout that the provider is known to have is asked about first.
 */
import type { LookUpOutcome } from '../providers/provider.ts';
import { lastAccepted } from '../store/payouts.ts';
import { askPatiently } from './ask-patiently.ts';
import { backoffMs } from './backoff.ts';
import type { Stopped, Submission } from './submission.ts';

export type Testimony =
  | { answer: 'same'; because: null }
  /** It could not be asked, which proves nothing. */
  | { answer: 'silent'; because: null }
  | { answer: 'another'; because: Stopped };

/** So long every provider knows what it has paid; what it knows of references is another matter. */
const REMEMBERED_MS = 30 * 86_400_000;

/** Asked once, however often it is called. */
export type Witness = () => Promise<Testimony>;

const QUESTIONS = 3;

type Questioner = Pick<Submission, 'database' | 'provider' | 'sleep' | 'stop'>;

/** By a payout that was sent since then: what is older than its window a provider may have forgotten rightly. */
export function createWitness(questioner: Questioner, since: string): Witness {
  let asked: Promise<Testimony> | undefined;
  return () => {
    asked ??= ask(questioner, since);
    return asked;
  };
}

/** For a list that is to be believed: false where it may be another account's, with the reason where that is known. */
export async function isWitnessed(
  questioner: Questioner & Pick<Submission, 'now'>,
  report: { stopped: Stopped | null },
): Promise<boolean> {
  const since = new Date(Date.parse(questioner.now()) - REMEMBERED_MS).toISOString();
  const { answer, because } = await ask(questioner, since);
  report.stopped ??= because;
  return answer === 'same';
}

async function ask(questioner: Questioner, since: string): Promise<Testimony> {
  const { database, provider } = questioner;
  const known = await lastAccepted(database, provider.name, since);
  // Nothing that it said binds it: a ledger that begins with a lost answer has to believe it.
  if (known === undefined) return { answer: 'same', because: null };
  const found = await askAgainAndAgain(questioner, known.provider_id);
  if (found.outcome === 'unavailable') return { answer: 'silent', because: null };
  const same = found.outcome === 'found' && found.report.provider_reference === known.provider_reference;
  if (same) return { answer: 'same', because: null };
  const reason = `${provider.name} does not know ${known.provider_reference}, which it has accepted as ${known.provider_id}: its base_url or its key seem to lead to another account, so that what it does not find may have been paid all the same, and nothing was sent. Set them back; what cannot be settled that way, payout resolve does`;
  return { answer: 'another', because: { code: 'provider_credentials', reason } };
}

/** A question that is lost, or that one of several servers answers which has not heard of it yet, is asked again. */
async function askAgainAndAgain(questioner: Questioner, providerId: string): Promise<LookUpOutcome> {
  for (let turn = 1; ; turn += 1) {
    const found = await askPatiently(questioner, (mayStart) =>
      questioner.provider.status(providerId, mayStart),
    );
    if (found.outcome === 'found' || turn === QUESTIONS || questioner.stop.aborted) return found;
    await questioner.sleep(backoffMs(turn), questioner.stop);
  }
}
