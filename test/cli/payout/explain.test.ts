import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { postEntries } from '../../../src/store/ledger.ts';
import { reportRow, seeded } from '../../operations/seed-payouts.ts';
import { moveEntries } from '../../store/ledger-rows.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { createDesk } from '../reconcile/desk.ts';

const desk = createDesk();

interface Explained {
  items: {
    at: string;
    kind: string;
    actor: string | null;
    what: string;
    details: string | null;
    seq: number | null;
    hash: string | null;
  }[];
  chain: { length: number; head: string };
}

async function explained(reference: string): Promise<Explained> {
  const ran = await desk.payrun('payout', 'explain', reference, '--json');
  expect(ran.exit, ran.stdout).toBe(0);
  await expectMatchesSchema('payout explain', ran.json());
  return ran.json<Explained>().data;
}

async function audit(...args: string[]) {
  return (await desk.payrun('audit', ...args, '--json')).json<{ head: string }>().data;
}

/** A payout whose fee differs by 6.49 on the statement of Friday, explained by a person an hour later. */
async function disputed(): Promise<void> {
  const one = seeded(1);
  await desk.seed(one);
  desk.write('report.csv', [reportRow(one, { fee: '9.99' })]);
  await desk.reconcile('report.csv');
  desk.now = '2026-11-20T07:00:00.000Z';
  const [found] = await desk.breaks();
  const resolved = await desk.payrun(
    ...['break', 'resolve', String(found?.break), '--reason', 'fee_agreed', '--note', 'the tier of October'],
  );
  expect(resolved.exit, resolved.stderr).toBe(0);
}

describe('payout explain', () => {
  test('has each change of a break when it was made, and by whom', async () => {
    await disputed();
    const breaks = (await explained('pay-000001')).items.filter(({ kind }) => kind === 'break');
    expect(breaks.map(({ at, actor, what }) => `${at} ${actor} ${what}`)).toEqual([
      '2026-11-20T06:00:00.000Z meera break 1, fee differs, opened',
      '2026-11-20T07:00:00.000Z meera break 1, fee differs, resolved as fee agreed',
    ]);
    expect(breaks[0]?.details).toMatch(/^ledger .*, statement .*9\.99/);
    expect(breaks[1]?.details).toContain('the tier of October');
  });

  test('names the place of each entry in the chain, and the head', async () => {
    await desk.seed(seeded(1));
    await desk.database.transaction((tx) => postEntries(tx, moveEntries(1, 'available', 'paid')));
    const { items, chain } = await explained('pay-000001');
    const entries = items.filter(({ kind }) => kind === 'entry');
    const links = await desk.database.all<{ seq: bigint }>(
      "select seq from chain where kind = 'entry' order by seq",
    );
    expect(entries.map(({ seq }) => seq)).toEqual(links.map(({ seq }) => Number(seq)));
    expect(chain).toEqual(await audit('head'));
    expect(entries.at(-1)?.hash).toBe(chain.head);
    const { stdout } = await desk.payrun('payout', 'explain', 'pay-000001');
    expect(stdout).toContain(`Head of the chain: ${chain.head} (${chain.length} links)`);
  });
});

describe('what was booked with the explanation of a break', () => {
  test('a fee that was given back is in the payout’s story and under its tags, and so is what takes it back', async () => {
    const one = seeded(1);
    await desk.seed(one);
    await desk.database.transaction((tx) =>
      tx.run("update payouts set tags = 'cost_centre=ops' where id = 1"),
    );
    desk.write('report.csv', [reportRow(one, { fee: '0.00', tax: '0.00' })]);
    await desk.reconcile('report.csv');
    const booked = ['break', 'resolve', '1', '--reason', 'fee_agreed', '--book', 'fee', '--json'];
    expect((await desk.payrun(...booked)).exit).toBe(0);
    const charged = async () =>
      (await desk.payrun('ledger', 'balances', '--tag', 'cost_centre=ops', '--json'))
        .json<{ items: { account: string; balance: string }[] }>()
        .data.items.map(({ account, balance }) => `${account} ${balance}`);
    expect(await charged()).toEqual([
      'assets:providers:nxt:available 4.13',
      'assets:tax-recoverable:nxt -0.63',
      'expenses:fees:nxt -3.50',
    ]);
    const told = async () =>
      (await explained('pay-000001')).items.filter(({ kind }) => kind === 'entry').map(({ what }) => what);
    expect(await told()).toEqual([expect.stringContaining('break booked')]);
    expect((await desk.payrun('break', 'reopen', '1', '--note', 'it was not')).exit).toBe(0);
    expect(await told()).toEqual([
      expect.stringContaining('break booked'),
      expect.stringContaining('reversed'),
    ]);
    expect((await charged()).filter((line) => !line.endsWith(' 0.00'))).toEqual([]);
    expect((await desk.payrun(...booked)).exit).toBe(0);
    expect(await told()).toHaveLength(3);
  });
});

describe('its page', () => {
  test('tells the same, runs nothing, and makes no markup of names and nothing turned of text', async () => {
    const hostile = '<script>alert(1)</script>\u202eb\u001b[2J';
    await disputed();
    await desk.database.transaction((tx) => tx.run('update beneficiaries set name = :hostile', { hostile }));
    // What reads statements refuses such text, and the database keeps lines as they were read.
    await desk.database.transaction((tx) => tx.run('drop trigger statement_lines_stay'));
    await desk.database.transaction((tx) =>
      tx.run('update statement_lines set utr = :hostile', { hostile: `<img src=x>${hostile}` }),
    );
    const ran = await desk.payrun('payout', 'explain', 'pay-000001', '--report', 'dispute.html');
    expect(ran.exit, ran.stderr).toBe(0);
    const page = readFileSync(join(desk.folder, 'dispute.html'), 'utf8');
    expect(page).toMatch(/default-src &#39;none&#39;|default-src 'none'/);
    expect(page).not.toMatch(/<script|<img|<link|\ssrc=(?!x)|[\u001b\u202e]/);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;\\u{202e}b\\u{1b}[2J');
    const { items, chain } = await explained('pay-000001');
    expect(page.match(/<td class="at">/g)).toHaveLength(items.length);
    expect(page).toContain('break 1, fee differs, resolved as fee agreed');
    expect(page).toContain(chain.head);
  });

  test('goes into a page and nowhere else', async () => {
    await desk.seed(seeded(1));
    for (const [file, code] of [
      ['dispute.xml', 'option_invalid'],
      ['dispute.pdf', 'option_invalid'],
      ['payrun.db', 'option_invalid'],
      ['gone/dispute.html', 'output_unwritable'],
    ] as const) {
      const ran = await desk.payrun('payout', 'explain', 'pay-000001', '--report', file, '--json');
      expect([file, ran.json().error.code]).toEqual([file, code]);
    }
    const unknown = await desk.payrun('payout', 'explain', 'nobody', '--report', 'none.html', '--json');
    expect(unknown.json().error.code).toBe('payout_unknown');
    expect(existsSync(join(desk.folder, 'none.html'))).toBe(false);
  });
});
