/**
 * The sandbox's money. Everything stands in memory, with the file as its record. Time passes when somebody looks:
 * `advance` moves the balance for whatever has become due since, and no instant is ever earlier than the last one.
 * At every instant: available + outstanding = opening − paid − fees.
 */
import { PayrunError } from '../domain/errors.ts';
import { formatAmount } from '../domain/money/money.ts';
import type { Rail } from '../domain/payout/rail.ts';
import { type Details, destinationOf, planBeneficiary, type SandboxBeneficiary } from './beneficiary.ts';
import { type Course, endingOf } from './endings.ts';
import type { Charge } from './fees.ts';
import { CURRENCY, changesOf, planPayout, type SandboxPayout, type Status } from './payout.ts';
import type { SandboxFile } from './sandbox-file.ts';
import { Timeline } from './timeline.ts';

export interface BookRules {
  now: () => Date;
  random: (length: number) => Uint8Array;
  settle_ms: number;
  reverse_ms: number;
  charges: Readonly<Record<Rail, Charge>>;
  /** Whether account endings have their documented effects; false for loads with consecutive numbers. */
  endings: boolean;
  /** What may go otherwise than planned. */
  fates?: Fates;
}

export interface Fates {
  /** The course of a payout that is being accepted. */
  courseOf(reference: string, planned: Course): Course;
  /** Whether the payout under this reference is no longer known by it. */
  hasForgotten(reference: string): boolean;
}

export interface Totals {
  opening_minor: bigint;
  available_minor: bigint;
  /** QUEUED or PROCESSING. */
  outstanding_minor: bigint;
  /** SUCCESS and not reversed. */
  paid_minor: bigint;
  /** Fees and tax of what has ever succeeded. */
  fees_minor: bigint;
  statuses: Readonly<Record<Status, number>>;
}

export type ChangeListener = (payout: SandboxPayout, status: Status, at: string) => void;

// 10 crore rupees: a demonstration never runs dry by accident.
const DEFAULT_OPENING_MINOR = 10_00_00_000_00n;

const ID_BYTES = 12;
const IDS_PER_DRAW = 100;

export class Book {
  readonly #file: SandboxFile;
  readonly #rules: BookRules;
  readonly #opening_minor: bigint;
  readonly #payouts: SandboxPayout[] = [];
  readonly #by_id = new Map<string, SandboxPayout>();
  readonly #by_reference = new Map<string, SandboxPayout>();
  readonly #beneficiaries = new Map<string, SandboxBeneficiary>();
  readonly #by_destination = new Map<string, SandboxBeneficiary>();
  readonly #timeline = new Timeline();
  readonly #statuses: Record<Status, number> = {
    QUEUED: 0,
    PROCESSING: 0,
    SUCCESS: 0,
    FAILED: 0,
    REVERSED: 0,
  };
  #available_minor: bigint;
  #outstanding_minor = 0n;
  #paid_minor = 0n;
  #fees_minor = 0n;
  #last_ms = 0;
  #randomness = Buffer.alloc(0);
  #onChange: ChangeListener | undefined;

  private constructor(file: SandboxFile, rules: BookRules, openingMinor: bigint) {
    this.#file = file;
    this.#rules = rules;
    this.#opening_minor = openingMinor;
    this.#available_minor = openingMinor;
  }

  /** Reads what an earlier sandbox accepted; `openingMinor` undefined takes the file's own or the default. */
  static async open(file: SandboxFile, rules: BookRules, openingMinor: bigint | undefined): Promise<Book> {
    const kept = await file.openingBalance(openingMinor ?? DEFAULT_OPENING_MINOR);
    if (openingMinor !== undefined && kept !== openingMinor) {
      throw new PayrunError(
        'usage',
        'sandbox_balance_differs',
        `This sandbox file was opened with a balance of ${formatAmount(kept, CURRENCY)}, not ${formatAmount(openingMinor, CURRENCY)}.`,
        { hint: 'Leave the balance out to go on with the file, or name a new file.' },
      );
    }
    const book = new Book(file, rules, kept);
    for await (const beneficiary of file.beneficiaries()) book.#keepBeneficiary(beneficiary);
    for await (const payout of file.payouts()) {
      book.#keepPayout(payout);
      // The clock never goes back behind what this file has seen.
      book.#last_ms = Math.max(book.#last_ms, Date.parse(payout.created_at));
    }
    book.advance();
    return book;
  }

  /** Told of each change once, in order, from now on; changes of the time before are not told again. */
  onChange(listener: ChangeListener): void {
    this.#onChange = listener;
  }

  /** The present, after everything due has happened. */
  advance(): string {
    this.#last_ms = Math.max(this.#last_ms, this.#rules.now().getTime());
    const at = new Date(this.#last_ms).toISOString();
    for (let due = this.#timeline.take(at); due; due = this.#timeline.take(at)) {
      this.#apply(due.payout, due.status);
      this.#schedule(due.payout, due.step + 1);
      this.#onChange?.(due.payout, due.status, due.at);
    }
    return at;
  }

  /** When the next change is due, or undefined. */
  nextChangeAt(): string | undefined {
    return this.#timeline.next()?.at;
  }

  #schedule(payout: SandboxPayout, step: number): void {
    const change = changesOf(payout)[step];
    if (change) this.#timeline.add({ at: change.at, payout, status: change.status, step });
  }

  #apply(payout: SandboxPayout, status: Status): void {
    const amount = payout.amount_minor;
    this.#statuses[status] += 1;
    switch (status) {
      case 'QUEUED':
        this.#available_minor -= amount;
        this.#outstanding_minor += amount;
        return;
      case 'PROCESSING':
        this.#statuses.QUEUED -= 1;
        return;
      case 'SUCCESS': {
        const charge = (payout.fee_minor ?? 0n) + (payout.tax_minor ?? 0n);
        this.#statuses.PROCESSING -= 1;
        this.#outstanding_minor -= amount;
        this.#paid_minor += amount;
        this.#available_minor -= charge;
        this.#fees_minor += charge;
        return;
      }
      case 'FAILED':
        this.#statuses.PROCESSING -= 1;
        this.#outstanding_minor -= amount;
        this.#available_minor += amount;
        return;
      case 'REVERSED':
        this.#statuses.SUCCESS -= 1;
        this.#paid_minor -= amount;
        this.#available_minor += amount;
        return;
    }
  }

  #keepPayout(payout: SandboxPayout): void {
    this.#payouts.push(payout);
    this.#by_id.set(payout.payout_id, payout);
    this.#by_reference.set(payout.reference_id, payout);
    this.#apply(payout, 'QUEUED');
    this.#schedule(payout, 1);
  }

  #keepBeneficiary(beneficiary: SandboxBeneficiary): void {
    this.#beneficiaries.set(beneficiary.beneficiary_id, beneficiary);
    this.#by_destination.set(destinationOf(beneficiary), beneficiary);
  }

  /** Random bytes are drawn for many ids at once: one by one they cost as much as the rest of a payout. */
  #newId(prefix: string): string {
    if (this.#randomness.length < ID_BYTES)
      this.#randomness = Buffer.from(this.#rules.random(ID_BYTES * IDS_PER_DRAW));
    const id = prefix + this.#randomness.toString('hex', 0, ID_BYTES);
    this.#randomness = this.#randomness.subarray(ID_BYTES);
    return id;
  }

  /** Registers a destination, or answers with the one that is known already. */
  register(details: Details): { beneficiary: SandboxBeneficiary; known: boolean } {
    const known = this.#by_destination.get(destinationOf(details));
    if (known) return { beneficiary: known, known: true };
    this.advance();
    const beneficiary = planBeneficiary(details, {
      no: BigInt(this.#beneficiaries.size + 1),
      beneficiary_id: this.#newId('ben_'),
      created_ms: this.#last_ms,
      settle_ms: this.#rules.settle_ms,
      endings: this.#rules.endings,
    });
    this.#keepBeneficiary(beneficiary);
    this.#file.addBeneficiary(beneficiary);
    return { beneficiary, known: false };
  }

  beneficiary(beneficiaryId: string): SandboxBeneficiary | undefined {
    return this.#beneficiaries.get(beneficiaryId);
  }

  /** What will become of payouts to this beneficiary. */
  courseFor(beneficiary: SandboxBeneficiary): Course {
    const account = this.#rules.endings ? (beneficiary.account_number ?? beneficiary.vpa ?? '') : '';
    return endingOf(account).course;
  }

  /** Takes a payout whose words were checked; undefined where the balance does not cover it. */
  accept(request: {
    reference_id: string;
    beneficiary: SandboxBeneficiary;
    amount_minor: bigint;
    mode: Rail;
    narration: string | null;
  }): SandboxPayout | undefined {
    this.advance();
    if (request.amount_minor > this.#available_minor) return undefined;
    const { beneficiary, ...rest } = request;
    const planned = this.courseFor(beneficiary);
    const course = this.#rules.fates?.courseOf(request.reference_id, planned) ?? planned;
    const payout = planPayout({
      ...rest,
      no: BigInt(this.#payouts.length + 1),
      payout_id: this.#newId('pay_'),
      beneficiary_id: beneficiary.beneficiary_id,
      created_ms: this.#last_ms,
      course,
      charge: this.#rules.charges[request.mode],
      settle_ms: this.#rules.settle_ms,
      reverse_ms: this.#rules.reverse_ms,
    });
    this.#file.addPayout(payout);
    this.#keepPayout(payout);
    this.#onChange?.(payout, 'QUEUED', payout.created_at);
    return payout;
  }

  payout(payoutId: string): SandboxPayout | undefined {
    return this.#by_id.get(payoutId);
  }

  payoutByReference(referenceId: string): SandboxPayout | undefined {
    return this.#rules.fates?.hasForgotten(referenceId) ? undefined : this.#by_reference.get(referenceId);
  }

  /** In the order of acceptance; only ever grows. */
  payouts(): readonly SandboxPayout[] {
    return this.#payouts;
  }

  totals(): Totals {
    this.advance();
    return {
      opening_minor: this.#opening_minor,
      available_minor: this.#available_minor,
      outstanding_minor: this.#outstanding_minor,
      paid_minor: this.#paid_minor,
      fees_minor: this.#fees_minor,
      statuses: { ...this.#statuses },
    };
  }

  /** Resolves when everything accepted so far is on the record. */
  written(): Promise<void> {
    return this.#file.written();
  }
}
