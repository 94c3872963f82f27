/** Rows of one side of the ledger as they come: as records where they are plain; of the others the names, which settle nothing. */
import type { joinSides } from '../statements/bulk/join-sides.ts';
import { PayoutTexts, type PayoutTextTerms } from '../statements/bulk/payout-texts.ts';
import { hashOf, RecordWriter } from '../statements/bulk/row-records.ts';
import { PageScanner } from '../statements/bulk/scan-pages.ts';
import { NAMES } from '../statements/bulk/side-plan.ts';
import { RowWriter } from '../statements/bulk/write-row.ts';
import type { RowForm } from '../statements/plain-row.ts';

/** The name by which records are put apart, as its place in NAMES: ours. */
export const PRIMARY = 1;

export class SideSink {
  readonly rows: RowWriter;
  /** Hashes of names that rows outside the records bear, of each of NAMES. */
  readonly taken: [number[], number[], number[]] = [[], [], []];
  readonly #writer: RecordWriter;
  readonly #seed: number;

  constructor(descriptor: number, seed: number) {
    this.#seed = seed;
    this.#writer = new RecordWriter(descriptor);
    this.rows = new RowWriter(this.#writer, 'provider_reference', seed);
  }

  take(row: Readonly<Record<(typeof NAMES)[number], string | null>>): void {
    for (const [index, name] of NAMES.entries()) {
      const text = row[name];
      if (text === null) continue;
      const bytes = Buffer.from(text);
      this.taken[index as 0 | 1 | 2].push(hashOf(bytes, 0, bytes.length, this.#seed));
    }
  }

  /** For lines that are written as the files of this form are. */
  pageScanner(form: RowForm): PageScanner {
    return new PageScanner(form, this.#into());
  }

  /** For payouts as the store writes many of them. */
  payoutTexts(terms: PayoutTextTerms): PayoutTexts {
    return new PayoutTexts({ ...this.#into(), ...terms });
  }

  #into() {
    const { days, currencies } = this.rows;
    return { writer: this.#writer, days, currencies, primary: PRIMARY, seed: this.#seed };
  }

  /** Nothing is written behind it. */
  end(): Parameters<typeof joinSides>[0]['scanned'] {
    this.#writer.end();
    const { days, currencies } = this.rows;
    return { chunks: this.#writer.chunks, days: days.texts, currencies: currencies.texts, odd: [] };
  }
}
