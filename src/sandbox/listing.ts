/** What GET /payouts answers: newest first, in pages that payouts accepted meanwhile do not shift. */
import { type Answer, badRequest, jsonAnswer } from './answer.ts';
import type { Book } from './book.ts';
import { changeAt, payoutBody, type SandboxPayout } from './payout.ts';

const LIMIT_DEFAULT = 100;
const LIMIT_MAX = 500;
const RFC3339 = /^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/;

interface Filter {
  reference_id: string | null;
  from: string | null;
  to: string | null;
  status: string | null;
  limit: number;
  /** Only payouts accepted before this one. */
  before: bigint | null;
}

export function listPayouts(book: Book, query: URLSearchParams): Answer {
  const filter = readFilter(query);
  if (typeof filter === 'string') return badRequest(filter);
  const at = book.advance();
  const page: SandboxPayout[] = [];
  for (const payout of candidates(book, filter)) {
    if (!fits(payout, filter, at)) continue;
    page.push(payout);
    // One more than asked for: whether there is a next page.
    if (page.length > filter.limit) break;
  }
  const more = page.length > filter.limit;
  const data = page.slice(0, filter.limit);
  const last = data.at(-1);
  return jsonAnswer(200, {
    data: data.map((payout) => payoutBody(payout, at)),
    next_cursor: more && last ? cursorOf(last) : null,
  });
}

function* candidates(book: Book, filter: Filter): Iterable<SandboxPayout> {
  if (filter.reference_id !== null) {
    const payout = book.payoutByReference(filter.reference_id);
    if (payout && (filter.before === null || payout.no < filter.before)) yield payout;
    return;
  }
  const payouts = book.payouts();
  // Numbers count from 1 without a gap, so that a number is a place in the list.
  const end = filter.before === null ? payouts.length : Math.min(payouts.length, Number(filter.before) - 1);
  for (let index = end - 1; index >= 0; index -= 1) {
    const payout = payouts[index];
    if (payout) yield payout;
  }
}

function fits(payout: SandboxPayout, filter: Filter, at: string): boolean {
  const { status, at: updatedAt } = changeAt(payout, at);
  if (filter.status !== null && status !== filter.status) return false;
  if (filter.from !== null && updatedAt < filter.from) return false;
  return filter.to === null || updatedAt < filter.to;
}

function readFilter(query: URLSearchParams): Filter | string {
  const limit = query.get('limit') ?? String(LIMIT_DEFAULT);
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > LIMIT_MAX) {
    return `limit is a number from 1 to ${LIMIT_MAX}.`;
  }
  const cursor = query.get('cursor');
  const before = cursor === null ? null : readCursor(cursor);
  if (before === undefined) return 'cursor is the next_cursor of an earlier page.';
  const from = readInstant(query.get('from'));
  const to = readInstant(query.get('to'));
  if (from === undefined || to === undefined)
    return 'from and to are RFC 3339 times such as 2026-11-21T00:00:00Z.';
  return {
    reference_id: query.get('reference_id'),
    from,
    to,
    status: query.get('status'),
    limit: Number(limit),
    before,
  };
}

/** In the fixed width in which instants compare as text; undefined where it is none. */
function readInstant(text: string | null): string | null | undefined {
  if (text === null) return null;
  const time = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function cursorOf(payout: SandboxPayout): string {
  return Buffer.from(`before:${payout.no}`).toString('base64url');
}

function readCursor(cursor: string): bigint | undefined {
  const no = /^before:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1];
  return no === undefined ? undefined : BigInt(no);
}
