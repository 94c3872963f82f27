/**
 * The sandbox's database: everything that was accepted, written before it is answered. Rows are only ever added,
 * and those that arrive while a transaction is on its way to the disk share the next one.
 */
import { setImmediate } from 'node:timers/promises';
import type { Database, Params } from '../store/database.ts';
import { openDatabase } from '../store/database.ts';
import { migrate } from '../store/migrate.ts';
import type { SandboxBeneficiary } from './beneficiary.ts';
import type { SandboxPayout } from './payout.ts';
import schemaSql from './schema.sql';

/** "payS" in ASCII: a sandbox is never mistaken for a ledger. */
const APPLICATION_ID = 0x70617953;

const MIGRATIONS = [{ version: 1, name: '0001_sandbox', statements: schemaSql }];

const INSERT_BENEFICIARY = `
  insert into beneficiaries (no, beneficiary_id, name, account_number, ifsc, vpa, bank_name, type, registered_name,
    failure_reason, created_at, checked_at)
  values (:no, :beneficiary_id, :name, :account_number, :ifsc, :vpa, :bank_name, :type, :registered_name,
    :failure_reason, :created_at, :checked_at)`;

const INSERT_PAYOUT = `
  insert into payouts (no, payout_id, reference_id, beneficiary_id, amount_minor, mode, narration, created_at,
    processes_at, settles_at, outcome, reverses_at, utr, fee_minor, tax_minor, failure_reason)
  values (:no, :payout_id, :reference_id, :beneficiary_id, :amount_minor, :mode, :narration, :created_at,
    :processes_at, :settles_at, :outcome, :reverses_at, :utr, :fee_minor, :tax_minor, :failure_reason)`;

export class SandboxFile {
  readonly #database: Database;
  #beneficiaries: Params[] = [];
  #payouts: Params[] = [];
  /** The transaction that will take what is waiting; undefined where nothing waits. */
  #coming: Promise<void> | undefined;
  #last: Promise<void> = Promise.resolve();

  constructor(database: Database) {
    this.#database = database;
  }

  /** The balance with which the account was opened; `proposed` counts where the file is new. */
  async openingBalance(proposed: bigint): Promise<bigint> {
    return this.#database.transaction(async (tx) => {
      await tx.run(
        'insert into account (id, opening_balance_minor) values (1, :proposed) on conflict (id) do nothing',
        { proposed },
      );
      const row = await tx.get<{ opening_balance_minor: bigint }>(
        'select opening_balance_minor from account',
      );
      return row?.opening_balance_minor ?? proposed;
    });
  }

  beneficiaries(): AsyncIterable<SandboxBeneficiary> {
    return this.#database.each<SandboxBeneficiary>('select * from beneficiaries order by no');
  }

  payouts(): AsyncIterable<SandboxPayout> {
    return this.#database.each<SandboxPayout>('select * from payouts order by no');
  }

  addBeneficiary(beneficiary: SandboxBeneficiary): void {
    this.#beneficiaries.push({ ...beneficiary });
    this.#coming ??= this.#gather();
  }

  addPayout(payout: SandboxPayout): void {
    this.#payouts.push({ ...payout });
    this.#coming ??= this.#gather();
  }

  /** Resolves when everything added so far is on disk; rejects, now and ever after, when that failed. */
  written(): Promise<void> {
    return this.#coming ?? this.#last;
  }

  /** Waits for the transaction under way, and for the requests that came in at the same turn of the event loop. */
  async #gather(): Promise<void> {
    await this.#last;
    await setImmediate();
    return this.#write();
  }

  #write(): Promise<void> {
    const beneficiaries = this.#beneficiaries;
    const payouts = this.#payouts;
    this.#beneficiaries = [];
    this.#payouts = [];
    this.#coming = undefined;
    this.#last = this.#database.transaction(async (tx) => {
      await tx.runMany(INSERT_BENEFICIARY, beneficiaries);
      await tx.runMany(INSERT_PAYOUT, payouts);
    });
    return this.#last;
  }

  async close(): Promise<void> {
    // A write that failed was answered with 500 already; closing has nothing to add.
    await this.written().catch(() => undefined);
    await this.#database.close();
  }
}

/** `path` may be `:memory:`; a file is created where there is none. */
export async function openSandboxFile(path: string, now: string): Promise<SandboxFile> {
  const database = await openDatabase({
    path,
    application_id: APPLICATION_ID,
    noun: 'sandbox file',
    create: true,
  });
  try {
    await migrate(database, MIGRATIONS, now);
    return new SandboxFile(database);
  } catch (error) {
    await database.close();
    throw error;
  }
}
