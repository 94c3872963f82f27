/**
 * What GET /sandbox/log answers: every payout that was really executed, in the order of acceptance, whatever anybody
 * was answered. An auditor compares it with what a client believes; a reference that stands here twice was paid twice.
 */
import { formatAmount } from '../domain/money/money.ts';
import type { Answer } from './answer.ts';
import type { Book } from './book.ts';
import { CURRENCY, type SandboxPayout, viewAt } from './payout.ts';

/** One payout on each line (NDJSON). Lines are only ever added; status and times are those of now. */
export function executionLog(book: Book): Answer {
  const at = book.advance();
  return {
    status: 200,
    content_type: 'application/x-ndjson',
    headers: {},
    body: lines([...book.payouts()], at),
  };
}

function* lines(payouts: readonly SandboxPayout[], at: string): Iterable<string> {
  for (const payout of payouts) {
    const view = viewAt(payout, at);
    const line = {
      payout_id: payout.payout_id,
      reference_id: payout.reference_id,
      beneficiary_id: payout.beneficiary_id,
      amount: formatAmount(payout.amount_minor, CURRENCY),
      currency: CURRENCY,
      status: view.status,
      utr: view.utr,
      accepted_at: payout.created_at,
      completed_at: view.completed_at,
      reversed_at: view.reversed_at,
    };
    yield `${JSON.stringify(line)}\n`;
  }
}
