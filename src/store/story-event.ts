/** One event of a story, as `payout explain` and `beneficiary explain` tell them. */
/** `at` is RFC 3339 UTC; `what` and `details` are plain words and values, account numbers masked before they came here. */
export interface StoryEvent {
  at: string;
  kind:
    | 'batch'
    | 'approval'
    | 'decision'
    | 'attempt'
    | 'send'
    | 'webhook'
    | 'status'
    | 'entry'
    | 'line'
    | 'break'
    | 'hold'
    | 'import'
    | 'registration'
    | 'payout';
  actor: string | null;
  what: string;
  details: string | null;
  /** Where it stands in the chain, and the hash there; null for what the chain has no link of its own for. */
  seq: number | null;
  hash: string | null;
}

export const UNCHAINED = { seq: null, hash: null } as const;

/** The link of an entry or a decision, as a query joins it. */
export interface LinkColumns {
  seq: bigint | null;
  hash: string | null;
}

export function linkOf({ seq, hash }: LinkColumns): Pick<StoryEvent, 'seq' | 'hash'> {
  return { seq: seq === null ? null : Number(seq), hash };
}
