import type { CallSummary, Delta, Snapshot } from "../api/types";

/** An ended call stays on the board this long, milliseconds. */
export const LINGER_MS = 60_000;

interface Held {
  call: CallSummary;
  /** The sequence number that brought this version. */
  seq: number;
}

/**
 * The calls on the board, kept in step with the server's numbered messages.
 *
 * Values are immutable: every function returns a new board, or the same one if nothing changed.
 */
export interface Board {
  /** The highest sequence number taken in; -1 before the first snapshot. */
  readonly seq: number;
  readonly calls: ReadonlyMap<string, Held>;
  /** Dropped ids and the number that dropped them, so that an older delta cannot bring them back. */
  readonly gone: ReadonlyMap<string, number>;
}

/** The board before anything was received. */
export const emptyBoard: Board = { seq: -1, calls: new Map(), gone: new Map() };

/**
 * Starts over from a snapshot: the server's word is final. It sends one whenever it cannot go on
 * from the last number this page has seen, so a hole in the stream needs no care here.
 */
export function reset(snapshot: Snapshot): Board {
  const calls = new Map(snapshot.calls.map((call) => [call.id, { call, seq: snapshot.seq }]));
  return { seq: snapshot.seq, calls, gone: new Map() };
}

/**
 * Takes in one delta. Deltas may repeat or arrive out of order: what a later number brought stays,
 * and a dropped call is brought back only by a later message.
 */
export function apply(board: Board, delta: Delta): Board {
  const calls = new Map(board.calls);
  const gone = new Map(board.gone);
  for (const call of delta.calls) {
    const held = calls.get(call.id);
    if (held && held.seq >= delta.seq) continue;
    const dropped = gone.get(call.id);
    if (dropped !== undefined) {
      if (delta.seq <= dropped) continue;
      gone.delete(call.id);
    }
    calls.set(call.id, { call, seq: delta.seq });
  }
  for (const id of delta.gone) {
    const held = calls.get(id);
    if (held && held.seq > delta.seq) continue;
    calls.delete(id);
    gone.set(id, Math.max(delta.seq, gone.get(id) ?? -1));
  }
  return { seq: Math.max(board.seq, delta.seq), calls, gone };
}

/** True while the call belongs on the board: open, or ended at most a minute ago. */
export function onBoard(call: CallSummary, now: number): boolean {
  if (call.state !== "ended") return true;
  const ended = Date.parse(call.ended_at ?? call.state_since ?? "");
  return !Number.isNaN(ended) && now - ended <= LINGER_MS;
}

/**
 * Forgets ended calls that have had their minute, and drops too old to matter to a late delta.
 * `now` is server time in milliseconds.
 */
export function prune(board: Board, now: number): Board {
  const calls = new Map([...board.calls].filter(([, held]) => onBoard(held.call, now)));
  const gone = new Map([...board.gone].filter(([, seq]) => seq > board.seq - 1_000));
  if (calls.size === board.calls.size && gone.size === board.gone.size) return board;
  return { ...board, calls, gone };
}

/** The calls, in no particular order. */
export const callsOf = (board: Board): CallSummary[] =>
  [...board.calls.values()].map((held) => held.call);
