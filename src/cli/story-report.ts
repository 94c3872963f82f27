/** How `explain` tells a story: lines for people, data for programs, and a page for a dispute file. */
import packageJson from '../../package.json' with { type: 'json' };
import { PayrunError } from '../domain/errors.ts';
import { chainHead } from '../store/chain.ts';
import type { StoryEvent } from '../store/story-event.ts';
import { type Context, type Data, type Input, type Option, type Outcome, text } from './command.ts';
import { chainItem } from './ledger/problems.ts';
import type { Story } from './output/reports/story-page.ts';
import { reportTargets, writeWhole } from './output/reports/write-reports.ts';

export const PAGE_OPTION: Option = {
  flags: '--report <file>',
  description: 'write it as a page too, for a dispute file; its name ends in .html',
};

export const STORY_COLUMNS = ['at', 'kind', 'actor', 'what', 'details', 'seq', 'hash'];

/** Refuses a file that is no page, or that must not be written, before anything is read. */
export async function pageAsked(context: Context, input: Input): Promise<string | null> {
  const path = text(input, 'report');
  if (path === undefined) return null;
  const { world, flags } = context;
  const inputs = flags.config === null ? [] : [flags.config];
  const [target] = await reportTargets([path], world, flags.output_file, inputs);
  if (target?.form === 'html') return path;
  throw new PayrunError('usage', 'option_invalid', `--report ${path}: a story is written as a page.`, {
    hint: 'Let it end in .html.',
  });
}

export type Told = Pick<Story, 'title' | 'facts' | 'events'> & {
  /** `{payout: …}`: what the story is about, as data. */
  about: Data;
  /** The same in one line. */
  standing: string;
};

export async function tellStory(context: Context, page: string | null, told: Told): Promise<Outcome> {
  const chain = chainItem(await chainHead(await context.ledger()));
  if (page !== null) {
    const { storyPage } = await import('./output/reports/story-page.ts');
    const { name: actor, os_user, host } = context.actor;
    const made_at = context.world.now().toISOString();
    const story = { ...told, chain, made_at, actor, os_user, host, version: packageJson.version };
    await writeWhole(page, [storyPage(story)], context.world);
  }
  return {
    data: { ...told.about, items: told.events.map((event) => ({ ...event })), chain },
    view: [
      told.standing,
      told.events.map(line).join('\n'),
      `Head of the chain: ${chain.head} (${chain.length} links)`,
    ],
  };
}

/** A line for what happened, and one below for its details: a table of them would be wider than any screen. */
function line({ at, actor, what, details }: StoryEvent): string {
  const who = actor === null ? '' : ` (${actor})`;
  const below = details === null ? '' : `\n${' '.repeat(26)}${details}`;
  return `${at}  ${what}${who}${below}`;
}
