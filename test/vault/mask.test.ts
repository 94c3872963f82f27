import { expect, test } from 'vitest';
import { maskAccount, maskEmail, maskPhone, maskVpa } from '../../src/vault/mask.ts';

test.each([
  ['123456787890', '••••7890'],
  ['12345678901234567890123456789012345', '••••2345'],
  ['12345678', '••••5678'],
  ['1234567', '••••67'],
  ['12345', '••••5'],
  ['12', '••••'],
  ['', '••••'],
])('account %s is shown as %s', (account, masked) => {
  expect(maskAccount(account)).toBe(masked);
});

test.each([
  ['riya.sharma@okbank', '••••ma@okbank'],
  ['9876543210@upi', '••••10@upi'],
  ['riya@okbank', '••••@okbank'],
  ['no-address', '••••'],
])('VPA %s is shown as %s', (vpa, masked) => {
  expect(maskVpa(vpa)).toBe(masked);
});

test('of an e-mail the domain is shown, of a phone the last four digits', () => {
  expect(maskEmail('riya.sharma@example.com')).toBe('••••ma@example.com');
  expect(maskPhone('+91 98000 01234')).toBe('••••1234');
  expect(maskPhone('112')).toBe('••••2');
});
