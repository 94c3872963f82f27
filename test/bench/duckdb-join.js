/**
 * The full join of two files in DuckDB, which payrun does not depend on: PAYRUN_BENCH_MODULES names a folder in whose
 * node_modules @duckdb/node-api was installed.
 */
import { createRequire } from 'node:module';
import { join } from 'node:path';

const folder = process.env.PAYRUN_BENCH_MODULES;
if (folder === undefined) process.exit(2);
const { DuckDBInstance } = createRequire(join(folder, 'package.json'))('@duckdb/node-api');
const [report, ours] = process.argv.slice(2);
const instance = await DuckDBInstance.create(':memory:', { threads: '2' });
const connection = await instance.connect();
const text = (path) => `read_csv('${path}', all_varchar = true, header = true)`;
await connection.run(`
  create table found as
  select l.reference_id as theirs, p.reference_id as ours, p.state, l.status,
    l.amount::decimal(18, 2) is distinct from p.amount::decimal(18, 2) as amount_differs,
    l.fee::decimal(18, 2) is distinct from p.fee::decimal(18, 2) as fee_differs,
    l.utr is distinct from p.utr as utr_differs
  from ${text(report)} l full join ${text(ours)} p on l.reference_id = p.reference_id`);
await connection.run(
  'select count(*) from found where theirs is null or ours is null or amount_differs or fee_differs or utr_differs',
);
process.stderr.write(`maxrss ${process.resourceUsage().maxRSS}\n`);
process.exit(0);
