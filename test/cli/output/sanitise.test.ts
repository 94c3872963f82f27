import { expect, test } from 'vitest';
import { sanitise, sanitiseBlock, sanitiseJson } from '../../../src/cli/output/sanitise.ts';

const HOSTILE = {
  escape: '\u001b[2J',
  c1: '\u009b31m',
  delete: '\u007f',
  bidi_override: '\u202e',
  isolate: '\u2066',
  zero_width_space: '\u200b',
  byte_order_mark: '\ufeff',
  tag: '\u{e0041}',
  line_separator: '\u2028',
  carriage_return: '\r',
};

test.each(Object.entries(HOSTILE))('%s reaches no terminal, and stays visible', (_name, text) => {
  for (const clean of [sanitise, sanitiseBlock]) {
    const shown = clean(`a${text}b`);
    expect(shown).toMatch(/^a\\u\{[0-9a-f]+\}.*b$/);
    expect(shown).toMatch(/^[\x20-\x7e]+$/);
  }
});

test('letters of every script, accents and the joiners of Indic spelling pass', () => {
  for (const name of ['श्री\u200d', 'می\u200cخواهم', 'José', '山田', 'मोहन', 'א', '👩\u200d👩']) {
    expect(sanitise(name)).toBe(name);
  }
});

test('a line end is visible in a cell and stays one in a block', () => {
  expect(sanitise('a\nb\tc')).toBe('a\\nb\\tc');
  expect(sanitiseBlock('a\nb\tc')).toBe('a\nb\tc');
});

test('JSON keeps its data and loses every hidden character', () => {
  const data = { text: Object.values(HOSTILE).join('x'), kept: 'श्री\u200d' };
  const json = sanitiseJson(JSON.stringify(data));
  expect(JSON.parse(json)).toEqual(data);
  expect(json.replace('श्री\u200d', '')).toMatch(/^[\x20-\x7e]+$/);
});
