/** What the books have moved on an account, beside what a line of its statement says. */
import type { StatementLine } from './statement-line.ts';

/** What one entry moves on the account. */
export interface AccountMovement {
  entry_id: bigint;
  /** What a person finds the entry by. */
  reference_id: string;
  /** What a line may name it by, as `normaliseUtr` has it. */
  names: ReadonlySet<string>;
  /** Those of them that belong to the payment itself: a line with another is about another payment. */
  utrs: ReadonlySet<string>;
  booked_on: string;
  /** Minor units; never zero. */
  moved_minor: bigint;
  currency: string;
}

/** A line and the entry that it explains, or one of the two alone. */
export interface AccountPosition {
  line: StatementLine | null;
  /** By the line; 0 without one. */
  moved_minor: bigint;
  movement: AccountMovement | null;
}
