/**
 * "Not found" is a reason to send again only from the provider that would have found it. Another address, another
 * account, or one that has lost its memory finds nothing either, and would pay a second time what the first has paid.
 * So a payout that the provider is known to have is asked about first.
 */
import { lastAccepted } from '../store/payouts.ts';
import { askPatiently } from './ask-patiently.ts';
import type { Stopped, Submission } from './submission.ts';

export type Testimony =
  | { answer: 'same'; because: null }
  /** It could not be asked, which proves nothing. */
  | { answer: 'silent'; because: null }
  | { answer: 'another'; because: Stopped };

/** Asked once, however often it is called. */
export type Witness = () => Promise<Testimony>;

export function createWitness(submission: Submission): Witness {
  let asked: Promise<Testimony> | undefined;
  return () => {
    asked ??= ask(submission);
    return asked;
  };
}

async function ask(submission: Submission): Promise<Testimony> {
  const { database, provider } = submission;
  // What is older than the window it may have forgotten rightly.
  const since = Date.parse(submission.now()) - provider.capabilities.idempotency_window_ms;
  const known = await lastAccepted(database, provider.name, new Date(since).toISOString());
  // Nothing that it said binds it: a ledger that begins with a lost answer has to believe it.
  if (known === undefined) return { answer: 'same', because: null };
  const found = await askPatiently(submission, (mayStart) => provider.status(known.provider_id, mayStart));
  if (found.outcome === 'unavailable') return { answer: 'silent', because: null };
  const same = found.outcome === 'found' && found.report.provider_reference === known.provider_reference;
  if (same) return { answer: 'same', because: null };
  const reason = `${provider.name} does not know ${known.provider_reference}, which it has accepted as ${known.provider_id}: its base_url or its key seem to lead to another account, so that what it does not find may have been paid all the same, and nothing was sent. Set them back; what cannot be settled that way, payout resolve does`;
  return { answer: 'another', because: { code: 'provider_credentials', reason } };
}
