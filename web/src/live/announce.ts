/** Never speak more often than this, milliseconds: a live region must not drown out the reader. */
export const ANNOUNCE_GAP_MS = 10_000;

/** What the one polite live region has said last, and when. */
export interface Announcer {
  readonly said: string;
  readonly at: number;
}

/** Nothing said yet. */
export const silent: Announcer = { said: "", at: Number.NEGATIVE_INFINITY };

/**
 * Speaks `wanted` if it is news and the last words are ten seconds old; otherwise stays as it is.
 * What changes and changes back in between is never spoken.
 */
export function announce(announcer: Announcer, wanted: string, now: number): Announcer {
  if (wanted === announcer.said || now - announcer.at < ANNOUNCE_GAP_MS) return announcer;
  return { said: wanted, at: now };
}
