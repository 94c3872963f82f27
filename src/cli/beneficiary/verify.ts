import { type RegisterReport, registerBeneficiaries } from '../../operations/register-beneficiaries.ts';
import {
  allBeneficiaryIds,
  type BeneficiaryRecord,
  beneficiariesById,
  type RegistrationRecord,
  registrationsBy,
} from '../../store/beneficiaries.ts';
import {
  argumentList,
  type Context,
  type Data,
  type Input,
  type Outcome,
  text,
  type Verb,
} from '../command.ts';
import type { ProviderConfig } from '../config.ts';
import { EXIT, type ExitCode, worstOf } from '../exit-codes.ts';
import { stoppedAt, warnStopped } from '../submission.ts';
import { namedBeneficiaries, registrationFields } from './beneficiary-item.ts';

const COLUMNS = [
  'beneficiary_ref',
  'name',
  'registered_name',
  'name_matches',
  'status',
  'provider_beneficiary_id',
  'failure_reason',
];

export const verb: Verb = {
  name: 'beneficiary verify',
  summary: 'Register beneficiaries with the provider and read the penny drop',
  effect: 'writes',
  arguments: [{ name: '[ref...]', description: 'their beneficiary_refs (default: all)' }],
  options: [{ flags: '--provider <name>', description: 'the provider to register them with' }],
  examples: ['payrun beneficiary verify', 'payrun beneficiary verify acme-01 acme-02 --provider nxt'],
  columns: COLUMNS,
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const refs = argumentList(input, 0);
  const settings = await context.providerConfig(text(input, 'provider'));
  const database = await context.ledger();
  const named = refs.length > 0 ? (await namedBeneficiaries(context, refs)).map(({ id }) => id) : null;
  const ids = named ?? (await allBeneficiaryIds(database));
  const { registrations, stopped } = await verified(context, settings, ids);
  warnStopped(context, stoppedAt(stopped, settings));
  const records = await beneficiariesById(database, ids);
  const items = ids.flatMap((id) => {
    const record = records.get(id);
    return record ? [itemOf(record, registrations.get(id))] : [];
  });
  const codes = items.map(codeOf);
  if (stopped) codes.push(stopped.code === 'interrupted' ? EXIT.open : EXIT.provider);
  if (context.stop.aborted)
    codes.push(context.stop.reason === 'SIGTERM' ? EXIT.terminated : EXIT.interrupted);
  const exit = worstOf(codes);
  return { data: { provider: settings.name, items }, exit, ...nextStep(exit) };
}

async function verified(
  context: Context,
  settings: ProviderConfig,
  ids: readonly bigint[],
): Promise<RegisterReport> {
  const { world, progress } = context;
  const database = await context.ledger();
  // A registration cannot be taken back, so that a dry run only tells what is known.
  if (context.flags.dry_run) {
    return { registrations: await registrationsBy(database, ids, settings.name), stopped: null };
  }
  progress.start('Verifying', ids.length);
  const work = {
    database,
    provider: await context.provider(settings.name),
    vault: await context.vault(),
    concurrency: settings.concurrency,
    now: () => world.now().toISOString(),
    sleep: (ms: number, signal?: AbortSignal) => world.sleep(ms, signal),
    stop: context.stop,
    onProgress: (done: number) => progress.update({ done }),
  };
  return registerBeneficiaries(work, ids, { ask_again: true });
}

function itemOf(record: BeneficiaryRecord, registration: RegistrationRecord | undefined): Data {
  const all: Data = {
    beneficiary_ref: record.beneficiary_ref,
    name: record.name,
    ...registrationFields(record, registration),
  };
  return Object.fromEntries(COLUMNS.map((column) => [column, all[column] ?? null]));
}

function codeOf(item: Data): ExitCode {
  if (item.status === 'failed' || item.name_matches === false) return EXIT.findings;
  return item.status === 'verified' ? EXIT.done : EXIT.open;
}

function nextStep(exit: ExitCode): { next?: string } {
  if (exit === EXIT.open)
    return { next: 'Some penny drops have not answered yet; ask again with: payrun beneficiary verify' };
  if (exit === EXIT.findings)
    return { next: 'Correct the rows that failed, then: payrun beneficiary import FILE --allow-changes' };
  return {};
}
