import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { RowError } from '../../../src/domain/errors.ts';
import { type Office, openOffice } from './office.ts';

const HEADER = 'beneficiary_ref,name,account_number,ifsc,vpa,bank_name,account_type,email,phone';
const ACME =
  'acme,Acme Supplies,123456789012,HDFC0000001,,HDFC Bank,current,pay@acme.example.com,+91 98000 12345';
const RIYA = 'riya,Riya Sharma,,,riya.sharma@okbank,,,,';

function file(...rows: string[]): string {
  return `${[HEADER, ...rows].join('\n')}\n`;
}

async function imported(office: Office, content: string | Uint8Array, ...flags: string[]) {
  return office.payrun('beneficiary', 'import', office.write('b.csv', content), '--json', ...flags);
}

function codes(rows: readonly RowError[]): string[] {
  return rows.map((row) => `${row.line} ${row.column} ${row.code}`);
}

describe('beneficiary import', () => {
  test('takes in a file and says what was new', async () => {
    const office = await openOffice();
    const ran = await imported(office, file(ACME, RIYA));
    expect(ran.exit).toBe(0);
    expect(ran.json()).toMatchObject({
      schema: 'payrun/beneficiary.import/v1',
      data: { file: 'b.csv', rows: 2, created: 2, changed: 0, unchanged: 0 },
      warnings: [],
    });
  });

  test('the same rows again change nothing, in any order and with other line ends', async () => {
    const office = await openOffice();
    await imported(office, file(ACME, RIYA));
    const before = (await office.payrun('beneficiary', 'list', '--json')).json().data;
    const ran = await imported(office, `\ufeff${file(RIYA, ACME).replaceAll('\n', '\r\n')}`);
    expect(ran.json().data).toMatchObject({ rows: 2, created: 0, changed: 0, unchanged: 2 });
    expect((await office.payrun('beneficiary', 'list', '--json')).json().data).toEqual(before);
  });

  test('comes from standard input too', async () => {
    const office = await openOffice();
    const { runPayrun } = await import('../run-payrun.ts');
    const ran = await runPayrun(['beneficiary', 'import', '-', '--json'], {
      cwd: office.folder,
      stdin: file(ACME),
    });
    expect(ran.json().data).toMatchObject({ file: 'stdin', created: 1 });
  });

  test('all bad rows are reported at once, and nothing is imported', async () => {
    const office = await openOffice();
    const ran = await imported(
      office,
      file(
        ACME,
        'a b,X,123456789012,HDFC0000001,,,,,',
        'ok-1,=cmd(),1.23457E+15,hdfc0000001,,,,,',
        'ACME,Acme Again,123456789013,HDFC0000001,,,,,',
        'short,Row',
        'both,Both,123456789012,HDFC0000001,x.y@bank,,,,',
      ),
    );
    expect(ran.exit).toBe(4);
    expect(ran.json().error.code).toBe('file_refused');
    expect(codes(ran.json().error.rows)).toEqual([
      '3 beneficiary_ref reference_invalid',
      '4 name text_forbidden',
      '4 account_number account_number_damaged',
      '4 ifsc ifsc_invalid',
      '5 beneficiary_ref reference_duplicate',
      '6 null row_ragged',
      '7 vpa destination_ambiguous',
    ]);
    expect((await office.payrun('beneficiary', 'list', '--json')).json().data).toEqual({
      items: [],
      next: null,
    });
  });

  test('a value that looks like an IFSC is repeated with what is wrong in it', async () => {
    const wrong = ['HDFC000060', 'HDFCO000060', '123456789014'];
    const rows = wrong.map((ifsc) => `r,R S,123456789012,${ifsc},,,,,`);
    const ran = await imported(await openOffice(), file(...rows));
    const said = ran.json().error.rows.map((row) => row.message);
    expect(said[0]).toBe('"HDFC000060" has 10 characters; an IFSC has eleven, such as HDFC0000001.');
    expect(said[1]).toContain('"HDFCO000060" has a letter O where the fifth');
    expect(said.join()).not.toContain('123456789014');
  });

  test('errors show private values masked', async () => {
    const office = await openOffice();
    const ran = await imported(
      office,
      file('a,A B,9988 7766 5544 3322,HDFC0000001,,,,,', 'b,B C,123456789,998877665544,,,,,'),
    );
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows.map((row) => row.value)).toEqual(['••••3322', '••••5544']);
    expect(ran.stdout).not.toMatch(/9988 ?7766/);
  });

  test('a file that is missing, or a folder, is wrong usage', async () => {
    const office = await openOffice();
    for (const path of ['nothing.csv', '.']) {
      const ran = await office.payrun('beneficiary', 'import', path, '--json');
      expect([ran.exit, ran.json().error.code]).toEqual([2, 'file_missing']);
    }
  });

  test('a branch that nobody knows, and rounded account numbers, are warnings', async () => {
    const office = await openOffice();
    const rows = Array.from(
      { length: 30 },
      (_, index) => `b${index},Name ${index},12345678901234${index % 3}0,HDFC0ZZZZZZ,,,,,`,
    );
    const ran = await imported(office, file(...rows));
    expect(ran.exit).toBe(0);
    const found = ran.json().warnings.map((each) => each.code);
    expect(found.filter((code) => code === 'ifsc_unknown')).toHaveLength(21);
    expect(found).toContain('account_numbers_rounded');
  });

  test('another name is a change; it asks no permission and keeps the registration', async () => {
    const office = await openOffice();
    await imported(office, file(ACME));
    await register(office, 'acme');
    const ran = await imported(office, file(ACME.replace('Acme Supplies', 'Acme Supplies Ltd')));
    expect(ran.json().data).toMatchObject({ created: 0, changed: 1, unchanged: 0 });
    const shown = (await office.payrun('beneficiary', 'show', 'acme', '--json')).json().data;
    expect(shown).toMatchObject({
      name: 'Acme Supplies Ltd',
      registrations: [{ status: 'verified', name_matches: false }],
    });
  });

  test('a dry run tells the same and keeps nothing', async () => {
    const office = await openOffice();
    const ran = await imported(office, file(ACME), '-n');
    expect(ran.json().data).toMatchObject({ created: 1 });
    expect((await office.payrun('beneficiary', 'list', '--json')).json().data).toEqual({
      items: [],
      next: null,
    });
  });
});

describe('a change of bank details', () => {
  const MOVED = ACME.replace('123456789012', '999988887777');

  test.each([
    ['the account', MOVED],
    ['the IFSC', ACME.replace('HDFC0000001', 'SBIN0008752')],
    ['to a VPA', 'acme,Acme Supplies,,,acme.pay@okbank,,,,'],
  ])('of %s is refused without permission, and the other rows with it', async (_name, row) => {
    const office = await openOffice();
    await imported(office, file(ACME));
    const ran = await imported(office, file(RIYA, row));
    expect(ran.exit).toBe(4);
    expect(ran.json().error.rows).toMatchObject([{ line: 3, code: 'beneficiary_changed' }]);
    expect(ran.stdout).not.toContain('999988887777');
    const { items } = (await office.payrun('beneficiary', 'list', '--json')).json<{ items: object[] }>().data;
    expect(items).toHaveLength(1);
  });

  test('with permission is taken, verified anew, audited, and voids approvals of what is still to be sent', async () => {
    const office = await openOffice();
    await imported(office, file(ACME, RIYA));
    await register(office, 'acme');
    await plantBatches(office);
    const ran = await imported(office, file(MOVED, RIYA), '--allow-changes');
    expect(ran.exit).toBe(0);
    expect(ran.json().data).toMatchObject({ rows: 2, created: 0, changed: 1, unchanged: 1 });
    const shown = (await office.payrun('beneficiary', 'show', 'acme', '--json')).json().data;
    expect(shown).toMatchObject({ account: '••••7777', registrations: [] });
    await office.ledger(async (database) => {
      const voided = await database.all(
        'select b.name, a.void_reason is not null as voided from approvals a join batches b on b.id = a.batch_id order by b.name',
      );
      expect(voided).toEqual([
        { name: 'b-open', voided: 1n },
        { name: 'b-other', voided: 0n },
        { name: 'b-sent', voided: 0n },
      ]);
      const states = await database.all('select reference_id, state from payouts order by reference_id');
      expect(states).toEqual([
        { reference_id: 'open-1', state: 'draft' },
        { reference_id: 'open-2', state: 'draft' },
        { reference_id: 'other-1', state: 'approved' },
        { reference_id: 'sent-1', state: 'pending' },
        { reference_id: 'sent-2', state: 'approved' },
      ]);
      const [event] = await database.all<{ action: string; subject: string; actor: string; details: string }>(
        'select action, subject, actor, details from audit_events order by id desc',
      );
      expect(event).toMatchObject({
        action: 'beneficiary_details_changed',
        subject: 'acme',
        actor: 'tester',
      });
      expect(JSON.parse(event?.details ?? '')).toMatchObject({
        account_before: '••••9012',
        account_after: '••••7777',
        approvals_voided: ['b-open'],
      });
      expect(await database.all("select kind from chain where kind = 'audit'")).toHaveLength(3);
    });
  });
});

describe('what is shown', () => {
  test('is masked, and revealed only for a reason that is kept', async () => {
    const office = await openOffice();
    await imported(office, file(ACME, RIYA));
    const masked = await office.payrun('beneficiary', 'list', '--json');
    expect(masked.json<{ items: object[] }>().data.items).toMatchObject([
      {
        beneficiary_ref: 'acme',
        account: '••••9012',
        email: '••••@acme.example.com',
        phone: '••••2345',
        ifsc: 'HDFC0000001',
      },
      { beneficiary_ref: 'riya', account: '••••ma@okbank', destination_kind: 'vpa', email: null },
    ]);
    const silent = await office.payrun('beneficiary', 'show', 'acme', '--reveal', '--json');
    expect([silent.exit, silent.json().error.code]).toEqual([2, 'reason_missing']);
    expect(silent.stdout).not.toContain('123456789012');
    const revealed = await office.payrun(
      'beneficiary',
      'show',
      'ACME',
      '--reveal',
      '--reason',
      'bank asks',
      '--json',
    );
    expect(revealed.json().data).toMatchObject({
      account: '123456789012',
      email: 'pay@acme.example.com',
      phone: '+91 98000 12345',
    });
    await office.ledger(async (database) => {
      const events = await database.all<{ action: string; details: string }>(
        'select action, details from audit_events order by id desc',
      );
      expect(events.map(({ action }) => action)).toEqual(['beneficiary_revealed', 'beneficiaries_imported']);
      expect(events[0]?.details).toContain('bank asks');
    });
  });

  test('comes in pages in the order of references', async () => {
    const office = await openOffice();
    await imported(
      office,
      file(...['c', 'B', 'a', 'd'].map((ref) => `${ref},Name ${ref},,,${ref}${ref}@okbank,,,,`)),
    );
    const first = (await office.payrun('beneficiary', 'list', '--limit', '3', '--json')).json<{
      items: { beneficiary_ref: string }[];
      next: string;
    }>();
    expect(first.data.items.map((item) => item.beneficiary_ref)).toEqual(['a', 'B', 'c']);
    const second = (await office.payrun('beneficiary', 'list', '--after', first.data.next, '--json')).json<{
      items: object[];
      next: null;
    }>();
    expect(second.data).toMatchObject({ items: [{ beneficiary_ref: 'd' }], next: null });
    const all = await office.payrun('beneficiary', 'list', '--format', 'ndjson');
    expect(all.lines<{ beneficiary_ref: string }>().map((item) => item.beneficiary_ref)).toEqual([
      'a',
      'B',
      'c',
      'd',
    ]);
  });

  test('of an unknown reference is an error', async () => {
    const office = await openOffice();
    const ran = await office.payrun('beneficiary', 'show', 'nobody', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([1, 'beneficiary_unknown']);
  });
});

test('no private value is in any byte of the folder or of the output', async () => {
  const office = await openOffice();
  const canaries = Array.from({ length: 200 }, (_, index) => `77001${String(index * 7919).padStart(7, '0')}`);
  const rows = canaries.map((canary, index) =>
    index % 2 === 0
      ? `ref${index},Name ${index},${canary},HDFC0000001,,,,c${canary}@example.com,+91${canary}`
      : `ref${index},Name ${index},,,v${canary}@okbank,,,,`,
  );
  const { runPayrun } = await import('../run-payrun.ts');
  let output = '';
  const haystacks = new Map<string, Buffer>();
  // A connection that stays open keeps the write-ahead log from being folded away.
  await office.ledger(async (database) => {
    await database.all('select 1 as one from beneficiaries');
    // From standard input, so that no file of ours holds the values.
    for (const stdin of [file(...rows), file(...rows.map((row) => row.replace(/,77001/, ',88002')))]) {
      for (const flags of [[], ['--allow-changes']]) {
        const ran = await runPayrun(['beneficiary', 'import', '-', ...flags], { cwd: office.folder, stdin });
        output += ran.stdout + ran.stderr;
      }
    }
    for (const format of ['table', 'json', 'ndjson', 'csv']) {
      const ran = await office.payrun('beneficiary', 'list', '--format', format);
      output += ran.stdout + ran.stderr;
    }
    for (const name of readdirSync(office.folder))
      haystacks.set(name, readFileSync(join(office.folder, name)));
  });
  haystacks.set('output', Buffer.from(output));
  expect([...haystacks.keys()]).toEqual(expect.arrayContaining(['payrun.db', 'payrun.db-wal']));
  for (const [where, bytes] of haystacks) {
    for (const canary of canaries) {
      for (const form of [canary, canary.replace('77001', '88002')]) {
        const spellings = [
          form,
          Buffer.from(form).toString('hex'),
          Buffer.from(form).toString('base64').slice(0, 14),
        ];
        for (const spelling of spellings)
          if (bytes.includes(spelling)) expect.fail(`${spelling} stands in ${where}`);
      }
    }
  }
  // The search can find: a masked end is there.
  expect(output).toContain(`••••${canaries[2]?.slice(-4)}`);
});

async function register(office: Office, ref: string): Promise<void> {
  await office.ledger((database) =>
    database.transaction(async (tx) => {
      await tx.run(
        `insert into registrations (beneficiary_id, provider, provider_beneficiary_id, fingerprint, status, registered_name, registered_at, checked_at)
         select id, 'nxt', 'ben_1', fingerprint, 'verified', 'ACME SUPPLIES', created_at, created_at from beneficiaries where beneficiary_ref = :ref`,
        { ref },
      );
    }),
  );
}

/** Approved batches: one with rows still to be sent to acme, one that only pays riya, one whose row to acme was sent. */
async function plantBatches(office: Office): Promise<void> {
  const now = '2026-11-21T00:00:00.000Z';
  const batches = [
    {
      name: 'b-open',
      rows: [
        ['open-1', 'acme', 'approved'],
        ['open-2', 'riya', 'approved'],
      ],
    },
    { name: 'b-other', rows: [['other-1', 'riya', 'approved']] },
    {
      name: 'b-sent',
      rows: [
        ['sent-1', 'acme', 'pending'],
        ['sent-2', 'riya', 'approved'],
      ],
    },
  ];
  await office.ledger((database) =>
    database.transaction(async (tx) => {
      for (const [index, batch] of batches.entries()) {
        const batchId = BigInt(index + 1);
        await tx.run(
          `insert into batches (id, name, provider, currency, row_count, amount_minor, digest, file_name, file_sha256, content_sha256, account, imported_at, imported_by)
           values (:id, :name, 'nxt', 'INR', 1, 100, 'd', 'f', 'f', :name, 'expenses:payouts', :now, 'x')`,
          { id: batchId, name: batch.name, now },
        );
        await tx.run(
          `insert into approvals (batch_id, digest, row_count, amount_minor, actor, os_user, host, approved_at)
           values (:id, 'd', 1, 100, 'x', 'x', 'x', :now)`,
          { id: batchId, now },
        );
        for (const [reference, ref, state] of batch.rows) {
          await tx.run(
            `insert into payouts (reference_id, batch_id, row_no, line_no, beneficiary_id, amount_minor, currency, rail, account, provider, state, position, attempt_no, created_at, updated_at)
             select :reference, :batch, 1, 2, id, 100, 'INR', 'IMPS', 'expenses:payouts', 'nxt', :state, :position, :attempt, :now, :now
             from beneficiaries where beneficiary_ref = :ref`,
            {
              reference: reference ?? '',
              batch: batchId,
              ref: ref ?? '',
              state: state ?? '',
              position: state === 'pending' ? 'in_transit' : 'available',
              attempt: state === 'pending' ? 1 : 0,
              now,
            },
          );
        }
      }
    }),
  );
}
