import type { Party, QueueRef } from "../api/types";

/** A count as its reader groups digits. */
const count = (n: number): string => new Intl.NumberFormat().format(n);

/** Every text the app shows, in one place. Times and numbers go through `Intl` elsewhere. */
export const words = {
  app: "Offhook",
  nav: { label: "Main", live: "Live", calls: "Calls", records: "Records", skip: "Skip to content" },
  search: {
    label: "Find a call by any id or number",
    placeholder: "Any call id or number",
    submit: "Search",
    title: "Search",
    none: "Nothing carries this id or number.",
    noneHint:
      "Offhook looks for the exact value: a call id, call element id, call history uuid, recording id or a number in E.164 form such as +14155550100. A call that has only just begun may need a few seconds.",
    empty: "Type an id or a number in the field above.",
    found: (n: number): string => (n === 1 ? "1 match" : `${String(n)} matches`),
    matched: "Matched",
  },
  theme: {
    label: "Colours",
    auto: "Colours: as the system",
    light: "Colours: light",
    dark: "Colours: dark",
  },
  shortcuts: {
    title: "Keyboard shortcuts",
    open: "Keyboard shortcuts",
    close: "Close",
    single: "Single-key shortcuts",
    singleHint: "Turn off if you use speech input or the keys get in the way.",
    rows: [
      { keys: ["/"], what: "Go to search", single: true },
      { keys: ["Ctrl", "K"], what: "Go to search", single: false },
      { keys: ["Alt", "J"], what: "Next row", single: false },
      { keys: ["Alt", "K"], what: "Previous row", single: false },
      { keys: ["P"], what: "Pause or resume the live board", single: true },
      { keys: ["?"], what: "Show this list", single: true },
    ],
  },
  live: {
    title: "Live",
    views: { label: "View", calls: "Calls", queues: "By queue", people: "By person" },
    order: {
      label: "Order",
      problems: "Problems first",
      newest: "Newest first",
      oldest: "Oldest first",
      held: "Order held while you read",
    },
    pause: "Pause",
    resume: "Resume",
    paused: (clock: string): string => `Paused at ${clock}. Calls go on; this page does not.`,
    totals: {
      label: "Totals",
      open: "Calls now",
      ringing: "Ringing",
      talking: "Talking",
      held: "On hold",
      longest: "Longest ring",
    },
    empty: "No calls right now.",
    emptyHint: "The next call appears here as soon as Zoom reports it.",
    never: "No calls yet. Waiting for Zoom\u2019s first webhook.",
    neverHint:
      "If calls are under way, check that the event subscription of your Zoom app points at this server and that its secret token is set; offhook doctor tests both.",
    noQueues: "No queue calls right now.",
    noPeople: "Nobody is on a call right now.",
    connecting: "Connecting to Offhook\u2026",
    stale: (clock: string): string => `No connection. Values are as of ${clock}.`,
    staleHint: "Trying again by itself.",
    retry: "Try now",
    more: (n: number): string => `${String(n)} more calls are not shown. Use Calls to filter them.`,
    ringing: (n: number): string => `Ringing ${String(n)} people`,
    otherCalls: (n: number): string => `and ${String(n)} more`,
    attention: "Long",
    critical: "Too long",
    emergency: "Emergency",
    concerns: (n: number): string =>
      n === 1 ? "1 call needs attention." : `${String(n)} calls need attention.`,
    unreachable: "Offhook does not answer.",
    unreachableHint:
      "The server may be starting, or this computer is offline. Trying again by itself.",
  },
  clocks: {
    label: "How fresh this page is",
    link: "Link",
    source: "Zoom",
    reconcile: "Records",
    linkOk: "Live",
    linkLate: (age: string): string => `${age} late`,
    linkStale: (clock: string): string => `As of ${clock}`,
    linkNone: "Connecting",
    unknown: "Unknown",
    sourceOk: (age: string): string => (age === "now" ? "Just now" : `${age} ago`),
    sourceQuiet: (age: string): string => `Quiet for ${age}`,
    sourceNone: "No event yet",
    backlog: (n: number): string => `${String(n)} in line`,
    reconcileNone: "Not yet compared",
    linkTitle: "Time since this page last heard from the Offhook server",
    sourceTitle: "Time since Zoom\u2019s last webhook, compared with the usual gap",
    reconcileTitle: "Time since calls were last compared with Zoom\u2019s own records",
  },
  columns: {
    state: "State",
    inState: "In state",
    queue: "Queue",
    person: "Person",
    marks: "Marks",
    started: "Started",
    result: "Result",
    wait: "Wait",
    talk: "Talk",
    hold: "Hold",
    waiting: "Waiting",
    longest: "Longest wait",
    talking: "Talking",
    held: "On hold",
    calls: "Calls",
    with: "With",
    /** Between two parties in running text. */
    to: "to",
    /** As a column head. */
    toHead: "To",
  },
  inferred: "inferred",
  inferredTitle: "Zoom does not report this; Offhook worked it out from other facts.",
  marks: {
    emergency: "Emergency call",
    voicemail: "Voicemail left",
    muted: "Muted",
    recording: {
      on: "Recording",
      paused: "Recording paused",
      stopped: "Recorded",
      ready: "Recording available",
      failed: "Recording failed",
    } as Record<string, string>,
  },
  calls: {
    title: "Calls",
    filters: "Filters",
    any: "Any",
    direction: "Direction",
    state: "State",
    result: "Result",
    queue: "Queue extension",
    person: "Person",
    personHint: "User id or extension",
    number: "Number",
    numberHint: "+14155550100",
    conflict: "Conflicts only",
    conflictHint: "Calls joined by an id that what would otherwise be two calls both claim",
    from: "From",
    to: "Until",
    apply: "Apply",
    clear: "Clear filters",
    refresh: "Refresh",
    more: "Load more",
    end: "No older calls.",
    loading: "Loading\u2026",
    shown: (n: number): string => (n === 1 ? "1 call shown" : `${String(n)} calls shown`),
    none: "No calls here yet.",
    noneHint: "Calls are listed as soon as Zoom reports them or a sync has fetched older ones.",
    noneFiltered: "No call matches these filters.",
    noneFilteredHint: "Widen the time range or clear a filter.",
  },
  call: {
    title: "Call",
    back: "All calls",
    refresh: "Refresh",
    facts: "Facts",
    timeline: "Timeline",
    legs: "Parties",
    elements: "Call elements",
    elementsHint: "Zoom\u2019s own record of each step, available once the call has ended.",
    noElements: "Zoom has not delivered call elements for this call.",
    noLegs: "No leg of this call is known yet.",
    recorded: (step: string): string => `Record: ${step}`,
    noTimeline: "Nothing is known about the course of this call yet.",
    ids: "Identifiers",
    idsHint: "Any of these finds this call, here and on the command line.",
    recordings: "Recordings",
    voicemails: "Voicemails",
    queues: "Queue stays",
    queuesHint: "Each stay in a call queue has one outcome.",
    entered: "Entered",
    left: "Left",
    outcome: "Outcome",
    answeredBy: "Answered by",
    members: "Rung",
    mailbox: (name: string): string => `for ${name}`,
    media: {
      play: "Play",
      read: "Read transcript",
      fetch: "Fetch from Zoom",
      states: {
        skipped: "Kept at Zoom",
        wanted: "Will be fetched",
        fetching: "Being fetched",
        failed: "Fetching failed; tried again",
        not_ready: "Not ready at Zoom; tried again",
        gone: "Gone at Zoom before it was fetched",
        deleting: "Being deleted",
        deleted: "Deleted here",
        refused: "Zoom refused it",
      } as Record<string, string>,
      transcript: "Transcript",
    },
    conflict: (kind: string, n: number): string =>
      `${String(n)} calls claim one ${kind}. They are shown as one call; check which facts belong together.`,
    conflictTitle: "Conflict",
    deletedAtZoom: (n: number, state: string): string =>
      `${n === 1 ? "1 record" : `${String(n)} records`} of this call ${n === 1 ? "was" : "were"} ${state === "trashed" ? "moved to the trash" : "deleted for good"} at Zoom. What Offhook knows of it stays.`,
    cost: "Cost",
    events: "Raw events",
    eventsHint: "The messages this call was made from, as they arrived.",
    showEvents: "Show raw events",
    hideEvents: "Hide raw events",
    noEvents: "No raw event is kept for this call.",
    late: "late",
    copy: "Copy",
    copied: "Copied",
    copyFailed: "Press Ctrl+C",
    copyCli: "Copy as CLI",
    started: "Started",
    answered: "Answered",
    ended: "Ended",
    direction: "Direction",
    queue: "Queue",
    wait: "Wait",
    talk: "Talk",
    hold: "Hold",
    recording: "Recording",
    voicemail: "Voicemail",
    account: "Account",
    yes: "Yes",
    rung: (n: number): string => `rung ${String(n)} times`,
    stamped: (clock: string): string => `stamped ${clock}`,
    event: "Event",
    notFound: "There is no call with this id.",
    asOf: (clock: string): string => `Could not refresh. Shown as of ${clock}.`,
  },
  records: {
    title: "Records",
    sync: "Reading Zoom\u2019s history",
    syncHint:
      "What happened before Offhook listened, and what no event told, is read from Zoom\u2019s own records.",
    noAccounts: "No account can be read.",
    noAccountsHint:
      "Set ZOOM_ACCOUNT_ID, ZOOM_CLIENT_ID and ZOOM_CLIENT_SECRET of a server-to-server app; offhook doctor tests them.",
    until: "Read without a gap until",
    nothingYet: "Nothing yet",
    quota: "Zoom\u2019s daily quota",
    quotaUsed: (used: number, daily: number): string =>
      `${count(used)} of ${count(daily)} heavy requests used today`,
    quotaShare: (share: number, percent: number): string =>
      `A backfill stops at ${count(share)} (${String(percent)} %) and goes on after midnight UTC.`,
    backfill: "Read six months",
    backfillRuns: "A backfill is under way",
    catchUp: "Read what is new",
    pause: "Pause",
    resume: "Resume",
    paused: "Backfill and nightly runs are paused. What is new is read all the same.",
    runs: "Runs",
    noRuns: "No run yet.",
    mode: "Run",
    span: "Covers",
    progress: "Progress",
    rows: "Rows",
    requests: "Requests",
    left: "Left",
    eta: (time: string): string => `about ${time} left`,
    missing: (n: number): string => (n === 1 ? "1 window missing" : `${String(n)} windows missing`),
    notReady: (n: number): string => `${String(n)} not ready yet`,
    givenUp: (n: number): string => `${String(n)} given up`,
    modes: {
      backfill: "Backfill",
      catch_up: "Catch-up",
      nightly: "Nightly",
    } as Record<string, string>,
    states: { running: "Running", paused: "Paused", done: "Done" } as Record<string, string>,
    refused: (kind: string, scopes: string): string =>
      `Zoom refuses ${kind} until the app has the scope ${scopes}.`,
    troubles: "Late or given up",
    what: "What",
    tries: "Tries",
    next: "Again",
    reason: "Why",
    over: "given up",
  },
  reports: {
    title: "Did we get all of them?",
    hint: "What came in, compared with Zoom\u2019s own records, call by call.",
    lastDay: "Compare the last day",
    lastWeek: "Compare the last 7 days",
    periodHint:
      "From midnight UTC, so that whole days of queues are compared, until an hour ago: younger records may still be on their way.",
    account: "Account",
    none: "No comparison yet.",
    noneHint: "One is made every night, and whenever you ask.",
    verdict: "Verdict",
    period: "Period",
    cause: "Cause",
    inShort: "In short",
    older: "Older comparisons",
    verdicts: {
      complete: "Complete",
      late: "Complete, but late",
      missing: "Missing",
      unknown: "Cannot know",
    } as Record<string, string>,
    verdictHints: {
      complete: "Everything is here, and came as it should.",
      late: "Everything is here, but some of it came late, or only because Offhook asked Zoom.",
      missing: "Something is known to be, and is not here.",
      unknown: "Nothing is known to be missing, but not all of Zoom\u2019s records were read.",
    } as Record<string, string>,
    states: { waiting: "Waiting", running: "Under way", failed: "Failed" } as Record<
      string,
      string
    >,
    causes: { asked: "Asked for", nightly: "Nightly" } as Record<string, string>,
    steps: {
      reading: "Reading Zoom\u2019s records",
      folding: "Putting together what came in",
      comparing: "Comparing calls",
      queues: "Comparing queues",
    } as Record<string, string>,
    waiting: "Waiting",
    of: (done: number, total: number): string => `${count(done)} of ${count(total)}`,
    one: (id: string): string => `Comparison ${id}`,
    back: "All comparisons",
    notFound: "There is no comparison with this number.",
    facts: "Facts",
    madeAt: "Made",
    failed: "The comparison could not be made.",
    things: "Who told of what",
    thingsHint: "Everything that is known of the period, and by which way.",
    thing: {
      calls: "Calls",
      elements: "Steps",
      recordings: "Recordings",
      voicemails: "Voicemails",
    },
    tally: {
      known: ["Known", "By any way"],
      by_events: ["By events", "Webhooks and the event channel"],
      by_records: ["By records", "Zoom\u2019s lists and paths"],
      by_others: ["By others", "Imports and softphones"],
      records_only: ["Records only", "Zoom sends no event of these"],
      deleted: ["Deleted", "At Zoom"],
      young: ["Young", "Their records may still come"],
      unknowable: ["Unknowable", "In a time that was not read"],
    },
    odd: "What is odd",
    nothingOdd: "Nothing.",
    kinds: {
      only_events: "Events told of it, Zoom\u2019s records do not list it",
      path_missing: "Listed, but its steps were never read",
      not_listed: "Announced, and in no list of recordings or voicemails",
      queue_differs: "Zoom counts other numbers for the queue\u2019s day",
      only_rest: "A call of which no event came",
      never_sent: "Its event never came; Zoom\u2019s records have it",
      end_not_sent: "No event told that the call ended",
      sent_late: "An event that came late",
      sent_twice: "An event that came more than once",
      queue_equal: "Zoom\u2019s numbers for the queue\u2019s day are ours",
    } as Record<string, string>,
    thingWords: {
      call: "Call",
      element: "Step",
      recording: "Recording",
      voicemail: "Voicemail",
      event: "Inbox entry",
      queue: "Queue",
    } as Record<string, string>,
    ofCall: "of call",
    lateBy: (time: string): string => `${time} late`,
    copies: (n: number, identical: number): string =>
      `${String(n)} times, ${String(identical)} identical`,
    copyCauses: { retry: "Zoom tried again", duplicate: "sent twice" } as Record<string, string>,
    oursZooms: "Ours / Zoom\u2019s:",
    other: (n: number): string => `${count(n)} of ours have no number of Zoom\u2019s`,
    counts: {
      inbound: "inbound",
      completed: "completed",
      abandoned: "abandoned",
      overflowed: "overflowed",
    },
    moreItems: "Load more",
    never: "Events that never came",
    neverHint: "Not one of them came in the whole period: is the subscription missing?",
    anyEvent: "Any event at all",
    expected: (n: number): string => `expected ${count(n)} times`,
    gaps: "Not read",
    gapsHint: "What happened in these stretches of Zoom\u2019s lists, nobody can know.",
    soon: "How soon events came",
    soonHint: (came: number, different: number): string =>
      `${count(came)} came, ${count(different)} without copies; each by how long after its own time.`,
    buckets: {
      within_10s: "10 s",
      within_1m: "1 min",
      within_5m: "5 min",
      within_30m: "30 min",
      within_2h: "2 h",
      within_1d: "1 day",
      more: "more",
    },
    longest: (time: string): string => `The latest came after ${time}.`,
    queues: "Queues",
    queuesLine: (q: { days: number; ours: number; zooms: number; unreconciled: number }): string =>
      `${count(q.ours)} stays by our records, ${count(q.zooms)} by Zoom\u2019s sums, ${count(q.unreconciled)} unreconciled, in ${q.days === 1 ? "1 whole day" : `${count(q.days)} whole days`} (UTC).`,
    queuesUnknown: (reason: string): string => `Queues were not compared: ${reason}.`,
  },
  endings: {
    title: "What Zoom is ending",
    hint: "Operations, events and fields whose end Zoom has announced, and what of them is in use here.",
    inUse: "Still coming in",
    noneInUse: "Nothing that came in here is about to end.",
    next: "Ends next",
    over: "Over by Zoom\u2019s announcement",
    dateless: "No date announced",
    ends: (day: string, left: number): string =>
      left < 0
        ? `ended ${day}`
        : left === 0
          ? `ends today, ${day}`
          : `ends ${day}, in ${left === 1 ? "1 day" : `${count(left)} days`}`,
    noDate: "no date announced",
    instead: "Instead:",
    noInstead: "Nothing takes its place.",
    received: (n: number): string => (n === 1 ? "came in once" : `came in ${count(n)} times`),
    last: "last",
    served: "Programs that ask Offhook for the old shapes",
    asked: (n: number): string => (n === 1 ? "asked once" : `asked ${count(n)} times`),
  },
  errors: { retry: "Try again", missing: "There is no page at this address.", home: "Go to Live" },
} as const;

const STATES: Record<string, string> = {
  ringing: "Ringing",
  waiting: "Waiting",
  talking: "Talking",
  held: "On hold",
  parked: "Parked",
  consulting: "Consulting",
  transferring: "Transferring",
  voicemail: "Voicemail",
  ended: "Ended",
  unknown: "Unknown",
};

const RESULTS: Record<string, string> = {
  answered: "Answered",
  answered_elsewhere: "Answered elsewhere",
  missed: "Missed",
  rejected: "Rejected",
  busy: "Busy",
  cancelled: "Cancelled",
  voicemail: "Voicemail",
  abandoned: "Abandoned",
  overflowed: "Overflowed",
  failed: "Failed",
  blocked: "Blocked",
  unknown: "Unknown",
};

const DIRECTIONS: Record<string, string> = {
  inbound: "Inbound",
  outbound: "Outbound",
  internal: "Internal",
  unknown: "Unknown",
};

const KINDS: Record<string, string> = {
  user: "User",
  call_queue: "Call queue",
  auto_receptionist: "Auto receptionist",
  common_area: "Common area",
  shared_line_group: "Shared line group",
  external: "External",
};

/** Known words by their label; a word from a newer server as readable as it comes. */
export function humanize(word: string): string {
  const text = word.replace(/[_.]+/g, " ").trim();
  return text === "" ? "Unknown" : text.charAt(0).toUpperCase() + text.slice(1);
}

const label =
  (table: Record<string, string>) =>
  (word: string): string =>
    table[word] ?? humanize(word);

/** The label of a call or leg state. */
export const stateWord = label(STATES);
/** The label of a call's result or a leg's outcome. */
export const resultWord = label(RESULTS);
/** The label of a direction. */
export const directionWord = label(DIRECTIONS);
/** The label of a party's kind. */
export const kindWord = label(KINDS);

/** The words a filter offers; the server may know more, which the address can still name. */
export const choices = {
  direction: Object.keys(DIRECTIONS),
  state: Object.keys(STATES),
  result: Object.keys(RESULTS).filter((r) => r !== "answered_elsewhere"),
};

/** Who a party is, in a word or two: the name, else the number, else the extension. */
export function partyName(party: Party | null): string {
  if (party === null) return "Unknown";
  if (party.name) return party.name;
  if (party.number) return party.number;
  if (party.extension_number) return `Ext. ${party.extension_number}`;
  return party.kind === "external" ? "Withheld number" : kindWord(party.kind);
}

/** What stands beside the name: the extension of our own people, the number of others. */
export function partyDetail(party: Party | null): string | null {
  if (party === null || !party.name) return null;
  const detail = party.extension_number ?? party.number ?? null;
  // Some carriers put the number where the name goes.
  return detail === party.name ? null : detail;
}

/** A queue's name, else its extension. */
export const queueName = (queue: QueueRef): string =>
  queue.name ?? (queue.extension_number ? `Ext. ${queue.extension_number}` : "Queue");
