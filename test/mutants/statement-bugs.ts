/** Of statements: lines that count when they must not, decisions undone in passing, copies hidden or made up, balances. */
import type { SeededBug } from './seeded-bug.ts';

const WITHDRAWAL = 'test/operations/withdraw-statement.test.ts';
const MATCH = 'test/domain/reconciliation/match.test.ts';
const ACCOUNT = 'test/domain/reconciliation/account-statement.test.ts';

export const STATEMENT_BUGS: readonly SeededBug[] = [
  {
    id: 'withdrawn_lines_count',
    name: 'lines of a withdrawn statement are matched',
    file: 'src/store/statements.ts',
    from: 'l.id <= :through\n       and r.statement_id not in (',
    to: 'l.id <= :through\n       and -r.statement_id not in (',
    test: WITHDRAWAL,
  },
  {
    id: 'withdrawn_pages_count',
    name: 'pages of a large withdrawn statement are matched',
    file: 'src/operations/packed-lines.ts',
    from: 'withdrawn: withdrawn === 1n',
    to: 'withdrawn: withdrawn === 2n',
    test: WITHDRAWAL,
    named: 'by blocks',
  },
  {
    id: 'withdrawn_taken_in_again',
    name: 'the file of a withdrawn statement is taken in again without a word',
    file: 'src/operations/import-statement.ts',
    from: '  if (known.withdrawn_at !== null) throw withdrawn(file, known);',
    to: '',
    test: WITHDRAWAL,
    named: 'one by one',
  },
  {
    id: 'decision_undone_in_passing',
    name: 'a decision that rests on a statement is lost with it',
    file: 'src/operations/withdraw-statement.ts',
    from: '    if (lost.length > 0) throw decisionsStand(statement, lost);',
    to: '',
    test: 'test/cli/reconcile/withdraw.test.ts',
    named: 'stands in the way',
  },
  {
    id: 'copy_hidden',
    name: 'a second row of a payout in one file restates the first',
    file: 'src/domain/reconciliation/statement-line.ts',
    from: '  return !one.statement_ids.some((id) => other.statement_ids.includes(id));',
    to: '  return true;',
    test: MATCH,
  },
  {
    id: 'copy_made_up',
    name: 'a success that is said anew restates what was in flight instead',
    file: 'src/domain/reconciliation/statement-line.ts',
    from: 'first?.last.status === line.status && fits(first.members, [line])',
    to: 'first !== undefined && fits(first.members, [line])',
    test: MATCH,
  },
  {
    id: 'any_sum_of_days',
    name: 'a credit of another day takes a single payout that came back',
    file: 'src/domain/reconciliation/match-late-returns.ts',
    from: 'if (set.length < 2 || seen.has(name)) continue;',
    to: 'if (seen.has(name)) continue;',
    more: [
      {
        from: 'const sets = [...near, all,',
        to: 'const sets = [...near, ...all.map((each) => [each]), all,',
      },
    ],
    test: 'test/domain/reconciliation/match-bulk.test.ts',
  },
  {
    id: 'balances_meet_too_late',
    name: 'what was booked after the day of the balance is taken for booked by then',
    file: 'src/domain/reconciliation/account-balance.ts',
    from: '  const inLedger = movement !== null && isBy(movement.booked_on, on);',
    to: '  const inLedger = movement !== null;',
    test: ACCOUNT,
  },
  {
    id: 'windows_as_latin',
    name: 'windows-1252 is read as Latin-1',
    file: 'src/statements/statement-encoding.ts',
    from: '(control) => WINDOWS[control.charCodeAt(0) - 0x80] ?? control',
    to: '(control) => control',
    test: 'test/statements/own-profile.test.ts',
  },
];
