/**
 * Cells of files that people open in a spreadsheet. What it would run as a formula, or store as another number than
 * the text says, gets an apostrophe in front; reading the sheet back takes it away again, so that nothing is lost.
 */
import { startsLikeFormula } from './plain-text.ts';

const MARK = "'";
// A spreadsheet keeps fifteen digits, and no zeros in front.
const NUMBER_AS_IT_STANDS = /^-?(0|[1-9]\d{0,14})(\.\d+)?$/;
const NUMBER_IT_WOULD_CHANGE = /^[-+]?[\d.]+([eE][-+]?\d+)?$/;

export function sheetCell(text: string): string {
  return needsMark(text) ? MARK + text : text;
}

/** The text that `sheetCell` had; text that a person wrote stays as it is. */
export function fromSheetCell(cell: string): string {
  return cell.startsWith(MARK) && needsMark(cell.slice(1)) ? cell.slice(1) : cell;
}

function needsMark(text: string): boolean {
  if (NUMBER_AS_IT_STANDS.test(text)) return false;
  // Some programs drop blanks in front before they look for a formula.
  const shown = text.trimStart();
  return text.startsWith(MARK) || startsLikeFormula(shown) || NUMBER_IT_WOULD_CHANGE.test(text);
}
