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
 * Hands over what the provider lists as changed since `since`, newest first and page by page, for `count` payouts that
 * are to be asked about. Nothing where a list does not pay or is not to be had.
 */
export async function listRecent(
  provider: Provider,
  since: string | null,
  count: number,
  stop: AbortSignal,
  take: (page: readonly StatusReport[]) => Promise<void>,
): Promise<void> {
  if (!provider.capabilities.list_by_status || since === null || count < WORTH_A_LIST) return;
  const from = new Date(Date.parse(since) - OVERLAP_MS).toISOString();
  let cursor: string | undefined;
  for (let page = 0; page < Math.ceil(count / QUESTIONS_A_PAGE) && !stop.aborted; page += 1) {
    const answer = await provider.list(
      { from, ...(cursor === undefined ? {} : { cursor }) },
      () => !stop.aborted,
    );
    if (!answer.ok) return;
    await take(answer.value.reports);
    cursor = answer.value.next_cursor ?? undefined;
    if (cursor === undefined) return;
  }
}
