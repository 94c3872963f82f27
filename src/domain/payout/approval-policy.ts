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

export interface ApprovalPolicy {
  /** Of every batch; 0: submitting approves. */
  required: number;
  bands: readonly ApprovalBand[];
}

/** Whether there is any batch that a person has to approve. */
export function asksForApproval(policy: ApprovalPolicy): boolean {
  return policy.required > 0 || policy.bands.length > 0;
}

/** `total` is that of all rows of the batch, also of those that were sent or cancelled meanwhile. */
export function approvalsRequired(
  policy: ApprovalPolicy,
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
