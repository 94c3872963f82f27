import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKeyFile, formatKey, generateKey, parseKey, readKeyFile } from '../../src/vault/key-file.ts';

let folder: string;
let count = 0;
const fresh = () => {
  count += 1;
  return join(folder, `key-${count}`);
};

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'payrun-key-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(text: string, mode = 0o600): string {
  const path = fresh();
  writeFileSync(path, text);
  chmodSync(path, mode);
  return path;
}

describe('a key file', () => {
  test('is one line that only its owner can read, and reads back as it was', () => {
    const path = fresh();
    const key = generateKey(randomBytes);
    createKeyFile(path, key);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toMatch(/^payrun-key-v1:[A-Za-z0-9+/]{43}=\n$/);
    expect(Buffer.from(readKeyFile(path))).toEqual(Buffer.from(key));
  });

  test('is never overwritten', () => {
    const path = written('something else');
    expect(() => createKeyFile(path, generateKey(randomBytes))).toThrow('EEXIST');
    expect(readFileSync(path, 'utf8')).toBe('something else');
  });

  test('that is not there is missing', () => {
    expect(() => readKeyFile(fresh())).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'key_missing' }),
    );
  });

  test.each([0o640, 0o604, 0o644, 0o660, 0o620])('of mode %o is refused, with what to run', (mode) => {
    const path = written(formatKey(generateKey(randomBytes)), mode);
    expect(() => readKeyFile(path)).toThrow(
      expect.objectContaining({ kind: 'usage', code: 'key_unsafe', hint: `Run: chmod 600 ${path}` }),
    );
  });

  test.each([
    ['is empty', ''],
    ['is too short', `payrun-key-v1:${Buffer.alloc(31).toString('base64')}`],
    ['is too long', `payrun-key-v1:${Buffer.alloc(33).toString('base64')}`],
    ['has no prefix', Buffer.alloc(32).toString('base64')],
    ['has another version', `payrun-key-v2:${Buffer.alloc(32).toString('base64')}`],
    ['has two lines', `${formatKey(Buffer.alloc(32))}\n${formatKey(Buffer.alloc(32))}`],
    ['is a whole other file', 'x'.repeat(100_000)],
  ])('that %s is invalid, and its text is not repeated', (_name, text) => {
    const path = written(text);
    let message = '';
    try {
      readKeyFile(path);
    } catch (error) {
      expect(error).toMatchObject({ kind: 'usage', code: 'key_invalid' });
      message = JSON.stringify(error) + String(error);
    }
    expect(message).not.toBe('');
    if (text.length > 20) expect(message).not.toContain(text.slice(14, 40));
  });

  test('that is a folder is invalid', () => {
    const path = fresh();
    mkdirSync(path);
    expect(() => readKeyFile(path)).toThrow(expect.objectContaining({ code: 'key_invalid' }));
  });

  test('may come as text with spaces around it', () => {
    const key = generateKey(randomBytes);
    expect(Buffer.from(parseKey(` ${formatKey(key)}\n`, 'PAYRUN_KEY'))).toEqual(Buffer.from(key));
  });
});
