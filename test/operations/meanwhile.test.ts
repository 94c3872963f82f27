/** What happens to a submission while something else changes: the clock, the configuration, another command. */
import { createHash } from 'node:crypto';
import { copyFileSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CUT, type Faults, GO_ON } from '../../src/sandbox/faults.ts';
import { desk, HOUR_MS, isSend, refuse, SUBMIT } from './night-desk.ts';

test('what was not found is not sent again when its turn comes only after the window', async () => {
  let lost = true;
  let sends = 0;
  const office = await desk(['b-1,100', 'b-1,101'], {
    before: async ({ path }) => (lost && path.endsWith('/payouts') ? CUT : GO_ON),
    after: async (exchange) => {
      if (!isSend(exchange)) return GO_ON;
      sends += 1;
      // The first repeat of the two takes a day: a slow rail, or a machine that was asleep.
      office.pass(25 * HOUR_MS);
      return GO_ON;
    },
  });
  expect(await office.states(...SUBMIT)).toEqual({ unknown: 2 });
  lost = false;
  expect(await office.states(...SUBMIT)).toEqual({ paid: 1, unknown: 1 });
  expect(sends).toBe(1);
});

/** The same names each time, as two accounts at one company may share the names of beneficiaries. */
function repeatably(): (length: number) => Uint8Array {
  let count = 0;
  return (length) => {
    count += 1;
    return createHash('shake256', { outputLength: length }).update(String(count)).digest();
  };
}

test('nor is what was claimed a day ago sent for the first time: somebody else may have sent it since', async () => {
  let sends = 0;
  const office = await desk(['b-1,100', 'b-1,101'], {
    after: async (exchange) => {
      if (!isSend(exchange)) return GO_ON;
      sends += 1;
      office.pass(25 * HOUR_MS);
      return GO_ON;
    },
  });
  expect(await office.states(...SUBMIT)).toEqual({ approved: 1, paid: 1 });
  expect(sends).toBe(1);
});

test('nothing is sent again to a provider that does not know what it has accepted', async () => {
  let lost = false;
  const after: Faults['after'] = async ({ path }) => (lost && path.endsWith('/payouts') ? CUT : GO_ON);
  const office = await desk(['b-1,100', 'b-1,101'], { after }, { random: repeatably() });
  expect(await office.states('batch', 'submit', 'night', '--first', '1', '--yes', '--json')).toEqual({
    approved: 1,
    paid: 1,
  });
  lost = true;
  expect(await office.states(...SUBMIT)).toEqual({ paid: 1, unknown: 1 });
  const other = await desk(['b-1,77'], {}, { random: repeatably() });
  expect((await other.run('beneficiary', 'verify', 'b-1')).exit).toBe(0);
  lost = false;
  office.configure(other.sandbox.url);
  const astray = await office.run(...SUBMIT);
  expect([astray.exit, astray.json().warnings[0]]).toEqual([
    5,
    {
      code: 'provider_credentials',
      message: expect.stringContaining('Nxt does not know night-000001, which it has accepted as pay_'),
    },
  ]);
  expect(other.sandbox.stats().available_minor).toBe(other.sandbox.stats().opening_minor);
  office.configure(office.sandbox.url);
  expect(await office.states(...SUBMIT)).toEqual({ paid: 2 });
});

test('a question about what it has accepted is asked again where it is lost, or a server of many has not heard of it', async () => {
  let lost = false;
  const strange = [CUT, refuse(404, 'NOT_FOUND')];
  const office = await desk(['b-1,100', 'b-1,101'], {
    // The send is lost before it arrives, and so is every question by reference while it is.
    before: async ({ method, path }) => {
      if (path.endsWith('/payouts')) return lost ? CUT : GO_ON;
      return (method === 'GET' && path.includes('/payouts/') && strange.shift()) || GO_ON;
    },
  });
  await office.run('batch', 'submit', 'night', '--first', '1', '--yes');
  lost = true;
  expect(await office.states(...SUBMIT)).toEqual({ paid: 1, unknown: 1 });
  expect(strange).toHaveLength(2);
  lost = false;
  expect(await office.states(...SUBMIT)).toEqual({ paid: 2 });
  expect(strange).toHaveLength(0);
});

test('an answer to a send that contradicts what was heard meanwhile holds the payout', async () => {
  const office = await desk(['b-2,100'], {
    after: async (exchange, answer) => {
      if (!isSend(exchange)) return GO_ON;
      expect(await office.states('payout', 'sync', '--json')).toEqual({ failed: 1 });
      const body = JSON.stringify({ ...JSON.parse(String(answer.body)), status: 'SUCCESS' });
      return { act: 'answer', answer: { ...answer, body } };
    },
  });
  expect(await office.states(...SUBMIT)).toEqual({ held: 1 });
  const { stdout } = await office.run('payout', 'explain', 'night-000001');
  expect(stdout).toContain('the provider says SUCCESS, where the payout is failed');
});

test('a batch that is cancelled takes its begun retries with it; one asked for afterwards is sent', async () => {
  let funds = true;
  const office = await desk(['b-1,100', 'b-4,101', 'b-2,102'], {
    before: async (exchange) => (isSend(exchange) && !funds ? refuse(402, 'INSUFFICIENT_FUNDS') : GO_ON),
  });
  expect(await office.states(...SUBMIT)).toEqual({ failed: 2, paid: 1 });
  funds = false;
  const retry = (reference: string) => office.states('payout', 'retry', reference, '--yes', '--json');
  expect(await retry('night-000002')).toEqual({ approved: 1 });
  expect((await office.run('batch', 'cancel', 'night', '--json')).json().data).toMatchObject({
    cancelled: 1,
    states: { cancelled: 1, failed: 1, paid: 1 },
  });
  const { stdout } = await office.run('payout', 'explain', 'night-000002');
  expect(stdout).toContain('batch cancelled (tester)');
  expect(await retry('night-000003')).toEqual({ approved: 1 });
  funds = true;
  // The beneficiary's account is closed still, so that the new attempt fails like the one before.
  expect(await retry('night-000003')).toEqual({ failed: 1 });
  expect(await office.states(...SUBMIT)).toEqual({ cancelled: 1, failed: 1, paid: 1 });
  expect((await office.run('ledger', 'verify')).exit).toBe(0);
});

test('an attempt that is begun and not wanted any more can be cancelled alone', async () => {
  let funds = true;
  const office = await desk(['b-1,100', 'b-2,102'], {
    before: async (exchange) => (isSend(exchange) && !funds ? refuse(402, 'INSUFFICIENT_FUNDS') : GO_ON),
  });
  expect(await office.states(...SUBMIT)).toEqual({ failed: 1, paid: 1 });
  funds = false;
  await office.run('payout', 'retry', 'night-000002', '--yes');
  expect((await office.run('payout', 'cancel', 'night-000002')).exit).toBe(0);
  expect((await office.run('ledger', 'verify')).exit).toBe(0);
});

/** Twenty rows, the last two to b-3; when the first of them leaves, b-3 gets another account, known to the provider. */
async function changedWhileSending(first: 'unpaid' | 'failed') {
  let paying = false;
  const sent: string[] = [];
  const office = await desk(
    Array.from({ length: 20 }, (_, row) => `${row < 18 ? 'b-1' : 'b-3'},${100 + row}`),
    {
      before: async (exchange) => {
        if (!isSend(exchange)) return GO_ON;
        if (!paying)
          return first === 'unpaid' ? refuse(402, 'INSUFFICIENT_FUNDS') : refuse(422, 'LIMIT_EXCEEDED');
        sent.push(JSON.parse(exchange.body).reference_id);
        if (sent.length > 1) return GO_ON;
        office.write(
          'changed.csv',
          'beneficiary_ref,name,account_number,ifsc\nb-3,Mina Rao,509999999,HDFC0000001\n',
        );
        expect((await office.run('beneficiary', 'import', 'changed.csv', '--allow-changes')).exit).toBe(0);
        expect((await office.run('beneficiary', 'verify', 'b-3')).exit).toBe(0);
        return GO_ON;
      },
    },
    { more: '[approval]\nrequired = 1' },
  );
  const { digest } = (await office.run('batch', 'approve', 'night', '--as', 'meera', '--json')).json().data;
  const skipping = [...SUBMIT, '--on-low-balance', 'skip'];
  const before = await office.states(...skipping);
  expect(before).toEqual(first === 'unpaid' ? { approved: 20 } : { failed: 20 });
  paying = true;
  return { office, sent, skipping, digest };
}

test('an account that is changed while a batch is sent is not paid without a new approval', async () => {
  const { office, sent, skipping, digest } = await changedWhileSending('unpaid');
  const ran = (await office.run(...skipping)).json();
  expect(ran.data.states).toEqual({ draft: 20 - sent.length, paid: sent.length });
  expect(ran.warnings[0]?.code).toBe('approval_voided');
  expect(sent.filter((reference) => /0000(19|20)/.test(reference))).toEqual([]);
  expect((await office.run(...skipping)).json().error.code).toBe('approval_missing');
  expect((await office.run('ledger', 'verify')).exit).toBe(0);
  const anew = await office.run('batch', 'approve', 'night', '--as', 'meera', '--json');
  // Of the account that will be paid, also where an attempt of which nothing was executed names the old one.
  expect(anew.json().data.digest).not.toBe(digest);
  expect(await office.states(...skipping)).toEqual({ paid: 20 });
  expect((await office.run('ledger', 'verify')).exit).toBe(0);
});

test('nor while failed payouts are tried again', async () => {
  const { office, sent } = await changedWhileSending('failed');
  const retry = ['payout', 'retry', '--batch', 'night', '--yes', '--json'];
  expect(await office.states(...retry)).toEqual({ draft: 20 - sent.length, paid: sent.length });
  expect(sent.filter((reference) => /0000(19|20)/.test(reference))).toEqual([]);
  const one = (await office.run('payout', 'retry', 'night-000020', '--yes', '--json')).json();
  expect(one.error.hint).toContain('have it approved');
});

test('what is released after its approval was voided waits for a new one', async () => {
  const more = '[approval]\nrequired = 1\n[beneficiaries]\nunverified = "hold"';
  const office = await desk(['b-5,100', 'b-3,101'], {}, { more });
  expect((await office.run('batch', 'approve', 'night', '--as', 'meera')).exit).toBe(0);
  await office.run('batch', 'submit', 'night', '--first', '1', '--yes');
  office.write(
    'changed.csv',
    'beneficiary_ref,name,account_number,ifsc\nb-5,Uma Rao,509999007,HDFC0000001\n',
  );
  await office.run('beneficiary', 'import', 'changed.csv', '--allow-changes');
  const released = await office.run('payout', 'release', 'night-000001', '--reason', 'asked', '--json');
  expect(released.json().data.state).toBe('draft');
  expect((await office.run(...SUBMIT)).json().error.code).toBe('approval_missing');
});

test('a ledger that was copied by hand and put back later pays nothing that was paid meanwhile', async () => {
  let replaced = false;
  const office = await desk(['b-1,100', 'b-3,101', 'b-1,102'], {
    before: async ({ method, path }) => {
      if (replaced && method === 'GET' && path.endsWith('/payouts'))
        office.sql('update runners set epoch = epoch + 1');
      return GO_ON;
    },
    // The sandbox's clock in place of the machine's, which the HTTP server states.
    after: async ({ path }, answer) =>
      path.endsWith('/balance')
        ? { act: 'answer', answer: { ...answer, headers: { date: office.now().toUTCString() } } }
        : GO_ON,
  });
  const ledger = join(office.folder, 'payrun.db');
  await office.run('batch', 'submit', 'night', '--first', '1', '--yes');
  copyFileSync(ledger, join(office.folder, 'copy.db'));
  expect(await office.states(...SUBMIT)).toEqual({ paid: 3 });
  const moved = office.sandbox.stats().available_minor;
  office.pass(25 * HOUR_MS);
  renameSync(join(office.folder, 'copy.db'), ledger);
  // Who was replaced while it asked finds what the other has sent: it writes nothing.
  replaced = true;
  expect((await office.run(...SUBMIT)).exit).toBe(7);
  expect((await office.run('audit', 'log')).stdout).not.toContain('older_copy_found');
  replaced = false;
  const refused = await office.run(...SUBMIT);
  expect([refused.exit, refused.json().error]).toMatchObject([
    1,
    { code: 'restore_unchecked', message: expect.stringContaining('it is an older copy') },
  ]);
  expect((await office.run('payout', 'sync')).exit).toBe(0);
  expect(await office.states(...SUBMIT)).toEqual({ paid: 3 });
  expect(office.sandbox.stats().available_minor).toBe(moved);
  expect((await office.run('ledger', 'verify')).exit).toBe(0);
});

test('an account that is found to be bad, or is approved anew, while a batch is sent stops its own rows alone', async () => {
  let sends = 0;
  const office = await desk(
    Array.from({ length: 20 }, (_, row) => `${row === 18 ? 'b-3' : row === 19 ? 'b-2' : 'b-1'},${100 + row}`),
    {
      before: async (exchange) => {
        if (!isSend(exchange)) return GO_ON;
        sends += 1;
        if (sends > 1) return GO_ON;
        office.sql(
          `update registrations set status = 'failed', failure_reason = 'closed' where beneficiary_id = 2`,
        );
        office.write(
          'changed.csv',
          'beneficiary_ref,name,account_number,ifsc\nb-3,Mina Rao,509999999,HDFC0000001\n',
        );
        await office.run('beneficiary', 'import', 'changed.csv', '--allow-changes');
        await office.run('batch', 'approve', 'night');
        return GO_ON;
      },
    },
  );
  expect(await office.states(...SUBMIT)).toEqual({ approved: 1, held: 1, paid: 18 });
  expect(await office.states(...SUBMIT)).toEqual({ held: 1, paid: 19 });
});

test("a retry looks at the clock, too: by a wrong one its own payout would look like another's", async () => {
  const office = await desk(['b-2,100'], {});
  expect(await office.states(...SUBMIT)).toEqual({ failed: 1 });
  office.pass(HOUR_MS);
  const refused = await office.run('payout', 'retry', 'night-000001', '--yes', '--json');
  expect(refused.json().error.code).toBe('clock_differs');
});

test('nor is a malformed one called failed because another account does not know it', async () => {
  const office = await desk(['b-1,100', 'b-1,101'], {
    before: async (exchange) =>
      isSend(exchange) && exchange.body.includes('night-000002') ? refuse(400, 'BAD_REQUEST') : GO_ON,
  });
  expect(await office.states(...SUBMIT)).toEqual({ held: 1, paid: 1 });
  office.pass(25 * HOUR_MS);
  const other = await desk(['b-1,77'], {});
  office.configure(other.sandbox.url);
  const settle = [
    'payout',
    'resolve',
    '--batch',
    'night',
    '--as',
    'failed',
    '--reason',
    'malformed',
    '--json',
  ];
  expect((await office.run(...settle)).json().data).toMatchObject({
    resolved: 0,
    left: [{ reason: expect.stringContaining('does not know night-000001') }],
  });
  office.configure(office.sandbox.url);
  expect((await office.run(...settle)).json().data).toMatchObject({ resolved: 1, left: [] });
});

test('a new attempt that is answered with the payout of the one before is held', async () => {
  let first = '';
  const office = await desk(['b-2,100'], {
    after: async (exchange, answer) => {
      if (!isSend(exchange)) return GO_ON;
      if (first === '') first = String(answer.body);
      // A provider that cuts references short, or takes the same amount to the same account for the same payout.
      return { act: 'answer', answer: { ...answer, body: first } };
    },
  });
  expect(await office.states(...SUBMIT)).toEqual({ failed: 1 });
  expect(await office.states('payout', 'retry', 'night-000001', '--yes', '--json')).toEqual({ held: 1 });
});

test('what another process calls failed while it is asked about is held, also where nobody answers twice', async () => {
  let asked = -1;
  const office = await desk(['b-6,100'], {
    after: async ({ method, path }, answer) => {
      if (method !== 'GET' || !path.includes('/payouts') || asked < 0) return GO_ON;
      asked += 1;
      if (asked > 1) return CUT;
      office.sql(`update payouts set state = 'failed', position = 'available'`);
      return {
        act: 'answer',
        answer: { ...answer, body: String(answer.body).replace('PROCESSING', 'SUCCESS') },
      };
    },
  });
  expect(await office.states(...SUBMIT)).toEqual({ pending: 1 });
  asked = 0;
  expect(await office.states('payout', 'sync', '--json')).toEqual({ held: 1 });
});

test('returns are not passed over because another account was asked once', async () => {
  const office = await desk(['b-7,100'], {}, { reverse_ms: HOUR_MS });
  expect(await office.states(...SUBMIT)).toEqual({ paid: 1 });
  // What comes back there comes back later than what comes back here.
  const other = await desk(['b-7,77'], {}, { reverse_ms: 1.5 * HOUR_MS });
  expect(await other.states(...SUBMIT)).toEqual({ paid: 1 });
  for (const each of [office, other]) each.pass(2 * HOUR_MS);
  office.configure(other.sandbox.url);
  const astray = await office.run('payout', 'sync', '--json');
  expect([astray.exit, astray.json().warnings[0]?.code]).toEqual([5, 'provider_credentials']);
  office.configure(office.sandbox.url);
  expect(await office.states('payout', 'sync', '--json')).toEqual({ returned: 1 });
});

test('nor is a restored ledger let go on because it was compared with another account', async () => {
  const office = await desk(['b-1,100', 'b-1,101'], {});
  await office.run('batch', 'submit', 'night', '--first', '1', '--yes');
  await office.run('ledger', 'backup', 'kept.db');
  expect(await office.states(...SUBMIT)).toEqual({ paid: 2 });
  expect((await office.run('ledger', 'restore', 'kept.db')).exit).toBe(0);
  const other = await desk(['b-1,77'], {});
  office.configure(other.sandbox.url);
  expect((await office.run('payout', 'sync')).exit).toBe(5);
  office.configure(office.sandbox.url);
  expect((await office.run(...SUBMIT)).json().error.code).toBe('restore_unchecked');
  expect((await office.run('payout', 'sync')).exit).toBe(0);
  expect(await office.states(...SUBMIT)).toEqual({ paid: 2 });
});
