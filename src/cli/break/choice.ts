/** Which breaks a command is about: those named by number, or those that fit a filter. */
import { PayrunError } from '../../domain/errors.ts';
import { isAccountName } from '../../domain/ledger/account.ts';
import { BREAK_KINDS, type Terms } from '../../domain/reconciliation/break.ts';
import { failsOn, parseRule } from '../../domain/reconciliation/fail-on.ts';
import type { Choice } from '../../operations/resolve-break.ts';
import type { BreakFilter, BreakRow } from '../../store/breaks.ts';
import { argumentList, type Context, type Input, type Option, text, texts } from '../command.ts';
import { numberOf } from './break-item.ts';

export const FILTER_OPTIONS: readonly Option[] = [
  { flags: '--kind <kind>', description: 'only this kind', choices: BREAK_KINDS },
  {
    flags: '--where <rule>',
    description:
      'only those that fit, such as amount>1000,age>2d: kind, currency, amount and age, commas mean and, repeated flags mean or',
    repeatable: true,
  },
  { flags: '--provider <name>', description: 'only of this provider, or of the statements of this account' },
];

/** Whose statements: a provider's, or those of an account of the books, under whose name its breaks are kept. */
export async function statementsOf(context: Context, name: string): Promise<string> {
  return isAccountName(name) ? name : (await context.providerConfig(name)).name;
}

/** Kind and provider for the store, and the rest as a question about each row. */
export async function filterOf(
  context: Context,
  input: Input,
  terms: Terms,
): Promise<Pick<BreakFilter, 'kind' | 'provider'> & { fits(row: BreakRow): boolean }> {
  const rules = texts(input, 'where').map((rule) => parseRule(rule, '--where'));
  const provider = text(input, 'provider');
  const kind = BREAK_KINDS.find((each) => each === text(input, 'kind')) ?? null;
  return {
    kind,
    provider: provider === undefined ? null : await statementsOf(context, provider),
    fits: (row) =>
      rules.length === 0 ||
      failsOn(rules, { ...row, age_days: terms.calendar.between(row.opened_on, terms.today) }),
  };
}

/** Numbers or a filter; both, or neither, could mean more than was meant. */
export async function choiceOf(context: Context, input: Input, terms: Terms): Promise<Choice> {
  const ids = argumentList(input, 0).map((written) => numberOf(written, 'break'));
  const filtered = texts(input, 'where').length > 0 || ['kind', 'provider'].some((name) => text(input, name));
  if (ids.length > 0 === filtered) {
    throw new PayrunError(
      'usage',
      'usage',
      filtered
        ? 'Both numbers and a filter say which breaks are meant.'
        : 'Nothing says which breaks are meant.',
      { hint: 'Write their numbers, such as 15 16, or a filter: --kind, --where, --provider.' },
    );
  }
  return filtered ? filterOf(context, input, terms) : { ids };
}
