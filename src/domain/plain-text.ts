/**
 * Which characters text from outside may hold. Control characters and the invisible ones that reorder or hide text
 * make a name read otherwise than it is paid; letters of every script pass, right-to-left ones too, and so do the
 * joiners that Indic and Arabic spelling needs.
 */

// C0 without line breaks, DEL, C1; Arabic letter mark, zero-width space, direction marks; line and paragraph
// separators, embeddings and overrides; word joiner, invisible operators, isolates; byte order mark inside text.
const FORBIDDEN =
  /[\0-\t\v\f\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;
const LINE_BREAK = /[\r\n]/;
// A spreadsheet takes a cell that starts so for a formula; the full-width forms are folded to these by some.
const FORMULA_START = /^[=+\-@\t\r＝＋－＠]/;

/** The first forbidden character as `U+202E`, or null. Line breaks are the business of `hasLineBreak`. */
export function forbiddenCharacter(text: string): string | null {
  const found = FORBIDDEN.exec(text)?.[0];
  return found === undefined ? null : nameOf(found);
}

export function hasLineBreak(text: string): boolean {
  return LINE_BREAK.test(text);
}

/** Whether a spreadsheet would run this cell. */
export function startsLikeFormula(text: string): boolean {
  return FORMULA_START.test(text);
}

/** `U+000A`: how a character is named that cannot be shown. */
export function nameOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
}
