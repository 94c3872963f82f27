/** Two large files compared, by payrun and by those that it is measured against, in turns. */
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeDay } from './day-files.js';
import { makeDayLedger } from './large-ledger.js';

const PYTHON = '/usr/bin/python3';
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Runs a program that says `maxrss KB` on stderr at its end; null where it cannot run. */
function measured(command, args) {
  return new Promise((resolve) => {
    const started = performance.now();
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text;
    });
    child.once('error', () => resolve(null));
    child.once('close', (code) => {
      const mb = Number(/maxrss (\d+)/.exec(stderr)?.[1] ?? 0) / 1024;
      const cpu_ms = Number(/cpu ([\d.]+)/.exec(stderr)?.[1] ?? 0) * 1000;
      resolve(code === 0 ? { ms: performance.now() - started, cpu_ms, mb } : null);
    });
  });
}

/** `millions` of rows each; `times` turns for the first, one for the others, which show the memory. */
export async function comparing({ payrun, print, work }, millions, times) {
  let before = null;
  for (const [index, million] of millions.entries()) {
    const [report, ours] = [join(work, 'report.csv'), join(work, 'ours.csv')];
    await writeDay(million * 1_000_000, report, ours);
    const best = {};
    for (let turn = 0; turn < (index === 0 ? times : 1); turn += 1) {
      const run = await payrun(['reconcile', report, '--against', ours, '--json', '-q'], { expected: [3] });
      const others =
        index > 0
          ? {}
          : {
              pandas: await measured(PYTHON, [here('reconcile.py'), report, ours]),
              duckdb: await measured(process.execPath, [here('duckdb-join.js'), report, ours]),
            };
      for (const [name, result] of Object.entries({ payrun: run, ...others })) {
        if (result && (best[name] === undefined || result.ms < best[name].ms)) best[name] = result;
      }
    }
    if (index === 0) printRatios(print, best);
    const more = before === null ? '' : `, ${(best.payrun.mb - before).toFixed(0)} MB more`;
    print(
      `  memory at ${million},000,000 rows each`,
      `${best.payrun.mb.toFixed(0)} MB${more}`,
      'under 300, 40 more a million',
    );
    before = best.payrun.mb;
    for (const file of [report, ours]) rmSync(file);
  }
}

/**
 * The report of a day held against a ledger that has its payouts: at first, and again with nothing new. Beside the time
 * it says the processor time, which a busy machine and the disk that the ledger is kept on change less.
 */
export async function reconciling({ payrun, print, work, office }, counts) {
  for (const count of counts) {
    const [report, ours] = [join(work, 'report.csv'), join(work, 'ours.csv')];
    await writeDay(count, report, ours);
    const cwd = await office();
    await makeDayLedger(join(cwd, 'payrun.db'), count);
    const pandas = await measured(PYTHON, [here('reconcile.py'), report, ours]);
    for (const [turn, files] of [
      ['first', [report]],
      ['again', []],
    ]) {
      const run = await payrun(['reconcile', ...files, '--json', '-q'], { cwd, expected: [3] });
      const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;
      const than = (name) =>
        pandas
          ? `${(run[name] / pandas[name]).toFixed(2)} (${seconds(run[name])} / ${seconds(pandas[name])})`
          : `${seconds(run[name])}, no pandas`;
      print(`reconcile in the ledger, ${count} lines, ${turn} / pandas`, than('ms'), 'at most 1, goal 0.5');
      print('  processor time', than('cpu_ms'), '');
      print('  memory', `${run.mb.toFixed(0)} MB`, 'under 300 MB');
    }
    for (const file of [report, ours]) rmSync(file);
    rmSync(cwd, { recursive: true });
  }
}

function printRatios(print, { payrun, pandas, duckdb }) {
  const what = 'reconcile --against, 1,000,000 rows each';
  const ratio = (other) =>
    `${(payrun.ms / other.ms).toFixed(2)} (${payrun.ms.toFixed(0)} ms / ${other.ms.toFixed(0)} ms)`;
  if (pandas) print(`${what} / pandas (${pandas.mb.toFixed(0)} MB)`, ratio(pandas), 'at most 0.5');
  else print(what, `${payrun.ms.toFixed(0)} ms`, `no pandas under ${PYTHON} to compare with`);
  if (duckdb) print(`${what} / DuckDB's join (${duckdb.mb.toFixed(0)} MB)`, ratio(duckdb), 'goal 1.5');
  else
    print(
      "  DuckDB's join",
      'not measured',
      'PAYRUN_BENCH_MODULES names no folder that has @duckdb/node-api',
    );
}
