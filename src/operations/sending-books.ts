/** The ledger's side of sending: intents before anything leaves, outcomes after. */
import type { Recorded } from './record-outcomes.ts';
import type { Sendable, SentOutcome } from './submission.ts';

export interface SendingBooks {
  /** The next payouts to send, at most so many; committed when it resolves. None: there are no more. */
  claim(limit: number): Promise<Sendable[]>;
  /** On disk when it resolves; answers in the order of the group. */
  record(group: readonly SentOutcome[]): Promise<Recorded[]>;
  /** After the last of the others has resolved. */
  close(): Promise<void>;
}
