import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { contentOf } from '../../src/operations/payout-file.ts';
import { createSortedHash } from '../../src/operations/sorted-hash.ts';

const text = fc.oneof(fc.string({ maxLength: 6 }), fc.string({ unit: 'grapheme', maxLength: 4 }));

test('groups of texts in any order have the hash of all of them, sorted and joined', () => {
  fc.assert(
    fc.property(fc.array(fc.array(text, { maxLength: 9 }), { maxLength: 9 }), (groups) => {
      const hash = createSortedHash();
      for (const group of groups) hash.add(group);
      const all = groups.flat();
      const expected = createHash('sha256')
        .update([...all].sort().join(''))
        .digest('hex');
      expect(hash.end()).toBe(expected);
      expect(contentOf(all)).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('a text beyond the first plane has its place among UTF-16 units, as it has in JavaScript', () => {
  const hash = createSortedHash();
  hash.add(['\u{1f600}b']);
  hash.add(['\uff5ea', 'z']);
  expect(hash.end()).toBe(createHash('sha256').update('z\u{1f600}b\uff5ea').digest('hex'));
});
