import { describe, expect, it } from "vitest";
import { problemOf } from "../api/client";
import { refreshAfter } from "../calls/refresh";
import { filtersFrom, filtersTo, localToUtc, utcToLocal } from "../calls/filters";
import { at, call, NOW, party } from "../test/calls";
import { eventIcon, stateIcon } from "../ui/icons";
import { commandOf, type Press } from "./keys";
import { callPath, reportPath, routeOf } from "./route";
import { age, DASH, duration, formatter, parse, utc } from "./time";
import { partyDetail, partyName, resultWord, stateWord } from "./words";

describe("durations", () => {
  it("read like a clock, and unknown is a dash", () => {
    expect([0, 7, 760, 3723].map(duration)).toEqual(["0:00", "0:07", "12:40", "1:02:03"]);
    expect(duration(null)).toBe(DASH);
  });

  it("as ages are as coarse as they are old", () => {
    expect([0, 14_000, 200_000, 7_300_000, 200_000_000].map(age)).toEqual([
      "now",
      "14 s",
      "3 min",
      "2 h",
      "2 d",
    ]);
  });
});

describe("times", () => {
  it("show the day only when it is not today", () => {
    const berlin = formatter("en-GB", "Europe/Berlin");
    expect(berlin.short(NOW, NOW)).toBe("15:00:00");
    expect(berlin.short(NOW - 86_400_000, NOW)).toBe("19 Nov 15:00:00");
    expect(utc(NOW)).toBe("2026-11-20 14:00:00 UTC");
  });

  it("that cannot be read are unknown", () => {
    expect(parse("yesterday")).toBeNull();
    expect(parse(null)).toBeNull();
  });
});

describe("addresses", () => {
  it("name pages", () => {
    expect(routeOf("/")).toEqual({ page: "live" });
    expect(routeOf("/calls/")).toEqual({ page: "calls" });
    expect(routeOf("/search")).toEqual({ page: "search" });
    expect(routeOf(reportPath(12))).toEqual({ page: "report", id: "12" });
    expect(routeOf("/records/reports/x")).toEqual({ page: "missing" });
    expect(routeOf("/calls/a/b")).toEqual({ page: "missing" });
    expect(routeOf("/calls/%E0%A4%A")).toEqual({ page: "missing" });
  });

  it("carry any id there and back", () => {
    const id = "d9/Lw+x==?#";
    expect(routeOf(callPath(id))).toEqual({ page: "call", id });
  });
});

describe("filters", () => {
  it("survive the address and drop what is empty or unknown", () => {
    const filters = filtersFrom("?queue=800&direction=inbound&x=1&person=%20");
    expect(filters).toEqual({ direction: "inbound", queue: "800" });
    expect(filtersTo(filters).toString()).toBe("direction=inbound&queue=800");
    expect(filtersFrom("?conflict=true")).toEqual({ conflict: "true" });
    expect(filtersFrom("?conflict=maybe")).toEqual({});
    expect(filtersFrom(`?${filtersTo({ number: "+14155550100" }).toString()}`)).toEqual({
      number: "+14155550100",
    });
  });

  it("take local times and ask in UTC", () => {
    expect(utcToLocal(localToUtc("2026-11-20T09:30"))).toBe("2026-11-20T09:30");
    expect(localToUtc("2026-11-20T09:30")).toMatch(/^2026-11-\d\dT\d\d:\d\d:00Z$/);
    expect(localToUtc("")).toBe("");
    expect(utcToLocal(undefined)).toBe("");
  });
});

describe("words", () => {
  it("cover vocabularies that grow", () => {
    expect(stateWord("held")).toBe("On hold");
    expect(stateWord("being_teleported")).toBe("Being teleported");
    expect(resultWord("")).toBe("Unknown");
    expect(stateIcon("constructor")).toBe("unknown");
    expect(eventIcon("answered")).toBe("ok");
    expect(eventIcon("moved")).toBe("dot");
  });

  it("name a party by what is known of it", () => {
    expect(partyName(null)).toBe("Unknown");
    expect(partyName(party({ kind: "external" }))).toBe("Withheld number");
    expect(partyName(party({ extension_number: "12" }))).toBe("Ext. 12");
    const ada = party({ name: "Ada", number: "+1", extension_number: "12" });
    expect([partyName(ada), partyDetail(ada)]).toEqual(["Ada", "12"]);
    expect(partyDetail(party({ number: "+1" }))).toBeNull();
    expect(partyDetail(party({ name: "+1", number: "+1" }))).toBeNull();
  });
});

describe("keys", () => {
  const press = (key: string, over: Partial<Press> = {}): Press => ({
    key,
    code: "",
    ctrlKey: false,
    metaKey: false,
    altKey: false,
    typing: false,
    ...over,
  });

  it("of one letter count only outside text and while switched on", () => {
    expect(commandOf(press("/"), true)).toBe("search");
    expect(commandOf(press("/", { typing: true }), true)).toBeNull();
    expect(commandOf(press("P"), false)).toBeNull();
    expect(commandOf(press("?"), true)).toBe("shortcuts");
  });

  it("with a modifier count everywhere", () => {
    expect(commandOf(press("k", { metaKey: true, typing: true }), false)).toBe("search");
    expect(commandOf(press("\u2206", { code: "KeyJ", altKey: true }), false)).toBe("next");
    expect(commandOf(press("k", { code: "KeyK", altKey: true }), false)).toBe("previous");
  });
});

describe("a call page", () => {
  it("looks again while a call is open and until its records have come", () => {
    expect(refreshAfter(call("a"), NOW)).toBe(3_000);
    expect(refreshAfter(call("a", { state: "ended", ended_at: at(-60) }), NOW)).toBe(20_000);
    expect(refreshAfter(call("a", { state: "ended", ended_at: at(-3600) }), NOW)).toBeNull();
    expect(refreshAfter(call("a", { state: "ended", ended_at: null }), NOW)).toBeNull();
  });
});

describe("a problem", () => {
  it("is told in the server's words, or at least by its status", () => {
    const told = problemOf(404, "Not Found", { title: "No such call", detail: "Try another id." });
    expect([told.status, told.title, told.message]).toEqual([
      404,
      "No such call",
      "Try another id.",
    ]);
    expect(problemOf(502, "", "<html>").title).toBe("HTTP 502");
  });
});
