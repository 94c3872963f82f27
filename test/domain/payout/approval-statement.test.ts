import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type ApprovalStatement,
  isPublicKeyText,
  readSignedStatement,
  readStatement,
  signedText,
  statementText,
  whyNotNow,
  whyNotThis,
} from '../../../src/domain/payout/approval-statement.ts';
import { isSignedBy, newApprovalKey } from '../../../src/vault/approval-key.ts';
import { signerOf } from '../../vault/signer.ts';

const STATEMENT: ApprovalStatement = {
  ledger: 'a'.repeat(64),
  batch: 'salary-nov',
  batch_number: 7n,
  imported_by: 'ravi',
  provider: 'nxt',
  digest: 'b'.repeat(64),
  file_sha256: 'c'.repeat(64),
  rows: 15n,
  amount_minor: 90_394_649n,
  currency: 'INR',
  approver: 'Asha Rao',
  stated_at: '2026-11-24T10:00:00.000Z',
  expires_at: '2026-12-01T10:00:00.000Z',
};

function textOf(statement: ApprovalStatement): string {
  const text = statementText(statement);
  if (!text.ok) throw new Error(text.problem);
  return text.value;
}

const TEXT = textOf(STATEMENT);

describe('a statement', () => {
  test('is a page that a person can read, with one spelling', () => {
    expect(TEXT).toBe(`payrun approval statement, version 1
ledger: ${'a'.repeat(64)}
batch: salary-nov
batch number: 7
imported by: ravi
provider: nxt
digest: ${'b'.repeat(64)}
file sha256: ${'c'.repeat(64)}
rows: 15
total: 903946.49 INR
approver: Asha Rao
stated at: 2026-11-24T10:00:00.000Z
expires at: 2026-12-01T10:00:00.000Z
`);
    expect(readStatement(TEXT)).toEqual({ ok: true, value: STATEMENT });
  });

  test.each([
    ['another version', TEXT.replace('version 1', 'version 2')],
    ['line ends of Windows', TEXT.replaceAll('\n', '\r\n')],
    ['a byte order mark', `\ufeff${TEXT}`],
    ['a field more', `${TEXT}note: pay twice\n`],
    ['a field less', TEXT.replace('provider: nxt\n', '')],
    ['a field twice', TEXT.replace('rows: 15\n', 'rows: 15\nrows: 16\n')],
    [
      'another order',
      TEXT.replace('batch number: 7\nimported by: ravi\n', 'imported by: ravi\nbatch number: 7\n'),
    ],
    ['no last line end', TEXT.trimEnd()],
    ['an empty line at the end', `${TEXT}\n`],
    ['a total with a decimal less', TEXT.replace('903946.49', '903946.4')],
    ['a total with a zero in front', TEXT.replace('903946.49', '0903946.49')],
    ['a total of nothing', TEXT.replace('903946.49', '0.00')],
    ['a currency that does not exist', TEXT.replace('INR', 'INX')],
    ['digits of another script', TEXT.replace('rows: 15', 'rows: १५')],
    ['capital hexadecimal digits', TEXT.replace('b'.repeat(64), 'B'.repeat(64))],
    ['a day that does not exist', TEXT.replace('2026-12-01T', '2026-11-31T')],
    ['a name that turns the direction of reading', TEXT.replace('Asha Rao', 'Asha \u202eRao')],
    ['a space more', TEXT.replace('rows: 15', 'rows:  15')],
  ])('with %s is none', (_what, text) => {
    expect(text).not.toBe(TEXT);
    expect(readStatement(text).ok).toBe(false);
  });

  test('is not made of a name that could hide a line', () => {
    expect(statementText({ ...STATEMENT, imported_by: 'ravi\nrows: 1' }).ok).toBe(false);
  });

  test.each<[change: Partial<ApprovalStatement>, why: string | null]>([
    [{}, null],
    [{ ledger: 'd'.repeat(64) }, 'it is for another ledger'],
    [{ batch: 'salary-dec' }, 'it is for batch salary-dec, number 7, and this is salary-nov, number 7'],
    [{ batch_number: 8n }, 'it is for batch salary-nov, number 8, and this is salary-nov, number 7'],
    [{ amount_minor: 1n }, 'it is for a total of 0.01 INR, and the batch has 903946.49 INR'],
    [{ currency: 'USD' }, 'it is for a total of 903946.49 USD, and the batch has 903946.49 INR'],
    [{ rows: 16n }, 'it is for 16 rows, and the batch has 15'],
    [{ digest: 'd'.repeat(64) }, 'the batch changed after it was stated'],
    [{ file_sha256: 'd'.repeat(64) }, 'the batch changed after it was stated'],
    [{ provider: 'other' }, 'the batch changed after it was stated'],
    [{ imported_by: 'john' }, 'the batch changed after it was stated'],
  ])('that differs in %o is about something else', (change, why) => {
    expect(whyNotThis({ ...STATEMENT, ...change }, STATEMENT)).toBe(why);
  });

  test.each([
    ['2026-11-24T09:54:59.999Z', 'it was stated in the future, at 2026-11-24T10:00:00.000Z'],
    ['2026-11-24T09:55:00.000Z', null],
    ['2026-12-01T09:59:59.999Z', null],
    ['2026-12-01T10:00:00.000Z', 'it expired at 2026-12-01T10:00:00.000Z'],
  ])('is judged by the clock: at %s', (now, why) => {
    expect(whyNotNow(STATEMENT, now)).toBe(why);
  });

  test('is not good for more than 90 days, nor backwards', () => {
    const now = STATEMENT.stated_at;
    expect(whyNotNow({ ...STATEMENT, expires_at: '2027-02-22T10:00:00.000Z' }, now)).toBeNull();
    expect(whyNotNow({ ...STATEMENT, expires_at: '2027-02-22T10:00:00.001Z' }, now)).toContain('90 days');
    expect(whyNotNow({ ...STATEMENT, expires_at: now }, now)).toContain('before it begins');
  });
});

describe('a signature', () => {
  const key = newApprovalKey();
  const signature = signerOf(key.pem).sign(TEXT);
  const file = signedText(TEXT, signature);
  const counts = (text: string) => {
    const read = readSignedStatement(text);
    return read.ok && isSignedBy(key.public_key, read.value.text, read.value.signature);
  };

  test('holds for its text and key, and Node and the configuration mean the same key', () => {
    expect(counts(file)).toBe(true);
    expect(isPublicKeyText(key.public_key)).toBe(true);
    expect(isSignedBy(newApprovalKey().public_key, TEXT, signature)).toBe(false);
    const der = createPublicKey({ key: Buffer.from(key.public_key, 'base64'), format: 'der', type: 'spki' });
    expect(verify(null, Buffer.from(TEXT), der, Buffer.from(signature, 'base64'))).toBe(true);
  });

  test('holds for no other text: whichever byte of the file is changed, removed or doubled', () => {
    const bytes = Buffer.from(file);
    const survivors: string[] = [];
    for (let at = 0; at < bytes.length; at += 1) {
      const before = bytes.subarray(0, at);
      const after = bytes.subarray(at + 1);
      const byte = bytes.subarray(at, at + 1);
      const other = Buffer.from([(bytes[at] ?? 0) ^ 1]);
      for (const [how, edited] of [
        ['changed', Buffer.concat([before, other, after])],
        ['removed', Buffer.concat([before, after])],
        ['doubled', Buffer.concat([before, byte, byte, after])],
      ] as const) {
        const text = edited.toString();
        if (text !== file && counts(text)) survivors.push(`${how} ${at}`);
      }
    }
    expect(survivors).toEqual([]);
  });

  test('has one form: neither the order of the group added to it nor the spare bits of base64 make another', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const raw = Buffer.from(signature, 'base64');
    const s = BigInt(`0x${Buffer.from(raw.subarray(32)).reverse().toString('hex')}`) + order;
    const large = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    expect(counts(signedText(TEXT, Buffer.concat([raw.subarray(0, 32), large]).toString('base64')))).toBe(
      false,
    );
    const loose = `${signature.slice(0, 85)}${String.fromCharCode(signature.charCodeAt(85) + 1)}==`;
    expect(Buffer.from(loose, 'base64').equals(raw)).toBe(true);
    expect(counts(signedText(TEXT, loose))).toBe(false);
  });

  test('is not taken twice, nor with anything behind it', () => {
    const line = file.slice(TEXT.length);
    for (const text of [
      `${file}${line}`,
      `${file}\n`,
      `${file}rows: 1\n`,
      file.trimEnd(),
      `${line}${file}`,
      line,
    ])
      expect(counts(text)).toBe(false);
  });

  test('of another algorithm is none: only Ed25519 stands in the configuration', () => {
    const spki = (type: 'ed448' | 'x25519') =>
      generateKeyPairSync(type as 'ed448')
        .publicKey.export({ type: 'spki', format: 'der' })
        .toString('base64');
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const others = [
      spki('ed448'),
      spki('x25519'),
      ec.export({ type: 'spki', format: 'der' }).toString('base64'),
      key.public_key.slice(0, -1),
      `${key.public_key}=`,
      ` ${key.public_key}`,
      key.public_key.replace('MCowBQYDK2VwAyEA', 'MCowBQYDK2VuAyEA'),
    ];
    expect(others.filter(isPublicKeyText)).toEqual([]);
    for (const other of others) expect(isSignedBy(other, TEXT, signature)).toBe(false);
  });
});
