/**
 * Tags say what money was for beyond its account: `cost_centre=ops;project=apollo`. A payout has them from its file, and
 * every entry that it causes carries them; an entry by hand has its own. They move no money, but they decide in whose
 * report it counts, so that an approval covers them. The canonical text is sorted by key: one set has one spelling.
 */

// As many as a report can make sense of; each costs a kept sum for every account and day that it touches.
export const TAGS_MAX = 8;
const VALUE_MAX = 64;
// What hledger and beancount take as a name, too.
const KEY = /^[a-z][a-z0-9_-]{0,31}$/;
// Separators here, and what ends a tag's value in hledger.
const FORBIDDEN_IN_VALUE = /[;=,"\\]|[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
/** Names that exports give to what payrun itself knows of an entry, and beancount to a line. */
const TAKEN = new Set([
  'date',
  'date2',
  'type',
  'entry',
  'entry-ref',
  'entry_ref',
  'event',
  'filename',
  'lineno',
]);
for (const name of ['name', 'reference', 'reverses', 'utr']) TAKEN.add(name);

export interface Tag {
  key: string;
  value: string;
}

/** The canonical text (null: no tags), or why the text is none, in words that say what to write. */
export function readTags(text: string): { tags: string | null } | { problem: string } {
  if (text === '') return { tags: null };
  const values = new Map<string, string>();
  for (const part of text.split(';')) {
    const tag = readTag(part);
    if ('problem' in tag) return tag;
    if (values.has(tag.key)) return { problem: `The tag "${tag.key}" is there twice; write it once.` };
    values.set(tag.key, tag.value);
  }
  if (values.size > TAGS_MAX)
    return { problem: `There are ${values.size} tags; at most ${TAGS_MAX} are kept.` };
  const keys = [...values.keys()].sort();
  return { tags: keys.map((key) => `${key}=${values.get(key)}`).join(';') };
}

/** `cost_centre=ops`, as a cell and `--tag` say it. */
export function readTag(text: string): Tag | { problem: string } {
  const at = text.indexOf('=');
  const shown = JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}…`);
  if (at < 1 || at === text.length - 1)
    return {
      problem: `${shown} is no tag; write key=value, such as cost_centre=ops, and a semicolon between two.`,
    };
  const [key, value] = [text.slice(0, at), text.slice(at + 1)];
  if (!KEY.test(key))
    return {
      problem: `${shown} has no tag's name; write small letters, digits, _ and -, the first a letter.`,
    };
  if (TAKEN.has(key))
    return { problem: `The tag "${key}" is a name that exports use themselves; choose another.` };
  if (value.length > VALUE_MAX)
    return { problem: `The tag "${key}" has ${value.length} characters; at most ${VALUE_MAX} are kept.` };
  if (value.trim() !== value || FORBIDDEN_IN_VALUE.test(value))
    return { problem: `${shown} has spaces around its value, or one of ; = , " \\ in it; write it without.` };
  return { key, value };
}

/** Each `key=value` of a canonical text, in order. */
export function tagsOf(canonical: string | null | undefined): string[] {
  return canonical ? canonical.split(';') : [];
}

/** The parts of one `key=value` of a canonical text. */
export function tagParts(tag: string): Tag {
  const at = tag.indexOf('=');
  return { key: tag.slice(0, at), value: tag.slice(at + 1) };
}
