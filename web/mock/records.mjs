// What the mock server answers about records: runs of the sync, comparisons, files, endings.

const ACCOUNT = "acct-demo";
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const iso = (ms) => new Date(ms).toISOString().slice(0, 19) + "Z";
const day = (ms) => new Date(ms).toISOString().slice(0, 10);

/** Wants a number of everything, and the rest nought. */
const tally = (known, over = {}) => ({
  known,
  by_events: known,
  by_records: known,
  by_others: 0,
  records_only: 0,
  deleted: 0,
  young: 0,
  unknowable: 0,
  first_by: { webhook: known },
  ...over,
});

function summary(verdict, line, items = {}, over = {}) {
  return {
    verdict,
    line,
    calls: tally(412),
    elements: tally(1630, { by_events: 1410, records_only: 220 }),
    recordings: tally(96),
    voicemails: tally(31),
    events: {
      came: 2811,
      different: 2804,
      on_both_doors: 0,
      by_name: {},
      late: {
        within_10s: 2790,
        within_1m: 9,
        within_5m: 2,
        within_30m: 3,
        within_2h: 0,
        within_1d: 0,
        more: 0,
        longest_seconds: 1214,
      },
    },
    items,
    never_seen: [],
    gaps: [],
    queues: { days: 1, ours: 240, zooms: 240, unreconciled: 0, missing: 0 },
    queues_unknown: null,
    ...over,
  };
}

/** The records side of the company whose calls `calls` gives. */
export function records(calls, now = Date.now()) {
  const runs = [];
  let paused = false;
  const run = (mode, from, to, over = {}) => {
    runs.unshift({
      id: runs.length + 1,
      mode,
      state: "done",
      from: iso(from),
      to: iso(to),
      started_at: iso(to),
      ended_at: iso(to + 9000),
      percent: 100,
      eta_seconds: null,
      rows: 118,
      requests: { light: 52, medium: 4, heavy: 2 },
      requests_left: { light: 0, medium: 0, heavy: 0 },
      kinds: [],
      items: [],
      ...over,
    });
  };
  run("backfill", now - 180 * DAY, now - HOUR, {
    state: "running",
    ended_at: null,
    percent: 42.3,
    eta_seconds: 5130,
    rows: 104_220,
    requests: { light: 41_200, medium: 380, heavy: 612 },
    kinds: [{ kind: "calls", windows_missing: 1 }],
    items: [{ kind: "path", done: 41_200, due: 61_004, not_ready: 3, given_up: 0 }],
  });
  run("nightly", now - 2 * DAY, now - 9 * HOUR);
  run("catch_up", now - HOUR, now - 120_000);

  const reports = [];
  const report = (from, to, cause, over = {}) => {
    const one = {
      id: reports.length + 1,
      account_id: ACCOUNT,
      from: iso(from),
      to: iso(to),
      cause,
      state: "done",
      progress: null,
      created_at: iso(to),
      finished_at: iso(to + 4000),
      error: null,
      summary: null,
      ...over,
    };
    reports.unshift(one);
    return one;
  };
  const complete = () => summary("complete", "complete: 412 calls");
  const midnight = Math.floor(now / DAY) * DAY;
  report(midnight - 4 * DAY, midnight - 3 * DAY, "nightly", { summary: complete() });
  report(midnight - 3 * DAY, midnight - 2 * DAY, "nightly", {
    summary: summary(
      "unknown",
      `cannot know; recordings from ${iso(midnight - 3 * DAY)} to ${iso(midnight - 2.5 * DAY)} were not read`,
      {},
      {
        gaps: [
          { list: "recordings", from: iso(midnight - 3 * DAY), to: iso(midnight - 2.5 * DAY) },
        ],
        recordings: tally(96, { by_records: 61, unknowable: 35 }),
      },
    ),
  });
  report(midnight - 2 * DAY, midnight - DAY, "nightly", {
    state: "failed",
    error: "Zoom did not answer for an hour: connection refused",
  });
  report(midnight - DAY, midnight, "nightly", {
    summary: summary(
      "missing",
      "2 missing; 14 events never came and were learnt from Zoom's records; 3 events came late; 1 kind of events never came at all",
      {
        only_events: 1,
        queue_differs: 1,
        never_sent: 14,
        sent_late: 3,
        sent_twice: 2,
        queue_equal: 2,
      },
      {
        never_seen: [{ event: "phone.voicemail_received", expected: 31 }],
        queues: { days: 1, ours: 239, zooms: 240, unreconciled: 1, missing: 1 },
      },
    ),
  });

  const queueDay = (name, extension_number, ours, zooms) => ({
    thing: "queue",
    id: extension_number,
    queue: {
      day: day(midnight - DAY),
      queue: { name, extension_number, extension_id: null },
      ours,
      zooms,
      ours_other: 1,
      unreconciled: Math.abs(ours.inbound - zooms.inbound),
    },
  });
  const counts = (inbound) => ({
    inbound,
    completed: inbound - 12,
    abandoned: 8,
    overflowed: 4,
  });
  function items(kind, count) {
    if (kind === "queue_differs") return [queueDay("Support", "800", counts(119), counts(120))];
    if (kind === "queue_equal")
      return [
        queueDay("Sales", "810", counts(71), counts(71)),
        queueDay("Billing", "820", counts(49), counts(49)),
      ];
    const some = [...calls.values()];
    return Array.from({ length: count }, (_, i) => {
      const call = some[i % some.length];
      const at = iso(midnight - DAY + i * 600_000);
      if (kind === "only_events") return { thing: "call", id: call.id, at };
      if (kind === "never_sent") {
        const event = "phone.callee_call_element_completed";
        return { thing: "element", id: `el-${call.id}-2`, call: call.id, event, at };
      }
      const event = "phone.callee_answered";
      const more =
        kind === "sent_late"
          ? { late_seconds: 1214 - i * 200 }
          : { copies: 2, identical: 2, cause: "retry" };
      return { thing: "event", id: String(4711 + i), call: call.id, event, at, ...more };
    });
  }

  const files = new Map();
  const file = (call) => {
    const known = files.get(call.id);
    if (known) return known;
    const one = {
      id: `file-${call.id}`,
      account_id: ACCOUNT,
      kind: "recording",
      zoom_id: `rec-${call.id}`,
      call_id: call.id,
      state: "skipped",
      why: null,
      content_type: null,
    };
    files.set(call.id, one);
    return one;
  };

  const ending = (what, name, ends, instead, received = 0) => ({
    what,
    name,
    announced: "2025-10-23",
    ends,
    days_left: ends === null ? null : Math.round((Date.parse(ends) - midnight) / DAY),
    instead,
    source: "changelog of 2025-10-23",
    received,
    last_at: received > 0 ? iso(now - 7_200_000) : null,
    days: received > 0 ? { [day(now)]: 14, [day(now - DAY)]: received - 14 } : {},
  });

  return {
    sync: () => ({
      accounts: [
        {
          account_id: ACCOUNT,
          paused,
          until: [
            { kind: "calls", at: iso(now - 120_000) },
            { kind: "recordings", at: iso(now - 120_000) },
          ],
          quota: {
            daily: 15_000,
            used_today: 1188,
            backfill_share: 12_000,
            backfill_percent: 80,
            resets_in_seconds: 21_000,
          },
          refused: [
            {
              kind: "charges",
              scopes: "phone:read:call_charges:admin",
              since: iso(now - DAY),
              again_at: iso(now + HOUR),
            },
          ],
          runs,
          troubles: [
            {
              kind: "path",
              what: "20261122-c000017-7f3e9a51",
              given_up: false,
              tries: 4,
              at: iso(now + 480_000),
              reason: "Zoom has no path of this call yet (404)",
            },
          ],
        },
      ],
    }),
    beginSync: (mode) => {
      const at = Date.now();
      run(mode, at - (mode === "backfill" ? 180 * DAY : HOUR), at);
      return runs[0];
    },
    pause: (rest) => {
      paused = rest;
    },
    reports: () => reports,
    /** Ordered now, done a few looks later. */
    order: ({ from, to }) => {
      const made = report(Date.parse(from), Date.parse(to), "asked", {
        state: "running",
        progress: { step: "comparing", done: 120, total: 412 },
        created_at: iso(Date.now()),
        finished_at: null,
      });
      setTimeout(() => {
        Object.assign(made, { state: "done", progress: null, finished_at: iso(Date.now()) });
        made.summary = complete();
      }, 2000).unref();
      return { ...made };
    },
    items: (id, kind) => {
      const one = reports.find((r) => r.id === id);
      return items(kind, one?.summary?.items[kind] ?? 0).map((item) => ({ kind, ...item }));
    },
    filesOf: (call) => (call.recording && call.recording !== "on" ? [file(call)] : []),
    fetch: (id) => {
      const one = [...files.values()].find((f) => f.id === id);
      if (one) Object.assign(one, { state: "here", content_type: "audio/wav" });
      return one;
    },
    deprecations: () => ({
      deprecations: [
        ending(
          "event",
          "phone.callee_call_history_completed",
          day(midnight + 8 * DAY),
          ["phone.callee_call_element_completed"],
          63,
        ),
        ending("operation", "add_byoc_number", day(midnight + 39 * DAY), ["add_byoc_phone_number"]),
        ending("operation", "account_call_logs", "2026-05-31", ["account_call_history"]),
        ending("operation", "get_call_handling", null, ["get_user_call_handling_setting"]),
      ],
      served: [
        {
          operation: "account_call_logs",
          client: "wallboard/2.1",
          requests: 288,
          last_day: day(now),
        },
      ],
    }),
  };
}

/** A second of a quiet tone, as a WAV file. */
export function tone() {
  const rate = 8000;
  const wav = Buffer.alloc(44 + rate);
  wav.write("RIFF", 0);
  wav.writeUInt32LE(36 + rate, 4);
  wav.write("WAVEfmt ", 8);
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate, 28);
  wav.writeUInt16LE(1, 32);
  wav.writeUInt16LE(8, 34);
  wav.write("data", 36);
  wav.writeUInt32LE(rate, 40);
  for (let i = 0; i < rate; i += 1)
    wav[44 + i] = 128 + Math.round(20 * Math.sin((i * 2 * Math.PI * 440) / rate));
  return wav;
}
