/** The section [approval] of payrun.toml as the policy that it states; what it contradicts itself in is refused with its line. */
import * as z from 'zod/mini';
import { PayrunError } from '../domain/errors.ts';
import { parseAmountOrZero } from '../domain/money/parse-amount.ts';
import {
  APPROVER_NAME_RULE,
  type ApprovalBand,
  type ApprovalPolicy,
  asksForApproval,
  bandProblem,
  isApproverName,
} from '../domain/payout/approval-policy.ts';
import { isPublicKeyText } from '../domain/payout/approval-statement.ts';
import { lineOf } from './config-line.ts';

export const bandSchema = z.strictObject({
  above: z.pipe(
    z.union([z.string(), z.number()]),
    z.transform((value) => String(value)),
  ),
  currency: z._default(z.string(), 'INR'),
  required: z.int().check(z.minimum(1), z.maximum(9)),
});

export const keySchema = z.strictObject({
  name: z.string().check(z.refine(isApproverName, APPROVER_NAME_RULE)),
  public_key: z
    .string()
    .check(
      z.refine(
        isPublicKeyText,
        'is no Ed25519 public key; write the line that `payrun key new --approval` printed',
      ),
    ),
});

export const approvalSchema = z.prefault(
  z.strictObject({
    required: z._default(z.int().check(z.minimum(0), z.maximum(9)), 0),
    bands: z._default(z.array(bandSchema), []),
    keys: z._default(z.array(keySchema), []),
  }),
  {},
);

export function interpretApproval(
  stated: z.output<typeof approvalSchema>,
  source: string,
  file: string,
): ApprovalPolicy {
  const fail = (path: readonly (string | number)[], message: string): PayrunError => {
    const place = ['approval', ...path.map(String)];
    const line = lineOf(source, place);
    return new PayrunError('usage', 'config_invalid', `${file}:${line}: ${place.join('.')}: ${message}`);
  };
  const bands: ApprovalBand[] = [];
  for (const [index, { above, currency, required }] of stated.bands.entries()) {
    const parsed = parseAmountOrZero(above, currency);
    if (!parsed.ok)
      throw fail(['bands', index, parsed.code === 'currency_unknown' ? 'currency' : 'above'], parsed.message);
    const band = { currency, above_minor: parsed.minor, required };
    const problem = bandProblem(stated.required, bands, band);
    if (problem) throw fail(['bands', index, problem.key], `${problem.message}.`);
    bands.push(band);
  }
  for (const [index, key] of stated.keys.entries()) {
    const first = stated.keys.findIndex(({ public_key }) => public_key === key.public_key);
    // One key under two names would be two approvals by one person.
    if (first < index)
      throw fail(
        ['keys', index, 'public_key'],
        `is that of ${stated.keys[first]?.name} already; each key has one owner.`,
      );
  }
  const policy = { required: stated.required, bands, keys: stated.keys };
  if (policy.keys.length > 0 && !asksForApproval(policy))
    throw fail(['keys', 0], 'means nothing as long as no batch needs an approval; set [approval] required.');
  return policy;
}
