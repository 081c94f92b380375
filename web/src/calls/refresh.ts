import type { CallSummary } from "../api/types";

/**
 * When to look at a call again, milliseconds from now; `null` for never.
 *
 * A call under way changes at any moment. Zoom's records of an ended one arrive over the next
 * minutes, after that it is settled and only a reader's own refresh looks again.
 */
export function refreshAfter(call: CallSummary, now: number): number | null {
  if (call.state !== "ended") return 3_000;
  const ended = Date.parse(call.ended_at ?? "");
  return now - ended < 15 * 60_000 ? 20_000 : null;
}
