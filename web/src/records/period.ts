const DAY = 86_400_000;
/** So long after a call its records may still be on their way; a little more, for the clocks. */
const YOUNG = 65 * 60_000;

/**
 * The period of a comparison that reaches back some days: from midnight UTC, so that whole days of
 * queues lie in it, until what is old enough to be judged. RFC 3339, whole seconds.
 */
export function lastDays(days: number, now: number): { from: string; to: string } {
  const midnight = Math.floor(now / DAY) * DAY;
  const text = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
  return { from: text(midnight - days * DAY), to: text(now - YOUNG) };
}
