/**
 * Places in time that all processes of one ledger take their calls' turns from, so that together they keep to a
 * provider's rate. A small database beside the ledger, in which one number moves on: nothing in it is of any worth
 * tomorrow, so that it is not flushed, and what goes wrong with it never stops a payout. Times are those of a clock that
 * all processes of a machine share and that no clock setting moves.
 */
import { closeSync, openSync } from 'node:fs';
import SqliteDatabase from 'better-sqlite3';

export interface RateSlots {
  /**
   * Takes the next place, `spacingMs` behind the one before; answers in how many milliseconds it is. One that `waited`
   * for its turn may make up for a little of what it is late by.
   */
  take(spacingMs: number, waited: boolean): number;
  /** Nobody gets a place within the next so many milliseconds. */
  pauseFor(ms: number): void;
  /** In how many milliseconds the next place is, without taking it; 0 where it cannot be told. */
  aheadMs(): number;
  close(): void;
}

// What is made up for: with 95 per cent of a cap spaced evenly, no second ever has more than the cap.
const LARGEST_ARREARS_MS = 50;
// The others hold it for some microseconds. One that was stopped right then is not waited for any longer.
const BUSY_MS = 100;
// No pause is longer; a place beyond it was taken before the machine started anew.
const FARTHEST_MS = 16 * 60_000;

/** Null where the file cannot be had: each process then keeps to the rate by itself. */
export function openRateSlots(path: string, provider: string, clockMs: () => number): RateSlots | null {
  try {
    // 0600 like the ledger beside it.
    closeSync(openSync(path, 'a', 0o600));
    const connection = new SqliteDatabase(path, { timeout: BUSY_MS });
    connection.pragma('journal_mode = memory');
    connection.pragma('synchronous = off');
    connection.exec(
      'create table if not exists rate_slots (provider text primary key, next_ms real not null)',
    );
    return slotsIn(connection, provider, clockMs);
  } catch {
    return null;
  }
}

function slotsIn(connection: SqliteDatabase.Database, provider: string, clockMs: () => number): RateSlots {
  const read = connection.prepare('select next_ms from rate_slots where provider = ?').pluck();
  const write = connection.prepare(
    `insert into rate_slots (provider, next_ms) values (?, ?)
     on conflict (provider) do update set next_ms = excluded.next_ms`,
  );
  /** Moves the number on from where it is now; answers where it was, or null where it could not be had in time. */
  const moveOn = (from: (nextMs: number, nowMs: number) => number): { next: number; now: number } | null => {
    try {
      return connection
        .transaction(() => {
          const now = clockMs();
          const stored = read.get(provider) as number | undefined;
          const next = stored === undefined || stored > now + FARTHEST_MS ? now : stored;
          write.run(provider, from(next, now));
          return { next, now };
        })
        .immediate();
    } catch {
      return null;
    }
  };
  return {
    take(spacingMs, waited) {
      const moved = moveOn(
        (next, now) => Math.max(next, waited ? now - LARGEST_ARREARS_MS : now) + spacingMs,
      );
      return moved === null ? 0 : Math.max(0, moved.next - moved.now);
    },
    pauseFor(ms) {
      moveOn((next, now) => Math.max(next, now + ms));
    },
    aheadMs() {
      try {
        const ahead = ((read.get(provider) as number | undefined) ?? 0) - clockMs();
        return ahead > FARTHEST_MS ? 0 : Math.max(0, ahead);
      } catch {
        return 0;
      }
    },
    close: () => connection.close(),
  };
}
