/** Private values are shown to whoever says why, and what was said is on the chain before the first of them is out. */
import { join } from 'node:path';
import SqliteDatabase from 'better-sqlite3';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Verb } from '../../../src/cli/command.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { openTill, type Till } from '../batch/till.ts';
import { type Ran, runPayrun } from '../run-payrun.ts';

const ACCOUNT = '100000011111';
const REASON = 'the bank asks';
/** What a command is given whose argument is no beneficiary. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  'beneficiary show': ['asha'],
  'payout show': ['a-1'],
};

let till: Till;
let revealing: Verb[];
beforeAll(async () => {
  till = await openTill();
  await till.importBatch('one', 'reference_id,beneficiary_ref,amount\na-1,asha,100.00\na-2,bina,7.00\n');
  const verbs = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).verb));
  revealing = verbs.filter(({ options = [] }) => options.some(({ flags }) => flags === '--reveal'));
});

const wordsOf = (verb: Verb) => [...verb.name.split(' '), ...(ARGUMENTS[verb.name] ?? [])];

/** The reasons on the chain, oldest first, as another process finds them at this moment. */
function reasons(): string[] {
  const database = new SqliteDatabase(join(till.office.folder, 'payrun.db'), { readonly: true });
  try {
    const rows = database
      .prepare(
        `select json_extract(e.details, '$.reason') from audit_events e join chain c on c.kind = 'audit' and c.item_id = e.id
         where e.action = 'beneficiary_revealed' order by e.id`,
      )
      .pluck()
      .all();
    return rows as string[];
  } finally {
    database.close();
  }
}

async function seen(words: readonly string[]): Promise<{ ran: Ran; known_when_shown: boolean | null }> {
  let known: boolean | null = null;
  const ran = await runPayrun(words, {
    cwd: till.office.folder,
    onOutput: (text) => {
      if (known === null && text.includes(ACCOUNT)) known = reasons().at(-1) === words.at(-1);
    },
  });
  return { ran, known_when_shown: known };
}

describe('every command that has --reveal', () => {
  test('is one of those that show accounts', () => {
    expect(revealing.map(({ name }) => name).sort()).toEqual([
      'beneficiary list',
      'beneficiary show',
      'payout list',
      'payout show',
    ]);
  });

  test.each([
    'table',
    'json',
    'ndjson',
    'csv',
  ])('refuses without a reason, and shows nothing, as %s', async (format) => {
    for (const verb of revealing) {
      for (const more of [[], ['--reason', ''], ['--reason', '  ']]) {
        const before = reasons().length;
        const { ran } = await seen([...wordsOf(verb), '--format', format, '--reveal', ...more]);
        expect(ran.exit, `${verb.name} ${more}`).toBe(2);
        expect(ran.stdout + ran.stderr).toContain('--reveal needs a reason');
        expect(ran.stdout + ran.stderr).not.toContain(ACCOUNT);
        expect(reasons()).toHaveLength(before);
      }
    }
  });

  test.each([
    'table',
    'json',
    'ndjson',
    'csv',
  ])('has the reason on the chain when the first account is out, as %s', async (format) => {
    for (const verb of revealing) {
      const reason = `${REASON} of ${verb.name} as ${format}`;
      const { ran, known_when_shown } = await seen([
        ...wordsOf(verb),
        ...['--format', format, '--reveal', '--reason', reason],
      ]);
      expect([verb.name, ran.exit, known_when_shown]).toEqual([verb.name, 0, true]);
      // Without being asked it shows none.
      const masked = await seen([...wordsOf(verb), '--format', format]);
      expect([verb.name, masked.ran.exit, masked.known_when_shown]).toEqual([verb.name, 0, null]);
    }
  });
});
