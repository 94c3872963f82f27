/** What the wire contract promises, and no more; the submission asks here, and the table of answers is made of it. */
import { RAILS } from '../../domain/payout/rail.ts';
import type { Capabilities, DefiniteRefusal } from '../provider.ts';
import { RETURNED_STATUS } from './status.ts';

export const DEFINITE_REFUSALS: readonly DefiniteRefusal[] = [
  { http_status: 401, means: 'credentials', codes: null, own_body: false },
  { http_status: 402, means: 'funds', codes: ['INSUFFICIENT_FUNDS'], own_body: true },
  { http_status: 403, means: 'credentials', codes: null, own_body: true },
  { http_status: 422, means: 'refused', codes: null, own_body: true },
  { http_status: 429, means: 'rate_limited', codes: null, own_body: false },
];

export function nxtbankingCapabilities(settings: { idempotency_window_ms: number }): Capabilities {
  return {
    idempotency_window_ms: settings.idempotency_window_ms,
    look_up_by_reference: true,
    // A payout is there from the moment at which it is accepted.
    look_up_lateness_ms: 0,
    definite_refusals: DEFINITE_REFUSALS,
    // The currency may be left out.
    echoes: ['reference', 'amount', 'beneficiary'],
    list_by_status: true,
    returned_status: RETURNED_STATUS,
    rails: RAILS,
  };
}
