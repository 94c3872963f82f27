/**
 * Which line explains which event of an attempt. An attempt is in flight, paid, failed and returned once each: of two
 * lines for the same event the one that agrees better explains it, and the other is a copy.
 */
import type { LedgerAttempt } from './ledger-attempt.ts';
import { compareText, type StatementLine } from './statement-line.ts';

/** The line that explains each event of an attempt; of several that could, the one that agrees best. */
export type Claims = Map<LedgerAttempt, StatementLine[]>;

export function claim(claims: Claims, line: StatementLine, attempt: LedgerAttempt): void {
  const own = claims.get(attempt);
  if (!own) {
    claims.set(attempt, [line]);
    return;
  }
  const place = own.findIndex((each) => isSameEvent(each, line));
  const before = own[place];
  if (!before) own.push(line);
  else if (explainsBetter(line, before, attempt)) own[place] = line;
}

export function claimant(
  claims: Claims,
  line: StatementLine,
  attempt: LedgerAttempt,
): StatementLine | undefined {
  return claims.get(attempt)?.find((each) => isSameEvent(each, line));
}

/** An attempt is in flight, paid, failed and returned once each; of a word that we do not know, each is its own. */
function isSameEvent(a: StatementLine, b: StatementLine): boolean {
  return a.status === b.status && (a.status !== 'unknown_word' || a.status_word === b.status_word);
}

/** Of two lines that claim the same event, the one that agrees better explains it; the other is then the copy. */
function explainsBetter(line: StatementLine, other: StatementLine, attempt: LedgerAttempt): boolean {
  const lead = agreement(line, attempt) - agreement(other, attempt);
  return lead > 0 || (lead === 0 && byContent(line, other) < 0);
}

/** Points for what a line has in common with an attempt, the amount before the names. */
function agreement(line: StatementLine, attempt: LedgerAttempt): number {
  let points = 0;
  if (line.currency === attempt.currency && line.amount_minor === attempt.amount_minor) points += 4;
  if (!contradicts(line.utr, attempt.utr)) points += 2;
  if (!contradicts(line.provider_reference, attempt.provider_reference)) points += 1;
  return points;
}

/** Two names that are both known, and are not the same. */
export function contradicts(stated: string | null, known: string | null): boolean {
  return stated !== null && known !== null && stated !== known;
}

/** An order of lines that follows from what they say, not from where they stand. */
export function byContent(a: StatementLine, b: StatementLine): number {
  return compareText(a.content, b.content) || a.occurrence - b.occurrence;
}
