/**
 * Takes in events from a file that a person brings: what a provider's dashboard shows, or a receiver that was not
 * payrun has kept. No signature vouches for them, so the person does, in the audit log; and as events are no more than
 * reasons to ask, nothing is booked but what the provider itself answers.
 */
import type { RowError } from '../domain/errors.ts';
import type { ProviderEvent, WebhookFormat } from '../providers/webhook-format.ts';
import { excerpt, fileRefused } from '../statements/read-csv.ts';
import { recordAudit } from '../store/audit.ts';
import type { Transaction } from '../store/database.ts';
import { openWebhooks, type StoredWebhook, storeWebhook } from '../store/webhooks.ts';
import type { Asking } from './apply-answers.ts';
import { applyWebhooks, type LeftWebhook, type SettledWebhook } from './apply-webhooks.ts';
import { digestOf, newWebhook } from './receive-webhook.ts';
import type { Stopped } from './submission.ts';

export interface WebhookFile {
  name: string;
  bytes: Uint8Array;
}

export interface AppliedWebhooks {
  events: number;
  /** Something became of the payout: another state, or a fee or UTR that was not known. */
  applied: number;
  unchanged: number;
  /** No payout of ours answers to their names. */
  unknown: number;
  /** Stored and not settled: the provider could not tell yet. */
  left: number;
  /** Why, for each of those that were asked about. */
  reasons: LeftWebhook[];
  settled: SettledWebhook[];
  stopped: Stopped | null;
}

const GROUP = 64;
// A value is not read for a message: it may hold what nobody should see on a screen.
const SHOWN =
  ' A line is one event, a JSON object with event, payout_id, reference_id, status and timestamp.';

export async function applyWebhookFile(
  asking: Asking,
  format: WebhookFormat,
  file: WebhookFile,
): Promise<AppliedWebhooks> {
  const events = readEvents(format, file);
  const stored = await storeEvents(asking, file, events);
  const total: AppliedWebhooks = {
    events: events.length,
    applied: 0,
    unchanged: stored.filter((webhook) => webhook.state === 'applied').length,
    unknown: stored.filter((webhook) => webhook.state === 'unknown_reference').length,
    left: 0,
    reasons: [],
    settled: [],
    stopped: null,
  };
  const ids = stored.filter((webhook) => webhook.state === 'received').map((webhook) => webhook.id);
  for (let start = 0; start < ids.length; start += GROUP) {
    const group = ids.slice(start, start + GROUP);
    if (total.stopped !== null || asking.stop.aborted) {
      total.left += group.length;
      continue;
    }
    const open = await openWebhooks(asking.database, group);
    const round = await applyWebhooks(asking, open);
    total.settled.push(...round.settled);
    total.left += open.length - round.settled.length;
    total.reasons.push(...round.left);
    // Another process was faster with these.
    total.unchanged += group.length - open.length;
    total.stopped = round.stopped;
  }
  for (const { effect } of total.settled) {
    const changed = effect === 'moved' || effect === 'noted' || effect === 'held';
    if (changed) total.applied += 1;
    else total.unchanged += 1;
  }
  return total;
}

/** What the file would bring, with nothing stored and nobody asked. */
export async function rehearseWebhookFile(
  asking: Asking,
  format: WebhookFormat,
  file: WebhookFile,
): Promise<AppliedWebhooks> {
  const events = readEvents(format, file);
  const stored = await storeEvents(asking, file, events);
  const count = (state: StoredWebhook['state']) => stored.filter((webhook) => webhook.state === state).length;
  return {
    events: events.length,
    applied: 0,
    unchanged: count('applied'),
    unknown: count('unknown_reference'),
    left: count('received'),
    reasons: [],
    settled: [],
    stopped: null,
  };
}

interface FileEvent {
  sha256: string;
  event: ProviderEvent;
}

/** One event that fills the file, or one on each line; every line that is none is told of at once. */
function readEvents(format: WebhookFormat, file: WebhookFile): FileEvent[] {
  const text = decode(file);
  const whole = eventOf(format, text);
  if (whole) return [whole];
  const errors: RowError[] = [];
  const events: FileEvent[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const event = eventOf(format, line);
    if (event) events.push(event);
    else errors.push(notAnEvent(index + 1, line));
  }
  if (events.length === 0 && errors.length === 0) {
    const message = `The file is empty.${SHOWN}`;
    errors.push({ line: 1, column: null, code: 'file_empty', message, value: null });
  }
  if (errors.length > 0) throw fileRefused(file.name, errors);
  return events;
}

function decode({ name, bytes }: WebhookFile): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    const message = 'The file has bytes that are not UTF-8.';
    throw fileRefused(name, [{ line: 1, column: null, code: 'encoding_invalid', message, value: null }]);
  }
}

/** Space around an event is not of it: a file that an editor has ended with a line break holds the same bytes. */
function eventOf(format: WebhookFormat, text: string): FileEvent | null {
  const bytes = new TextEncoder().encode(text.trim());
  const event = format.read(bytes);
  return event && { sha256: digestOf(bytes), event };
}

function notAnEvent(line: number, text: string): RowError {
  const what = isJson(text) ? 'This is JSON, but no event.' : 'This is not JSON.';
  return { line, column: null, code: 'event_invalid', message: `${what}${SHOWN}`, value: excerptOf(text) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function excerptOf(text: string): string {
  // Long runs of digits may be account numbers.
  return excerpt(text.trim().replace(/\d(?: ?\d){8,}/g, '…'));
}

/** The events and who brought them, in one transaction. */
async function storeEvents(
  asking: Asking,
  file: WebhookFile,
  events: readonly FileEvent[],
): Promise<StoredWebhook[]> {
  const at = asking.now();
  const provider = asking.provider.name;
  return asking.database.transaction(async (tx: Transaction) => {
    const stored: StoredWebhook[] = [];
    for (const { sha256, event } of events)
      stored.push(await storeWebhook(tx, newWebhook(provider, sha256, 'file', event, at)));
    await recordAudit(tx, {
      at,
      actor: asking.actor,
      action: 'webhooks_applied',
      subject_kind: 'webhook',
      subject: file.name,
      details: {
        provider,
        file_sha256: digestOf(file.bytes),
        events: events.length,
        new_events: stored.filter((webhook) => webhook.is_new).length,
      },
    });
    return stored;
  });
}
