/**
 * The matches of pairs that are settled in bulk: written where they differ from those that the last reconciliation left.
 * Lines that are rows have their matches as rows; of lines in pages a page has them.
 */
import type { Rule } from '../domain/reconciliation/match.ts';
import type { Pairs } from '../statements/bulk/join-sides.ts';
import type { Transaction } from '../store/database.ts';
import { matchesOfPage, PageMatches, savePageMatches } from '../store/page-matches.ts';
import { deleteMatches, insertMatches, matchesOfLines, type StoredMatch } from '../store/reconciliations.ts';
import { rowsAmong, type Span } from '../store/statement-pages.ts';

export interface SettledPairs {
  provider: string;
  pairs: Pairs;
  /** The highest number of a line. */
  last: bigint;
  /** The pages of the provider. */
  spans: readonly Span[];
}

/** So many lines are asked for at once: a page of them is forgotten before it has to be moved in memory. */
const PAGE = 1_000n;

/** Answers those matches that are stored and none of these. To be called before others are written. */
export async function storeSettled(
  tx: Transaction,
  reconciliationId: bigint,
  { provider, pairs, last, spans }: SettledPairs,
): Promise<StoredMatch[]> {
  const found = new SettledMatches(pairs);
  for (const span of spans) await storePage(tx, reconciliationId, span, found);
  const others: StoredMatch[] = [];
  for (let after = 0n; after < last; after += PAGE) {
    for (const [line, payout, attempt, rule] of await matchesOfLines(tx, provider, {
      after,
      through: after + PAGE,
    })) {
      if (found.takeOut(line, payout, attempt, rule)) continue;
      others.push({ line_id: BigInt(line), payout_id: BigInt(payout), attempt_no: BigInt(attempt), rule });
    }
  }
  // A line that is matched otherwise than before has its old match deleted first.
  await deleteMatches(
    tx,
    others.filter((match) => found.has(match.line_id)),
  );
  await insertMatches(tx, reconciliationId, found.matches());
  return others.filter((match) => !found.has(match.line_id));
}

async function storePage(
  tx: Transaction,
  reconciliationId: bigint,
  span: Span,
  found: SettledMatches,
): Promise<void> {
  const rows = await rowsAmong(tx, span);
  const matches = new PageMatches(span);
  for (let line = Number(span.first); line < Number(span.end); line += 1)
    if (rows.size === 0 || !rows.has(BigInt(line))) found.moveTo(matches, line);
  const before = await matchesOfPage(tx, span.first);
  const same = before === undefined ? matches.none : matches.equals(before);
  if (!same) await savePageMatches(tx, reconciliationId, matches);
}

/** Matches by the number of their line, a few bytes each; used up as they are stored. */
class SettledMatches {
  readonly #payouts: Uint32Array;
  readonly #byProviderId: Uint8Array;

  constructor({ payouts, by_provider_id }: Pairs) {
    this.#payouts = payouts;
    this.#byProviderId = by_provider_id;
  }

  /** Whether it is one of these; then it is none any more. */
  takeOut(line: number, payout: number, attempt: number, rule: Rule): boolean {
    const same = this.#payouts[line] === payout && attempt === 1 && rule === this.#ruleOf(line);
    if (same) this.#payouts[line] = 0;
    return same;
  }

  has(line: bigint): boolean {
    return (this.#payouts[Number(line)] ?? 0) !== 0;
  }

  moveTo(matches: PageMatches, line: number): void {
    const payout = this.#payouts[line] as number;
    if (payout === 0) return;
    matches.set(line, payout, this.#ruleOf(line));
    this.#payouts[line] = 0;
  }

  *matches(): Iterable<[line: number, payout: number, attempt: number, rule: Rule]> {
    for (let line = 1; line < this.#payouts.length; line += 1) {
      const payout = this.#payouts[line] as number;
      if (payout !== 0) yield [line, payout, 1, this.#ruleOf(line)];
    }
  }

  #ruleOf(line: number): Rule {
    return this.#byProviderId[line] === 1 ? 'provider_id' : 'provider_reference';
  }
}
