import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Data } from '../../../src/cli/command.ts';
import { report, reportRow, seeded } from '../../operations/seed-payouts.ts';
import { expectMatchesSchema } from '../expect-matches-schema.ts';
import { createDesk } from './desk.ts';

const desk = createDesk();

/** A fee that differs by 6.49, a stranger of 12.00 with a name that wants to be markup, a missing line of 1000.02. */
async function day(reference = '<script>alert(1)</script>'): Promise<void> {
  const [one, two] = [seeded(1), seeded(2)] as const;
  await desk.seed(one, two);
  desk.write('report.csv', [
    reportRow(one, { fee: '9.99' }),
    reportRow(seeded(9), { reference_id: reference, amount: '12.00' }),
  ]);
}

function read(name: string): string {
  return readFileSync(join(desk.folder, name), 'utf8');
}

describe('a gate', () => {
  it('fails for what it names, and for nothing else', async () => {
    await day();
    const exit = async (...rules: string[]) =>
      (await desk.reconcile('report.csv', ...rules.flatMap((rule) => ['--fail-on', rule]))).exit;
    expect((await desk.reconcile('report.csv')).exit).toBe(3);
    expect(await exit('amount>1000')).toBe(3);
    expect(await exit('amount>1000.02')).toBe(0);
    expect(await exit('kind=fee_differs,amount>100')).toBe(0);
    expect(await exit('kind=fee_differs,amount>100', 'kind=missing_in_ledger')).toBe(3);
    expect(await exit('age>2d')).toBe(0);
    desk.now = '2026-11-26T06:00:00.000Z';
    expect(await exit('age>2d')).toBe(3);
  });

  it('says how many fit it, and lets days without a statement pass', async () => {
    await desk.seed(seeded(1));
    expect(await desk.reconcile('--fail-on', 'kind=ambiguous')).toMatchObject({
      exit: 0,
      coverage: { missing_days: ['2026-11-18'] },
      breaks: { open: 1, failing: 0 },
    });
    const { stdout } = await desk.payrun('reconcile', '--fail-on', 'kind=missing_on_statement');
    expect(stdout).toContain('1 of them fits --fail-on.');
  });

  it('that is mistyped stops before anything is taken in', async () => {
    await day();
    const ran = await desk.payrun('reconcile', 'report.csv', '--fail-on', 'kind=amount', '--json');
    expect([ran.exit, ran.json().error.code]).toEqual([2, 'option_invalid']);
    expect((await desk.payrun('statement', 'list', '--json')).json().data.items).toEqual([]);
  });

  it('holds for two files too', async () => {
    desk.write('report.csv', [reportRow(seeded(1), { amount: '1.00' })]);
    desk.file('ours.csv', 'reference_id,amount,state\npay-000001,1000.01,paid\n');
    const against = ['report.csv', '--against', 'ours.csv'];
    expect((await desk.reconcile(...against, '--fail-on', 'amount>=999.01')).exit).toBe(3);
    expect((await desk.reconcile(...against, '--fail-on', 'amount>999.01')).exit).toBe(0);
  });

  it('says that differences of two files have no age, and goes by today', async () => {
    desk.write('report.csv', [reportRow(seeded(1), { amount: '1.00' })]);
    desk.file('ours.csv', 'reference_id,amount,state\npay-000001,1000.01,paid\n');
    const ran = (rule: string) =>
      desk.payrun('reconcile', 'report.csv', '--against', 'ours.csv', '--fail-on', rule, '--json');
    const aged = await ran('amount>1,age>2d');
    expect([aged.exit, aged.json().warnings]).toMatchObject([0, [{ code: 'age_unknown' }]]);
    expect((await ran('age<1d')).exit).toBe(3);
    expect((await ran('amount>1')).json().warnings).toEqual([]);
  });
});

describe('a report', () => {
  it('as a page needs nothing else, and runs nothing of what it shows', async () => {
    await day();
    await desk.reconcile('report.csv');
    desk.now = '2026-11-24T06:00:00.000Z';
    await desk.reconcile('--report', 'day.html');
    const page = read('day.html');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('default-src &#39;none&#39;; style-src &#39;sha256-');
    const style = /<style>([\s\S]*)<\/style>/.exec(page)?.[1] ?? '';
    expect(page).toContain(createHash('sha256').update(style).digest('base64'));
    expect(page).not.toMatch(/ style=| on[a-z]+=/);
    expect(page).not.toMatch(/<script|<link|<img|https?:/i);
    expect(page).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page).toContain('<svg viewBox');
    expect(page).toContain('@media print');
    expect(page).toMatch(/2 to 5 days<\/th><td class="number">3<\/td><td class="number"><span>1,018.51 INR</);
    // Both days, as amounts, and nothing that is only in the store.
    expect(page).toContain('<title>2026-11-20: 1,018.51 INR, 3 open</title>');
    expect(page).toContain('<title>2026-11-24: 1,018.51 INR, 3 open</title>');
    expect(page).toContain('Made 2026-11-24T06:00:00.000Z by meera');
    expect(page).toMatch(/unexplained\)<\/th><td class="number good" colspan="2">0.00</);
  });

  it('as JUnit has one test for each kind, and its findings in the body', async () => {
    await day();
    await desk.reconcile('report.csv', '--report', 'day.xml', '--fail-on', 'kind=missing_in_ledger');
    const xml = read('day.xml');
    const names = [...xml.matchAll(/<testcase classname="payrun\.reconcile\.nxt" name="([^"]+)"/g)].map(
      ([, name]) => name,
    );
    expect(names).toHaveLength(12);
    expect(new Set(names).size).toBe(12);
    expect(xml).toContain('tests="12" failures="1"');
    expect(xml).toMatch(/type="missing_in_ledger">&lt;script&gt;alert\(1\)&lt;\/script&gt;: ledger nothing/);
    expect(xml).toMatch(/name="fee_differs" time="0"><system-out>pay-000001: ledger/);
    expect(xml).not.toContain('<script');
  });

  it('as Markdown makes no markup of names, and stays below what GitHub takes', async () => {
    const rows = Array.from({ length: 9000 }, (_, index) =>
      reportRow(seeded(index + 1), { reference_id: `|<b>_*[x](http://e.example)\`${index}` }),
    );
    desk.file('many.csv', report(rows));
    desk.file('ours.csv', 'reference_id,amount,state\n');
    await desk.reconcile('many.csv', '--against', 'ours.csv', '--report', 'step_summary_1');
    const text = read('step_summary_1');
    expect(Buffer.byteLength(text)).toBeLessThan(900_000);
    expect(Buffer.byteLength(text)).toBeGreaterThan(890_000);
    expect(text).toMatch(/And \d+ more; a report/);
    expect(text).toContain('&#124;&#60;b&#62;&#95;&#42;&#91;x&#93;&#40;http&#58;//e.example&#41;&#96;0');
    expect(text).not.toContain('<b>');
  });

  it('as a sheet has every open break, safe for a spreadsheet', async () => {
    await day('@SUM(1+1)');
    await desk.reconcile('report.csv', '--report', 'day.csv');
    const lines = read('day.csv').split('\r\n');
    expect(lines[0]).toMatch(/^\ufeffbreak,kind,reference_id,/);
    expect(lines).toHaveLength(5);
    expect(lines.filter((line) => line.includes(",'@SUM(1+1),"))).toHaveLength(1);
  });

  it('shows what would hide or turn text, in every form', async () => {
    const hostile = 'a\u001b[31m\u202eb';
    await desk.seed(seeded(1, { utr: hostile }));
    await desk.reconcile('--report', 'a.html', '--report', 'a.xml', '--report', 'a.md', '--report', 'a.csv');
    for (const name of ['a.html', 'a.xml', 'a.md', 'a.csv']) {
      const text = read(name);
      expect(text, name).not.toMatch(/[\u001b\u202e]/);
    }
    expect(read('a.html')).toContain('A\\u{1b}[31M\\u{202e}B');
  });

  it('of two files has no ages and no past', async () => {
    desk.write('report.csv', [reportRow(seeded(1), { amount: '1.00' })]);
    desk.file('ours.csv', 'reference_id,amount,state\npay-000001,1000.01,paid\n');
    await desk.reconcile(
      ...['report.csv', '--against', 'ours.csv', '--report', 'day.htm', '--report', 'day.xml'],
    );
    expect(read('day.htm')).toContain('<h1>Reconciliation of two files</h1>');
    expect(read('day.htm')).toContain('-999.01');
    expect(read('day.htm')).not.toMatch(/<svg|By age/);
    expect(read('day.xml')).toContain('classname="payrun.reconcile.files" name="amount_differs"');
  });

  it('of a rehearsal says so, and nothing is stored', async () => {
    await day();
    await desk.reconcile('report.csv', '--dry-run', '--report', 'day.md', '--report', 'day.csv');
    expect(read('day.md')).toContain('## Reconciliation of nxt, rehearsed');
    expect(read('day.csv').split('\r\n')).toHaveLength(5);
    expect((await desk.reconcile('report.csv', '-n', '--fail-on', 'kind=fee_differs')).exit).toBe(3);
    expect(await desk.breaks()).toEqual([]);
  });

  it('of an unknown kind, or into a file that is taken, is refused before any work', async () => {
    await day();
    for (const flags of [
      ['--report', 'day.pdf'],
      ['--report', 'day.md', '--report', './day.md'],
      ['--report', 'day.md', '-o', 'day.md'],
    ]) {
      const ran = await desk.payrun('reconcile', 'report.csv', ...flags, '--json');
      expect([ran.exit, ran.json().error.code]).toEqual([2, 'option_invalid']);
    }
    const onto = await desk.payrun('reconcile', 'report.csv', '--report', 'report.csv', '--json');
    expect(onto.json().error.code).toBe('output_refused');
    expect(read('report.csv')).toMatch(/^payout_id,/);
    expect((await desk.payrun('reconcile', 'report.csv', '--report', 'gone/day.md')).exit).toBe(1);
    expect(existsSync(join(desk.folder, 'day.md'))).toBe(false);
    expect((await desk.payrun('statement', 'list', '--json')).json().data.items).toEqual([]);
  });
});

describe('the page', () => {
  it('says of each file what it is by its hash, and whether it was new', async () => {
    await day();
    await desk.reconcile('report.csv');
    const [{ sha256 = '' } = {}] = (await desk.payrun('statement', 'list', '--json')).json<{
      items: { sha256: string }[];
    }>().data.items;
    await desk.reconcile('report.csv', '--report', 'again.html');
    expect(read('again.html')).toContain(`sha256 ${sha256}`);
    expect(read('again.html')).toContain('taken in before');
  });

  it('of a day on which all agrees says so, and of nothing at all, too', async () => {
    await desk.reconcile('--report', 'nothing.html');
    expect(read('nothing.html')).toContain('There is nothing to add up');
    await desk.seed(seeded(1));
    desk.write('report.csv', [reportRow(seeded(1))]);
    await desk.reconcile('report.csv', '--report', 'good.html');
    expect(read('good.html')).toContain('Nothing is open: every line');
    expect(read('good.html')).not.toMatch(/<svg|By age/);
  });

  it('groups the digits of amounts and of nothing else', async () => {
    const [one, two] = [seeded(1, { reference_id: '1234567', utr: '633200000001' }), seeded(2)] as const;
    await desk.seed(one, two);
    desk.write('report.csv', [
      reportRow(one, { utr: '633299999999' }),
      reportRow(one, { utr: '633299999999' }),
      reportRow(two, { amount: '633299.00' }),
    ]);
    await desk.reconcile('report.csv', '--report', 'day.html');
    const page = read('day.html');
    for (const cell of ['633200000001', '633299999999', '1234567', '6,33,299.00'])
      expect(page).toContain(`<td class="number">${cell}</td>`);
    expect(page).not.toMatch(/6,33,2[09],|12,34,567/);
  });

  it('keeps currencies apart, in sums, in pictures and in their groups of digits', async () => {
    await desk.seed(seeded(1, { amount_minor: 1_234_567_89n }));
    desk.write('report.csv', [
      reportRow(seeded(8), { amount: '9000000', currency: 'JPY', fee: '', tax: '' }),
      reportRow(seeded(9), { amount: '1234.50', currency: 'USD' }),
    ]);
    await desk.reconcile('report.csv');
    await desk.reconcile('--report', 'day.html');
    const page = read('day.html');
    expect(page).toContain('3 differences are open: 12,34,567.89 INR, 9,000,000 JPY, and 1,234.50 USD.');
    expect(page.match(/<svg /g)).toHaveLength(3);
    expect(page).toContain('Sums of zero are left out.');
  });
});

describe('annotations', () => {
  it('are at most ten, escaped, on stderr, beside one document on stdout', async () => {
    const rows = Array.from({ length: 12 }, (_, index) =>
      reportRow(seeded(index + 1), { reference_id: `100%: a;b ::${index}` }),
    );
    desk.write('re,port.csv', rows);
    desk.file('ours.csv', 'reference_id,amount,state\n');
    const ran = await desk.payrun(
      'reconcile',
      're,port.csv',
      '--against',
      'ours.csv',
      '--github',
      '--quiet',
      '--json',
    );
    expect(ran.exit).toBe(3);
    await expectMatchesSchema('reconcile', ran.json<Data>());
    const lines = ran.stderr.trimEnd().split('\n');
    expect(lines).toHaveLength(10);
    expect(lines[0]).toMatch(/^::error file=re%2Cport\.csv,line=2,title=missing_in_ledger::100%25: a;b/);
    expect(lines[9]).toBe('::error title=reconcile::and 3 more');
  });

  it('are only of what fails the job', async () => {
    await day();
    const ran = await desk.payrun(
      'reconcile',
      'report.csv',
      '--github',
      '--fail-on',
      'kind=fee_differs',
      '--json',
    );
    expect(ran.stderr.split('\n').filter((line) => line.startsWith('::error'))).toEqual([
      expect.stringMatching(
        /^::error file=report\.csv,line=2,title=fee_differs::pay-000001: ledger 3\.50, statement 9\.99, difference 6\.49 INR, line 2 of report\.csv/,
      ),
    ]);
  });

  it('name the file as the job does, and one of an earlier day as the ledger does', async () => {
    const [one, two] = [seeded(1), seeded(2)] as const;
    await desk.seed(one, two);
    mkdirSync(join(desk.folder, 'reports'));
    desk.write('reports/mon.csv', [reportRow(one, { fee: '9.99' })]);
    desk.write('reports/tue.csv', [reportRow(two), reportRow(seeded(7))]);
    await desk.payrun('reconcile', 'reports/mon.csv');
    const ran = await desk.payrun('reconcile', 'reports/tue.csv', '--github', '--json', '--report', 'd.html');
    expect(read('d.html')).toMatch(
      /<td class="name">mon\.csv<\/td>[\s\S]*<td class="name">reports\/tue\.csv<\/td>/,
    );
    const places = (stderr: string) =>
      [...stderr.matchAll(/^::error (file=\S+line=\d+)/gm)].map((each) => each[1]);
    expect(places(ran.stderr)).toEqual(['file=mon.csv,line=2', 'file=reports/tue.csv,line=3']);
    desk.file(
      'ours.csv',
      `reference_id,amount,fee\n${[one, two].map((each) => `${each.reference_id},${Number(each.amount_minor) / 100},3.50`).join('\n')}\n`,
    );
    const files = ['reports/mon.csv', 'reports/tue.csv', '--against', 'ours.csv', '--github', '--json'];
    const compared = await desk.payrun('reconcile', ...files);
    expect(places(compared.stderr).sort()).toEqual([
      'file=reports/mon.csv,line=2',
      'file=reports/tue.csv,line=3',
    ]);
  });
});
