import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maskPrivateText } from '../../../src/domain/private-text.ts';
import { maskText, recordOf, withoutSecrets } from '../../../src/providers/nxtbanking/record.ts';

const KEPT = ['payout_id', 'amount', 'utr'];

/** The same rule, told as JSON.parse can be told it. */
function maskedByReviver(key: string, value: unknown): unknown {
  if (KEPT.includes(key) || (typeof value !== 'string' && typeof value !== 'number')) return value;
  const masked = maskPrivateText(String(value));
  return masked === String(value) ? value : masked;
}

describe('the record of an answer', () => {
  it('keeps identifiers and masks account numbers in everything else', () => {
    const record = recordOf(
      '{"payout_id":"po_123456789012","utr":"612345678901","amount":123456789,"note":"to 50100012345678","account":50100012345678}',
    );
    expect(JSON.parse(record)).toEqual({
      payout_id: 'po_123456789012',
      utr: '612345678901',
      amount: 123456789,
      note: 'to ••••5678',
      account: '••••5678',
    });
  });

  it('masks what is no JSON, also printed in groups', () => {
    expect(recordOf('<p>Account 50100012345678 is closed</p>')).toBe('<p>Account ••••5678 is closed</p>');
    expect(recordOf('{"cut": "5010 0012 345678')).toBe('{"cut": "••••5678');
    expect(recordOf('12345678 is short')).toBe('12345678 is short');
  });

  it('is at most 4 kB, with no character cut in two, and masks before it cuts', () => {
    const record = recordOf(`${'€'.repeat(1_363)}50100012345678`);
    expect(Buffer.byteLength(record)).toBeLessThanOrEqual(4096);
    expect(record).not.toContain('\ufffd');
    expect(record).not.toContain('50100');
    expect(recordOf('x'.repeat(5_000))).toHaveLength(4096);
  });

  it('of a body too deep to walk is text like any other', () => {
    expect(recordOf(`${'['.repeat(100_000)}"50100012345678"${']'.repeat(100_000)}`)).toHaveLength(4096);
  });

  it('of any JSON is what JSON.parse makes of it, value by value', () => {
    const key = fc.constantFrom('payout_id', 'amount', 'utr', 'note', 'name', '0', '__proto__', 'data');
    const leaf = fc.oneof(
      fc.constantFrom('50100012345678', 'riya@okbank', 'QUEUED', '12345678'),
      fc.string(),
      fc.integer(),
      fc.double(),
      fc.boolean(),
      fc.constant(null),
    );
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof({ maxDepth: 4 }, leaf, fc.array(tie('tree')), fc.dictionary(key, tie('tree'))),
    }));
    fc.assert(
      fc.property(tree, (value) => {
        const body = JSON.stringify(value);
        const masked = Buffer.from(JSON.stringify(JSON.parse(body, maskedByReviver)));
        // Cut by bytes, and a character that the cut divides is left out whole.
        expect(recordOf(body)).toBe(new TextDecoder().decode(masked.subarray(0, 4096), { stream: true }));
      }),
      { numRuns: 500 },
    );
  });

  it('never shows nine digits in a row outside identifiers', () => {
    const digits = fc.stringMatching(/^[0-9]{9,20}$/);
    fc.assert(
      fc.property(fc.string(), digits, fc.string(), (before, account, after) => {
        const bodies = [
          before + account + after,
          JSON.stringify({ error: { message: before + account + after } }),
          JSON.stringify([account]),
        ];
        return (
          bodies.every((body) => !/\d{9}/.test(recordOf(body))) &&
          !/\d{9}/.test(maskText(before + account + after))
        );
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('a sentence of the provider', () => {
  it.each([
    ['No account 5010-0012-345678 here', 'No account ••••5678 here'],
    ['No account 5010.0012/345678', 'No account ••••5678'],
    ['5010\u00a00012\u00a0345678', '••••5678'],
    ['Paid to asha.rao@okbank, sorry', 'Paid to ••••@okbank, sorry'],
    ['Write to <o.k+x@bank.example>', 'Write to <••••@bank.example>'],
    ['9876543210@ybl is blocked', '••••@ybl is blocked'],
    ['limit 200000.00 on 2026-11-21', 'limit 200000.00 on 2026-11-21'],
  ])('names no account and no address: %s', (said, kept) => {
    expect(maskText(said)).toBe(kept);
  });

  it('is masked in time that grows with its length alone', () => {
    const began = performance.now();
    maskText('a'.repeat(2_000_000));
    maskText('1-'.repeat(1_000_000));
    recordOf(`${'x.y'.repeat(500_000)}@`);
    expect(performance.now() - began).toBeLessThan(3_000);
  });

  it('is at most 500 characters, whole ones', () => {
    const long = maskText('😀'.repeat(2_000));
    expect([...long]).toHaveLength(500);
    expect(Buffer.from(long).toString()).toBe(long);
  });
});

describe('our own secrets', () => {
  it('are taken out where the other side repeats them', () => {
    expect(withoutSecrets('bad key sk_live_12345 (sk_live_12345)', ['sk_live_12345'])).toBe(
      'bad key [secret] ([secret])',
    );
  });

  it('that are too short to be one leave the text as it is', () => {
    expect(withoutSecrets('{"error":1}', ['', 'e'])).toBe('{"error":1}');
  });
});
