import { describe, expect, test } from 'vitest';
import { maskCell } from '../../src/domain/private-text.ts';

describe('a cell in an error message', () => {
  test.each([
    ['50100012345678', '••••5678'],
    ['5010 0012 3456', '••••3456'],
    ['asha@okbank', '••••@okbank'],
    ['HDFC50100012345678', 'HDFC••••5678'],
    ['5010/00/12345', '••••2345'],
    ['28-11-2026 50100012', '••••0012'],
    ['pay 5010-0012-3456 now', 'pay ••••3456 now'],
  ])('is masked: %s', (cell, shown) => {
    expect(maskCell(cell)).toBe(shown);
  });

  test.each([
    'INV-2026-11-00017',
    '1,00,000',
    '10000000.00',
    '99999999.505',
    '12345678',
    '28/11/2026 10:00',
    '2026/11/28 10:00:59',
    '11-28-2026 10:00 PM',
    '',
  ])('stays as it is: %s', (cell) => {
    expect(maskCell(cell)).toBe(cell);
  });
});
