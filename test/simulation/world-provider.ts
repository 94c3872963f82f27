/** The port of providers as one process sees the world through it, which may die before, within and after each call. */
import { formatAmount } from '../../src/domain/money/money.ts';
import type {
  Answer,
  AnswerRecord,
  LookUpOutcome,
  Provider,
  RegisterOutcome,
  Registration,
  SubmitOutcome,
  SubmitRequest,
  Unavailable,
} from '../../src/providers/provider.ts';
import type { Steps } from './failpoints.ts';
import { type SendFault, WINDOW_MS, type World } from './world.ts';

/** Whether these bytes are on disk for this reference, with a send that is about to be made; asked before anything is done. */
export type StoredFirst = (request: SubmitRequest) => boolean;

/**
 * `points.alive()` behind each call: where another branch of the process has died meanwhile, the world hears nothing of
 * this one either.
 */
export function worldProvider(world: World, points: Steps, storedFirst: StoredFirst): Provider {
  const ask = (find: () => LookUpOutcome) => async (): Promise<LookUpOutcome> => {
    await points.pass('look-up: before the call');
    points.alive();
    const found: LookUpOutcome = world.deaf()
      ? { outcome: 'unavailable', because: unavailable(world) }
      : find();
    await points.pass('look-up: before the answer');
    return found;
  };
  const found = (execution: ReturnType<World['find']>): LookUpOutcome =>
    execution ? { outcome: 'found', report: world.report(execution) } : { outcome: 'not_found' };
  return {
    name: 'nxt',
    kind: 'simulated',
    capabilities: {
      idempotency_window_ms: WINDOW_MS,
      look_up_by_reference: true,
      look_up_lateness_ms: 0,
      definite_refusals: [],
      echoes: ['reference', 'amount', 'currency', 'beneficiary'],
      list_by_status: true,
      returned_status: 'REVERSED',
      rails: ['IMPS'],
    },
    compose: (input) =>
      JSON.stringify({
        reference_id: input.provider_reference,
        beneficiary_id: input.provider_beneficiary_id,
        amount_minor: input.amount_minor.toString(),
        currency: input.currency,
      }),
    async submit(request, mayStart) {
      await points.pass('submit: before the call');
      points.alive();
      if (mayStart && !mayStart()) return rejected({ because: 'stopped', reason: 'stopped' });
      const outcome = send(world, points, request, storedFirst);
      await points.pass('submit: before the answer');
      return outcome;
    },
    lookUp: (reference) => ask(() => found(world.find(reference)))(),
    status: (providerId) =>
      ask(() => found(world.executions.find((each) => each.provider_id === providerId)))(),
    async list({ status, from }) {
      await points.pass('list: before the call');
      points.alive();
      if (world.deaf()) return { ok: false, because: unavailable(world) };
      const reports = world.executions
        .filter((each) => each.visible_ms !== Number.POSITIVE_INFINITY)
        .map((each) => world.report(each))
        .filter((each) => status === undefined || each.status === status)
        .filter((each) => from === undefined || (each.updated_at ?? '') >= from)
        .reverse();
      await points.pass('list: before the answer');
      return { ok: true, value: { reports, next_cursor: null } };
    },
    async register(details): Promise<RegisterOutcome> {
      await points.pass('register: before the call');
      points.alive();
      if (world.deaf()) return { outcome: 'unavailable', because: unavailable(world) };
      const registration = registrationOf(world, world.register(details.account_number ?? ''));
      points.hit('register: known to the provider');
      await points.pass('register: before the answer');
      return { outcome: 'registered', registration };
    },
    async beneficiary(id): Promise<Answer<Registration>> {
      await points.pass('beneficiary: before the call');
      points.alive();
      if (world.deaf()) return { ok: false, because: unavailable(world) };
      await points.pass('beneficiary: before the answer');
      return { ok: true, value: registrationOf(world, id) };
    },
    async balance() {
      await points.pass('balance: before the call');
      points.alive();
      const answer: Answer<{ available_minor: bigint; currency: string; stated_at: string }> = {
        ok: true,
        value: { available_minor: 10n ** 12n, currency: 'INR', stated_at: world.now() },
      };
      await points.pass('balance: before the answer');
      return answer;
    },
    async report() {
      await points.pass('report: before the call');
      points.alive();
      const content = reportFile(world);
      await points.pass('report: before the answer');
      return { ok: true, value: { content, row_count: world.executions.length } };
    },
    close: async () => undefined,
  };
}

function registrationOf(world: World, id: string): Registration {
  const status = world.pennyDrop(id);
  const failed = status === 'failed';
  return {
    provider_beneficiary_id: id,
    status,
    registered_name: null,
    failure_reason: failed ? 'the account is closed' : null,
  };
}

/** Every payout as it stands, in the columns of the daily report. */
function reportFile(world: World): Uint8Array {
  const rupees = (minor: bigint | null) => (minor === null ? '' : formatAmount(minor, 'INR'));
  const lines = world.executions.map((execution) => {
    const report = world.report(execution);
    return [
      report.provider_id,
      report.provider_reference,
      report.utr ?? '',
      report.provider_beneficiary_id ?? '',
      rupees(report.amount_minor),
      rupees(report.fee_minor),
      rupees(report.tax_minor),
      'INR',
      'IMPS',
      report.status,
      report.failure_reason ?? '',
      report.created_at ?? '',
      report.completed_at ?? '',
    ].join(',');
  });
  return new TextEncoder().encode([REPORT_HEADER, ...lines, ''].join('\r\n'));
}

const REPORT_HEADER =
  'payout_id,reference_id,utr,beneficiary_id,amount,fee,tax,currency,mode,status,failure_reason,created_at,completed_at';

function unavailable(world: World): Unavailable {
  return world.chance.pick<Unavailable>([
    { kind: 'unreachable', reason: 'no route' },
    { kind: 'bad_answer', reason: 'not JSON' },
    { kind: 'rate_limited', retry_after_ms: 50 },
  ]);
}

function send(world: World, points: Steps, request: SubmitRequest, storedFirst: StoredFirst): SubmitOutcome {
  const { provider_reference: reference, body } = request;
  const fault = world.nextFault(reference);
  if (fault === 'never_sent') return rejected({ because: 'never_sent', reason: 'connection refused' });
  world.log.push({
    kind: 'sent',
    reference,
    body,
    stored_first: storedFirst(request),
    at_ms: world.now_ms,
    fault,
  });
  const meant = JSON.parse(body) as { amount_minor: string; beneficiary_id: string };
  const amount = BigInt(meant.amount_minor);
  const refusal = refuse(world, reference, fault);
  if (refusal) return refusal;
  if (fault === 'late') {
    world.executeLater(reference, amount, meant.beneficiary_id);
    return unknown('no answer in time', null);
  }
  const before = world.known(reference);
  const execution = world.execute(reference, amount, fault, meant.beneficiary_id);
  points.hit('submit: executed');
  if (fault === 'error_after') return unknown('status 500', 500);
  if (fault === 'lost_answer' || fault === 'hidden' || fault === 'forgotten')
    return unknown('no answer in time', null);
  if (fault === 'doubled' || (before && world.mode.duplicate === 'conflict')) {
    const answer = { http_status: 409, transport_error: null, text: 'duplicate' };
    return { answer, outcome: 'unknown', because: 'duplicate', reason: 'duplicate reference' };
  }
  return {
    answer: { http_status: 201, transport_error: null, text: 'created' },
    outcome: 'accepted',
    report: world.report(execution),
  };
}

/** What is answered without executing anything, or null. */
function refuse(world: World, reference: string, fault: SendFault): SubmitOutcome | null {
  switch (fault) {
    case 'error_before':
      return unknown('status 503', 503);
    case 'reset':
      return unknown('ECONNRESET', null);
    case 'no_funds':
      return rejected({ because: 'funds', reason: 'too little balance' });
    case 'credentials':
      return rejected({ because: 'credentials', reason: 'token refused' });
    case 'rate_limited':
      return rejected({ because: 'rate_limited', retry_after_ms: 100 });
    case 'refused':
      world.log.push({ kind: 'refused', reference });
      return rejected({ because: 'refused', failure_code: 'limit', reason: 'over the limit' });
    case 'bad_request': {
      world.log.push({ kind: 'called_malformed', reference });
      const answer = { http_status: 400, transport_error: null, text: 'malformed' };
      return { answer, outcome: 'unknown', because: 'bad_request', reason: 'malformed' };
    }
    case 'never_sent':
    case 'none':
    case 'lost_answer':
    case 'error_after':
    case 'doubled':
    case 'late':
    case 'hidden':
    case 'forgotten':
    case 'wrong_echo':
      return null;
  }
}

const NOTHING: AnswerRecord = { http_status: null, transport_error: null, text: null };

function rejected(rejection: Extract<SubmitOutcome, { outcome: 'rejected' }>['rejection']): SubmitOutcome {
  return { answer: NOTHING, outcome: 'rejected', rejection };
}

function unknown(reason: string, status: number | null): SubmitOutcome {
  const answer = { ...NOTHING, http_status: status };
  return { answer, outcome: 'unknown', because: 'no_proof', reason };
}
