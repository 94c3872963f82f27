import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { emptyFolder } from '../beneficiary/office.ts';
import { runPayrun } from '../run-payrun.ts';

const away = emptyFolder();
let asha = '';
beforeAll(async () => {
  const made = await runPayrun(['key', 'new', '--approval', '--name', 'asha', '-o', 'asha.key'], {
    cwd: away,
  });
  asha = made.stdout;
});

describe('the words of batch approve', () => {
  test.each([
    [[], 'Name the batch'],
    [['nov', '--key', 'x'], '--key means nothing by itself'],
    [['nov', '--check', 'x'], '--check takes a file and no batch'],
    [['nov', '--statement', '--signature', 'x'], '--statement and --signature are two things'],
    [['--sign', 'x'], '--sign needs the approver'],
    [['nov', '--signature', 'x', '--valid-for', '1d'], '--valid-for means nothing with --signature'],
  ])('%j is refused', async (args, message) => {
    const ran = await runPayrun(['batch', 'approve', ...args, '--json'], { cwd: away });
    expect([ran.exit, ran.json().error.code]).toEqual([2, 'usage']);
    expect(ran.json().error.message).toContain(message);
  });

  test.each([
    [
      '[approval]\nrequired = 1\n[[approval.keys]]\nname = "x"\npublic_key = "MCow"\n',
      5,
      'is no Ed25519 public key',
    ],
    [
      '[approval]\nrequired = 1\n[[approval.keys]]\nname = "x\\ny"\npublic_key = "MCow"\n',
      4,
      'an approver is named',
    ],
    ['KEY asha', 2, 'means nothing as long as no batch needs an approval'],
    ['TWICE', 8, 'is that of asha already'],
  ])('a configuration %j is refused with its line', async (text, line, message) => {
    const folder = emptyFolder();
    const twice = `[approval]\nrequired = 1\n${asha}${asha.replace('asha', 'john')}`;
    const written = text === 'TWICE' ? twice : text === 'KEY asha' ? `\n${asha}` : text;
    writeFileSync(join(folder, 'payrun.toml'), written);
    const ran = await runPayrun(['batch', 'list', '--json'], { cwd: folder });
    expect(ran.exit).toBe(2);
    expect(ran.json().error.message).toContain(message);
    expect(ran.json().error.message).toContain(`payrun.toml:${line}: `);
  });
});
