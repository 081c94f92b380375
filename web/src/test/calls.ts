import type { CallSummary, Clocks, Leg, Party } from "../api/types";

/** 14:00:00 UTC on a working day: the moment the tests happen at. */
export const NOW = Date.parse("2026-11-20T14:00:00Z");

/** An RFC 3339 time this many seconds from `NOW`. */
export const at = (seconds: number): string => new Date(NOW + seconds * 1000).toISOString();

export const party = (over: Partial<Party> = {}): Party => ({
  kind: "user",
  name: null,
  number: null,
  extension_number: null,
  user_id: null,
  extension_id: null,
  ...over,
});

export const leg = (over: Partial<Leg> = {}): Leg => ({
  side: "callee",
  party: party({ name: "Ada", user_id: "ada" }),
  state: "ringing",
  outcome: null,
  queue: null,
  started_at: null,
  answered_at: null,
  ended_at: null,
  state_since: null,
  wait_seconds: null,
  talk_seconds: null,
  hold_seconds: null,
  muted: false,
  attempts: 1,
  derived: [],
  ...over,
});

export const call = (id: string, over: Partial<CallSummary> = {}): CallSummary => ({
  id,
  account_id: "acct",
  direction: "inbound",
  state: "ringing",
  result: null,
  from: null,
  to: null,
  queue: null,
  people: [],
  started_at: at(-10),
  answered_at: null,
  ended_at: null,
  state_since: at(-10),
  wait_seconds: null,
  talk_seconds: null,
  hold_seconds: null,
  recording: null,
  voicemail: false,
  emergency: false,
  derived: [],
  version: 1,
  ...over,
});

export const clocks = (over: Partial<Clocks> = {}): Clocks => ({
  now: at(0),
  last_event_at: at(-2),
  last_reconcile_at: at(-300),
  backlog: 0,
  expected_gap_seconds: 10,
  ...over,
});
