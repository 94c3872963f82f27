import type { Context } from './command.ts';

/** What a dry run shows reads like what was done, and there is nothing yet to go on from: it says that it was one. */
export function nextStep({ flags }: Context, next?: string): { next?: string } {
  if (flags.dry_run) return { next: 'A dry run: nothing was kept.' };
  return next === undefined ? {} : { next };
}
