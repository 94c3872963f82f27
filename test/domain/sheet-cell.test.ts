import fc from 'fast-check';
import { expect, it } from 'vitest';
import { fromSheetCell, sheetCell } from '../../src/domain/sheet-cell.ts';

it.each([
  '=cmd|/c calc',
  '+1+1',
  '-2+3',
  '@SUM(A1)',
  '  =1+1',
  '＝1',
  "'quoted",
  '\t=1',
])('%s cannot run', (text) => {
  expect(sheetCell(text)).toBe(`'${text}`);
});

it.each([
  '0',
  '-1000.50',
  '15',
  '300000000001',
  'po_1',
  'Asha Rao',
  '',
  '2026-11-20',
])('%s stays as it is', (text) => {
  expect(sheetCell(text)).toBe(text);
});

it.each([
  '0012',
  '1e5',
  '12E3',
  '1234567890123456',
  '+12',
])('%s would be stored as another number', (text) => {
  expect(sheetCell(text)).toBe(`'${text}`);
});

it('every text comes back as it was', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom("'", '=', '-', '0', '1', '.', 'e', ' ') }),
  );
  fc.assert(fc.property(text, (each) => fromSheetCell(sheetCell(each)) === each));
});

it('what a person wrote with an apostrophe stays', () => {
  expect(fromSheetCell("'tis agreed")).toBe("'tis agreed");
});
