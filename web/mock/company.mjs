// A small made-up company whose phones keep ringing: the data behind the mock server.

/** Repeatable random numbers in [0, 1). */
function random(seed) {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const PEOPLE = [
  "Maria Silva",
  "Tom Becker",
  "Aiko Tanaka",
  "Noah Williams",
  "Fatima El-Sayed",
  "Lena Novak",
  "Oliver Jensen",
  "Priya Raman",
  "Jack O\u2019Connor",
  "Chlo\u00e9 Martin",
].map((name, i) => ({
  kind: "user",
  name,
  number: `+1415555${String(200 + i).padStart(4, "0")}`,
  extension_number: String(1001 + i),
  user_id: `user${String(i)}`,
  extension_id: `ext-${String(1001 + i)}`,
}));

const QUEUES = [
  { name: "Support", extension_number: "800", extension_id: "ext-800" },
  { name: "Sales", extension_number: "810", extension_id: "ext-810" },
  { name: "Billing", extension_number: "820", extension_id: "ext-820" },
];

const CALLERS = ["Northwind Bakery", "Hanna Weiss", null, "City Library", null, "R. Okafor", null];

/** A party outside the company. */
function external(rnd) {
  const n = Math.floor(rnd() * 9000) + 1000;
  const name = CALLERS[Math.floor(rnd() * CALLERS.length)];
  return {
    kind: "external",
    name,
    number: `+1212555${String(n)}`,
    extension_number: null,
    user_id: null,
    extension_id: null,
  };
}

const iso = (ms) => new Date(ms).toISOString().slice(0, 19) + "Z";
const pick = (rnd, list) => list[Math.floor(rnd() * list.length)];
const secs = (a, b) => (a === null || b === null ? null : Math.round((b - a) / 1000));

const asQueueParty = (q) => ({ kind: "call_queue", number: null, user_id: null, ...q });

function leg(side, party, state, at, extra = {}) {
  return {
    side,
    party,
    state,
    outcome: null,
    queue: null,
    started_at: iso(at),
    answered_at: null,
    ended_at: null,
    state_since: iso(at),
    wait_seconds: null,
    talk_seconds: null,
    hold_seconds: null,
    muted: false,
    attempts: 1,
    derived: [],
    ...extra,
  };
}

/**
 * The company. `tick(now)` plays everything due by then and returns the calls that changed.
 * `pace` above 1 makes calls shorter.
 */
export function company({ seed = 7, pace = 1, now = Date.now() } = {}) {
  const rnd = random(seed);
  const calls = new Map();
  const plans = new Map();
  let nextId = 1;
  let nextCallAt = now;

  function begin(at) {
    const id = `c${String(nextId).padStart(6, "0")}`;
    nextId += 1;
    const kind = rnd();
    const direction = kind < 0.65 ? "inbound" : kind < 0.9 ? "outbound" : "internal";
    const me = pick(rnd, PEOPLE);
    const other = pick(
      rnd,
      PEOPLE.filter((p) => p !== me),
    );
    const queue = direction === "inbound" && rnd() < 0.7 ? pick(rnd, QUEUES) : null;
    const from = direction === "inbound" ? external(rnd) : me;
    const to =
      direction === "outbound"
        ? external(rnd)
        : queue
          ? asQueueParty(queue)
          : direction === "inbound"
            ? me
            : other;
    const rung = queue ? [me, other] : direction === "internal" ? [other] : [me];
    const people = rung.map((p) =>
      leg(direction === "outbound" ? "caller" : "callee", p, "ringing", at, { queue }),
    );
    if (direction === "internal") people.unshift(leg("caller", me, "ringing", at));
    calls.set(id, {
      id,
      account_id: "acct-demo",
      direction,
      state: "ringing",
      result: null,
      from,
      to,
      queue,
      people,
      started_at: iso(at),
      answered_at: null,
      ended_at: null,
      state_since: iso(at),
      wait_seconds: null,
      talk_seconds: null,
      hold_seconds: null,
      recording: null,
      voicemail: false,
      emergency: direction === "outbound" && rnd() < 0.05,
      derived: queue ? ["wait_seconds"] : [],
      version: 1,
    });
    const ring = (4 + rnd() * (rnd() < 0.15 ? 140 : 18)) / pace;
    const talk = (15 + rnd() * 240) / pace;
    const steps = [];
    let t = at + ring * 1000;
    if (rnd() < 0.22) {
      const result = queue ? "abandoned" : rnd() < 0.5 ? "missed" : "voicemail";
      steps.push({ at: t, to: "ended", result });
    } else {
      steps.push({ at: t, to: "talking", who: Math.floor(rnd() * rung.length) });
      if (rnd() < 0.35) {
        steps.push({ at: (t += (talk * 400) | 0), to: "held" });
        steps.push({ at: (t += ((8 + rnd() * 60) / pace) * 1000), to: "talking" });
      }
      steps.push({ at: (t += talk * 1000), to: "ended", result: "answered" });
    }
    plans.set(id, steps);
    return id;
  }

  function advance(call, step) {
    const at = iso(step.at);
    const next = { ...call, version: call.version + 1, state: step.to, state_since: at };
    next.people = call.people.map((l, i, all) => {
      if (l.state === "ended") return l;
      const lastRung = all.length - 1;
      if (step.to === "talking" && call.state === "ringing") {
        const mine =
          l.side === "caller" || i === Math.min(step.who + (all.length > 2 ? 1 : 0), lastRung);
        return mine
          ? { ...l, state: "talking", answered_at: at, state_since: at, outcome: "answered" }
          : { ...l, state: "ended", ended_at: at, state_since: at, outcome: "answered_elsewhere" };
      }
      if (step.to === "ended") {
        return {
          ...l,
          state: "ended",
          ended_at: at,
          state_since: at,
          outcome: l.answered_at ? "answered" : "missed",
          talk_seconds: secs(l.answered_at && Date.parse(l.answered_at), step.at),
        };
      }
      return { ...l, state: step.to, state_since: at, muted: step.to === "talking" && rnd() < 0.2 };
    });
    if (step.to === "talking" && call.state === "ringing") {
      next.answered_at = at;
      next.wait_seconds = secs(Date.parse(call.started_at), step.at);
      if (rnd() < 0.4) next.recording = "on";
    }
    if (call.state === "held") {
      next.hold_seconds =
        (call.hold_seconds ?? 0) + (secs(Date.parse(call.state_since), step.at) ?? 0);
    }
    if (step.to === "ended") {
      next.ended_at = at;
      next.result = step.result;
      next.voicemail = step.result === "voicemail";
      next.wait_seconds ??= secs(Date.parse(call.started_at), step.at);
      next.talk_seconds = secs(call.answered_at && Date.parse(call.answered_at), step.at);
      if (call.recording) next.recording = "ready";
      if (next.talk_seconds !== null) next.derived = [...call.derived, "talk_seconds"];
    }
    return next;
  }

  return {
    calls,
    tick(until) {
      const changed = new Set();
      while (nextCallAt <= until) {
        changed.add(begin(nextCallAt));
        nextCallAt += ((3 + rnd() * 14) / pace) * 1000;
      }
      for (const [id, steps] of plans) {
        while (steps[0] && steps[0].at <= until) {
          calls.set(id, advance(calls.get(id), steps.shift()));
          changed.add(id);
        }
        if (steps.length === 0) plans.delete(id);
      }
      return [...changed].map((id) => calls.get(id));
    },
  };
}

/** The call page's view of a call: everything the list leaves out, made up to match. */
export function detail(call) {
  const at = Date.parse(call.started_at);
  const timeline = [
    { at: call.started_at, what: "ringing", who: call.to, detail: null, source: "status_event" },
  ];
  for (const l of call.people) {
    if (l.answered_at && l.side === "callee")
      timeline.push({
        at: l.answered_at,
        what: "answered",
        who: l.party,
        detail: null,
        source: "status_event",
      });
    if (l.outcome === "answered_elsewhere")
      timeline.push({
        at: l.ended_at,
        what: "answered_elsewhere",
        who: l.party,
        detail: null,
        source: "record",
      });
  }
  if (call.state === "held")
    timeline.push({
      at: call.state_since,
      what: "held",
      who: call.people[0]?.party ?? null,
      detail: null,
      source: "status_event",
    });
  if (call.ended_at)
    timeline.push({
      at: call.ended_at,
      what: "ended",
      who: null,
      detail: call.result,
      source: "record",
    });
  timeline.sort((a, b) => a.at.localeCompare(b.at));
  const other = leg("caller", call.from, call.state, at, {
    answered_at: call.answered_at,
    ended_at: call.ended_at,
    outcome: call.ended_at ? call.result : null,
    wait_seconds: call.wait_seconds,
    talk_seconds: call.talk_seconds,
    derived: call.derived,
  });
  const legs = call.people.some((l) => l.side === "caller") ? call.people : [other, ...call.people];
  const elements = call.ended_at
    ? [
        element(call, 1, "incoming", call.queue ? "overflowed" : call.result, call.from, call.to),
        ...call.people
          .filter((l) => l.side === "callee")
          .map((l, i) =>
            element(
              call,
              i + 2,
              "ring_to_member",
              l.outcome === "answered" ? "answered" : "no_answer",
              call.from,
              l.party,
              l.outcome === "answered_elsewhere" ? "answered_by_other" : null,
            ),
          ),
      ]
    : [];
  return {
    ...call,
    legs,
    timeline,
    ids: [
      { kind: "call_id", value: callId(call), sources: ["status_event", "record"] },
      { kind: "call_history_uuid", value: `20261122-${call.id}-7f3e9a51`, sources: ["record"] },
      ...elements.map((e) => ({ kind: "call_element_id", value: e.id, sources: ["record"] })),
    ],
    elements,
    recordings:
      call.recording && call.recording !== "on"
        ? [
            {
              id: `rec-${call.id}`,
              state: call.recording,
              started_at: call.answered_at,
              ended_at: call.ended_at,
              duration_seconds: call.talk_seconds,
              kind: "automatic",
              element_id: null,
              owner: call.to,
              transcript: false,
            },
          ]
        : [],
    queues:
      call.queue && call.state === "ended"
        ? [
            {
              queue: call.queue,
              via: "incoming",
              entered_at: call.started_at,
              left_at: call.answered_at ?? call.ended_at,
              outcome: call.answered_at ? "answered" : "abandoned",
              wait_seconds: call.wait_seconds,
              answered_by: call.people.find((l) => l.outcome === "answered")?.party ?? null,
              rung: legs.length,
              derived: false,
            },
          ]
        : [],
    voicemails: [],
    charges: [],
    deletions: [],
    conflicts: [],
  };
}

/** Zoom's call id of a mock call: nineteen digits. */
export const callId = (call) => `7${call.id.slice(1).padStart(18, "4")}`;

function element(call, n, event, result, from, to, reason = null) {
  return {
    id: `el-${call.id}-${String(n)}`,
    event,
    result,
    result_reason: reason,
    from,
    to,
    started_at: call.started_at,
    answered_at: call.answered_at,
    ended_at: call.ended_at,
    wait_seconds: call.wait_seconds,
    talk_seconds: call.talk_seconds,
    hold_seconds: call.hold_seconds,
    segment: n,
    node: 1,
  };
}

/** Raw events that could have led to a call. */
export function events(call) {
  const one = (seq, event, at, late = false) => ({
    seq,
    received_at: at,
    source: "webhook",
    event,
    event_ts: Date.parse(at),
    late,
    body: {
      event,
      event_ts: Date.parse(at),
      payload: {
        account_id: call.account_id,
        object: { call_id: callId(call), caller: call.from, callee: call.to },
      },
    },
  });
  const list = [one(1, "phone.callee_ringing", call.started_at)];
  if (call.answered_at) list.push(one(2, "phone.callee_answered", call.answered_at));
  if (call.ended_at) list.push(one(3, "phone.callee_ended", call.ended_at, call.id.endsWith("3")));
  return list;
}
