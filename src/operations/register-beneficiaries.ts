/**
 * Makes beneficiaries known to a provider and reads what its penny drop found. Safe to interrupt and to repeat: what
 * was answered is stored soon after, and a provider gives an earlier registration of the same account back.
 */
import {
  LONGEST_PAUSE_MS,
  type Provider,
  type Registration,
  type Unavailable,
} from '../providers/provider.ts';
import {
  type BeneficiaryRecord,
  beneficiariesById,
  type RegistrationHolder,
  type RegistrationRecord,
  registrationHolders,
  registrationsBy,
  saveRegistrations,
} from '../store/beneficiaries.ts';
import type { Database } from '../store/database.ts';
import type { Vault } from '../vault/vault.ts';
import { backoffMs } from './backoff.ts';
import { detailsOf } from './beneficiary-seals.ts';
import { mapLimited } from './settle-doubts.ts';
import type { Stopped } from './submission.ts';
import { stoppedBy } from './tolerance.ts';

export interface RegistrationWork {
  database: Database;
  provider: Provider;
  vault: Vault;
  concurrency: number;
  /** RFC 3339 UTC. */
  now(): string;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  stop: AbortSignal;
  onProgress(done: number): void;
}

export interface RegisterOptions {
  /** Ask again about registrations whose penny drop has not answered, or has failed. */
  ask_again: boolean;
}

export interface RegisterReport {
  /** What is known now, of those for which anything is. */
  registrations: Map<bigint, RegistrationRecord>;
  stopped: Stopped | null;
}

type Told = { registration: Registration } | { refused: string };
type Found = Told | { unavailable: Unavailable };

// A provider that still asks to slow down after so many pauses is treated as out of reach.
const PATIENCE = 5;
// One answer that was lost says nothing of the provider; three do.
const LOST_PATIENCE = 2;

export async function registerBeneficiaries(
  work: RegistrationWork,
  ids: readonly bigint[],
  options: RegisterOptions,
): Promise<RegisterReport> {
  const records = await beneficiariesById(work.database, ids);
  const known = await registrationsBy(work.database, ids, work.provider.name);
  const todo = ids.flatMap((id) => {
    const record = records.get(id);
    const earlier = known.get(id);
    return record && isWorthAsking(earlier, options) ? [{ record, earlier }] : [];
  });
  const holders: Map<string, RegistrationHolder> =
    todo.length > 0 ? await registrationHolders(work.database, work.provider.name) : new Map();
  const writer = storedInGroups(work.database);
  let stopped: Stopped | null = null;
  let done = 0;
  await mapLimited(todo, work.concurrency, async ({ record, earlier }) => {
    if (stopped !== null) return;
    if (work.stop.aborted) {
      stopped = { code: 'interrupted', reason: 'stopped by a signal' };
      return;
    }
    const found = await patiently(work, () => ask(work, record, earlier));
    if ('unavailable' in found) stopped ??= stoppedBy(found.unavailable);
    else await writer.save(recordOf(work, record, earlier, unlessHeld(found, record, holders)));
    done += 1;
    work.onProgress(done);
  });
  return { registrations: await registrationsBy(work.database, ids, work.provider.name), stopped };
}

function isWorthAsking(earlier: RegistrationRecord | undefined, options: RegisterOptions): boolean {
  return earlier === undefined || (options.ask_again && earlier.status !== 'verified');
}

/** One question: how an earlier registration stands, else a new one. */
async function ask(
  work: RegistrationWork,
  record: BeneficiaryRecord,
  earlier: RegistrationRecord | undefined,
): Promise<Found> {
  const known = earlier?.provider_beneficiary_id;
  if (known) {
    const answer = await work.provider.beneficiary(known, detailsOf(work.vault, record));
    if (!answer.ok) return { unavailable: answer.because };
    const { value } = answer;
    return 'other_account' in value ? { refused: value.other_account } : { registration: value };
  }
  const answer = await work.provider.register(detailsOf(work.vault, record));
  switch (answer.outcome) {
    case 'registered':
      return { registration: answer.registration };
    case 'refused':
      return { refused: answer.reason };
    case 'unavailable':
      return { unavailable: answer.because };
  }
}

/** How long before a question is asked once more, in milliseconds; null where it is not. Registering twice is safe. */
function waitFor(because: Unavailable, pauses: number): number | null {
  switch (because.kind) {
    case 'rate_limited':
      return because.retry_after_ms;
    case 'unreachable':
      return pauses < LOST_PATIENCE ? 0 : null;
    case 'credentials':
    case 'bad_answer':
      return null;
  }
}

/** Waits as long as the provider asks for, a few times. */
async function patiently(work: RegistrationWork, question: () => Promise<Found>): Promise<Found> {
  for (let pauses = 0; ; pauses += 1) {
    const found = await question();
    const wait = 'unavailable' in found ? waitFor(found.unavailable, pauses) : null;
    if (wait === null || wait > LONGEST_PAUSE_MS || pauses === PATIENCE || work.stop.aborted) return found;
    await work.sleep(wait + backoffMs(pauses + 1), work.stop);
  }
}

/** One id for two accounts would pay both to one of them: who has it keeps it, and the other is paid nothing. */
function unlessHeld(told: Told, record: BeneficiaryRecord, holders: Map<string, RegistrationHolder>): Told {
  if ('refused' in told) return told;
  const { provider_beneficiary_id } = told.registration;
  const holder = holders.get(provider_beneficiary_id);
  if (holder && holder.fingerprint !== record.fingerprint) {
    return {
      refused: `the provider calls this account ${provider_beneficiary_id}, which is the account of ${holder.beneficiary_ref}`,
    };
  }
  const { beneficiary_ref, fingerprint } = record;
  if (!holder)
    holders.set(provider_beneficiary_id, { provider_beneficiary_id, beneficiary_ref, fingerprint });
  return told;
}

function recordOf(
  work: RegistrationWork,
  record: BeneficiaryRecord,
  earlier: RegistrationRecord | undefined,
  found: Told,
): RegistrationRecord {
  const now = work.now();
  const told: Omit<Registration, 'provider_beneficiary_id'> & { provider_beneficiary_id: string | null } =
    'refused' in found
      ? {
          provider_beneficiary_id: null,
          status: 'failed',
          registered_name: null,
          failure_reason: found.refused,
        }
      : found.registration;
  return {
    beneficiary_id: record.id,
    provider: work.provider.name,
    provider_beneficiary_id: told.provider_beneficiary_id,
    // Of the account that was asked about: if it has changed meanwhile, the answer is not stored.
    fingerprint: record.fingerprint,
    status: told.status,
    registered_name: told.registered_name,
    failure_reason: told.failure_reason,
    registered_at: earlier?.registered_at ?? now,
    checked_at: now,
  };
}

/** While one transaction is on its way to the disk, answers gather for the next: one flush serves many. */
function storedInGroups(database: Database): { save(row: RegistrationRecord): Promise<void> } {
  let gathered: RegistrationRecord[] = [];
  let next: Promise<void> | null = null;
  let last: Promise<void> = Promise.resolve();
  const flush = async () => {
    await last.catch(() => undefined);
    const rows = gathered;
    gathered = [];
    next = null;
    await database.transaction((tx) => saveRegistrations(tx, rows));
  };
  return {
    save: (row) => {
      gathered.push(row);
      next ??= last = flush();
      return next;
    },
  };
}
