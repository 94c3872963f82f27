/** What people and machines do at the desk, each as the command line would do it. */
import { join } from 'node:path';
import { dayIn } from '../../src/domain/calendar-day.ts';
import { PayrunError } from '../../src/domain/errors.ts';
import { NETWORK_RULES } from '../../src/domain/payout/rail.ts';
import type { Terms } from '../../src/domain/reconciliation/break.ts';
import { createCalendar } from '../../src/domain/reconciliation/calendar.ts';
import { applyWebhooks } from '../../src/operations/apply-webhooks.ts';
import { approveBatch } from '../../src/operations/approve-batch.ts';
import { backupLedger } from '../../src/operations/backup-ledger.ts';
import { cancelBatch } from '../../src/operations/cancel-batch.ts';
import {
  cancelPayout,
  type ResolveInput,
  releasePayout,
  resolvePayout,
} from '../../src/operations/decide-payout.ts';
import { fetchReport } from '../../src/operations/fetch-report.ts';
import { importBatch } from '../../src/operations/import-batch.ts';
import { importBeneficiaries } from '../../src/operations/import-beneficiaries.ts';
import { receiveWebhook } from '../../src/operations/receive-webhook.ts';
import { reconcile } from '../../src/operations/reconcile.ts';
import { registerBeneficiaries } from '../../src/operations/register-beneficiaries.ts';
import { retryPayouts } from '../../src/operations/retry-payouts.ts';
import { rotateKey } from '../../src/operations/rotate-key.ts';
import { submitBatch } from '../../src/operations/submit-batch.ts';
import { syncPayouts } from '../../src/operations/sync-payouts.ts';
import { approvalStanding } from '../../src/operations/valid-approvals.ts';
import { reinstateStatement, withdrawStatement } from '../../src/operations/withdraw-statement.ts';
import { webhookFormat } from '../../src/providers/registry.ts';
import { loadProfiles, profileOfKind } from '../../src/statements/profile.ts';
import { type BatchRow, batchByName } from '../../src/store/batches.ts';
import { webhooksToApply } from '../../src/store/webhooks.ts';
import { type AtWork, type Command, KEY, RULES, WEBHOOK_SECRET } from './desk.ts';

const bytesOf = (lines: readonly string[]) => new TextEncoder().encode([...lines, ''].join('\n'));

export function importPeople(rows: readonly string[], changes = false): Command {
  return {
    name: 'beneficiary import',
    run: ({ database, vault, actor, now }) =>
      importBeneficiaries(
        { database, vault, actor, now },
        { name: 'people.csv', bytes: bytesOf(['beneficiary_ref,name,account_number,ifsc', ...rows]) },
        { allow_changes: changes },
      ),
  };
}

/** `rows`: reference, beneficiary, amount. */
export function importPayouts(name: string, rows: readonly string[], by = 'anna'): Command {
  return {
    name: 'batch import',
    by,
    async run({ desk, database, actor, now }) {
      desk.coming = rows.length;
      await importBatch(
        { database, actor, now: now() },
        {
          bytes: bytesOf(['reference_id,beneficiary_ref,amount', ...rows]),
          file_name: `${name}.csv`,
          name,
          provider: 'nxt',
          rails: NETWORK_RULES,
          account: null,
          default_account: 'expenses:payouts',
          expect_rows: String(rows.length),
          expect_amount: null,
          allow_duplicate_file: false,
          go_on_with_same: true,
        },
      );
    },
  };
}

async function batchNamed({ database }: AtWork, name: string): Promise<BatchRow> {
  const batch = await batchByName(database, name);
  if (!batch) throw new PayrunError('failed', 'batch_unknown', `There is no batch ${name}.`);
  return batch;
}

export function approve(name: string, by: string, required = 1): Command {
  return {
    name: 'batch approve',
    by,
    run: async (work) =>
      approveBatch(
        { database: work.database, actor: work.actor, now: work.now() },
        await batchNamed(work, name),
        { required, bands: [], keys: [] },
      ),
  };
}

export interface SubmitSettings {
  first?: number | null;
  required?: number;
  /** Rows that resemble another, by reference. */
  look_alikes?: readonly string[];
}

export function submit(name: string, settings: SubmitSettings = {}): Command {
  return {
    name: 'batch submit',
    async run(work) {
      const batch = await batchNamed(work, name);
      const required = settings.required ?? 1;
      if (batch.cancelled_at !== null)
        throw new PayrunError('failed', 'batch_cancelled', 'It was cancelled.');
      const standing = await approvalStanding(
        work.database,
        batch,
        { required, bands: [], keys: [] },
        work.now(),
      );
      if (!standing.may_be_sent) throw new PayrunError('failed', 'approval_missing', 'It lacks an approval.');
      const submission = await work.submission();
      await submitBatch(submission, batch, {
        first: settings.first ?? null,
        holds: { unverified: 'pay', look_alikes: await alike(work, settings.look_alikes ?? []) },
        register: (ids) => register(work, ids, false),
      });
    },
  };
}

type LookAlikes = Parameters<typeof submitBatch>[2]['holds']['look_alikes'];

async function alike({ database }: AtWork, references: readonly string[]): Promise<LookAlikes> {
  const found: [bigint, { other_reference: string; other_batch: string }][] = [];
  for (const reference of references) {
    const row = await database.get<{ id: bigint }>('select id from payouts where reference_id = :reference', {
      reference,
    });
    if (row) found.push([row.id, { other_reference: 'other-000001', other_batch: 'other' }]);
  }
  return new Map(found);
}

async function register(work: AtWork, ids: readonly bigint[], askAgain: boolean) {
  const { database, provider, vault, now, desk } = work;
  const registration = {
    database,
    provider,
    vault,
    concurrency: 2,
    now,
    sleep: async (ms: number) => desk.world.pass(ms),
    stop: new AbortController().signal,
    onProgress: () => undefined,
  };
  return (await registerBeneficiaries(registration, ids, { ask_again: askAgain })).stopped;
}

export const verifyPeople: Command = {
  name: 'beneficiary verify',
  async run(work) {
    const rows = await work.database.all<{ id: bigint }>('select id from beneficiaries order by id');
    await register(
      work,
      rows.map(({ id }) => id),
      true,
    );
  },
};

/** What failed or came back, or only one reference. */
export function retry(reference?: string): Command {
  return {
    name: 'payout retry',
    async run(work) {
      const rows = await work.database.all<{ id: bigint }>(
        reference === undefined
          ? "select id from payouts where state in ('failed', 'returned') and resolved_as is null order by id"
          : 'select id from payouts where reference_id = :reference',
        reference === undefined ? {} : { reference },
      );
      if (rows.length === 0) return;
      const submission = await work.submission();
      await retryPayouts(
        submission,
        rows.map(({ id }) => id),
        {
          holds: { unverified: 'pay' },
          approval: { required: 0, bands: [], keys: [] },
          register: (ids) => register(work, ids, false),
        },
      );
    },
  };
}

function asking(work: AtWork) {
  const { database, provider, actor, now, desk } = work;
  return {
    database,
    provider,
    actor,
    rules: RULES,
    concurrency: 2,
    now,
    sleep: async (ms: number) => desk.world.pass(ms),
    stop: new AbortController().signal,
  };
}

export const sync: Command = {
  name: 'payout sync',
  run: (work) =>
    syncPayouts({ ...asking(work), onProgress: () => undefined }, { batch_id: null, updated_before: null }),
};

const decision = ({ database, actor, now }: AtWork) => ({ database, actor, rules: RULES, at: now() });

export function release(reference: string): Command {
  return {
    name: 'payout release',
    run: (work) =>
      releasePayout(decision(work), reference, 'it is another', { required: 1, bands: [], keys: [] }),
  };
}

export function resolve(reference: string, as: ResolveInput['as']): Command {
  return {
    name: 'payout resolve',
    run: (work) =>
      resolvePayout(decision(work), reference, { as, reason: 'the bank says so', utr: null, on: null }),
  };
}

export function cancel(reference: string): Command {
  return { name: 'payout cancel', run: (work) => cancelPayout(decision(work), reference) };
}

export function cancelAll(name: string): Command {
  return {
    name: 'batch cancel',
    run: async (work) =>
      cancelBatch(
        { database: work.database, actor: work.actor, now: work.now() },
        await batchNamed(work, name),
      ),
  };
}

/** Takes in events as the receiver does: `pick` says which of all, in which order, and how often. */
export function receive(pick: (count: number) => readonly number[], forged = false): Command {
  return {
    name: 'webhook serve',
    async run({ desk, database }) {
      const events = desk.events();
      for (const index of pick(events.length)) {
        const event = events[index];
        if (event === undefined) continue;
        const receipt = await receiveWebhook(
          {
            database,
            provider: 'nxt',
            format: webhookFormat('nxtbanking'),
            secrets: [WEBHOOK_SECRET],
            now: () => new Date(desk.world.now()),
          },
          event.body,
          forged ? event.signature.replace(/^./, (digit) => (digit === '0' ? '1' : '0')) : event.signature,
        );
        if (forged !== (receipt.outcome === 'unsigned')) throw new Error(`an event was ${receipt.outcome}`);
      }
    },
  };
}

export const applyEvents: Command = {
  name: 'webhook apply',
  async run(work) {
    const open = await webhooksToApply(work.database, 'nxt', 0n, 64);
    await applyWebhooks(asking(work), open);
  },
};

const PROFILES = loadProfiles({}, '');

export const reconcileReport: Command = {
  name: 'reconcile',
  async run(work) {
    const today = dayIn(RULES.time_zone, work.now());
    const report = await fetchReport(work.provider, today);
    const result = await reconcile(
      { database: work.database, actor: work.actor, now: work.now },
      [{ name: `${today}-${report.rows}.csv`, bytes: report.content }],
      {
        provider: 'nxt',
        profile: null,
        profiles: PROFILES,
        expected_profile: profileOfKind('nxtbanking', PROFILES),
        time_zone: RULES.time_zone,
      },
      termsOn(today),
    );
    for (const totals of result.totals)
      if (totals.unexplained !== 0n)
        work.desk.findings.push({
          crime: 'unbalanced_entries',
          what: `${totals.unexplained} of the report unexplained`,
        });
  },
};

function termsOn(today: string): Terms {
  const calendar = createCalendar(['Sat', 'Sun'], new Set());
  return { today, settlement_days: 1, calendar, rates: null, tolerance: new Map() };
}

/** The first one, or takes it in again. */
function turnStatement(name: string, turn: typeof withdrawStatement): Command {
  return {
    name,
    async run({ database, actor, now }) {
      const terms = termsOn(dayIn(RULES.time_zone, now()));
      const whose = { provider: 'nxt', account: false, time_zone: RULES.time_zone, terms };
      await turn({ database, actor, now }, 1n, 'a corrected one came', whose);
    },
  };
}

export const withdrawReport = turnStatement('statement withdraw', withdrawStatement);
export const reinstateReport = turnStatement('statement reinstate', reinstateStatement);

export const rotate: Command = {
  name: 'key rotate',
  async run(work) {
    const { runner } = await work.submission();
    await rotateKey({
      database: work.database,
      runner,
      actor: work.actor,
      key: KEY,
      randomBytes: work.desk.randomBytes,
      now: work.now,
      stop: new AbortController().signal,
      onProgress: () => undefined,
    });
  },
};

export function backup(name: string): Command {
  return {
    name: 'ledger backup',
    run: ({ desk, database, now }) =>
      backupLedger({ database, path: join(desk.folder, name), now: now(), dry_run: false }),
  };
}
