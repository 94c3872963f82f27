/**
 * The comparison of compare-files.ts for files that are too large to stand in memory row by row. Clean pairs are
 * found from the bytes and settled in bulk; what is left goes through the same reading, matching and comparing as
 * small files do, so that the result is the same to the last field. A file that is not plain, or that is wrong
 * anywhere as a whole, is not for this way: the answer is null, and compare-files.ts reads it or says what is wrong.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, type Stats } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PayrunError } from '../domain/errors.ts';
import type { Terms } from '../domain/reconciliation/break.ts';
import { onlyCurrency } from '../domain/reconciliation/settled.ts';
import { joinSides } from '../statements/bulk/join-sides.ts';
import { LeftRows } from '../statements/bulk/left-rows.ts';
import { RecordScanner } from '../statements/bulk/record-scanner.ts';
import { hashOf } from '../statements/bulk/row-records.ts';
import { type OddRow, readWhole, type ScannedSide, type SideJob } from '../statements/bulk/scan-side.ts';
import { NAMES, type Planned, planOurs, planStatement } from '../statements/bulk/side-plan.ts';
import type { Profile } from '../statements/profile.ts';
import { fileRefused } from '../statements/read-csv.ts';
import { type OurRow, readOurs } from '../statements/read-ours.ts';
import { detectProfile, readStatement, type StatementRow } from '../statements/read-statement.ts';
import { attemptsOf, type Compared, compareSides, type Numbered } from './compare-files.ts';
import type { StatementTerms } from './import-statement.ts';
import { scanSides } from './scan-sides.ts';

export interface LargeFile {
  /** What messages call it. */
  name: string;
  path: string;
}

type Reading = Omit<StatementTerms, 'provider'>;

interface Opened {
  name: string;
  descriptor: number;
  bytes: number;
  stats: Stats;
}

interface PlannedFile extends Opened, Planned {
  profile: Profile;
}

/** `tell` hears how many bytes of all files are read. */
export async function compareLargeFiles(
  inputs: readonly LargeFile[],
  ours: LargeFile,
  reading: Reading,
  terms: Terms,
  tell: (bytes: number) => void,
): Promise<Compared | null> {
  const opened: number[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'payrun-'));
  const open = (path: string, flags: string) => {
    const descriptor = openSync(path, flags, 0o600);
    opened.push(descriptor);
    return descriptor;
  };
  const openFile = ({ name, path }: LargeFile): Opened => {
    const descriptor = open(path, 'r');
    const stats = fstatSync(descriptor);
    return { name, descriptor, bytes: stats.size, stats };
  };
  try {
    const files = planFiles(inputs.map(openFile), reading);
    const our = openFile(ours);
    const records = [open(join(folder, 'lines'), 'wx+'), open(join(folder, 'payouts'), 'wx+')] as const;
    // Their names go at once, so that nothing is left of them however this ends.
    rmSync(folder, { recursive: true });
    if (!files || files.some(({ bytes }) => bytes === 0)) return null;
    const comparison = new LargeComparison(files, our, records, reading, terms);
    const found = await comparison.run(tell).catch(nullIfNotPlain);
    return [...files, our].every(isUnchanged) ? found : null;
  } finally {
    for (const descriptor of opened) closeSync(descriptor);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A row that was counted is none to the reader of every form. */
class NotPlain extends Error {}

function nullIfNotPlain(error: unknown): null {
  if (error instanceof NotPlain) return null;
  throw error;
}

function isUnchanged({ descriptor, stats }: Opened): boolean {
  const now = fstatSync(descriptor);
  return now.size === stats.size && now.mtimeMs === stats.mtimeMs;
}

// As much of a file as its header may take.
const BEGINNING_BYTES = 65_536;

function beginningOf({ descriptor, bytes }: Opened): { beginning: Buffer; whole: boolean } {
  return { beginning: readWhole(descriptor, 0, BEGINNING_BYTES), whole: bytes <= BEGINNING_BYTES };
}

function planFiles(files: readonly Opened[], reading: Reading): PlannedFile[] | null {
  const planned: PlannedFile[] = [];
  for (const file of files) {
    const { beginning, whole } = beginningOf(file);
    const profile = profileOf(beginning, reading);
    const plan = profile && planStatement(beginning, whole, profile, reading.time_zone);
    if (!profile || !plan) return null;
    planned.push({ ...file, ...plan, profile });
  }
  return planned;
}

/** Null where there is none: the ordinary way then says so, after what is wrong with the files before. */
function profileOf(beginning: Uint8Array, reading: Reading): Profile | null {
  try {
    return reading.profile ?? detectProfile(beginning, reading.profiles) ?? reading.expected_profile;
  } catch (error) {
    if (error instanceof PayrunError) return null;
    throw error;
  }
}

class LargeComparison {
  readonly #files: readonly PlannedFile[];
  readonly #ours: Opened;
  readonly #records: readonly [number, number];
  readonly #reading: Reading;
  readonly #terms: Terms;

  constructor(
    files: readonly PlannedFile[],
    ours: Opened,
    records: readonly [number, number],
    reading: Reading,
    terms: Terms,
  ) {
    this.#files = files;
    this.#ours = ours;
    this.#records = records;
    this.#reading = reading;
    this.#terms = terms;
  }

  async run(tell: (bytes: number) => void): Promise<Compared | null> {
    const currency = this.#firstCurrency();
    const { beginning, whole } = beginningOf(this.#ours);
    const ours = planOurs(beginning, whole, currency);
    const primary = ours === null ? -1 : this.#primaryName(ours);
    if (ours === null || primary < 0) return null;
    const seed = randomBytes(4).readInt32LE();
    const common = { primary, seed, time_zone: this.#reading.time_zone };
    const jobs: SideJob[] = [
      { ...common, files: this.#files.map(jobFile), records: this.#records[0], digest: true },
      { ...common, files: [jobFile({ ...this.#ours, ...ours })], records: this.#records[1], digest: false },
    ];
    const [lines, payouts] = await scanSides(jobs, tell);
    if (!lines || !payouts) return null;
    const odd = this.#readLines(lines.odd).flat();
    const stated = onlyCurrency([...lines.used, ...odd.map((row) => row.currency)]);
    // Rows of ours were taken to be in another currency than they are.
    if (payouts.defaulted && (stated ?? 'INR') !== currency) return null;
    return this.#conclude({ lines, odd, payouts, ours, currency: stated ?? 'INR', primary, seed });
  }

  /** Of the first row: what rows of our side are taken to be in that state none, until all are known. */
  #firstCurrency(): string {
    const [first] = this.#files;
    if (!first) return 'INR';
    const { plan } = first;
    if (plan.currency < 0) return plan.default_currency;
    const bytes = readWhole(first.descriptor, plan.body, BEGINNING_BYTES);
    const scanner = new RecordScanner(plan.delimiter, 1);
    scanner.load(bytes, bytes.length, true);
    const found = scanner.next() === 'record' && plan.currency < scanner.count;
    return (found ? scanner.text(plan.currency) : '') || plan.default_currency || 'INR';
  }

  /** The name that both sides have; our reference before the provider's, which refused payouts lack. */
  #primaryName({ plan: ours }: Planned): number {
    const has = (name: number, { plan }: Planned) =>
      name === 1 ? plan.provider_reference.length > 0 : plan[name === 0 ? 'provider_id' : 'utr'] >= 0;
    return (
      [1, 0, 2].find(
        (name) => has(name, { plan: ours } as Planned) && this.#files.every((file) => has(name, file)),
      ) ?? -1
    );
  }

  #conclude(scan: {
    lines: ScannedSide;
    /** The lines that are not among the records. */
    odd: readonly StatementRow[];
    payouts: ScannedSide;
    ours: Planned;
    currency: string;
    primary: number;
    seed: number;
  }): Compared | null {
    const { lines, odd, payouts, ours, currency, primary, seed } = scan;
    const oddPayouts = this.#readPayouts(payouts.odd, ours, currency);
    const bearers = [...odd, ...attemptsOf(oddPayouts, [])];
    const taken = NAMES.map((name) =>
      bearers.flatMap((row) => (row[name] === null ? [] : [hashOfText(row[name], seed)])),
    );
    const joined = joinSides(
      { scanned: lines, records: this.#records[0] },
      { scanned: payouts, records: this.#records[1] },
      { primary, taken, pairs_through: 0 },
    );
    const { settled } = joined;
    return compareSides(
      {
        statements: this.#files.map(({ name, profile }, index) => ({
          file: name,
          sha256: lines.sha256[index] ?? '',
          profile: profile.name,
          lines: lines.rows[index] ?? 0,
          // A profile by which a file could state anything of itself is none for this way.
          proofs: [],
        })),
        files: this.#readLines(joined.lines),
        payouts: this.#readPayouts(joined.payouts, ours, currency),
        settled,
        warnings: [...this.#files.flatMap((file) => file.warnings), ...ours.warnings],
      },
      this.#terms,
    );
  }

  #readLines(rows: readonly OddRow[]): Numbered<StatementRow>[][] {
    return this.#files.map((file, index) => {
      const left = new LeftRows(
        file,
        rows.filter((row) => row.file === index),
      );
      const read = readStatement(left.bytes, file.profile, this.#reading.time_zone);
      if (read.errors.length > 0) throw fileRefused(file.name, left.located(read.errors));
      const found = left.numbered(read.rows);
      if (found.length !== left.count) throw new NotPlain();
      return found;
    });
  }

  #readPayouts(rows: readonly OddRow[], { header, plan }: Planned, currency: string): Numbered<OurRow>[] {
    const left = new LeftRows({ ...this.#ours, header, plan }, rows);
    const read = readOurs(left.bytes, currency, this.#reading.time_zone);
    if (read.errors.length > 0) throw fileRefused(this.#ours.name, left.located(read.errors));
    return left.numbered(read.rows);
  }
}

function jobFile({ descriptor, bytes, plan }: Opened & Planned): SideJob['files'][number] {
  return { descriptor, bytes, plan };
}

function hashOfText(text: string, seed: number): number {
  const bytes = Buffer.from(text);
  return hashOf(bytes, 0, bytes.length, seed);
}
