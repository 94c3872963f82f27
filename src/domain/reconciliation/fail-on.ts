/**
 * Which breaks fail a job, or are meant: `kind=amount_differs,amount>1000,age>2d`. The conditions of one rule all have to
 * hold; of several rules, one is enough. What cannot be read is refused: a gate that nobody can close is worse than none.
 */
import { PayrunError } from '../errors.ts';
import { CURRENCY_CODES, decimalsOf } from '../money/currency.ts';
import { BREAK_KINDS, type BreakKind } from './break.ts';

const EQUALITIES = ['=', '!='] as const;
const COMPARISONS = ['=', '!=', '>', '>=', '<', '<='] as const;
type Equality = (typeof EQUALITIES)[number];
type Comparison = (typeof COMPARISONS)[number];

type Condition =
  | { field: 'kind'; operator: Equality; kind: BreakKind }
  | { field: 'currency'; operator: Equality; currency: string }
  /** `digits` of which the last `decimals` stand behind the point: 1000.50 is exact, and fits every currency. */
  | { field: 'amount'; operator: Comparison; digits: bigint; decimals: number }
  | { field: 'age'; operator: Comparison; days: number };

export type FailRule = readonly Condition[];

export interface GatedBreak {
  kind: BreakKind;
  difference_minor: bigint | null;
  currency: string | null;
  /** In business days; null where nothing remembers the break, which is then of today. */
  age_days: number | null;
}

const CONDITION = /^([a-z_]+)\s*(!=|>=|<=|=|>|<)\s*(.+)$/;
// Longer numbers are slips of keys; the ledger holds nineteen digits.
const AMOUNT = /^(\d{1,19})(?:\.(\d{1,8}))?$/;
const AGE = /^(\d{1,5})d?$/;

/** `flag` is where the rule was written, for who mistyped it. */
export function parseRule(rule: string, flag: '--fail-on' | '--where'): FailRule {
  const written = `${flag} "${rule}"`;
  return rule.split(',').map((part) => parseCondition(part.trim(), written));
}

/** Whether one rule fits the break as a whole. */
export function failsOn(rules: readonly FailRule[], found: GatedBreak): boolean {
  return rules.some((rule) => rule.every((condition) => holds(condition, found)));
}

function parseCondition(part: string, rule: string): Condition {
  const [, field = '', operator = '', value = ''] = CONDITION.exec(part) ?? [];
  switch (field) {
    case 'kind': {
      const kind = BREAK_KINDS.find((each) => each === value);
      if (kind === undefined)
        throw refuse(rule, `there is no kind "${value}"`, `Kinds are: ${BREAK_KINDS.join(', ')}.`);
      return { field, operator: oneOf(operator, EQUALITIES, field, rule), kind };
    }
    case 'currency':
      if (decimalsOf(value) === undefined)
        throw refuse(rule, `"${value}" is no ISO 4217 currency`, unitHint(value));
      return { field, operator: oneOf(operator, EQUALITIES, field, rule), currency: value };
    case 'amount': {
      const [, whole, fraction = ''] = AMOUNT.exec(value) ?? [];
      if (whole === undefined)
        throw refuse(rule, `"${value}" is no amount`, 'Write digits with a point, such as amount>1000.50.');
      const digits = BigInt(whole + fraction);
      return {
        field,
        operator: oneOf(operator, COMPARISONS, field, rule),
        digits,
        decimals: fraction.length,
      };
    }
    case 'age': {
      const days = AGE.exec(value)?.[1];
      if (days === undefined)
        throw refuse(rule, `"${value}" is no age`, 'Write business days, such as age>2d.');
      return { field, operator: oneOf(operator, COMPARISONS, field, rule), days: Number(days) };
    }
  }
  const what = part === '' ? 'a condition is empty' : `"${part}" is no condition`;
  throw refuse(
    rule,
    what,
    'Write conditions on kind, amount, age or currency, with commas between them: kind=amount_differs,amount>1000,age>2d.',
  );
}

function unitHint(value: string): string {
  const upper = CURRENCY_CODES.find((code) => code === value.toUpperCase());
  return upper === undefined ? 'Write for example currency=INR.' : `Write ${upper}.`;
}

function oneOf<T extends string>(written: string, known: readonly T[], field: string, rule: string): T {
  const found = known.find((each) => each === written);
  if (found !== undefined) return found;
  throw refuse(rule, `${field} cannot be compared with ${written}`, `Write one of ${known.join(' ')} there.`);
}

function refuse(rule: string, why: string, hint: string): PayrunError {
  return new PayrunError('usage', 'option_invalid', `${rule}: ${why}.`, { hint });
}

function holds(condition: Condition, found: GatedBreak): boolean {
  switch (condition.field) {
    case 'kind':
      return (found.kind === condition.kind) === (condition.operator === '=');
    case 'currency':
      return (found.currency === condition.currency) === (condition.operator === '=');
    case 'age':
      return compares(BigInt(found.age_days ?? 0), condition.operator, BigInt(condition.days));
    case 'amount': {
      const decimals = found.currency === null ? undefined : decimalsOf(found.currency);
      // A difference that is none of money is neither large nor small.
      if (found.difference_minor === null || decimals === undefined) return false;
      const difference = found.difference_minor < 0n ? -found.difference_minor : found.difference_minor;
      return compares(
        difference * 10n ** BigInt(condition.decimals),
        condition.operator,
        condition.digits * 10n ** BigInt(decimals),
      );
    }
  }
}

function compares(left: bigint, operator: Comparison, right: bigint): boolean {
  switch (operator) {
    case '=':
      return left === right;
    case '!=':
      return left !== right;
    case '>':
      return left > right;
    case '>=':
      return left >= right;
    case '<':
      return left < right;
    case '<=':
      return left <= right;
  }
}
