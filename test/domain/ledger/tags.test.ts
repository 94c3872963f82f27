import { describe, expect, test } from 'vitest';
import { readTag, readTags, TAGS_MAX, tagParts, tagsOf } from '../../../src/domain/ledger/tags.ts';

test('one set of tags has one text, in the order of its names', () => {
  expect(readTags('project=apollo;cost_centre=ops')).toEqual({ tags: 'cost_centre=ops;project=apollo' });
  expect(readTags('')).toEqual({ tags: null });
  expect(tagsOf('a=1;b=2')).toEqual(['a=1', 'b=2']);
  expect(tagsOf(null)).toEqual([]);
  expect(tagParts('cost_centre=R&D / 5')).toEqual({ key: 'cost_centre', value: 'R&D / 5' });
});

describe('what is no tag is told with what to write', () => {
  test.each([
    ['ops', 'is no tag'],
    ['=ops', 'is no tag'],
    ['cost_centre=', 'is no tag'],
    ['a=1;', 'is no tag'],
    ['Cost=ops', 'small letters'],
    ['cost centre=ops', 'small letters'],
    ['utr=1', 'exports use'],
    ['a= 1', 'spaces around'],
    ['a=b=c', 'one of ; = ,'],
    ['a="b"', 'one of ; = ,'],
    ['a=b,c', 'one of ; = ,'],
    ['a=b\u202Ec', 'one of ; = ,'],
    [`a=${'x'.repeat(65)}`, 'at most 64'],
    ['a=1;a=2', 'twice'],
    [Array.from({ length: TAGS_MAX + 1 }, (_, index) => `k${index}=v`).join(';'), `at most ${TAGS_MAX}`],
  ])('%s', (text, why) => {
    expect(readTags(text)).toEqual({ problem: expect.stringContaining(why) });
  });
});

test('a single tag, as --tag says it', () => {
  expect(readTag('cost_centre=ops')).toEqual({ key: 'cost_centre', value: 'ops' });
  expect(readTag('cost_centre')).toHaveProperty('problem');
});
