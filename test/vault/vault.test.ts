import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { newWrappedKeys, openVault, placeOf, rewrap, type StoredKeys } from '../../src/vault/vault.ts';

const KEY = randomBytes(32);
const PLACE = placeOf('beneficiaries.account_sealed', 'acme');

function stored(
  id: bigint,
  keys = newWrappedKeys(KEY, randomBytes),
  retired_at: string | null = null,
): StoredKeys {
  return { id, ...keys, retired_at };
}

describe('sealing', () => {
  const vault = openVault(KEY, [stored(1n)], randomBytes);

  test('what was sealed opens again, and never looks the same twice', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (plain) => {
        const sealed = vault.seal(plain, PLACE);
        expect(vault.open(sealed, PLACE)).toBe(plain);
        expect(vault.seal(plain, PLACE)).not.toBe(sealed);
      }),
    );
  });

  test('sealed text names its form and its key', () => {
    expect(vault.seal('1234567890', PLACE)).toMatch(/^v1:1:[A-Za-z0-9+/=]+$/);
  });

  test('a value that was moved to another place does not open', () => {
    const sealed = vault.seal('1234567890', PLACE);
    const refusal = expect.objectContaining({ kind: 'failed', code: 'seal_broken' });
    expect(() => vault.open(sealed, placeOf('beneficiaries.account_sealed', 'other'))).toThrow(refusal);
    expect(() => vault.open(sealed, placeOf('beneficiaries.email_sealed', 'acme'))).toThrow(refusal);
  });

  test('a value of which one bit was changed does not open', () => {
    const sealed = vault.seal('1234567890', PLACE);
    const bytes = Buffer.from(sealed.slice(5), 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(() => vault.open(`v1:1:${changed.toString('base64')}`, PLACE)).toThrow('does not open');
    }
  });

  test.each([
    '',
    'v1:1:',
    'v1:2:AAAA',
    '1234567890',
    'v2:1:AAAA',
    'v1:1:AAAA',
  ])('%j does not open', (text) => {
    expect(() => vault.open(text, PLACE)).toThrow('does not open');
  });
});

describe('fingerprints', () => {
  test('are equal for equal values of one kind, and tell nothing else', () => {
    const vault = openVault(KEY, [stored(1n)], randomBytes);
    expect(vault.fingerprint('vpa', 'a@b')).toBe(vault.fingerprint('vpa', 'a@b'));
    expect(vault.fingerprint('vpa', 'a@b')).toMatch(/^[0-9a-f]{64}$/);
    expect(vault.fingerprint('vpa', 'a@b')).not.toBe(vault.fingerprint('bank_account', 'a@b'));
    expect(vault.fingerprint('vpa', 'a@b')).not.toBe(
      openVault(KEY, [stored(1n)], randomBytes).fingerprint('vpa', 'a@b'),
    );
  });
});

describe('keys', () => {
  test('another key file opens nothing, and the error says so', () => {
    expect(() => openVault(randomBytes(32), [stored(1n)], randomBytes)).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'key_wrong' }),
    );
  });

  test('the data key cannot stand in the place of the fingerprint key', () => {
    const keys = newWrappedKeys(KEY, randomBytes);
    const swapped = {
      wrapped_data_key: keys.wrapped_fingerprint_key,
      wrapped_fingerprint_key: keys.wrapped_data_key,
    };
    expect(() => openVault(KEY, [stored(1n, swapped)], randomBytes)).toThrow('does not open');
  });

  test('a ledger without a data key says what to do', () => {
    expect(() => openVault(KEY, [], randomBytes)).toThrow(expect.objectContaining({ code: 'key_missing' }));
  });

  test('after a new data key old values still open, new ones use it, and fingerprints stay', () => {
    const first = stored(1n);
    const before = openVault(KEY, [first], randomBytes);
    const sealed = before.seal('1234567890', PLACE);
    const rows = [{ ...first, retired_at: '2026-11-21T00:00:00.000Z' }, stored(2n, before.nextKeys())];
    const after = openVault(KEY, rows, randomBytes);
    expect(after.key_id).toBe(2n);
    expect(after.open(sealed, PLACE)).toBe('1234567890');
    expect(after.seal('x', PLACE)).toMatch(/^v1:2:/);
    expect(after.fingerprint('vpa', 'a@b')).toBe(before.fingerprint('vpa', 'a@b'));
  });

  test('the same keys under a new key file open what was sealed before', () => {
    const row = stored(1n);
    const before = openVault(KEY, [row], randomBytes);
    const newKey = randomBytes(32);
    const after = openVault(newKey, [stored(1n, rewrap(row, KEY, newKey, randomBytes))], randomBytes);
    expect(after.open(before.seal('1234567890', PLACE), PLACE)).toBe('1234567890');
    expect(after.fingerprint('a', 'b')).toBe(before.fingerprint('a', 'b'));
  });
});
