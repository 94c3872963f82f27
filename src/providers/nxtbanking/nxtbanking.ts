/**
 * The port, spoken as NxtBanking's API has it. README.md beside this file says what each answer means. A question
 * never throws for what the network or the provider does: it answers why it stays open.
 */
import type { ProviderState } from '../../domain/payout/payout.ts';
import type { HttpResult } from '../http.ts';
import type { MayStart } from '../pace.ts';
import type {
  Answer,
  AnswerRecord,
  BeneficiaryDetails,
  ListFilter,
  LookUpOutcome,
  OtherAccount,
  Provider,
  RegisterOutcome,
  Registration,
  Rejection,
  ReportFile,
  StatusPage,
  StatusReport,
  SubmitOutcome,
  SubmitRequest,
  Unavailable,
} from '../provider.ts';
import type { ProviderSettings } from '../provider-settings.ts';
import { type Api, createApi, isUnsent, type Unsent, URGENCY } from './api.ts';
import { nxtbankingCapabilities } from './capabilities.ts';
import { classifySubmit, rejectionWithoutToken, whyUnavailable } from './classify.ts';
import { compose } from './compose.ts';
import { recordOf } from './record.ts';
import {
  readBalance,
  readBeneficiary,
  readError,
  readPage,
  readPayout,
  readRegisteredBefore,
  whyNoBalance,
} from './wire.ts';

// The most that the API gives at once; each further page is one more request under the cap.
const PAGE_SIZE = '500';

/** Secrets live in closures, so that no inspection or serialisation of a provider can show them. */
export function createNxtbanking(settings: ProviderSettings): Provider {
  const api = createApi(settings);
  return {
    name: settings.name,
    kind: 'nxtbanking',
    capabilities: nxtbankingCapabilities(settings),
    compose: (input) => compose(input, settings.name),
    submit: (request, mayStart) => submit(api, request, mayStart),
    lookUp: (providerReference, mayStart) => lookUp(api, providerReference, mayStart),
    status: (providerId, mayStart) => askStatus(api, providerId, mayStart),
    list: (filter, mayStart) => list(api, filter, mayStart),
    register: (details) => register(api, details),
    beneficiary: (providerBeneficiaryId, details) => askBeneficiary(api, providerBeneficiaryId, details),
    balance: () => askBalance(api),
    report: (date) => fetchReport(api, date),
    close: () => api.close(),
  };
}

async function submit(
  api: Api,
  request: SubmitRequest,
  mayStart: MayStart | undefined,
): Promise<SubmitOutcome> {
  const result = await api.call({
    method: 'POST',
    path: '/payouts',
    body: request.body,
    headers: { 'idempotency-key': request.provider_reference },
    urgency: URGENCY.other,
    mayStart,
  });
  if (isUnsent(result)) {
    const answer: AnswerRecord = { http_status: null, transport_error: null, text: null };
    const rejection: Rejection =
      result.kind === 'no_token'
        ? rejectionWithoutToken(result.because)
        : { because: result.kind === 'gave_up' ? 'never_sent' : 'stopped', reason: result.reason };
    return { answer, outcome: 'rejected', rejection };
  }
  return { answer: answerRecord(result), ...classifySubmit(result) };
}

function answerRecord(result: HttpResult): AnswerRecord {
  return result.kind === 'answer'
    ? { http_status: result.status, transport_error: null, text: recordOf(result.text) }
    : { http_status: null, transport_error: result.code, text: null };
}

function why(result: HttpResult | Unsent): Unavailable {
  switch (result.kind) {
    case 'no_token':
      return result.because;
    case 'stopped':
    case 'gave_up':
      return { kind: 'unreachable', reason: result.reason };
    case 'answer':
    case 'never_sent':
    case 'lost':
      return whyUnavailable(result);
  }
}

function badAnswer(reason: string): Unavailable {
  return { kind: 'bad_answer', reason };
}

/** The text of an answer with one of these statuses, or null. */
function textWith(result: HttpResult | Unsent, ...statuses: number[]): string | null {
  return result.kind === 'answer' && statuses.includes(result.status) ? result.text : null;
}

async function lookUp(
  api: Api,
  providerReference: string,
  mayStart: MayStart | undefined,
): Promise<LookUpOutcome> {
  const result = await api.call({
    method: 'GET',
    path: '/payouts',
    query: { reference_id: providerReference },
    urgency: URGENCY.proof,
    mayStart,
  });
  // The path exists whether or not the payout does: a 404 that is not the provider's own is a wrong address.
  const missing = textWith(result, 404);
  if (missing !== null && readError(missing)) return { outcome: 'not_found' };
  const text = textWith(result, 200);
  if (text === null) return { outcome: 'unavailable', because: why(result) };
  const page = readPage(text);
  if (!page?.reports.every((report) => report !== null)) {
    return {
      outcome: 'unavailable',
      because: badAnswer('the answer to a look-up by reference is no list of payouts'),
    };
  }
  const ours = page.reports.filter(
    (report) => report !== null && report.provider_reference === providerReference,
  );
  const report = mostPaid(ours);
  if (report) return { outcome: 'found', report };
  // A server that ignores the filter lists everything; ours may stand on a later page, so that this proves nothing.
  if (page.next_cursor !== null) {
    return {
      outcome: 'unavailable',
      because: badAnswer('the provider does not look payouts up by reference'),
    };
  }
  return { outcome: 'not_found' };
}

/** How far a payout has come to having moved money, for a provider that has two of one reference. */
const PAID_RANK: Readonly<Record<ProviderState, number>> = {
  success: 4,
  in_flight: 3,
  unknown_word: 2,
  reversed: 1,
  failed: 0,
};

/** Of several payouts under one reference the one that may have paid speaks; a failed one would invite a second. */
function mostPaid(reports: readonly StatusReport[]): StatusReport | undefined {
  return reports.toSorted((a, b) => PAID_RANK[b.state] - PAID_RANK[a.state])[0];
}

async function askStatus(
  api: Api,
  providerId: string,
  mayStart: MayStart | undefined,
): Promise<LookUpOutcome> {
  const result = await api.call({
    method: 'GET',
    path: `/payouts/${encodeURIComponent(providerId)}`,
    urgency: URGENCY.proof,
    mayStart,
  });
  if (textWith(result, 404) !== null) return { outcome: 'not_found' };
  const text = textWith(result, 200);
  if (text === null) return { outcome: 'unavailable', because: why(result) };
  const report = readPayout(text);
  if (report?.provider_id === providerId) return { outcome: 'found', report };
  const reason = report
    ? 'the answer to a status query is about another payout'
    : 'the answer to a status query is no payout';
  return { outcome: 'unavailable', because: badAnswer(reason) };
}

async function list(
  api: Api,
  filter: ListFilter,
  mayStart: MayStart | undefined,
): Promise<Answer<StatusPage>> {
  const { status, from, to, cursor } = filter;
  const result = await api.call({
    method: 'GET',
    path: '/payouts',
    query: { status, from, to, cursor, limit: PAGE_SIZE },
    urgency: URGENCY.other,
    mayStart,
  });
  const text = textWith(result, 200);
  if (text === null) return { ok: false, because: why(result) };
  const page = readPage(text);
  const reports = page?.reports.filter((report) => report !== null);
  // An element that cannot be read may be the one return that the caller is looking for.
  if (!page || !reports || reports.length !== page.reports.length) {
    return {
      ok: false,
      because: badAnswer('the list of payouts has an element that is no payout, or is no list'),
    };
  }
  if (cursor !== undefined && page.next_cursor === cursor) {
    return {
      ok: false,
      because: badAnswer(
        'the list of payouts does not advance: its next cursor is the one it was asked with',
      ),
    };
  }
  return { ok: true, value: { reports, next_cursor: page.next_cursor } };
}

async function register(api: Api, details: BeneficiaryDetails): Promise<RegisterOutcome> {
  const result = await api.call({
    method: 'POST',
    path: '/beneficiaries',
    body: JSON.stringify(registrationBody(details)),
    urgency: URGENCY.other,
  });
  const registered = textWith(result, 200, 201, 202);
  if (registered !== null) {
    const registration = readBeneficiary(registered, details);
    if (registration) return registeredUnlessOther(registration);
    return { outcome: 'unavailable', because: badAnswer('the answer to a registration is no beneficiary') };
  }
  const known = readRegisteredBefore(textWith(result, 409) ?? '');
  if (known !== null) {
    const answer = await fetchBeneficiary(api, known, details);
    return answer.ok
      ? registeredUnlessOther(answer.value)
      : { outcome: 'unavailable', because: answer.because };
  }
  const refusal = readError(textWith(result, 422) ?? '');
  if (refusal) return { outcome: 'refused', reason: `${refusal.code}: ${refusal.message}` };
  return { outcome: 'unavailable', because: why(result) };
}

type StatedBeneficiary = NonNullable<ReturnType<typeof readBeneficiary>>;

function registeredUnlessOther({ otherAccount, ...registration }: StatedBeneficiary): RegisterOutcome {
  return otherAccount === null
    ? { outcome: 'registered', registration }
    : { outcome: 'refused', reason: otherAccount };
}

function registrationBody(details: BeneficiaryDetails): Record<string, string> {
  const given: [string, string | null][] = [
    ['name', details.name],
    ['account_number', details.account_number],
    ['ifsc', details.ifsc],
    ['bank_name', details.bank_name],
    ['type', details.account_type],
    ['vpa', details.vpa],
  ];
  return Object.fromEntries(given.filter((entry): entry is [string, string] => entry[1] !== null));
}

async function askBeneficiary(
  api: Api,
  providerBeneficiaryId: string,
  details: BeneficiaryDetails | undefined,
): Promise<Answer<Registration | OtherAccount>> {
  const answer = await fetchBeneficiary(api, providerBeneficiaryId, details);
  if (!answer.ok) return answer;
  const { otherAccount, ...registration } = answer.value;
  return { ok: true, value: otherAccount === null ? registration : { other_account: otherAccount } };
}

async function fetchBeneficiary(
  api: Api,
  providerBeneficiaryId: string,
  details: BeneficiaryDetails | undefined,
): Promise<Answer<StatedBeneficiary>> {
  const result = await api.call({
    method: 'GET',
    path: `/beneficiaries/${encodeURIComponent(providerBeneficiaryId)}`,
    urgency: URGENCY.other,
  });
  const text = textWith(result, 200);
  if (text === null) return { ok: false, because: why(result) };
  const registration = readBeneficiary(text, details);
  if (registration?.provider_beneficiary_id === providerBeneficiaryId)
    return { ok: true, value: registration };
  const about = registration ? 'about another beneficiary' : 'no beneficiary';
  return { ok: false, because: badAnswer(`the answer to a beneficiary query is ${about}`) };
}

async function askBalance(
  api: Api,
): Promise<Answer<{ available_minor: bigint; currency: string; stated_at: string }>> {
  const result = await api.call({ method: 'GET', path: '/balance', urgency: URGENCY.other });
  if (result.kind !== 'answer' || result.status !== 200) return { ok: false, because: why(result) };
  const value = readBalance(result.text);
  return value
    ? { ok: true, value: { ...value, stated_at: result.headers.date ?? '' } }
    : { ok: false, because: badAnswer(whyNoBalance(result.text)) };
}

async function fetchReport(api: Api, date: string): Promise<Answer<ReportFile>> {
  const result = await api.download({
    method: 'GET',
    path: '/reports/payouts',
    query: { date },
    headers: { accept: 'text/csv' },
    urgency: URGENCY.other,
  });
  if (!('content' in result)) return { ok: false, because: why(result) };
  const type = result.headers['content-type'] ?? '';
  if (/html|json/i.test(type))
    return { ok: false, because: badAnswer(`the report is no CSV file but ${type}`) };
  const stated = result.headers['x-row-count'];
  if (stated !== null && !/^\d{1,9}$/.test(stated)) {
    return { ok: false, because: badAnswer(`the report's row count is "${stated}", which is no count`) };
  }
  if (stated === null && !result.complete) {
    return {
      ok: false,
      because: badAnswer('nothing shows that the report is whole: it has neither length nor row count'),
    };
  }
  return { ok: true, value: { content: result.content, row_count: stated === null ? null : Number(stated) } };
}
