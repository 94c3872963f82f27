import { describe, expect, test } from 'vitest';
import { PAYOUT_COLUMNS } from '../../../src/cli/payout/item.ts';
import { openTill, type Till } from '../batch/till.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';

interface Listed {
  items: { reference_id: string; account: string; state: string }[];
  next: string | null;
}

async function seeded(): Promise<Till> {
  const till = await openTill();
  const rows = (count: number) =>
    `beneficiary_ref,amount\n${Array.from({ length: count }, (_, index) => `${['asha', 'bina', 'devi'][index % 3]},${index + 1}`).join('\n')}\n`;
  await till.importBatch('one', rows(5));
  await till.importBatch('two', rows(4));
  await till.payrun('batch', 'approve', 'two');
  await till.office.ledger((database) =>
    database.transaction(async (tx) => {
      await tx.run(
        `update payouts set state = 'paid', position = 'paid', attempt_no = 1, provider_id = 'po_1', utr = 'UTR0001',
           fee_minor = 350, tax_minor = 0, paid_at = '2026-11-20T10:00:00+05:30', created_at = '2026-11-19T18:30:00.000Z',
           updated_at = '2026-11-19T18:30:00.000Z'
         where reference_id = 'one-000001'`,
      );
    }),
  );
  return till;
}

async function references(till: Till, ...args: string[]): Promise<string[]> {
  const ran = await till.payrun('payout', 'list', ...args, '--json');
  expect(ran.exit, ran.stdout).toBe(0);
  await expectMatchesSchema('payout list', ran.json());
  return ran.json<Listed>().data.items.map((item) => item.reference_id);
}

describe('payout list', () => {
  test('an item has exactly the fields of the contract, in their order', async () => {
    const till = await seeded();
    const ran = await till.payrun('payout', 'list', '--state', 'paid', '--json');
    const [item] = ran.json<Listed>().data.items;
    expect(Object.keys(item ?? {})).toEqual(PAYOUT_COLUMNS);
    expect(item).toMatchObject({
      reference_id: 'one-000001',
      batch: 'one',
      row: 1,
      account: '••••1111',
      amount: '1.00',
      fee: '3.50',
      tax: '0.00',
      attempts: 1,
      paid_at: '2026-11-20T04:30:00.000Z',
      submitted_at: null,
    });
  });

  test('pages follow each other without a gap, and the last has no next', async () => {
    const till = await seeded();
    const all = await references(till);
    expect(all).toHaveLength(9);
    const seen: string[] = [];
    let after: string | null = '0';
    while (after !== null) {
      const { data }: { data: Listed } = (
        await till.payrun('payout', 'list', '--limit', '4', '--after', after, '--json')
      ).json<Listed>();
      seen.push(...data.items.map((item) => item.reference_id));
      after = data.next;
    }
    expect(seen).toEqual(all);
  });

  test('filters narrow the list, each alone and together', async () => {
    const till = await seeded();
    expect(await references(till, '--batch', 'TWO')).toHaveLength(4);
    expect(await references(till, '--state', 'paid,approved')).toHaveLength(5);
    expect(await references(till, '--beneficiary', 'devi', '--batch', 'one')).toEqual(['one-000003']);
    expect(await references(till, '--utr', 'utr 0001')).toEqual(['one-000001']);
    expect(await references(till, '--provider', 'other')).toEqual([]);
    expect(await references(till, '--older-than', '1h')).toEqual(['one-000001']);
    // 18:30 UTC is the first instant of the next day in India.
    expect(await references(till, '--since', '2026-11-20', '--until', '2026-11-20')).toEqual(['one-000001']);
    expect(await references(till, '--until', '2026-11-19')).toEqual([]);
  });

  test('csv and ndjson list everything, with a header also where there is nothing', async () => {
    const till = await seeded();
    const csv = await till.payrun('payout', 'list', '--format', 'csv');
    expect(csv.stdout.trimEnd().split('\n')).toHaveLength(10);
    expect((await till.payrun('payout', 'list', '--format', 'ndjson')).lines()).toHaveLength(9);
    const none = await till.payrun('payout', 'list', '--format', 'csv', '--state', 'returned');
    expect(none.stdout).toBe(`${PAYOUT_COLUMNS.join(',')}\n`);
  });

  test('words that mean nothing are refused with what to write', async () => {
    const till = await seeded();
    for (const args of [
      ['--state', 'payed'],
      ['--since', '2026-02-30'],
      ['--older-than', 'ten'],
      ['--limit', '0'],
      ['--after', 'x'],
    ]) {
      const ran = await till.payrun('payout', 'list', ...args, '--json');
      expect([ran.exit, ran.json().error.code]).toEqual([2, 'option_invalid']);
    }
  });

  test('full accounts are shown only with a reason, which is in the audit log before they are', async () => {
    const till = await seeded();
    const refused = await till.payrun('payout', 'list', '--reveal', '--json');
    expect([refused.exit, refused.json().error.code]).toEqual([2, 'reason_missing']);
    const ran = await till.payrun(
      'payout',
      'show',
      'one-000001',
      '--reveal',
      '--reason',
      'bank asks',
      '--json',
    );
    expect(ran.json().data.account).toBe('100000011111');
    const log = await till.office.ledger((database) =>
      database.all<{ subject: string; details: string }>(
        "select subject, details from audit_events where action = 'beneficiary_revealed'",
      ),
    );
    expect(log).toMatchObject([{ subject: 'asha', details: expect.stringContaining('bank asks') }]);
    const csv = await till.payrun('payout', 'list', '--reveal', '--reason', 'audit', '--format', 'csv');
    expect(csv.stdout).toContain('devi9@okbank');
  });
});

describe('payout show', () => {
  test('finds a payout whatever the case, and says what was meant where there is none', async () => {
    const till = await seeded();
    const ran = await till.payrun('payout', 'show', 'ONE-000001', '--json');
    await expectMatchesSchema('payout show', ran.json());
    expect(ran.json().data.reference_id).toBe('one-000001');
    const slip = await till.payrun('payout', 'show', 'one-00001', '--json');
    expect(slip.exit).toBe(1);
    expect(slip.json().error).toMatchObject({
      code: 'payout_unknown',
      hint: expect.stringContaining('one-0000'),
    });
    const other = await till.payrun('payout', 'show', 'po_1', '--json');
    expect(other.json().error.hint).toContain('one-000001');
  });

  test('the living payout of a reference is shown, not the cancelled one before it', async () => {
    const till = await openTill();
    await till.importBatch('nov', 'beneficiary_ref,amount\nasha,1\n');
    await till.payrun('batch', 'cancel', 'nov');
    expect((await till.payrun('payout', 'show', 'nov-000001', '--json')).json().data.state).toBe('cancelled');
    await till.importBatch('nov', 'beneficiary_ref,amount\nasha,2\n');
    expect((await till.payrun('payout', 'show', 'nov-000001', '--json')).json().data).toMatchObject({
      state: 'draft',
      amount: '2.00',
    });
  });
});
