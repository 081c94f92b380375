import type { Clocks } from "../api/types";

/** How far a value can be trusted: as it should be, be careful, or out of date. */
export type Level = "ok" | "warn" | "stale" | "none";

/** Heartbeats come every 5 s; this long without one and the link is late, milliseconds. */
export const LATE_MS = 10_000;
/** This long without any message and the values are out of date, milliseconds. */
export const STALE_MS = 30_000;

/** The state of the link to the server, from the age of its last message in milliseconds. */
export function linkLevel(ageMs: number | null): Level {
  if (ageMs === null) return "none";
  if (ageMs > STALE_MS) return "stale";
  return ageMs > LATE_MS ? "warn" : "ok";
}

/**
 * The state of Zoom's side: is the silence since the last webhook longer than usual?
 *
 * Three usual gaps (never under 30 s) is worth a look. A queue of unprocessed events is, too.
 * Without a usual gap nothing can be said about silence.
 */
export function sourceLevel(clocks: Clocks, now: number): Level {
  if (clocks.last_event_at === null) return "none";
  if (clocks.backlog >= BACKLOG_WARN) return "warn";
  if (clocks.expected_gap_seconds === null) return "ok";
  const age = (now - Date.parse(clocks.last_event_at)) / 1000;
  return age > Math.max(30, 3 * clocks.expected_gap_seconds) ? "warn" : "ok";
}

/** This many unprocessed events means the board is noticeably behind. */
export const BACKLOG_WARN = 100;

/** The state of the comparison with Zoom's records: more than two hours old is worth a look. */
export function reconcileLevel(clocks: Clocks, now: number): Level {
  if (clocks.last_reconcile_at === null) return "none";
  return now - Date.parse(clocks.last_reconcile_at) > 2 * 3_600_000 ? "warn" : "ok";
}

/**
 * Works out the server's clock from the `now` in its messages.
 *
 * A message can only be delayed, never early, so the largest difference seen lately is the
 * closest to the truth. A jump of more than five seconds means a clock was set: start over.
 */
export function skewFrom(samples: readonly number[], next: number): readonly number[] {
  const last = samples.at(-1);
  if (last !== undefined && Math.abs(next - last) > 5_000) return [next];
  return [...samples, next].slice(-12);
}

/** Milliseconds to add to this computer's clock to get the server's. */
export const skewOf = (samples: readonly number[]): number =>
  samples.length === 0 ? 0 : Math.max(...samples);
