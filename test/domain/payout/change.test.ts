import { describe, expect, test } from 'vitest';
import {
  beginAttempt,
  beginSend,
  doubted,
  hold,
  notExecuted,
  refused,
  resolve,
} from '../../../src/domain/payout/change.ts';
import { AMOUNT, approved, follow, occasion } from './story.ts';

const sent = () => follow().take(beginSend(approved(), occasion));

describe('the books follow', () => {
  test('a payout that is paid', () => {
    const story = sent();
    expect(story.balances()).toEqual({ 'in-transit': AMOUNT, available: -AMOUNT });
    story.hear('in_flight');
    story.hear('success', { fee_minor: 500n, tax_minor: 90n });
    expect(story.payout).toMatchObject({
      state: 'paid',
      position: 'paid',
      utr: 'UTR1',
      provider_status: 'SUCCESS',
      fee_minor: 500n,
    });
    expect(story.events()).toEqual(['submitted', 'paid', 'fee', 'tax']);
    expect(story.balances()).toEqual({
      'expenses:payouts': AMOUNT,
      available: -AMOUNT - 590n,
      'expenses:fees:nxt': 500n,
      'assets:tax-recoverable:nxt': 90n,
    });
  });

  test('a payout that comes back after it was paid, with the fee kept', () => {
    const story = sent();
    story.hear('success', { fee_minor: 500n });
    story.hear('reversed', { fee_minor: 500n, utr: 'UTR2', reversed_at: '2026-11-22T10:00:00.000Z' });
    expect(story.payout).toMatchObject({
      state: 'returned',
      utr: 'UTR1',
      return_utr: 'UTR2',
      returned_at: '2026-11-22T10:00:00.000Z',
    });
    expect(story.events()).toEqual(['submitted', 'paid', 'fee', 'returned']);
    expect(story.balances()).toEqual({ available: -500n, 'expenses:fees:nxt': 500n });
  });

  test('a payout that came back before it was seen paid: both are told', () => {
    const story = sent();
    story.hear('reversed');
    expect(story.payout.state).toBe('returned');
    expect(story.events()).toEqual(['submitted', 'paid', 'returned']);
    expect(story.balances()).toEqual({});
  });

  test('a refusal, and what was never sent, back to where the money was', () => {
    const refusal = sent();
    refusal.take(refused(refusal.payout, 'limit', 'over the limit', occasion));
    expect(refusal.payout).toMatchObject({ state: 'failed', failure_code: 'limit', position: 'available' });
    expect([refusal.events(), refusal.balances()]).toEqual([['submitted', 'refused'], {}]);
    const unsent = sent();
    unsent.take(notExecuted(unsent.payout, occasion));
    expect(unsent.payout).toMatchObject({ state: 'approved', attempt_no: 1, position: 'available' });
    expect([unsent.events(), unsent.balances()]).toEqual([['submitted', 'not_sent'], {}]);
  });

  test('the same attempt that leaves a second time, in a cycle of its own', () => {
    const story = sent();
    story.take(notExecuted(story.payout, occasion)).take(beginSend(story.payout, occasion));
    expect(story.payout).toMatchObject({ cycle: 2, attempt_no: 1, provider_reference: 'p-1' });
    expect(story.entries.map((entry) => entry.payout?.cycle)).toEqual([1, 1, 2]);
  });

  test('a fee that is stated late, once, whatever is stated after it', () => {
    const story = sent();
    story.hear('success');
    expect(story.payout.fee_minor).toBeNull();
    story.hear('success', { fee_minor: 500n });
    story.hear('success', { fee_minor: 700n, tax_minor: 90n });
    expect(story.events()).toEqual(['submitted', 'paid', 'fee', 'tax']);
    expect(story.payout).toMatchObject({ fee_minor: 500n, tax_minor: 90n });
  });

  test('a fee of nothing, which is stated and posts nothing', () => {
    const story = sent();
    story.hear('success', { fee_minor: 0n });
    story.hear('success', { fee_minor: 500n });
    expect(story.payout.fee_minor).toBe(0n);
    expect(story.events()).toEqual(['submitted', 'paid']);
  });

  test('the fee of a failed payout too', () => {
    const story = sent();
    story.hear('failed', { fee_minor: 500n });
    expect([story.events(), story.balances()]).toEqual([
      ['submitted', 'failed', 'fee'],
      { available: -500n, 'expenses:fees:nxt': 500n },
    ]);
  });

  test('the provider’s day where it states one, else our own', () => {
    const story = sent();
    story.hear('success', { completed_at: '2026-11-19T18:29:59.000Z' });
    story.hear('reversed', {
      completed_at: '2026-11-19T18:29:59.000Z',
      reversed_at: '2026-11-25T18:30:00.000Z',
    });
    expect(story.entries.map((entry) => `${entry.event} ${entry.booked_on}`)).toEqual([
      'submitted 2026-11-21',
      'paid 2026-11-19',
      'returned 2026-11-26',
    ]);
  });
});

describe('a second attempt', () => {
  test('begins with nothing of the first one but the amount', () => {
    const story = sent();
    story.hear('failed', { fee_minor: 100n });
    story.take(beginAttempt(story.payout, occasion));
    expect(story.payout).toMatchObject({
      state: 'approved',
      attempt_no: 2,
      provider_id: null,
      provider_reference: null,
      fee_minor: null,
      failure_code: null,
    });
    story.take(beginSend(story.payout, occasion));
    expect(story.payout.provider_reference).toBe('p-1.r2');
    story.hear('success', { fee_minor: 100n });
    expect(story.events()).toEqual(['submitted', 'failed', 'fee', 'submitted', 'paid', 'fee']);
  });

  test('after a return posts nothing until it is sent: the money is where it came back to', () => {
    const story = sent();
    story.hear('reversed');
    const before = story.entries.length;
    story.take(beginAttempt(story.payout, occasion));
    expect(story.entries.length).toBe(before);
    expect(story.payout.position).toBe('available');
  });

  test('is not made of an answer to the first one', () => {
    const story = sent();
    story.hear('failed');
    story.take(beginAttempt(story.payout, occasion)).take(beginSend(story.payout, occasion));
    const late = story.hear('success', { provider_reference: 'p-1' });
    expect([late.effect, late.entries]).toEqual(['same', []]);
    expect(story.payout).toMatchObject({
      state: 'submitting',
      provider_reference: 'p-1.r2',
      provider_id: null,
    });
  });
});

describe('evidence', () => {
  test('in flight after a final word changes nothing', () => {
    for (const final of ['success', 'failed', 'reversed'] as const) {
      const story = sent();
      story.hear(final);
      const before = { ...story.payout };
      for (const status of ['in_flight', 'unknown_word'] as const) story.hear(status);
      expect(story.payout).toEqual(before);
    }
  });

  test.each([
    ['success', 'failed'],
    ['failed', 'success'],
    ['failed', 'reversed'],
  ] as const)('%s and then %s is asked again, and held when it stands', (first, second) => {
    const story = sent();
    story.hear(first);
    const { state, position } = story.payout;
    expect(story.hear(second).effect).toBe('contradiction');
    expect(story.payout).toMatchObject({ state, position });
    expect(story.hear(second, {}, true).effect).toBe('held');
    expect(story.payout).toMatchObject({ state: 'held', hold_reason: 'contradiction', position });
  });

  test('that names another amount holds what is open, and leaves what is final alone', () => {
    const open = sent();
    expect(open.hear('success', { amount_minor: AMOUNT * 100n }).effect).toBe('held');
    expect(open.payout).toMatchObject({ state: 'held', hold_reason: 'echo_differs', position: 'in_transit' });
    expect(open.balances()).toEqual({ 'in-transit': AMOUNT, available: -AMOUNT });
    const paid = sent();
    paid.hear('success');
    expect(paid.hear('reversed', { amount_minor: null }).effect).toBe('same');
    expect(paid.payout.state).toBe('paid');
  });

  test('settles what was held only for want of it', () => {
    const story = sent();
    story.take(hold(story.payout, 'not_found_in_window', 'never found', occasion));
    story.hear('success');
    expect(story.payout).toMatchObject({ state: 'paid', hold_reason: null, hold_note: null });
  });

  test('that agrees with a person makes the word a proof; that contradicts it is asked again', () => {
    const word = () => {
      const story = sent();
      story.take(doubted(story.payout, occasion));
      return story.take(resolve(story.payout, { as: 'failed', utr: null, on: '2026-11-18' }, occasion));
    };
    const agreed = word();
    expect(agreed.entries.at(-1)).toMatchObject({ event: 'resolved', booked_on: '2026-11-18' });
    agreed.hear('failed');
    expect(agreed.payout).toMatchObject({ state: 'failed', resolved_as: null });
    for (const status of ['success', 'reversed', 'in_flight'] as const) {
      const other = word();
      expect(other.hear(status).effect).toBe('contradiction');
      expect(other.payout).toMatchObject({ state: 'failed', resolved_as: 'failed' });
    }
  });
});

test('a payout that is not approved cannot be sent', () => {
  for (const state of [
    'draft',
    'submitting',
    'pending',
    'unknown',
    'paid',
    'failed',
    'returned',
    'cancelled',
  ] as const) {
    expect(() => beginSend(approved({ state }), occasion)).toThrow(state);
  }
});
