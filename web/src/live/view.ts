import type { CallSummary, Leg, QueueRef } from "../api/types";

/** Seconds in a state since an RFC 3339 time; `null` if the time is not known. */
export function secondsSince(since: string | null, now: number): number | null {
  const at = Date.parse(since ?? "");
  return Number.isNaN(at) ? null : Math.max(0, Math.floor((now - at) / 1000));
}

/** How much a call needs a supervisor's eye. */
export type Concern = "emergency" | "critical" | "attention" | "none" | "ended";

/** Ringing or waiting on hold this long deserves attention, seconds. */
export const ATTENTION_SECONDS = 60;
/** Ringing or waiting on hold this long is a problem, seconds. */
export const CRITICAL_SECONDS = 120;

const isWaiting = (state: string): boolean =>
  state === "ringing" || state === "waiting" || state === "held" || state === "parked";

/** Weighs one call; only waiting people make a concern, a long conversation does not. */
export function concernOf(call: CallSummary, now: number): Concern {
  if (call.state === "ended") return "ended";
  if (call.emergency) return "emergency";
  if (!isWaiting(call.state)) return "none";
  const waited = secondsSince(call.state_since ?? call.started_at, now) ?? 0;
  if (waited >= CRITICAL_SECONDS) return "critical";
  return waited >= ATTENTION_SECONDS ? "attention" : "none";
}

/** How the rows may be ordered. */
export type Order = "problems" | "newest" | "oldest";

const RANK: Record<Concern, number> = {
  emergency: 0,
  critical: 1,
  attention: 2,
  none: 3,
  ended: 4,
};

/** Orders calls; ties go by start and then id, so equal input always gives equal output. */
export function sortCalls(calls: readonly CallSummary[], order: Order, now: number): CallSummary[] {
  const start = (c: CallSummary): number => Date.parse(c.started_at ?? c.state_since ?? "") || 0;
  const keyed = calls.map((call) => ({
    call,
    rank: order === "problems" ? RANK[concernOf(call, now)] : 0,
    start: order === "newest" ? -start(call) : start(call),
  }));
  keyed.sort((a, b) => a.rank - b.rank || a.start - b.start || (a.call.id < b.call.id ? -1 : 1));
  return keyed.map((k) => k.call);
}

/**
 * Keeps rows where they are while somebody points at or tabs through them: known rows keep their
 * place (even those that have since left the board), new ones go to the end.
 */
export function holdOrder(
  shown: readonly CallSummary[],
  sorted: readonly CallSummary[],
): CallSummary[] {
  const next = new Map(sorted.map((call) => [call.id, call]));
  const kept = shown.map((call) => {
    const current = next.get(call.id) ?? call;
    next.delete(call.id);
    return current;
  });
  return [...kept, ...next.values()];
}

/** The numbers above the board. */
export interface Totals {
  open: number;
  ringing: number;
  talking: number;
  held: number;
  /** Seconds; `null` when nothing rings. */
  longestRing: number | null;
  /** Calls that are a problem or an emergency. */
  concerns: number;
}

/** Counts the calls on the board; ended ones do not count. */
export function totalsOf(calls: readonly CallSummary[], now: number): Totals {
  const totals: Totals = {
    open: 0,
    ringing: 0,
    talking: 0,
    held: 0,
    longestRing: null,
    concerns: 0,
  };
  for (const call of calls) {
    if (call.state === "ended") continue;
    totals.open += 1;
    if (call.state === "ringing") {
      totals.ringing += 1;
      const rung = secondsSince(call.state_since ?? call.started_at, now);
      if (rung !== null) totals.longestRing = Math.max(totals.longestRing ?? 0, rung);
    } else if (call.state === "talking") totals.talking += 1;
    else if (call.state === "held" || call.state === "parked") totals.held += 1;
    const concern = concernOf(call, now);
    if (concern === "critical" || concern === "emergency") totals.concerns += 1;
  }
  return totals;
}

/** The calls of one queue. */
export interface QueueGroup {
  key: string;
  queue: QueueRef;
  calls: CallSummary[];
  /** Callers whom no member has taken yet. Zoom has no "waiting" event, so this is inferred. */
  waiting: number;
  /** Seconds the longest of them has rung; `null` when nobody waits. */
  longestWait: number | null;
  talking: number;
  held: number;
}

/** Names change and can repeat: a queue is its extension, and its name only for want of one. */
export const queueKey = (q: QueueRef): string =>
  q.extension_number ?? q.extension_id ?? `name:${q.name ?? ""}`;

/** Open calls by queue, queues by name. */
export function byQueue(calls: readonly CallSummary[], now: number): QueueGroup[] {
  const groups = new Map<string, QueueGroup>();
  for (const call of calls) {
    if (!call.queue || call.state === "ended") continue;
    const key = queueKey(call.queue);
    const group = groups.get(key) ?? {
      key,
      queue: call.queue,
      calls: [],
      waiting: 0,
      longestWait: null,
      talking: 0,
      held: 0,
    };
    groups.set(key, group);
    group.calls.push(call);
    if (call.state === "ringing" || call.state === "waiting") {
      group.waiting += 1;
      const waited = secondsSince(call.state_since ?? call.started_at, now);
      if (waited !== null) group.longestWait = Math.max(group.longestWait ?? 0, waited);
    } else if (call.state === "talking") group.talking += 1;
    else if (call.state === "held" || call.state === "parked") group.held += 1;
  }
  return [...groups.values()].sort((a, b) =>
    (a.queue.name ?? a.key).localeCompare(b.queue.name ?? b.key),
  );
}

/** What one person is doing now. */
export interface PersonGroup {
  key: string;
  /** The leg that says most about what they are doing: talking before held before ringing. */
  leg: Leg;
  call: CallSummary;
  /** Further live legs of the same person. */
  others: number;
}

const ENGAGED: Record<string, number> = {
  talking: 0,
  consulting: 1,
  transferring: 2,
  held: 3,
  parked: 4,
  ringing: 5,
};

const personKey = (leg: Leg): string =>
  leg.party.user_id ??
  leg.party.extension_id ??
  leg.party.extension_number ??
  leg.party.number ??
  leg.party.name ??
  "";

/**
 * The legs of those who were called, or of the caller when the called ones are not on the
 * account. The caller of an internal call stands under "From" already.
 */
export function reached(legs: Leg[]): Leg[] {
  const called = legs.filter((leg) => leg.side !== "caller");
  return called.length > 0 ? called : legs;
}

/** Legs in which somebody is still busy. */
export const liveLegs = (call: CallSummary): Leg[] =>
  call.state === "ended" ? [] : call.people.filter((leg) => leg.state !== "ended");

/** People with a live leg, by name. */
export function byPerson(calls: readonly CallSummary[]): PersonGroup[] {
  const groups = new Map<string, PersonGroup>();
  for (const call of calls) {
    for (const leg of liveLegs(call)) {
      const key = personKey(leg);
      if (key === "") continue;
      const held = groups.get(key);
      if (!held) {
        groups.set(key, { key, leg, call, others: 0 });
        continue;
      }
      held.others += 1;
      if ((ENGAGED[leg.state] ?? 9) < (ENGAGED[held.leg.state] ?? 9)) {
        held.leg = leg;
        held.call = call;
      }
    }
  }
  return [...groups.values()].sort((a, b) =>
    (a.leg.party.name ?? a.key).localeCompare(b.leg.party.name ?? b.key),
  );
}
