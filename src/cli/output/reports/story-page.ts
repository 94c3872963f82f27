/** A story as one page for a dispute file: what it is about, what happened in order of time, and the head of the chain. */
import type { StoryEvent } from '../../../store/story-event.ts';
import { sanitise } from '../sanitise.ts';
import { type Markup, markup, raw } from './markup.ts';
import { minuteOf, pageText } from './page.ts';

export interface Story {
  /** `Payout salary-nov-000007`. */
  title: string;
  /** What is known of it now; a null is not shown. */
  facts: readonly (readonly [name: string, value: string | null])[];
  events: readonly StoryEvent[];
  chain: { length: number; head: string };
  /** RFC 3339 UTC. */
  made_at: string;
  actor: string;
  os_user: string;
  host: string;
  version: string;
}

export function storyPage(story: Story): string {
  const { facts, events, chain } = story;
  const main = markup`<section><h2>As it stands</h2>
<table class="sums"><tbody>${facts.flatMap(([name, value]) => (value === null ? [] : [fact(name, value)]))}</tbody></table></section>
<section><h2>What happened</h2>
<table class="story"><thead><tr><th scope="col">time (UTC)</th><th scope="col">what</th><th scope="col">by</th></tr></thead>
<tbody>${events.map(eventRow)}</tbody></table></section>
<section class="whole"><h2>Head of the chain</h2>
<p>${String(chain.length)} links; the last hash is</p><p class="hash">${chain.head}</p>
<p class="note">Every entry and every decision above that bears a number stands in the chain at that place with that hash. That nothing of it was changed is checked with: payrun audit verify --from ${chain.head}</p></section>`;
  return pageText({
    title: sanitise(story.title),
    lead: markup`Made ${minuteOf(story.made_at)} by ${sanitise(story.actor)}. Account numbers are masked.`,
    main,
    footer: footer(story),
  });
}

function fact(name: string, value: string): Markup {
  return markup`<tr><th scope="row">${name}</th><td class="name">${sanitise(value)}</td></tr>\n`;
}

function eventRow({ at, kind, actor, what, details, seq, hash }: StoryEvent): Markup {
  // What goes to a provider and comes back, word for word.
  const verbatim = kind === 'attempt' || kind === 'send' || kind === 'decision';
  const below =
    details === null ? '' : markup`<div class="${verbatim ? 'hash' : 'note'}">${sanitise(details)}</div>`;
  const link =
    seq === null || hash === null ? '' : markup`<div class="hash">chain ${String(seq)}: ${hash}</div>`;
  const who = actor === null ? raw('<span class="nothing">–</span>') : sanitise(actor);
  return markup`<tr><td class="at">${timeOf(at)}</td><td class="name">${sanitise(what)}${below}${link}</td><td class="who">${who}</td></tr>\n`;
}

/** `2026-11-20 10:15:00.123`; what is no instant stays as it is stored. */
function timeOf(at: string): string {
  return /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(at) ? `${at.slice(0, 10)} ${at.slice(11, -1)}` : sanitise(at);
}

function footer({ made_at, actor, os_user, host, version }: Story): Markup {
  const who = os_user === actor ? '' : ` (system user ${sanitise(os_user)})`;
  return markup`<p>Made ${made_at} by ${sanitise(actor)}${who} on ${sanitise(host)} with payrun ${version}. Read from the ledger; nothing was changed.</p>`;
}
