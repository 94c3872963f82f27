/** What writes says with -v where the chain has got to; whoever keeps that can tell later what was cut off. */
import { describe, expect, test } from 'vitest';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { openTill, sandboxFor, type Till } from '../batch/till.ts';
import { emptyFolder } from '../beneficiary/office.ts';
import { type Ran, runPayrun } from '../run-payrun.ts';

/** Commands that write, in an order in which each finds what it needs; `before` is done without -v. */
const GIVEN: readonly { words: readonly string[]; before?: readonly (readonly string[])[] }[] = [
  { words: ['beneficiary', 'import', 'people.csv'] },
  { words: ['beneficiary', 'verify', 'asha'] },
  { words: ['batch', 'import', 'one.csv', '--name', 'one'] },
  { words: ['batch', 'approve', 'one'] },
  { words: ['batch', 'submit', 'one', '--wait', '10s', '--yes'] },
  { words: ['payout', 'sync'] },
  { words: ['payout', 'retry', 'a-2', '--yes'] },
  {
    words: ['payout', 'cancel', 'b-1'],
    before: [['batch', 'import', 'two.csv', '--name', 'two']],
  },
  { words: ['batch', 'cancel', 'two'] },
  // What cannot be done has a head, too.
  { words: ['payout', 'release', 'a-1', '--reason', 'a test'] },
  { words: ['payout', 'resolve', 'a-1', '--as', 'paid', '--reason', 'a test'] },
  { words: ['webhook', 'apply', 'events.json', '--provider', 'nxt'] },
  {
    words: ['statement', 'import', 'report.csv', '--provider', 'nxt'],
    before: [['provider', 'report', 'nxt', '--date', 'today', '-o', 'report.csv']],
  },
  { words: ['reconcile', 'report.csv'] },
  { words: ['break', 'resolve', '1', '--reason', 'other', '--note', 'a test'] },
  { words: ['break', 'reopen', '1', '--note', 'a test'] },
  { words: ['break', 'apply', 'breaks.csv'], before: [['break', 'export', '-o', 'breaks.csv']] },
  { words: ['statement', 'withdraw', '1', '--reason', 'a test'] },
  { words: ['statement', 'reinstate', '1', '--reason', 'a test'] },
  { words: ['ledger', 'record', 'hand.csv'] },
  { words: ['ledger', 'reverse', '1', '--reason', 'a test'] },
  { words: ['ledger', 'close', '--through', '2026-01-01', '--provider', 'nxt', '--balance', '0.00'] },
  { words: ['key', 'rotate'] },
  { words: ['ledger', 'restore', 'copy.db'], before: [['ledger', 'backup', 'copy.db']] },
];

/** `init` has a folder of its own below; the others have no ledger, or write until somebody stops them. */
const APART = new Set(['init', 'key new', 'webhook serve']);

async function headOf(till: Till): Promise<{ head: string; length: number }> {
  return (await till.payrun('audit', 'head', '--json')).json<{ head: string; length: number }>().data;
}

const said = (ran: Ran) => /^Head of the chain: ([0-9a-f]{64}) \((\d+) links\)$/m.exec(ran.stderr);

describe('with -v', () => {
  test('every command that writes says the head of the chain at its end', async () => {
    const sandbox = await sandboxFor();
    const till = await openTill({ url: sandbox.url });
    const { office } = till;
    office.write(
      'one.csv',
      'reference_id,beneficiary_ref,amount\na-1,asha,100.00\na-2,closed,10.00\na-3,bina,7.00\n',
    );
    office.write('two.csv', 'reference_id,beneficiary_ref,amount\nb-1,asha,1.00\nb-2,bina,2.00\n');
    office.write('events.json', '[]');
    office.write(
      'hand.csv',
      'entry_ref,date,account,debit,credit,currency,description\nJ1,2026-11-20,assets:bank:one,5.00,,INR,in\nJ1,2026-11-20,equity:opening-balances,,5.00,INR,in\n',
    );
    const grown: string[] = [];
    for (const { words, before = [] } of GIVEN) {
      for (const each of before) await till.payrun(...each);
      const earlier = await headOf(till);
      const ran = await till.payrun(...words, '-v', '--json');
      const now = await headOf(till);
      expect(said(ran)?.slice(1), `${words.join(' ')}: ${ran.stdout}${ran.stderr}`).toEqual([
        now.head,
        String(now.length),
      ]);
      expect(ran.stderr.match(/Head of the chain/g)).toHaveLength(1);
      if (now.head !== earlier.head) grown.push(words.slice(0, 2).join(' '));
    }
    // They did something, so that the head is that of after it.
    expect(grown.length).toBeGreaterThan(14);
    const given = new Set(GIVEN.map(({ words }) => words.join(' ')));
    const verbs = await Promise.all(COMMANDS.map(async ({ load }) => (await load()).verb));
    const forgotten = verbs
      .filter(({ effect, name }) => effect !== 'reads' && !APART.has(name))
      .filter(({ name }) => ![...given].some((words) => words === name || words.startsWith(`${name} `)));
    expect(forgotten.map(({ name }) => name)).toEqual([]);
    // Without it nobody is told.
    expect((await till.payrun('payout', 'sync')).stderr).not.toContain('Head of the chain');
  });

  test('so does init, whose key is on the chain, and a query with --reveal', async () => {
    const cwd = emptyFolder();
    expect(said(await runPayrun(['init', '-v'], { cwd }))?.[2]).toBe('1');
    const till = await openTill();
    const shown = await till.payrun('beneficiary', 'show', 'asha', '--reveal', '--reason', 'a test', '-v');
    expect(said(shown)?.[1]).toBe((await headOf(till)).head);
  });
});
