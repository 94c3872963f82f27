import { beforeEach, describe, expect, test } from 'vitest';
import { recordAudit } from '../../../src/store/audit.ts';
import { type Office, openOffice } from '../beneficiary/office.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

interface Log {
  items: { id: number; at: string; subject: string }[];
  next: string | null;
}

// Asia/Kolkata is 5 h 30 min ahead: the day of the first is 20 November there, of the second 21 November.
const EVENTS = [
  ['2026-11-20T18:29:59.999Z', 'batch', 'salary-nov'],
  ['2026-11-20T18:30:00.000Z', 'batch', 'salary-nov'],
  ['2026-11-21T10:00:00.000Z', 'payout', 'salary-nov-000001'],
  ['2026-11-22T10:00:00.000Z', 'batch', 'bonus'],
] as const;

let office: Office;
beforeEach(async () => {
  office = await openOffice();
  await office.ledger(async (database) => {
    for (const [at, subject_kind, subject] of EVENTS) {
      const actor = { name: 'anna', os_user: 'a.rao', host: 'desk-7' };
      await database.transaction((tx) =>
        recordAudit(tx, {
          at,
          actor,
          action: 'batch_approved',
          subject_kind,
          subject,
          details: { rows: 3, by_row: null },
        }),
      );
    }
  });
});

/** Without what `payrun init` may have recorded. */
async function log(...args: string[]): Promise<Log> {
  const ran = await office.payrun('audit', 'log', '--json', '--until', '2026-11-30', ...args);
  expect(ran.exit).toBe(0);
  await expectMatchesSchema('audit log', ran.json());
  return ran.json<Log>().data;
}
const times = (data: Log) => data.items.map((item) => item.at);

describe('audit log', () => {
  test('newest first with --reverse, page by page', async () => {
    const first = await log('--reverse', '--limit', '3');
    expect(times(first)).toEqual([EVENTS[3][0], EVENTS[2][0], EVENTS[1][0]]);
    expect(times(await log('--reverse', '--after', String(first.next)))).toEqual([EVENTS[0][0]]);
    const rows = await office.payrun(
      'audit',
      'log',
      '--reverse',
      '--until',
      '2026-11-30',
      '--format',
      'ndjson',
    );
    expect(rows.lines<{ at: string }>().map(({ at }) => at)).toEqual(times(await log()).reverse());
  });

  test('tells who decided what, oldest first', async () => {
    const { items } = await log();
    expect(items).toHaveLength(4);
    expect(items[0]).toMatchObject({
      at: EVENTS[0][0],
      actor: 'anna',
      os_user: 'a.rao',
      host: 'desk-7',
      action: 'batch_approved',
      subject_kind: 'batch',
      subject: 'salary-nov',
      details: { rows: 3, by_row: null },
    });
  });

  test('takes days in the ledger’s time zone', async () => {
    expect(times(await log('--since', '2026-11-21'))).toEqual(EVENTS.slice(1).map(([at]) => at));
    expect(
      times(
        (
          await office.payrun('audit', 'log', '--json', '--since', '2026-11-21', '--until', '2026-11-21')
        ).json<Log>().data,
      ),
    ).toEqual([EVENTS[1][0], EVENTS[2][0]]);
  });

  test('is narrowed to a subject, a kind or a person', async () => {
    expect(times(await log('--subject', 'salary-nov'))).toEqual([EVENTS[0][0], EVENTS[1][0]]);
    expect(times(await log('--kind', 'payout'))).toEqual([EVENTS[2][0]]);
    expect((await log('--actor', 'anna')).items).toHaveLength(4);
    expect((await log('--actor', 'a.rao', '--kind', 'batch')).items).toHaveLength(3);
    expect(await log('--actor', 'bert')).toEqual({ items: [], next: null });
    expect(await log('--subject', 'nobody')).toEqual({ items: [], next: null });
  });

  test('goes on behind the last of a page, and has no page in csv', async () => {
    const seen: string[] = [];
    for (let next: string | null = '0'; next !== null; ) {
      const page: Log = await log('--limit', '1', '--after', next);
      seen.push(...times(page));
      next = page.next;
    }
    expect(seen).toEqual(EVENTS.map(([at]) => at));
    const csv = await office.payrun('audit', 'log', '--format', 'csv', '--subject', 'bonus');
    expect(csv.stdout).toContain(',batch_approved,batch,bonus,"{""rows"":3,""by_row"":null}"\n');
  });
});
