/**
 * One list of what changed lately saves asking payout by payout: a page holds hundreds. It is a shortcut and no proof
 * of absence; what it does not show is asked about singly.
 */
import type { Provider, StatusReport } from '../providers/provider.ts';

/** So few are asked singly. */
const WORTH_A_LIST = 10;
/** A page has to answer for about so many questions, or the list costs more than it saves. */
const QUESTIONS_A_PAGE = 10;
/** Two clocks, and rows that appear late. */
const OVERLAP_MS = 10 * 60_000;

/**
 * What the provider lists as changed since `since`, by provider reference, for `count` payouts that are to be asked
 * about. Empty where a list does not pay or is not to be had.
 */
export async function listRecent(
  provider: Provider,
  since: string | null,
  count: number,
  stop: AbortSignal,
): Promise<ReadonlyMap<string, StatusReport>> {
  const seen = new Map<string, StatusReport>();
  if (!provider.capabilities.list_by_status || since === null || count < WORTH_A_LIST) return seen;
  const from = new Date(Date.parse(since) - OVERLAP_MS).toISOString();
  let cursor: string | undefined;
  for (let page = 0; page < Math.ceil(count / QUESTIONS_A_PAGE) && !stop.aborted; page += 1) {
    const answer = await provider.list(
      { from, ...(cursor === undefined ? {} : { cursor }) },
      () => !stop.aborted,
    );
    if (!answer.ok) return seen;
    // Newest first: of two rows for one reference the first is the later one.
    for (const report of answer.value.reports) {
      if (!seen.has(report.provider_reference)) seen.set(report.provider_reference, report);
    }
    cursor = answer.value.next_cursor ?? undefined;
    if (cursor === undefined) break;
  }
  return seen;
}
