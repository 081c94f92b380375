/**
 * The shapes of Offhook's HTTP API, as the server sends them.
 *
 * Times are RFC 3339 UTC strings, durations whole seconds; `null` means "not known" and shows
 * as a dash, never as zero. Vocabularies are open: a word this version does not know must still
 * render, so every such field is typed `Open<…>`.
 */

/** One of the words in `T`, or a word a newer server sends. */
export type Open<T extends string> = T | (string & {});

/** An RFC 3339 time in UTC, such as `2026-11-22T14:02:11Z`. */
export type Time = string;

/** Where a call is now. */
export type CallState = Open<
  | "ringing"
  | "waiting"
  | "talking"
  | "held"
  | "parked"
  | "consulting"
  | "transferring"
  | "voicemail"
  | "ended"
  | "unknown"
>;

/** How a call came out; known once it has ended. */
export type Result = Open<
  | "answered"
  | "missed"
  | "rejected"
  | "busy"
  | "cancelled"
  | "voicemail"
  | "abandoned"
  | "overflowed"
  | "failed"
  | "blocked"
  | "unknown"
>;

/** Seen from the account. */
export type Direction = Open<"inbound" | "outbound" | "internal" | "unknown">;

/** One end of a call; the server leaves out what it does not know. */
export interface Party {
  kind: Open<
    | "user"
    | "call_queue"
    | "auto_receptionist"
    | "common_area"
    | "shared_line_group"
    | "external"
    | "unknown"
  >;
  name?: string | null;
  /** E.164 where the server could tell. */
  number?: string | null;
  extension_number?: string | null;
  user_id?: string | null;
  extension_id?: string | null;
}

/** A call queue as a call names it. */
export interface QueueRef {
  name?: string | null;
  extension_number?: string | null;
  extension_id?: string | null;
}

/** One party's stretch of a call. */
export interface Leg {
  side: Open<"caller" | "callee">;
  party: Party;
  state: CallState;
  outcome: Open<"answered" | "missed" | "answered_elsewhere" | "rejected"> | null;
  queue: QueueRef | null;
  started_at: Time | null;
  answered_at: Time | null;
  ended_at: Time | null;
  state_since: Time | null;
  wait_seconds: number | null;
  talk_seconds: number | null;
  hold_seconds: number | null;
  muted: boolean;
  /** How often this party was rung. */
  attempts: number;
  /** Names of fields here that were inferred, not told. */
  derived: string[];
}

/** A call in a list or on the live board. */
export interface CallSummary {
  id: string;
  account_id: string;
  direction: Direction;
  state: CallState;
  result: Result | null;
  from: Party | null;
  to: Party | null;
  queue: QueueRef | null;
  /** Legs of people on the account. */
  people: Leg[];
  started_at: Time | null;
  answered_at: Time | null;
  ended_at: Time | null;
  state_since: Time | null;
  wait_seconds: number | null;
  talk_seconds: number | null;
  hold_seconds: number | null;
  recording: Open<"on" | "paused" | "stopped" | "ready" | "failed"> | null;
  voicemail: boolean;
  emergency: boolean;
  /** Names of fields here that were inferred, not told. */
  derived: string[];
  /** Grows with every change of this call. */
  version: number;
}

/** What the server knows about how fresh its own knowledge is. */
export interface Clocks {
  now: Time;
  /** When Zoom's last webhook arrived. */
  last_event_at: Time | null;
  /** When the last comparison with Zoom's records finished. */
  last_reconcile_at: Time | null;
  /** Events received but not yet part of any call. */
  backlog: number;
  /** The usual gap between webhooks at this time. */
  expected_gap_seconds: number | null;
}

/** Everything the live board shows at one moment. */
export interface Snapshot {
  /** The number in the server's feed of changes that this leads up to. */
  seq: number;
  clocks: Clocks;
  calls: CallSummary[];
}

/** What changed since the message before it. */
export interface Delta {
  /** As in `Snapshot`. One delta may join many changes, so numbers grow but need not follow on. */
  seq: number;
  /** Calls to add or replace, by id. */
  calls: CallSummary[];
  /** Ids to drop: merged into another call, or deleted. */
  gone: string[];
  clocks: Clocks;
}

/** One page of calls, newest first. */
export interface CallPage {
  calls: CallSummary[];
  /** Pass back as `cursor`; `null` on the last page. */
  next_cursor: string | null;
}

/** One line of a call's story. */
export interface TimelineEntry {
  at: Time | null;
  what: string;
  who: Party | null;
  detail: string | null;
  source: Open<"status_event" | "record">;
}

/** One of a call's many names, and where it was seen. */
export interface CallId {
  kind: string;
  value: string;
  sources: string[];
}

/** Zoom's own record of one step of a call. */
export interface CallElement {
  id: string;
  event: string | null;
  result: string | null;
  result_reason: string | null;
  from: Party | null;
  to: Party | null;
  started_at: Time | null;
  answered_at: Time | null;
  ended_at: Time | null;
  wait_seconds: number | null;
  talk_seconds: number | null;
  hold_seconds: number | null;
  segment: number | null;
  node: number | null;
}

/** A recording of a call. Its sound is a `MediaFile`. */
export interface Recording {
  id: string;
  state: string;
  started_at: Time | null;
  ended_at: Time | null;
  duration_seconds: number | null;
  kind: Open<"on_demand" | "automatic"> | null;
  element_id: string | null;
  owner: Party | null;
  transcript: boolean;
}

/** A message left. Its sound is a `MediaFile`. */
export interface Voicemail {
  id: string;
  state: Open<"received" | "trashed" | "purged">;
  left_at: Time | null;
  duration_seconds: number | null;
  element_id: string | null;
  mailbox: Party | null;
  from: Party | null;
  transcript: boolean;
}

/** One stay of the call in a call queue. */
export interface QueueStay {
  queue: QueueRef;
  via: string | null;
  entered_at: Time | null;
  left_at: Time | null;
  outcome: Open<
    | "answered"
    | "abandoned"
    | "overflowed_out"
    | "voicemail"
    | "timed_out"
    | "rejected"
    | "in_progress"
  >;
  wait_seconds: number | null;
  answered_by: Party | null;
  /** Members rung, each time counted. */
  rung: number;
  /** Worked out from the members’ lines, because no record tells of the stay. */
  derived: boolean;
}

/** An id that is the only link between what would otherwise be several calls. */
export interface Conflict {
  kind: string;
  value: string;
  claimed_by: string[];
}

/** Records of the call that were deleted at Zoom. */
export interface Deletion {
  ids: string[];
  state: Open<"trashed" | "purged">;
  at: Time | null;
}

/** What a part of the call cost; amounts are decimals as Zoom wrote them. */
export interface Charge {
  amount: string | null;
  currency: string | null;
  rate: string | null;
  reference: string | null;
  party: Party | null;
  source: string;
}

/** A file of a call: a recording, a voicemail, or what was said in one. */
export interface MediaFile {
  id: string;
  kind: Open<"recording" | "transcript" | "voicemail" | "voicemail_transcript">;
  /** Zoom’s id of the recording or voicemail. */
  zoom_id: string;
  state: Open<
    | "skipped"
    | "wanted"
    | "fetching"
    | "here"
    | "failed"
    | "not_ready"
    | "gone"
    | "deleting"
    | "deleted"
    | "refused"
  >;
  why: string | null;
  content_type: string | null;
}

/** Everything known about one call. */
export interface CallDetail extends CallSummary {
  legs: Leg[];
  timeline: TimelineEntry[];
  ids: CallId[];
  elements: CallElement[];
  queues: QueueStay[];
  recordings: Recording[];
  voicemails: Voicemail[];
  charges: Charge[];
  deletions: Deletion[];
  conflicts: Conflict[];
}

/** One message as it arrived, before anything was made of it. */
export interface RawEvent {
  seq: number;
  received_at: Time;
  source: string;
  event: string;
  /** Zoom's own time stamp, milliseconds since 1970. */
  event_ts: number | null;
  /** Arrived so late that the usual time window had passed. */
  late: boolean;
  body: unknown;
}

/** One thing a search found. */
export interface Match {
  kind: string;
  value: string;
  call: CallSummary;
}

/** How reading Zoom’s own records stands for one account. */
export interface AccountSync {
  account_id: string;
  /** Backfill and nightly runs rest; catch-ups go on. */
  paused: boolean;
  /** By kind, until when catch-ups have read without a gap. */
  until: { kind: string; at: Time }[];
  /** Of HEAVY requests; `null` where it cannot be told. */
  quota: {
    daily: number;
    used_today: number;
    backfill_share: number;
    backfill_percent: number;
    resets_in_seconds: number;
  } | null;
  /** What Zoom refuses for want of a scope. */
  refused: { kind: string; scopes: string; since: Time; again_at: Time }[];
  /** Newest first. */
  runs: SyncRun[];
  troubles: SyncTrouble[];
}

/** One run of a sync. */
export interface SyncRun {
  id: number;
  mode: Open<"backfill" | "catch_up" | "nightly">;
  state: Open<"running" | "paused" | "done">;
  from: Time;
  to: Time;
  started_at: Time;
  ended_at: Time | null;
  /** 0 to 100. */
  percent: number;
  eta_seconds: number | null;
  rows: number;
  requests: { light: number; medium: number; heavy: number };
  kinds: { kind: string; windows_missing: number }[];
  items: { kind: string; done: number; due: number; not_ready: number; given_up: number }[];
}

/** Something of a sync that is late, or given up. */
export interface SyncTrouble {
  kind: string;
  what: string;
  given_up: boolean;
  tries: number;
  at: Time;
  reason: string;
}

/** A comparison of what came in with Zoom’s records, over a period. */
export interface Report {
  id: number;
  account_id: string;
  /** Calls that began at or after. */
  from: Time;
  /** And before. */
  to: Time;
  cause: Open<"asked" | "nightly">;
  state: Open<"waiting" | "running" | "done" | "failed">;
  /** While it is made; `total` is 0 when that is not known. */
  progress: {
    step: Open<"reading" | "folding" | "comparing" | "queues">;
    done: number;
    total: number;
  } | null;
  created_at: Time;
  finished_at: Time | null;
  /** Why it could not be made. */
  error: string | null;
  /** There when it is done, and not before. */
  summary: ReportSummary | null;
}

/** The counts of a report, and its verdict. */
export interface ReportSummary {
  verdict: Open<"complete" | "late" | "missing" | "unknown">;
  /** The verdict in one line; times in it are RFC 3339. */
  line: string;
  calls: Tally;
  elements: Tally;
  recordings: Tally;
  voicemails: Tally;
  events: { came: number; different: number; on_both_doors: number; late: Lateness };
  /** How many items there are, by kind. */
  items: Record<string, number>;
  /** Events of which not one came; `*` is any event. */
  never_seen: { event: string; expected: number }[];
  /** Stretches of Zoom’s lists that were not read. */
  gaps: { list: string; from: Time; to: Time }[];
  queues: {
    days: number;
    ours: number;
    zooms: number;
    unreconciled: number;
    missing: number;
  } | null;
  /** Why queues could not be compared. */
  queues_unknown: string | null;
}

/** How many there are of something, and who told of them. */
export interface Tally {
  known: number;
  by_events: number;
  by_records: number;
  by_others: number;
  records_only: number;
  deleted: number;
  young: number;
  unknowable: number;
}

/** How many events came so long after their own time. */
export interface Lateness {
  within_10s: number;
  within_1m: number;
  within_5m: number;
  within_30m: number;
  within_2h: number;
  within_1d: number;
  more: number;
  longest_seconds: number;
}

/** One thing a report found. */
export interface ReportItem {
  kind: string;
  thing: Open<"call" | "element" | "recording" | "voicemail" | "event" | "queue">;
  id: string;
  call?: string;
  event?: string;
  at?: Time;
  late_seconds?: number;
  copies?: number;
  identical?: number;
  cause?: Open<"retry" | "duplicate">;
  queue?: {
    /** A day in UTC, such as `2026-11-22`. */
    day: string;
    queue: QueueRef;
    ours: QueueCounts;
    zooms: QueueCounts;
    ours_other: number;
    unreconciled: number;
  };
}

/** What happened in a queue in a day. */
export interface QueueCounts {
  inbound: number;
  completed: number;
  abandoned: number;
  overflowed: number;
}

/** Something whose end Zoom has announced. Days are UTC, such as `2026-11-30`. */
export interface Ending {
  what: Open<"operation" | "event" | "array" | "field">;
  name: string;
  announced: string | null;
  ends: string | null;
  /** Negative when it is over. */
  days_left: number | null;
  instead: string[];
  source: string;
  /** How much came in by it. */
  received: number;
  last_at: Time | null;
  /** How much came on each of the newest days. */
  days: Record<string, number>;
}

/** A program that asks this server for the shapes of before. */
export interface Served {
  operation: string;
  client: string;
  requests: number;
  last_day: string;
}

/** RFC 9457 problem details, the body of every error. */
export interface Problem {
  type?: string;
  title: string;
  status: number;
  detail?: string;
}
