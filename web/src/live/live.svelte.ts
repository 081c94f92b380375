import type { CallSummary, Clocks, Delta, Snapshot } from "../api/types";
import { apply, callsOf, emptyBoard, prune, reset, type Board } from "./board";
import { linkLevel, skewFrom, skewOf, STALE_MS, type Level } from "./freshness";

/** A page nobody looks at gives its connection back after this long. */
const HIDDEN_MS = 60_000;
/** A new connection gets this long before the next attempt. */
const REOPEN_MS = 10_000;
/** No message at all after this long, and the reader is told, milliseconds. */
const LATE_START_MS = 5_000;

/**
 * The live board: one event stream, opened while a page needs it.
 *
 * `EventSource` resumes by itself after most failures and names the last id it saw. It gives up
 * on an HTTP error and cannot notice a silent connection; both are handled here by opening anew.
 */
class Live {
  #board = $state.raw<Board>(emptyBoard);
  #client = $state(Date.now());
  #startedAt = $state(Date.now());
  #heardAt = $state<number | null>(null);
  #skews = $state.raw<readonly number[]>([]);
  #frozen = $state.raw<{ calls: CallSummary[]; now: number } | null>(null);
  #source: EventSource | null = null;
  #openedAt = 0;
  #hiddenAt: number | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** The server's knowledge of its own freshness; `null` before the first message. */
  clocks = $state.raw<Clocks | null>(null);

  /** Server time, milliseconds; ticks every second. */
  now = $derived(this.#client + skewOf(this.#skews));
  /** How fresh the link is. */
  link: Level = $derived(
    linkLevel(this.#heardAt === null ? null : Math.max(0, this.#client - this.#heardAt)),
  );
  /** Server time of the last message, milliseconds. */
  heardAt = $derived(this.#heardAt === null ? null : this.#heardAt + skewOf(this.#skews));
  /** No message was ever received, and one was due. */
  unreachable = $derived(this.#heardAt === null && this.#client - this.#startedAt > LATE_START_MS);
  paused = $derived(this.#frozen !== null);
  /** The moment the shown values are true for: now, or when they stopped moving. */
  viewNow = $derived(
    this.#frozen?.now ?? (this.link === "stale" ? (this.heardAt ?? this.now) : this.now),
  );
  /** The calls to show. */
  calls = $derived(this.#frozen?.calls ?? callsOf(this.#board));

  /** Opens the stream; the returned function closes it. Values stay for the next visit. */
  open(): () => void {
    this.#startedAt = Date.now();
    this.#client = this.#startedAt;
    this.#hiddenAt = null;
    this.#connect();
    this.#timer = setInterval(() => {
      this.#tick();
    }, 1_000);
    const seen = (): void => {
      this.#visibility();
    };
    document.addEventListener("visibilitychange", seen);
    return () => {
      clearInterval(this.#timer);
      document.removeEventListener("visibilitychange", seen);
      this.#disconnect();
      this.#frozen = null;
    };
  }

  /** Opens a new connection now. */
  retry(): void {
    this.#startedAt = Date.now();
    this.#connect();
  }

  /** Stops or resumes what is shown; the stream goes on behind it. */
  togglePause(): void {
    this.#frozen = this.#frozen ? null : { calls: this.calls, now: this.viewNow };
  }

  #connect(): void {
    this.#disconnect();
    this.#openedAt = Date.now();
    const source = new EventSource("/api/v1/live");
    this.#source = source;
    const on = <T>(name: string, take: (data: T) => void): void => {
      source.addEventListener(name, (event: MessageEvent<string>) => {
        let data: T;
        try {
          data = JSON.parse(event.data) as T;
        } catch {
          return; // An unreadable message is no sign of life.
        }
        take(data);
      });
    };
    on<Snapshot>("snapshot", (snapshot) => {
      this.#heard(snapshot.clocks);
      this.#board = reset(snapshot);
    });
    on<Delta>("delta", (delta) => {
      this.#heard(delta.clocks);
      this.#board = apply(this.#board, delta);
    });
    on<Clocks>("heartbeat", (clocks) => {
      this.#heard(clocks);
    });
  }

  #disconnect(): void {
    this.#source?.close();
    this.#source = null;
  }

  #heard(clocks: Clocks): void {
    const at = Date.now();
    const server = Date.parse(clocks.now);
    if (!Number.isNaN(server)) this.#skews = skewFrom(this.#skews, server - at);
    this.clocks = clocks;
    this.#heardAt = at;
    this.#client = at;
  }

  #tick(): void {
    this.#client = Date.now();
    if (this.link !== "stale") this.#board = prune(this.#board, this.now);
    if (this.#hiddenAt !== null && this.#client - this.#hiddenAt > HIDDEN_MS) {
      this.#disconnect();
      return;
    }
    const closed = this.#source?.readyState === EventSource.CLOSED;
    const silent = this.#client - Math.max(this.#heardAt ?? 0, this.#openedAt) > STALE_MS;
    if ((closed || silent) && this.#client - this.#openedAt > REOPEN_MS) this.#connect();
  }

  #visibility(): void {
    this.#hiddenAt = document.hidden ? Date.now() : null;
    if (!document.hidden && this.#source === null) this.#connect();
  }
}

export const live = new Live();
