import { describe, expect, it } from "vitest";
import type { CallSummary, Delta } from "../api/types";
import { at, call, clocks, NOW } from "../test/calls";
import { apply, callsOf, emptyBoard, onBoard, prune, reset, type Board } from "./board";

const snapshot = (seq: number, ...calls: CallSummary[]) => ({ seq, clocks: clocks(), calls });
const delta = (seq: number, calls: CallSummary[], gone: string[] = []): Delta => ({
  seq,
  calls,
  gone,
  clocks: clocks(),
});
const versions = (board: Board): Record<string, number> =>
  Object.fromEntries(callsOf(board).map((c) => [c.id, c.version]));

describe("a delta", () => {
  it("adds new calls and replaces older versions", () => {
    let board = reset(snapshot(4, call("a")));
    board = apply(board, delta(5, [call("a", { version: 2 }), call("b")]));
    expect(versions(board)).toEqual({ a: 2, b: 1 });
    expect(board.seq).toBe(5);
  });

  it("replaces a call of which nothing more is known, only something truer", () => {
    let board = reset(snapshot(4, call("a", { state: "ringing" })));
    board = apply(board, delta(5, [call("a", { state: "talking" })]));
    expect(callsOf(board).map((c) => c.state)).toEqual(["talking"]);
  });

  it("changes nothing when it repeats", () => {
    const change = delta(5, [call("a", { version: 2 })], ["b"]);
    const once = apply(reset(snapshot(4, call("a"), call("b"))), change);
    const twice = apply(once, change);
    expect(versions(twice)).toEqual({ a: 2 });
    expect(twice.seq).toBe(5);
    expect(twice.calls.get("a")).toBe(once.calls.get("a"));
  });

  it("that comes late does not turn a call back", () => {
    let board = reset(snapshot(4, call("a")));
    board = apply(board, delta(6, [call("a", { version: 3, state: "ended" })]));
    board = apply(board, delta(5, [call("a", { version: 2, state: "talking" })]));
    expect(callsOf(board).map((c) => c.state)).toEqual(["ended"]);
    expect(board.seq).toBe(6);
  });

  it("that comes late does not bring back a dropped call", () => {
    let board = reset(snapshot(4, call("a")));
    board = apply(board, delta(6, [], ["a"]));
    board = apply(board, delta(5, [call("a", { version: 2 })]));
    expect(versions(board)).toEqual({});
  });

  it("that is newer than the drop brings the call back", () => {
    let board = apply(reset(snapshot(4, call("a"))), delta(5, [], ["a"]));
    board = apply(board, delta(6, [call("a", { version: 2 })]));
    expect(versions(board)).toEqual({ a: 2 });
  });

  it("that comes late does not drop a call seen since", () => {
    let board = reset(snapshot(4, call("a")));
    board = apply(board, delta(6, [call("a", { version: 2 })]));
    board = apply(board, delta(5, [], ["a"]));
    expect(versions(board)).toEqual({ a: 2 });
  });

  it("gives the same calls in any order of arrival", () => {
    const deltas = [
      delta(5, [call("a", { version: 2 }), call("b")]),
      delta(6, [call("c")], ["b"]),
      delta(7, [call("a", { version: 3 })], ["c"]),
    ];
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
      [1, 2, 0],
      [2, 0, 1],
      [0, 2, 1],
      [1, 0, 2],
    ]) {
      let board = reset(snapshot(4, call("a")));
      for (const i of order) board = apply(board, deltas[i] as Delta);
      expect(versions(board)).toEqual({ a: 3 });
    }
  });
});

describe("a resumed stream", () => {
  it("goes on where it stopped, with one delta for many changes", () => {
    let board = reset(snapshot(4, call("a")));
    board = apply(board, delta(9, [call("a", { version: 5 }), call("b")], ["c"]));
    board = apply(board, delta(12, [call("d")]));
    expect(board.seq).toBe(12);
    expect(versions(board)).toEqual({ a: 5, b: 1, d: 1 });
  });
});

describe("a snapshot on the stream", () => {
  it("starts over, also when a restarted server counts from one again", () => {
    let board = apply(reset(snapshot(400, call("a", { version: 9 }))), delta(401, [], ["b"]));
    board = reset(snapshot(1, call("a"), call("b")));
    expect(board.seq).toBe(1);
    expect(versions(board)).toEqual({ a: 1, b: 1 });
    expect(versions(apply(board, delta(2, [call("c")])))).toEqual({ a: 1, b: 1, c: 1 });
  });

  it("is not needed for the first delta to be shown", () => {
    expect(versions(apply(emptyBoard, delta(3, [call("a")])))).toEqual({ a: 1 });
  });
});

describe("an ended call", () => {
  const ended = (s: number) => call("a", { state: "ended", ended_at: at(s) });

  it("stays for a minute and then goes", () => {
    const board = reset(snapshot(1, ended(-60), call("b")));
    expect(prune(board, NOW)).toBe(board);
    expect(versions(prune(board, NOW + 1000))).toEqual({ b: 1 });
  });

  it("without any end time is not shown", () => {
    expect(onBoard(call("a", { state: "ended", ended_at: null, state_since: null }), NOW)).toBe(
      false,
    );
  });

  it("is told from an open call of an unknown state", () => {
    expect(onBoard(call("a", { state: "teleporting", state_since: null }), NOW)).toBe(true);
  });
});
