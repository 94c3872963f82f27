import { describe, expect, test } from 'vitest';
import {
  FINAL_STATES,
  FINDING_STATES,
  isBatchName,
  isReference,
  OPEN_STATES,
  PAYOUT_STATES,
  providerReference,
  referenceOfRow,
} from '../../../src/domain/payout/payout.ts';

describe('a reference', () => {
  test.each([
    'a',
    'A-1',
    'salary-nov-000001',
    '9_x.y',
    'inv.2026',
    'x'.repeat(40),
    'a.r',
    'a.rx',
    'a.r2x',
  ])('%j may be one', (text) => {
    expect(isReference(text)).toBe(true);
  });

  test.each([
    '',
    '-a',
    '.a',
    '_a',
    'a b',
    'a/b',
    'é',
    'x'.repeat(41),
    'a\n',
    'ａ',
    'a.r2',
    'a.R10',
    'a.r1',
  ])('%j is none', (text) => {
    expect(isReference(text)).toBe(false);
  });

  test('of a row is made from the batch and its number, so that the same file gives the same references', () => {
    expect([referenceOfRow('salary-nov', 7), referenceOfRow('b', 1_234_567)]).toEqual([
      'salary-nov-000007',
      'b-1234567',
    ]);
  });

  test('of every row of the longest batch name is a reference itself', () => {
    const name = `b${'x'.repeat(31)}`;
    expect(isBatchName(name)).toBe(true);
    expect(isBatchName(`${name}x`)).toBe(false);
    expect(isReference(referenceOfRow(name, 999_999))).toBe(true);
  });

  test('of a later attempt can never be that of another payout', () => {
    expect([1, 2, 3, 11].map((no) => providerReference('p', no))).toEqual(['p', 'p.r2', 'p.r3', 'p.r11']);
    expect([2, 3, 11].filter((no) => isReference(providerReference('p', no)))).toEqual([]);
  });

  test('with the longest attempt suffix still fits the 64 characters of the wire', () => {
    expect(providerReference('x'.repeat(40), 99_999).length).toBeLessThanOrEqual(64);
  });
});

test('every state is open, a finding, or settled without either, and none is two of them', () => {
  const kinds = PAYOUT_STATES.map((state) => {
    const kind = [OPEN_STATES.has(state) && 'open', FINDING_STATES.has(state) && 'finding']
      .filter(Boolean)
      .join('+');
    return `${state}: ${kind || 'settled'}${FINAL_STATES.has(state) ? ', final' : ''}`;
  });
  expect(kinds).toEqual([
    'draft: open',
    'approved: open',
    'submitting: open',
    'pending: open',
    'unknown: open',
    'held: finding',
    'paid: settled, final',
    'failed: finding, final',
    'returned: finding, final',
    'cancelled: settled, final',
  ]);
});
