/** Which payouts the lines of a page agree with, a few bytes for each. Derived: written by each reconciliation. */
import type { Rule } from '../domain/reconciliation/match.ts';
import { inList, listParam, type Reader, type Transaction } from './database.ts';
import type { Span } from './statement-pages.ts';

// Four for the payout's number, one for the rule.
const BYTES_A_LINE = 5;
const MOST_PAYOUTS = 2n ** 32n - 1n;
// By their numbers in a page, for good.
const RULES: readonly Rule[] = ['provider_id', 'provider_reference'];

export class PageMatches {
  readonly first: bigint;
  readonly matched: Buffer;
  #lowest = Number.POSITIVE_INFINITY;
  #highest = 0;

  constructor({ first, end }: Span) {
    this.first = first;
    this.matched = Buffer.alloc(Number(end - first) * BYTES_A_LINE);
  }

  set(line: number, payout: number, rule: Rule): void {
    const at = (line - Number(this.first)) * BYTES_A_LINE;
    this.matched.writeUInt32LE(payout, at);
    this.matched[at + 4] = RULES.indexOf(rule);
    if (payout < this.#lowest) this.#lowest = payout;
    if (payout > this.#highest) this.#highest = payout;
  }

  get none(): boolean {
    return this.#highest === 0;
  }

  get range(): { lowest: bigint; highest: bigint } {
    return this.none
      ? { lowest: 0n, highest: 0n }
      : { lowest: BigInt(this.#lowest), highest: BigInt(this.#highest) };
  }

  equals(matched: Uint8Array): boolean {
    return this.matched.equals(matched);
  }
}

export async function matchesOfPage(reader: Reader, first: bigint): Promise<Uint8Array | undefined> {
  const row = await reader.get<{ matched: Uint8Array }>(
    'select matched from page_matches where first_id = :first',
    { first },
  );
  return row?.matched;
}

export async function savePageMatches(
  tx: Transaction,
  reconciliation: bigint,
  matches: PageMatches,
): Promise<void> {
  const { first, matched, range } = matches;
  await tx.run(
    `insert into page_matches (first_id, matched, lowest_payout, highest_payout, reconciliation_id)
     values (:first, :matched, :lowest, :highest, :reconciliation)
     on conflict (first_id) do update set matched = excluded.matched, lowest_payout = excluded.lowest_payout,
       highest_payout = excluded.highest_payout, reconciliation_id = excluded.reconciliation_id`,
    { first, matched, ...range, reconciliation },
  );
}

export interface PageMatch {
  payout_id: bigint;
  rule: Rule;
}

/** What the line at this place of a page agrees with; null for nothing. */
export function matchAt(matched: Uint8Array, index: number): PageMatch | null {
  const bytes = Buffer.from(matched.buffer, matched.byteOffset, matched.byteLength);
  const at = index * BYTES_A_LINE;
  const payout = at + BYTES_A_LINE <= bytes.length ? bytes.readUInt32LE(at) : 0;
  const rule = RULES[bytes[at + 4] ?? -1];
  return payout === 0 || rule === undefined ? null : { payout_id: BigInt(payout), rule };
}

/** Lines of pages that agree with a payout: their numbers, with the rule. */
export async function pageLinesOfPayout(
  reader: Reader,
  payout: bigint,
): Promise<{ line_id: bigint; rule: Rule }[]> {
  if (payout > MOST_PAYOUTS) return [];
  const pages = await reader.all<{ first_id: bigint; matched: Uint8Array }>(
    `select first_id, matched from page_matches
     where lowest_payout <= :payout and highest_payout >= :payout order by first_id`,
    { payout },
  );
  const wanted = Buffer.alloc(4);
  wanted.writeUInt32LE(Number(payout));
  const found: { line_id: bigint; rule: Rule }[] = [];
  for (const { first_id, matched } of pages) {
    const bytes = Buffer.from(matched.buffer, matched.byteOffset, matched.byteLength);
    for (let at = bytes.indexOf(wanted); at >= 0; at = bytes.indexOf(wanted, at + 1)) {
      // The same bytes may stand across two lines.
      const match = at % BYTES_A_LINE === 0 ? matchAt(bytes, at / BYTES_A_LINE) : null;
      if (match) found.push({ line_id: first_id + BigInt(at / BYTES_A_LINE), rule: match.rule });
    }
  }
  return found;
}

// One parameter carries so many numbers.
const IDS_AT_ONCE = 1000;

export async function referencesOf(reader: Reader, payouts: readonly bigint[]): Promise<Map<bigint, string>> {
  const references = new Map<bigint, string>();
  for (let from = 0; from < payouts.length; from += IDS_AT_ONCE) {
    const rows = await reader.all<{ id: bigint; reference_id: string }>(
      `select id, reference_id from payouts where id in (${inList('ids')})`,
      { ids: listParam(payouts.slice(from, from + IDS_AT_ONCE)) },
    );
    for (const { id, reference_id } of rows) references.set(id, reference_id);
  }
  return references;
}
