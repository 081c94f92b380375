import { describe, expect, it } from "vitest";
import { at, call, leg, NOW, party } from "../test/calls";
import {
  byPerson,
  byQueue,
  concernOf,
  holdOrder,
  reached,
  secondsSince,
  sortCalls,
  totalsOf,
} from "./view";

const ids = (calls: { id: string }[]): string => calls.map((c) => c.id).join(" ");
const support = { name: "Support", extension_number: "800", extension_id: "q1" };

describe("concern", () => {
  it("grows with the time a caller waits", () => {
    expect(concernOf(call("a", { state_since: at(-59) }), NOW)).toBe("none");
    expect(concernOf(call("a", { state_since: at(-60) }), NOW)).toBe("attention");
    expect(concernOf(call("a", { state_since: at(-120), state: "held" }), NOW)).toBe("critical");
    expect(concernOf(call("a", { state_since: at(-120), state: "waiting" }), NOW)).toBe("critical");
  });

  it("is not raised by a long conversation", () => {
    expect(concernOf(call("a", { state: "talking", state_since: at(-9000) }), NOW)).toBe("none");
  });

  it("is raised by an emergency call in any state but ended", () => {
    expect(concernOf(call("a", { state: "talking", emergency: true }), NOW)).toBe("emergency");
    expect(concernOf(call("a", { state: "ended", emergency: true }), NOW)).toBe("ended");
  });
});

describe("order", () => {
  const calls = [
    call("talk", { state: "talking", started_at: at(-500) }),
    call("late", { state_since: at(-130), started_at: at(-130) }),
    call("done", { state: "ended", started_at: at(-900), ended_at: at(-5) }),
    call("sos", { state: "talking", emergency: true, started_at: at(-1) }),
    call("slow", { state_since: at(-70), started_at: at(-70) }),
  ];

  it("puts problems first and ended calls last", () => {
    expect(ids(sortCalls(calls, "problems", NOW))).toBe("sos late slow talk done");
  });

  it("by time ignores problems", () => {
    expect(ids(sortCalls(calls, "oldest", NOW))).toBe("done talk late slow sos");
    expect(ids(sortCalls(calls, "newest", NOW))).toBe("sos slow late talk done");
  });

  it("does not depend on the order of arrival", () => {
    const twins = [call("b"), call("a"), call("c")];
    expect(ids(sortCalls(twins, "problems", NOW))).toBe("a b c");
    expect(ids(sortCalls(twins.toReversed(), "problems", NOW))).toBe("a b c");
  });

  it("keeps every row in place while somebody reads, with fresh values", () => {
    const shown = [call("a"), call("gone"), call("b")];
    const held = holdOrder(shown, [call("new"), call("b", { version: 2 }), call("a")]);
    expect(ids(held)).toBe("a gone b new");
    expect(held[2]?.version).toBe(2);
  });
});

describe("totals", () => {
  it("count open calls by state and take the longest ring", () => {
    expect(
      totalsOf(
        [
          call("a", { state_since: at(-12) }),
          call("b", { state_since: at(-130) }),
          call("c", { state: "talking" }),
          call("d", { state: "held" }),
          call("e", { state: "parked" }),
          call("f", { state: "teleporting" }),
          call("g", { state: "ended" }),
        ],
        NOW,
      ),
    ).toEqual({ open: 6, ringing: 2, talking: 1, held: 2, longestRing: 130, concerns: 1 });
  });

  it("know no longest ring when nothing rings", () => {
    expect(totalsOf([call("a", { state: "talking" })], NOW).longestRing).toBeNull();
  });
});

describe("by queue", () => {
  it("joins a queue by its extension, whatever it was called at the time", () => {
    const groups = byQueue(
      [
        call("a", { queue: support, state_since: at(-30) }),
        call("b", { queue: { ...support, name: "Help", extension_id: null }, state: "talking" }),
        call("c", { queue: support, state: "held" }),
        call("d", { queue: support, state: "ended" }),
        call("e"),
      ],
      NOW,
    );
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ waiting: 1, longestWait: 30, talking: 1, held: 1 });
    expect(ids(groups[0]?.calls ?? [])).toBe("a b c");
  });

  it("keeps queues apart that share a name", () => {
    const twin = { ...support, extension_number: "801" };
    expect(byQueue([call("a", { queue: support }), call("b", { queue: twin })], NOW)).toHaveLength(
      2,
    );
  });
});

describe("by person", () => {
  const ada = party({ name: "Ada", user_id: "ada" });

  it("shows what a person does, not what also rings", () => {
    const people = byPerson([
      call("a", { people: [leg({ party: ada, state: "ringing" })] }),
      call("b", { state: "talking", people: [leg({ party: ada, state: "talking" })] }),
    ]);
    expect(people).toHaveLength(1);
    expect(people[0]).toMatchObject({ call: { id: "b" }, leg: { state: "talking" }, others: 1 });
  });

  it("leaves out legs that are over", () => {
    expect(
      byPerson([
        call("a", { state: "talking", people: [leg({ state: "ended" })] }),
        call("b", { state: "ended", people: [leg({ state: "talking" })] }),
      ]),
    ).toEqual([]);
  });
});

describe("the person of a call", () => {
  const names = (legs: ReturnType<typeof leg>[]) => reached(legs).map((l) => l.party.name);

  it("is who was called, and the caller only when nobody else is ours", () => {
    const caller = leg({ side: "caller", party: party({ name: "Bea" }) });
    expect(names([caller, leg()])).toEqual(["Ada"]);
    expect(names([caller])).toEqual(["Bea"]);
  });
});

describe("time in state", () => {
  it("is never negative and unknown without a time", () => {
    expect(secondsSince(at(5), NOW)).toBe(0);
    expect(secondsSince(at(-61.9), NOW)).toBe(61);
    expect(secondsSince(null, NOW)).toBeNull();
    expect(secondsSince("soon", NOW)).toBeNull();
  });
});
