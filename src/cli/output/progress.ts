/**
 * How far long work is, on stderr: one line that changes on a terminal, a plain line every ten seconds elsewhere,
 * nothing where nobody wants it. Called for every payout, so that an update costs no more than looking at the clock;
 * and it never throws: a terminal that went away must not stop payouts.
 */
import { Writable } from 'node:stream';
import type { Ora } from 'ora';
import type { SoFar } from '../../domain/errors.ts';
import type { GlobalFlags } from '../global-flags.ts';
import type { World } from '../world.ts';
import { sanitise, sanitiseBlock } from './sanitise.ts';

export interface Standing {
  done: number;
  /** By state: `{paid: 1231, failed: 6}`; zeros are not shown. */
  counts?: Readonly<Record<string, number>>;
}

export interface Progress {
  /** Begins a piece of work: `Paying`, with how many there are or null where nobody knows. */
  start(label: string, total: number | null): void;
  update(standing: Standing): void;
  /** A line of its own, kept above the changing one. */
  line(text: string): void;
  /** Why it stands still, shown until the next word: `nxt: waiting 12 s`; null once it goes on. */
  note(text: string | null): void;
  /** Ends the piece of work; resolves when everything is written. */
  end(): Promise<void>;
}

type ProgressFlags = Pick<GlobalFlags, 'quiet' | 'progress'>;

// Ten redraws a second look steady; more only cost.
const REDRAW_MS = 100;
const PLAIN_MS = 10_000;
// Before that, a rate is chance.
const FIRST_ETA_MS = 3000;
const SAMPLE_MS = 500;
// Each sample counts for a fifth: a pause shows within seconds, a stutter does not.
const SMOOTHING = 0.2;

export function createProgress(world: World, flags: ProgressFlags): Progress {
  const notices = noticeWriter(world, flags);
  const animated = world.stderr.isTTY && world.env.TERM !== 'dumb' && !world.env.CI;
  const silent = () => undefined;
  if (flags.quiet || !flags.progress) return { start: silent, update: silent, note: silent, ...notices };
  return animated ? terminalProgress(world, notices) : plainProgress(world, notices);
}

/** Keeps what the line would say, whether or not anybody wants to see it. */
export function remembered(progress: Progress): { progress: Progress; soFar(): SoFar | undefined } {
  let work: { total: number | null } | undefined;
  let last: Standing = { done: 0 };
  const watched: Progress = {
    ...progress,
    start: (text, total) => {
      work = { total };
      last = { done: 0 };
      progress.start(text, total);
    },
    update: (standing) => {
      last = standing;
      progress.update(standing);
    },
    end: () => {
      work = undefined;
      return progress.end();
    },
  };
  const soFar = () => work && { done: last.done, total: work.total, counts: { ...last.counts } };
  return { progress: watched, soFar };
}

interface Notices {
  line(text: string): void;
  end(): Promise<void>;
}

/** Writes in order without making the caller wait; `end` waits. */
function noticeWriter(world: World, flags: ProgressFlags): Notices {
  let written: Promise<void> = Promise.resolve();
  return {
    line: (text) => {
      if (flags.quiet) return;
      written = written.then(() => world.stderr.write(`${sanitiseBlock(text)}\n`)).catch(() => undefined);
    },
    end: () => written,
  };
}

function plainProgress(world: World, notices: Notices): Progress {
  let work: Work | undefined;
  let due = 0;
  let shown = false;
  const end = () => {
    if (work && shown) notices.line(work.text(world.monotonicMs()));
    work = undefined;
    return notices.end();
  };
  return {
    start: (label, total) => {
      void end();
      work = startWork(label, total, world.monotonicMs());
      due = world.monotonicMs() + PLAIN_MS;
      shown = false;
    },
    update: (standing) => {
      if (!work) return;
      const now = world.monotonicMs();
      work.update(standing, now);
      if (now < due) return;
      due = now + PLAIN_MS;
      shown = true;
      notices.line(work.text(now));
    },
    line: notices.line,
    note: (text) => {
      if (text !== null) notices.line(text);
    },
    end,
  };
}

function terminalProgress(world: World, notices: Notices): Progress {
  let work: Work | undefined;
  let due = 0;
  let spinner: Ora | undefined;
  let note: string | null = null;
  const show = (now: number) => {
    due = now + REDRAW_MS;
    // In front of the counts, since a line is cut at the width of the terminal.
    const why = note === null ? '' : `${sanitise(note)}  `;
    if (spinner && work) spinner.text = cut(`${why}${work.text(now)}`, columnsOf(world) - 3);
  };
  const begin = async (mine: Work) => {
    const { default: ora } = await import('ora');
    // The work may have ended while the library was loaded.
    if (work !== mine) return;
    spinner = ora({
      stream: terminalStream(world),
      discardStdin: false,
      interval: REDRAW_MS,
      isEnabled: true,
      color: false,
    });
    show(world.monotonicMs());
    spinner.start();
  };
  const end = () => {
    work = undefined;
    spinner?.stop();
    spinner = undefined;
    return notices.end();
  };
  return {
    start: (label, total) => {
      void end();
      work = startWork(label, total, world.monotonicMs());
      void begin(work).catch(() => undefined);
    },
    update: (standing) => {
      if (!work) return;
      const now = world.monotonicMs();
      work.update(standing, now);
      if (now >= due) show(now);
    },
    line: (text) => {
      spinner?.clear();
      notices.line(text);
    },
    note: (text) => {
      note = text;
      // A command without a line of progress tells it all the same.
      if (work === undefined && text !== null) notices.line(text);
      show(world.monotonicMs());
    },
    end,
  };
}

interface Work {
  update(standing: Standing, now: number): void;
  text(now: number): string;
}

function startWork(label: string, total: number | null, startedAt: number): Work {
  let standing: Standing = { done: 0 };
  let sampleAt = startedAt;
  let sampleDone = 0;
  let rate: number | null = null;
  return {
    update: (next, now) => {
      standing = next;
      const elapsed = now - sampleAt;
      if (elapsed < SAMPLE_MS) return;
      const measured = ((next.done - sampleDone) * 1000) / elapsed;
      rate = rate === null ? measured : rate + SMOOTHING * (measured - rate);
      sampleAt = now;
      sampleDone = next.done;
    },
    text: (now) => {
      const settled = rate !== null && rate > 0 && now - startedAt >= FIRST_ETA_MS ? rate : null;
      return standingText(label, total, standing, settled);
    },
  };
}

/** `Paying 1,240/12,000 10%  paid 1,231 failed 6 unknown 3  42/s  4m10s left` */
export function standingText(
  label: string,
  total: number | null,
  standing: Standing,
  rate: number | null,
): string {
  const { done, counts = {} } = standing;
  const share = total === null || total === 0 ? '' : ` ${Math.floor((done * 100) / total)}%`;
  const head = `${sanitise(label)} ${grouped(done)}${total === null ? '' : `/${grouped(total)}`}${share}`;
  const states = Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([state, count]) => `${sanitise(state)} ${grouped(count)}`);
  const parts = [head, states.join(' ')];
  if (rate !== null) {
    parts.push(rate >= 1 ? `${grouped(Math.round(rate))}/s` : `${(rate * 60).toFixed(1)}/min`);
    if (total !== null && total > done) parts.push(`${duration((total - done) / rate)} left`);
  }
  return parts.filter((part) => part !== '').join('  ');
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** 250 → `4m10s` */
function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole}s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`;
}

/** A line that wraps could not be taken back. */
function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}

/** Never 0, by which ora divides: it would take back lines without end. */
function columnsOf(world: World): number {
  return Math.max(world.stderr.columns ?? 80, 20);
}

/** What ora needs of a terminal, over the world's stderr. */
function terminalStream(world: World): NodeJS.WriteStream {
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string, _encoding, done) => {
      // Not waited for: the next frame replaces what a slow terminal has not shown.
      void world.stderr.write(String(chunk)).catch(() => undefined);
      done();
    },
  });
  return Object.assign(stream, {
    isTTY: true,
    columns: columnsOf(world),
    cursorTo: (x: number) => stream.write(`\u001b[${x + 1}G`),
    moveCursor: (_dx: number, dy: number) => stream.write(dy < 0 ? `\u001b[${-dy}A` : ''),
    clearLine: () => stream.write('\u001b[K'),
  }) as unknown as NodeJS.WriteStream;
}
