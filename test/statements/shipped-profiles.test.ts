/**
 * The profiles that ship, each against files of its own: beside every file in fixtures/statements stands what its lines
 * say, what becomes of each of them, and what is proved. UPDATE_STATEMENTS=1 writes it anew, for a person to read.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadProfiles, profileByName } from '../../src/statements/profile.ts';
import { detectProfile, readStatement } from '../../src/statements/read-statement.ts';

const FOLDER = fileURLToPath(new URL('../../fixtures/statements/', import.meta.url));
const PROFILES = loadProfiles({}, 'payrun.toml');
const FILES = readdirSync(FOLDER).filter((name) => !name.endsWith('.expected.json'));

function fixture(name: string): Buffer {
  return readFileSync(FOLDER + name);
}

/** What a person can hold against the file: amounts in minor units, money that came in negative but for returns. */
function said(bytes: Uint8Array): object {
  const profile = detectProfile(bytes, PROFILES);
  if (!profile) return { profile: null };
  const { rows, errors, count, proofs } = readStatement(bytes, profile, 'Asia/Kolkata');
  const lines = rows.map(({ content: _, occurrence: __, cells: ___, ...row }) => ({
    ...row,
    amount_minor: String(row.amount_minor),
    fee_minor: row.fee_minor === null ? null : String(row.fee_minor),
    tax_minor: row.tax_minor === null ? null : String(row.tax_minor),
  }));
  return { profile: profile.name, errors, lines, count, proofs };
}

describe('a file of each profile that ships', () => {
  it.each(FILES)('%s is told by its header and read whole', (name) => {
    const path = `${FOLDER}${name.replace(/\.\w+$/, '')}.expected.json`;
    const shown = said(fixture(name));
    if (process.env.UPDATE_STATEMENTS) writeFileSync(path, `${JSON.stringify(shown, null, 2)}\n`);
    expect(shown).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  });

  it('is there for each of them', () => {
    const told = new Set(FILES.map((name) => detectProfile(fixture(name), PROFILES)?.name));
    expect([...told].sort()).toEqual(PROFILES.map(({ name }) => name).sort());
  });

  it.each(FILES)('%s proves what it states, and adds up to its lines', (name) => {
    const bytes = fixture(name);
    const profile = detectProfile(bytes, PROFILES);
    if (!profile) throw new Error(`${name} fits no profile`);
    const { count, proofs, errors } = readStatement(bytes, profile, 'Asia/Kolkata');
    const { lines, ...parts } = count;
    expect(errors).toEqual([]);
    expect(Object.values(parts).reduce((sum, each) => sum + each, 0)).toBe(lines);
    expect(lines).toBe(
      bytes
        .toString('latin1')
        .replace(/\r?\n$/, '')
        .split(/\r?\n/).length,
    );
    expect(proofs.filter(({ proved }) => !proved)).toEqual([]);
  });

  it('refuses a line of a bank that it cannot read, and says where it stands', () => {
    const text = fixture('icici.csv').toString('utf8').replace('"1,25,000.00"', '"1,2,5000.00"');
    const { errors } = readStatement(Buffer.from(text), profileByName('icici', PROFILES), 'Asia/Kolkata');
    expect(errors.map(({ line, column, code }) => [line, column, code])).toEqual([
      [6, 'Withdrawal Amount (INR )', 'amount_invalid'],
    ]);
  });
});
