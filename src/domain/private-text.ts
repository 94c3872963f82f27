/**
 * Text of others that is shown or kept: what may be an account number, a UPI address or an e-mail in it is masked.
 * Rather too much than too little: a masked reference is still found by its line, an account number that is printed
 * stands in a log for ever.
 */

const MASK = '••••';

// Nine digits are the shortest Indian account number; people and banks print them in groups.
const LONG_NUMBER = /\p{Nd}(?:[-. /\u00a0\u2007\u202f\u2010-\u2015]{0,3}\p{Nd}){8,}/gu;
const SHORTEST_NUMBER = 9;
// What can stand in an address, and in the quotes and brackets around it cannot.
const WORD = /[^\s"<>()[\]{},;]+/g;

/** `paid riya@okbank from 5010-0012-3456` → `paid ••••@okbank from ••••3456`. */
export function maskPrivateText(text: string): string {
  const named = text.includes('@')
    ? text.replace(WORD, (word) => (word.includes('@') ? maskAddress(word) : word))
    : text;
  return named.length < SHORTEST_NUMBER ? named : named.replace(LONG_NUMBER, maskNumber);
}

const DAY = '(?:0?[1-9]|[12]\\d|3[01])';
// Eight digits at most, and of a form that account numbers do not have; a time of the day may follow.
const DATE = new RegExp(
  `^(?:\\d{4}([-./])${DAY}\\1${DAY}|${DAY}([-./])${DAY}\\2(?:\\d{2}|\\d{4}))(?:[ T]\\d{1,2}:\\d{2}(?::\\d{2})?(?: ?[AaPp][Mm])?)?$`,
);

/**
 * A cell of an input file for an error message. References such as INV-2026-11-00017 stay readable; a cell of nothing
 * but digits, or of free text, is masked as any text.
 */
export function maskCell(cell: string): string {
  // An amount of crores with its paise has nine digits, too; its rupees alone decide.
  if (/^\d{1,8}\.\d+$/.test(cell) || DATE.test(cell)) return cell;
  const isName = /[A-Za-z]/.test(cell) && !/[\s@]/.test(cell);
  return isName ? cell.replace(/\p{Nd}{9,}/gu, maskNumber) : maskPrivateText(cell);
}

function maskAddress(word: string): string {
  return MASK + word.slice(word.lastIndexOf('@'));
}

function maskNumber(digits: string): string {
  return MASK + [...digits].slice(-4).join('');
}
