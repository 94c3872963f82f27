import fc from 'fast-check';
import { expect, test } from 'vitest';
import { endingOf } from '../../src/sandbox/endings.ts';
import { planPayout, type SandboxPayout } from '../../src/sandbox/payout.ts';
import type { SandboxStats } from '../../src/sandbox/sandbox.ts';
import { Timeline } from '../../src/sandbox/timeline.ts';
import { type Caller, closeNow, startCaller } from './caller.ts';

const OPENING_MINOR = 20_000_00n;
const DIGITS = ['7777', '0001', '0002', '0003', '0004', '0005', '0010', '0011', '0012'] as const;

type Step =
  | { kind: 'pay'; digits: (typeof DIGITS)[number]; amount_minor: number; reference: number }
  | { kind: 'wait'; ms: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    kind: fc.constant('pay' as const),
    digits: fc.constantFrom(...DIGITS),
    amount_minor: fc.integer({ min: 1, max: 6_000_00 }),
    // Few references, so that many are sent again.
    reference: fc.integer({ min: 1, max: 30 }),
  }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 5000 }) }),
);

/** The test's own books: what the accepted payouts say of themselves, added up. */
async function auditedPositions(caller: Caller, accepted: ReadonlyMap<string, string>) {
  const sums = { outstanding: 0n, paid: 0n, fees: 0n };
  const minor = (rupees: unknown) => BigInt(Math.round(Number(rupees ?? 0) * 100));
  for (const payoutId of accepted.values()) {
    const payout = await caller.get(payoutId);
    if (payout.status === 'QUEUED' || payout.status === 'PROCESSING')
      sums.outstanding += minor(payout.amount);
    if (payout.status === 'SUCCESS') sums.paid += minor(payout.amount);
    sums.fees += minor(payout.fee) + minor(payout.tax);
  }
  return sums;
}

function conserved({
  available_minor,
  outstanding_minor,
  opening_minor,
  paid_minor,
  fees_minor,
}: SandboxStats): boolean {
  return available_minor + outstanding_minor === opening_minor - paid_minor - fees_minor;
}

test('no paisa appears or disappears, whatever is paid and however long one waits', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 40 }), async (steps) => {
      const caller = await startCaller({ opening_balance_minor: OPENING_MINOR });
      const accounts = new Map<string, string>();
      for (const digits of DIGITS) accounts.set(digits, await caller.account(digits));
      const accepted = new Map<string, string>();
      for (const each of steps) {
        if (each.kind === 'wait') {
          caller.clock.ms += each.ms;
          continue;
        }
        const reference_id = `r${each.reference}`;
        const before = caller.sandbox.stats().available_minor;
        const { status, json } = await caller.pay(accounts.get(each.digits) ?? '', each.amount_minor / 100, {
          reference_id,
        });
        if (accepted.has(reference_id)) expect(status).toBe(409);
        else if (status === 202) accepted.set(reference_id, String(json.payout_id));
        else expect(status).toBe(endingOf(each.digits).course.course === 'refused' ? 422 : 402);
        if (status === 402) expect(before).toBeLessThan(BigInt(each.amount_minor));
        expect(conserved(caller.sandbox.stats())).toBe(true);
      }
      const audited = await auditedPositions(caller, accepted);
      const stats = caller.sandbox.stats();
      expect(stats.outstanding_minor).toBe(audited.outstanding);
      expect(stats.paid_minor).toBe(audited.paid);
      expect(stats.fees_minor).toBe(audited.fees);
      expect(BigInt(Math.round((await caller.available()) * 100))).toBe(
        OPENING_MINOR - audited.outstanding - audited.paid - audited.fees,
      );
      await closeNow(caller);
    }),
    { numRuns: 25 },
  );
});

function payoutNo(no: number): SandboxPayout {
  return planPayout({
    no: BigInt(no),
    payout_id: `pay_${no}`,
    reference_id: `r${no}`,
    beneficiary_id: 'ben_1',
    amount_minor: 100n,
    mode: 'IMPS',
    narration: null,
    created_ms: 0,
    course: { course: 'paid', slowness: 1 },
    charge: { fee_minor: 0n, tax_minor: 0n },
    settle_ms: 0,
    reverse_ms: 0,
  });
}

test('the timeline gives back what is due, soonest first, and nothing early', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 50 })),
      fc.integer({ min: 0, max: 50 }),
      (times, until) => {
        const timeline = new Timeline();
        const at = (ms: number) => new Date(ms).toISOString();
        for (const [no, ms] of times.entries())
          timeline.add({ at: at(ms), payout: payoutNo(no), status: 'SUCCESS', step: 2 });
        const taken: [string, bigint][] = [];
        for (let due = timeline.take(at(until)); due; due = timeline.take(at(until)))
          taken.push([due.at, due.payout.no]);
        const expected = times
          .map((ms, no): [string, bigint] => [at(ms), BigInt(no)])
          .filter(([instant]) => instant <= at(until))
          .sort(([leftAt, left], [rightAt, right]) =>
            leftAt === rightAt ? Number(left - right) : leftAt < rightAt ? -1 : 1,
          );
        expect(taken).toEqual(expected);
      },
    ),
  );
});
