/** Files with bytes changed, lost and put in at random: read or refused with a place, never an accident, never a lost line. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { loadProfiles } from '../../src/statements/profile.ts';
import { fitsOf } from '../../src/statements/profile-fit.ts';
import { readStatement } from '../../src/statements/read-statement.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/statements/', import.meta.url));
const FILES = readdirSync(FOLDER)
  .filter((name) => !name.endsWith('.json'))
  .map((name) => readFileSync(FOLDER + name));
const PROFILES = [
  ...loadProfiles(
    {
      wide: { like: 'hdfc', encoding: 'utf-16le' },
      wider: { like: 'sbi', encoding: 'utf-16be' },
      narrow: { like: 'icici', encoding: 'windows-1252' },
      bare: { header: 'none', currency: 'INR', columns: { created_at: 1, utr: 2, amount: 3 } },
    },
    'payrun.toml',
  ),
];
const SPOILERS = [
  '"',
  '\n',
  '\r',
  '\r\n',
  ',',
  ';',
  '\t',
  '\0',
  '\ufeff',
  '\u202e',
  'é',
  '-',
  '""',
  ',,,',
  '=',
  '\ud83d\ude00',
];

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  drop: fc.nat(12),
  put: fc.oneof(
    fc.constantFrom(...SPOILERS).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 3 }),
  ),
});

function spoil(file: Buffer, changes: readonly { at: number; drop: number; put: Uint8Array }[]): Buffer {
  return changes.reduce((bytes, { at, drop, put }) => {
    const start = Math.floor(at * bytes.length);
    return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + drop)]);
  }, file);
}

it('are read or refused, and every line is accounted for', () => {
  let [read, refused] = [0, 0];
  fc.assert(
    fc.property(
      fc.constantFrom(...FILES),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      fc.nat(),
      (file, changes, other) => {
        const bytes = spoil(file, changes);
        const fits = fitsOf(bytes, PROFILES);
        const strange = PROFILES[other % PROFILES.length];
        for (const profile of [fits[0]?.profile, strange]) {
          if (!profile) continue;
          const { rows, errors, count } = readStatement(bytes, profile, 'Asia/Kolkata');
          const { lines, ...parts } = count;
          expect(Object.values(parts).reduce((sum, each) => sum + each, 0)).toBe(lines);
          expect(Object.values(parts).every((each) => each >= 0)).toBe(true);
          expect(
            errors.every(({ line, code }) => line >= 1 && line <= lines + 1 && code !== 'line_unread'),
          ).toBe(true);
          if (errors.length > 0) refused += 1;
          else {
            read += 1;
            expect([count.refused, count.taken]).toEqual([0, rows.length]);
          }
        }
      },
    ),
    { numRuns: 400, seed: 2026 },
  );
  // Both ends are tried, or this shows nothing.
  expect(Math.min(read, refused)).toBeGreaterThan(50);
});
