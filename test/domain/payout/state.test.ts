import { describe, expect, test } from 'vitest';
import {
  PAYOUT_STATES,
  POSITIONS,
  PROVIDER_STATES,
  type ProviderState,
} from '../../../src/domain/payout/payout.ts';
import {
  positionOf,
  RETRYABLE_STATES,
  type Standing,
  type Verdict,
  verdictOn,
} from '../../../src/domain/payout/state.ts';

function word(verdict: Verdict): string {
  switch (verdict.verdict) {
    case 'stay':
      return '·';
    case 'contradiction':
      return 'ask again';
    case 'move':
      return verdict.to;
  }
}

function picture(rows: readonly (readonly [name: string, standing: Standing])[]): string {
  const lines = rows.map(([name, standing]) => [
    name,
    ...PROVIDER_STATES.map((status) => word(verdictOn(standing, status))),
  ]);
  return [['', ...PROVIDER_STATES], ...lines]
    .map((cells) =>
      cells
        .map((cell) => cell.padEnd(13))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}

const plain = { hold_reason: null, resolved_as: null };

describe('what a status does', () => {
  test('to a payout in each state', () => {
    const rows = PAYOUT_STATES.map(
      (state) =>
        [
          state,
          { ...plain, state, hold_reason: state === 'held' ? ('contradiction' as const) : null },
        ] as const,
    );
    expect(`\n${picture(rows)}`).toMatchInlineSnapshot(`
      "
                   in_flight    success      failed       reversed     unknown_word
      draft        ask again    ask again    ·            ask again    ask again
      approved     ask again    ask again    ·            ask again    ask again
      submitting   pending      paid         failed       returned     pending
      pending      ·            paid         failed       returned     ·
      unknown      pending      paid         failed       returned     pending
      held         ·            ·            ·            ·            ·
      paid         ·            ·            ask again    returned     ·
      failed       ·            ask again    ·            ask again    ·
      returned     ·            ·            ·            ·            ·
      cancelled    ·            ·            ·            ·            ·"
    `);
  });

  test('to one that is settled by a person’s word', () => {
    const rows = (['paid', 'failed', 'returned'] as const).map(
      (state) => [state, { ...plain, state, resolved_as: state }] as const,
    );
    expect(`\n${picture(rows)}`).toMatchInlineSnapshot(`
      "
                   in_flight    success      failed       reversed     unknown_word
      paid         ·            ·            ask again    returned     ·
      failed       ask again    ask again    ·            ask again    ·
      returned     ask again    ask again    ask again    ·            ·"
    `);
  });

  test('to one that is held, by the reason', () => {
    const reasons = [
      'not_found_in_window',
      'bad_request',
      'echo_differs',
      'foreign_reference',
      'beneficiary_unverified',
      'look_alike',
    ] as const;
    const rows = reasons.map(
      (reason) => [reason.slice(0, 12), { ...plain, state: 'held', hold_reason: reason }] as const,
    );
    expect(`\n${picture(rows)}`).toMatchInlineSnapshot(`
      "
                   in_flight    success      failed       reversed     unknown_word
      not_found_in pending      paid         failed       returned     pending
      bad_request  ·            ·            ·            ·            ·
      echo_differs ·            ·            ·            ·            ·
      foreign_refe ·            ·            ·            ·            ·
      beneficiary_ ·            ·            ·            ·            ·
      look_alike   ·            ·            ·            ·            ·"
    `);
  });

  test('leads to failed by no other word than the provider’s own FAILED', () => {
    const others = PROVIDER_STATES.filter((status) => status !== 'failed');
    const found = everyStanding().flatMap((standing) =>
      others
        .filter((status) => word(verdictOn(standing, status)) === 'failed')
        .map((status) => `${standing.state} ${status}`),
    );
    expect(found).toEqual([]);
  });

  test('never leads back from paid to a state in which it could be sent again', () => {
    const found = everyStanding().flatMap((standing) =>
      PROVIDER_STATES.map((status) => verdictOn(standing, status)).filter(
        (verdict) => verdict.verdict === 'move' && standing.state === 'paid' && verdict.to !== 'returned',
      ),
    );
    expect(found).toEqual([]);
  });

  test('is nothing at all to a cancelled payout', () => {
    expect(
      PROVIDER_STATES.map((status: ProviderState) =>
        word(verdictOn({ ...plain, state: 'cancelled' }, status)),
      ),
    ).toEqual(PROVIDER_STATES.map(() => '·'));
  });
});

function everyStanding(): Standing[] {
  return PAYOUT_STATES.flatMap((state) => [
    { ...plain, state },
    ...(['paid', 'failed', 'returned'] as const).map(
      (resolved_as): Standing => ({ state, hold_reason: null, resolved_as }),
    ),
    ...(['not_found_in_window', 'contradiction'] as const).map(
      (hold_reason): Standing => ({ state, hold_reason, resolved_as: null }),
    ),
  ]);
}

test('a person’s word of an earlier state says nothing of a later one', () => {
  expect(verdictOn({ state: 'paid', hold_reason: null, resolved_as: 'failed' }, 'in_flight')).toEqual({
    verdict: 'stay',
  });
});

test('the books have the amount where the state says', () => {
  const where = PAYOUT_STATES.flatMap((state) =>
    state === 'held' ? [] : [`${state}: ${positionOf(state)}`],
  );
  expect(where).toEqual([
    'draft: available',
    'approved: available',
    'submitting: in_transit',
    'pending: in_transit',
    'unknown: in_transit',
    'paid: paid',
    'failed: available',
    'returned: returned',
    'cancelled: available',
  ]);
  expect(new Set(where.map((line) => line.split(': ')[1]))).toEqual(new Set(POSITIONS));
});

test('only a proven failure or a return is tried again', () => {
  expect([...RETRYABLE_STATES].sort()).toEqual(['failed', 'returned']);
});
