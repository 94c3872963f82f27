/** What `ledger verify` and `audit verify` found, as data and for people. */
import { PROBLEMS_LISTED, type Problem } from '../../operations/chain-problem.ts';
import type { ChainHead } from '../../store/chain.ts';
import type { Context, Data, TableView } from '../command.ts';

export function problemItems(problems: readonly Problem[]): Data[] {
  return problems.map(({ code, message, entry }) => ({
    code,
    message,
    entry: entry === null ? null : Number(entry),
  }));
}

export function problemView(problems: readonly Problem[]): (TableView | string)[] {
  if (problems.length === 0) return ['No problems.'];
  const shown: (TableView | string)[] = [
    { columns: ['code', 'entry', 'message'].map((key) => ({ key })), rows: problemItems(problems) },
  ];
  if (problems.length >= PROBLEMS_LISTED) shown.push(`The first ${PROBLEMS_LISTED} are listed.`);
  return shown;
}

export function chainItem({ length, head }: ChainHead): { length: number; head: string } {
  return { length: Number(length), head };
}

/** Progress for a walk along the chain, whose length is known once it has begun. */
export function chainProgress(context: Context, label: string): (done: number, total: number) => void {
  let started = false;
  return (done, total) => {
    if (!started) context.progress.start(label, total);
    started = true;
    context.progress.update({ done });
  };
}
