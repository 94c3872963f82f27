import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { imbalances, type NewEntry } from '../../../src/domain/ledger/entry.ts';
import {
  beginAttempt,
  beginSend,
  doubted,
  hold,
  notExecuted,
  refused,
  resolve,
} from '../../../src/domain/payout/change.ts';
import { PROVIDER_STATES, type ProviderState } from '../../../src/domain/payout/payout.ts';
import { positionOf } from '../../../src/domain/payout/state.ts';
import { AMOUNT, balances, follow, occasion } from './story.ts';

/** Everything that operations do to a payout, each where they allow it; false where they do not. */
type Event =
  | { do: 'send' | 'not_executed' | 'refuse' | 'doubt' | 'bad_request' | 'lost_for_good' | 'retry' }
  | { do: 'resolve'; as: 'paid' | 'failed' | 'returned' }
  | {
      do: 'hear';
      status: ProviderState;
      confirmed: boolean;
      fee: bigint | null;
      tax: bigint | null;
      wrong: boolean;
    };

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 3, arbitrary: fc.constant({ do: 'send' as const }) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('not_executed', 'refuse', 'doubt', 'bad_request', 'lost_for_good', 'retry')
      .map((name) => ({ do: name })),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('resolve' as const),
      as: fc.constantFrom('paid', 'failed', 'returned'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('hear' as const),
      status: fc.constantFrom(...PROVIDER_STATES),
      confirmed: fc.boolean(),
      fee: fc.constantFrom(null, 0n, 500n, 700n),
      tax: fc.constantFrom(null, 0n, 90n),
      wrong: fc.integer({ min: 0, max: 9 }).map((roll) => roll === 0),
    }),
  },
);

function happen(story: ReturnType<typeof follow>, what: Event): boolean {
  const { payout } = story;
  const onTheWire = payout.state === 'submitting' || payout.state === 'unknown';
  switch (what.do) {
    case 'send':
      if (payout.state !== 'approved') return false;
      story.take(beginSend(payout, occasion));
      return true;
    case 'not_executed':
      if (!onTheWire) return false;
      story.take(notExecuted(payout, occasion));
      return true;
    case 'refuse':
      if (!onTheWire) return false;
      story.take(refused(payout, 'other', 'no', occasion));
      return true;
    case 'doubt':
      if (!onTheWire) return false;
      story.take(doubted(payout, occasion));
      return true;
    case 'bad_request':
      if (!onTheWire) return false;
      story.take(hold(payout, 'bad_request', 'malformed', occasion));
      return true;
    case 'lost_for_good':
      if (!onTheWire) return false;
      story.take(hold(payout, 'not_found_in_window', 'never found', occasion));
      return true;
    case 'retry':
      if ((payout.state !== 'failed' && payout.state !== 'returned') || payout.resolved_as !== null)
        return false;
      story.take(beginAttempt(payout, occasion));
      return true;
    case 'resolve':
      if (payout.state !== 'unknown' && !(payout.state === 'held' && payout.attempt_no > 0)) return false;
      story.take(resolve(payout, { as: what.as, utr: null, on: null }, occasion));
      return true;
    case 'hear':
      if (payout.attempt_no === 0 || payout.provider_reference === null) return false;
      story.hear(
        what.status,
        { fee_minor: what.fee, tax_minor: what.tax, ...(what.wrong ? { amount_minor: AMOUNT + 1n } : {}) },
        what.confirmed,
      );
      return true;
  }
}

const HELD_BY_POSITION = {
  available: {},
  returned: {},
  in_transit: { 'in-transit': AMOUNT, available: -AMOUNT },
  paid: { 'expenses:payouts': AMOUNT, available: -AMOUNT },
} as const;

function withoutCharges(entries: readonly NewEntry[]): NewEntry[] {
  return entries.filter(({ event }) => !event.startsWith('fee') && !event.startsWith('tax'));
}

describe('after any sequence of events', () => {
  test('the entries say what the position says, balance, and tell no event twice', () => {
    let paidAgain = 0;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
        const story = follow();
        for (const each of events) {
          const before = story.payout;
          if (!happen(story, each)) continue;
          const { payout, entries } = story;
          if (payout.state !== 'held') expect(payout.position).toBe(positionOf(payout.state));
          else expect(payout.position).toBe(before.position);
          expect((payout.state === 'held') === (payout.hold_reason !== null)).toBe(true);
          expect(balances(withoutCharges(entries))).toEqual(HELD_BY_POSITION[payout.position]);
          const keys = entries.map(
            (entry) => `${entry.payout?.attempt_no} ${entry.payout?.cycle} ${entry.event}`,
          );
          expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
          for (const entry of entries) expect(imbalances(entry.postings).size).toBe(0);
        }
        if (story.events().filter((name) => name === 'paid').length > 1) paidAgain += 1;
      }),
      { numRuns: 1000 },
    );
    // The property says little where the sequences never come far.
    expect(paidAgain).toBeGreaterThan(10);
  });

  test('fees and taxes are charged at most once for each attempt', () => {
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
        const story = follow();
        for (const each of events) happen(story, each);
        const charges = story.entries.filter(({ event: name }) => name === 'fee' || name === 'tax');
        const keys = charges.map((entry) => `${entry.payout?.attempt_no} ${entry.event}`);
        expect(new Set(keys).size).toBe(keys.length);
      }),
      { numRuns: 1000 },
    );
  });

  test('a payout has failed only by a refusal, by the provider’s FAILED, or by a person’s word', () => {
    let failures = 0;
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: 'max' }), (events) => {
        const story = follow();
        for (const each of events) {
          const before = story.payout.state;
          if (!happen(story, each) || story.payout.state !== 'failed' || before === 'failed') continue;
          failures += 1;
          const proof =
            each.do === 'refuse' ||
            (each.do === 'resolve' && each.as === 'failed') ||
            (each.do === 'hear' && each.status === 'failed' && !each.wrong);
          expect(proof ? 'proven' : each.do).toBe('proven');
        }
      }),
      { numRuns: 1000 },
    );
    expect(failures).toBeGreaterThan(100);
  });

  test('an answer about another amount never moves money in the books', () => {
    fc.assert(
      fc.property(
        fc.array(event, { maxLength: 40, size: 'max' }),
        fc.constantFrom(...PROVIDER_STATES),
        fc.boolean(),
        (events, status, confirmed) => {
          const story = follow();
          for (const each of events) happen(story, each);
          if (story.payout.provider_reference === null) return;
          const { position } = story.payout;
          const effect = story.hear(status, { amount_minor: AMOUNT - 1n, fee_minor: 500n }, confirmed);
          expect(effect.entries).toEqual([]);
          expect(story.payout.position).toBe(position);
        },
      ),
      { numRuns: 1000 },
    );
  });
});
