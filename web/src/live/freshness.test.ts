import { describe, expect, it } from "vitest";
import { at, clocks, NOW } from "../test/calls";
import { linkLevel, reconcileLevel, skewFrom, skewOf, sourceLevel } from "./freshness";

describe("the link", () => {
  it("is late after ten seconds and out of date after thirty", () => {
    expect(linkLevel(null)).toBe("none");
    expect(linkLevel(10_000)).toBe("ok");
    expect(linkLevel(10_001)).toBe("warn");
    expect(linkLevel(30_000)).toBe("warn");
    expect(linkLevel(30_001)).toBe("stale");
  });
});

describe("the source", () => {
  it("is quiet after three usual gaps", () => {
    const since = (s: number, gap: number | null) =>
      sourceLevel(clocks({ last_event_at: at(-s), expected_gap_seconds: gap }), NOW);
    expect(since(60, 20)).toBe("ok");
    expect(since(61, 20)).toBe("warn");
    expect(since(29, 1)).toBe("ok");
    expect(since(86_400, null)).toBe("ok");
  });

  it("says nothing before the first event and warns of a long line", () => {
    expect(sourceLevel(clocks({ last_event_at: null }), NOW)).toBe("none");
    expect(sourceLevel(clocks({ backlog: 100 }), NOW)).toBe("warn");
  });
});

describe("the comparison with records", () => {
  it("is worth a look after two hours", () => {
    expect(reconcileLevel(clocks({ last_reconcile_at: at(-7200) }), NOW)).toBe("ok");
    expect(reconcileLevel(clocks({ last_reconcile_at: at(-7201) }), NOW)).toBe("warn");
    expect(reconcileLevel(clocks({ last_reconcile_at: null }), NOW)).toBe("none");
  });
});

describe("the server's clock", () => {
  it("is judged by the message that was delayed least", () => {
    let samples: readonly number[] = [];
    for (const skew of [-900, -40, -350]) samples = skewFrom(samples, skew);
    expect(skewOf(samples)).toBe(-40);
  });

  it("is learned anew when either clock is set", () => {
    expect(skewOf(skewFrom([-40, -50], -3_600_000))).toBe(-3_600_000);
  });

  it("forgets old messages", () => {
    let samples: readonly number[] = [0];
    for (let i = 0; i < 12; i += 1) samples = skewFrom(samples, -500);
    expect(skewOf(samples)).toBe(-500);
    expect(skewOf([])).toBe(0);
  });
});
