import { dayIn } from '../../domain/calendar-day.ts';
import { PayrunError } from '../../domain/errors.ts';
import { type AuditFilter, type AuditRow, listAuditEvents } from '../../store/audit-log.ts';
import type { Database } from '../../store/database.ts';
import {
  type Context,
  type Data,
  flag,
  type Input,
  type Json,
  type Outcome,
  text,
  type Verb,
} from '../command.ts';
import { dayFlag, limitFlag } from '../ledger/flags.ts';

const DEFAULT_LIMIT = 1000;
const PAGE = 1000;
const DAY_MS = 86_400_000;

export const verb: Verb = {
  name: 'audit log',
  summary: 'List decisions, with who and when',
  effect: 'reads',
  options: [
    { flags: '--subject <name>', description: 'only about this batch, payout, beneficiary, entry …' },
    { flags: '--kind <noun>', description: 'only about this kind of subject, such as batch' },
    { flags: '--actor <name>', description: 'only by this person, as named with --as or as OS user' },
    { flags: '--since <day>', description: 'on this day or later, in the ledger’s time zone' },
    { flags: '--until <day>', description: 'on this day or earlier' },
    {
      flags: '--limit <n>',
      description: 'at most so many (default: 1000 in table and json, all in ndjson and csv)',
    },
    { flags: '--after <id>', description: 'go on behind this one: `next` of the page before' },
    { flags: '--reverse', description: 'newest first' },
  ],
  examples: [
    'payrun audit log --reverse --limit 5',
    'payrun audit log --since 2026-11-20',
    'payrun audit log --subject salary-nov --json',
  ],
  columns: ['id', 'at', 'actor', 'os_user', 'host', 'action', 'subject_kind', 'subject', 'details'],
  run,
};

async function run(context: Context, input: Input): Promise<Outcome> {
  const { time_zone } = (await context.config()).ledger;
  const since = await dayFlag(context, input, 'since');
  const until = await dayFlag(context, input, 'until');
  const filter: AuditFilter = {
    subject: text(input, 'subject') ?? null,
    subject_kind: text(input, 'kind') ?? null,
    actor: text(input, 'actor') ?? null,
    since: since && startOfDay(time_zone, since, 0),
    until: until && startOfDay(time_zone, until, 1),
    after: afterOf(text(input, 'after')),
    reverse: flag(input, 'reverse'),
    limit: PAGE,
  };
  const database = await context.ledger();
  const given = limitFlag(input);
  const { format } = context.flags;
  if (given === null && (format === 'ndjson' || format === 'csv')) {
    return { data: { items: [], next: null }, stream: everyEvent(database, filter) };
  }
  const limit = given ?? DEFAULT_LIMIT;
  const rows = await listAuditEvents(database, { ...filter, limit: limit + 1 });
  const shown = rows.slice(0, limit);
  const next = rows.length > limit ? (shown.at(-1)?.id.toString() ?? null) : null;
  const items = shown.map(itemOf);
  const columns = ['id', 'at', 'actor', 'action', 'subject_kind', 'subject', 'details'].map((key) => ({
    key,
    spare: key === 'subject_kind',
  }));
  return {
    data: { items, next },
    view: items.length === 0 ? ['Nothing to list.'] : [{ columns, rows: items }],
    ...(next === null ? {} : { next: `There are more: add --after ${next}.` }),
  };
}

async function* everyEvent(database: Database, from: AuditFilter): AsyncGenerator<Data> {
  let filter = from;
  for (;;) {
    const rows = await listAuditEvents(database, filter);
    yield* rows.map(itemOf);
    const last = rows.at(-1);
    if (last === undefined || rows.length < filter.limit) return;
    filter = { ...filter, after: last.id };
  }
}

function itemOf(row: AuditRow): Data {
  return { ...row, id: Number(row.id), details: detailsOf(row.details) };
}

/** What someone wrote into the column from outside is shown as it stands; `audit verify` is what tells of it. */
function detailsOf(stored: string): Json {
  try {
    return JSON.parse(stored) as Json;
  } catch {
    return stored;
  }
}

function afterOf(written: string | undefined): bigint | null {
  if (written === undefined) return null;
  if (/^\d{1,18}$/.test(written)) return BigInt(written);
  throw new PayrunError(
    'usage',
    'option_invalid',
    `--after is "${written}"; give it the \`next\` of the page before.`,
  );
}

/** The first instant of a day, or of the one `later` days on, in a time zone: found by halving the two days around it. */
function startOfDay(timeZone: string, day: string, later: number): string {
  const noon = Date.parse(`${day}T12:00:00.000Z`) + later * DAY_MS;
  const wanted = new Date(noon).toISOString().slice(0, 10);
  let before = noon - 1.5 * DAY_MS;
  let within = noon + 1.5 * DAY_MS;
  while (within - before > 1) {
    const middle = Math.floor((before + within) / 2);
    if (dayIn(timeZone, new Date(middle).toISOString()) >= wanted) within = middle;
    else before = middle;
  }
  return new Date(within).toISOString();
}
