/**
 * How many persons must approve a batch: the configuration's number, and more above amounts that it names by band. What
 * no band speaks of is never the easier way: a currency without bands needs as many as the strictest band of all.
 */

export interface ApprovalBand {
  currency: string;
  /** Totals greater than this; the amount itself is still below. */
  above_minor: bigint;
  required: number;
}

export interface ApproverKey {
  /** The approver's name, as statements spell it. One person may have two keys while one replaces the other. */
  name: string;
  /** Base64 of its DER form. */
  public_key: string;
}

// Seen as it is on a line of text, and typed on every keyboard layout that has its letters.
const APPROVER_NAME = /^[\p{L}\p{N}](?:[\p{L}\p{N}\p{M} ._@'-]{0,62}[\p{L}\p{N}\p{M}.])?$/u;
export const APPROVER_NAME_RULE = "an approver is named in at most 64 letters, digits, spaces and . _ @ ' -";

export function isApproverName(name: string): boolean {
  return APPROVER_NAME.test(name);
}

export interface ApprovalPolicy {
  /** Of every batch; 0: submitting approves. */
  required: number;
  bands: readonly ApprovalBand[];
  /** Where there are any, what is required has to be signed with one of them. */
  keys: readonly ApproverKey[];
}

/** Whether there is any batch that a person has to approve. */
export function asksForApproval(policy: Pick<ApprovalPolicy, 'required' | 'bands'>): boolean {
  return policy.required > 0 || policy.bands.length > 0;
}

/** Whether approvals of a batch that needs so many have to be signed; what needs none, submitting approves. */
export function asksForSignatures(policy: ApprovalPolicy, required: number): boolean {
  return required > 0 && policy.keys.length > 0;
}

/** `total` is that of all rows of the batch, also of those that were sent or cancelled meanwhile. */
export function approvalsRequired(
  policy: Pick<ApprovalPolicy, 'required' | 'bands'>,
  total: { currency: string; amount_minor: bigint },
): number {
  const own = policy.bands.filter((band) => band.currency === total.currency);
  const reached =
    own.length === 0 ? policy.bands : own.filter((band) => total.amount_minor > band.above_minor);
  return Math.max(policy.required, ...reached.map((band) => band.required));
}

/**
 * Why a band says nothing that could be meant, or null: each asks for more than what holds below it, so that a slip of
 * the keyboard is no hole. `earlier` are the bands before it.
 */
export function bandProblem(
  required: number,
  earlier: readonly ApprovalBand[],
  band: ApprovalBand,
): { key: 'above' | 'required'; message: string } | null {
  if (band.required <= required)
    return {
      key: 'required',
      message: `asks for ${band.required}, and every batch needs ${required} already`,
    };
  const before = earlier.filter(({ currency }) => currency === band.currency).at(-1);
  if (before === undefined) return null;
  if (band.above_minor <= before.above_minor)
    return {
      key: 'above',
      message: 'is not greater than that of the band before it; write them in rising order',
    };
  if (band.required <= before.required)
    return { key: 'required', message: `asks for no more than the ${before.required} of the band before it` };
  return null;
}
