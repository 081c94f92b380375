import type {
  AccountSync,
  CallDetail,
  CallPage,
  Ending,
  Match,
  MediaFile,
  Problem,
  RawEvent,
  Report,
  ReportItem,
  Served,
} from "./types";

/** A request that got no useful answer. `status` is 0 when the server was not reached at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly title: string;

  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.title = title;
  }
}

/** Reads `problem+json` if that is what came, and makes do with the status line otherwise. */
export function problemOf(status: number, statusText: string, body: unknown): ApiError {
  const problem = (typeof body === "object" && body !== null ? body : {}) as Partial<Problem>;
  const title = problem.title ?? (statusText || `HTTP ${String(status)}`);
  return new ApiError(status, title, problem.detail ?? "The server gave no further detail.");
}

const get = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  ask<T>(path, signal ? { signal } : {});

const post = <T>(path: string, body: unknown): Promise<T> =>
  ask<T>(path, {
    method: "POST",
    headers: { accept: "application/json", "content-type": "application/json" },
    body: JSON.stringify(body),
  });

async function ask<T>(path: string, request: RequestInit): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { headers: { accept: "application/json" }, ...request });
  } catch (cause) {
    if (request.signal?.aborted) throw cause;
    throw new ApiError(
      0,
      "Offhook cannot be reached",
      "Check your network connection and that the server is running, then try again.",
    );
  }
  const body: unknown = await response.json().catch(() => null);
  if (!response.ok) throw problemOf(response.status, response.statusText, body);
  if (body === null) {
    throw new ApiError(response.status, "Unreadable answer", "The server did not answer in JSON.");
  }
  return body as T;
}

const seg = encodeURIComponent;

/** One page of calls; `query` holds the filter parameters, `cursor` the place to go on from. */
export function getCalls(
  query: URLSearchParams,
  cursor: string | null,
  signal?: AbortSignal,
): Promise<CallPage> {
  const params = new URLSearchParams(query);
  params.set("limit", "50");
  if (cursor !== null) params.set("cursor", cursor);
  return get(`/api/v1/calls?${params.toString()}`, signal);
}

/** One call, by any of its ids. */
export const getCall = (id: string, signal?: AbortSignal): Promise<CallDetail> =>
  get(`/api/v1/calls/${seg(id)}`, signal);

/** The messages a call was made from, oldest first. */
export const getEvents = (id: string, signal?: AbortSignal): Promise<{ events: RawEvent[] }> =>
  get(`/api/v1/calls/${seg(id)}/events`, signal);

/** Calls that carry this id or number. */
export const search = (q: string, signal?: AbortSignal): Promise<{ matches: Match[] }> =>
  get(`/api/v1/search?q=${seg(q)}`, signal);

/** The files of a call: what is here to be heard or read, and what is not. */
export const getMedia = (call: string, signal?: AbortSignal): Promise<{ files: MediaFile[] }> =>
  get(`/api/v1/media?limit=500&call=${seg(call)}`, signal);

/** An address at which a file can be heard or read for an hour. */
export const linkTo = (file: string): Promise<{ url: string }> =>
  post(`/api/v1/media/${seg(file)}/link`, { seconds: 3600 });

/** Has a file fetched from Zoom, whatever the policy says. */
export const fetchMedia = (file: string): Promise<MediaFile> =>
  post(`/api/v1/media/${seg(file)}/fetch`, { who: "the call page" });

/** How reading Zoom’s own records stands. */
export const getSync = (signal?: AbortSignal): Promise<{ accounts: AccountSync[] }> =>
  get("/api/v1/sync", signal);

/** Has Zoom’s records read: all of the last six months, or what is new. */
export const beginSync = (mode: "backfill" | "catch_up", account: string): Promise<unknown> =>
  post("/api/v1/sync", { mode, account });

/** Lets backfill and nightly runs rest, or go on. */
export const pauseSync = (paused: boolean, account: string): Promise<{ accounts: AccountSync[] }> =>
  post(`/api/v1/sync/${paused ? "pause" : "resume"}`, { account });

/** Comparisons with Zoom’s records, newest first. */
export const getReports = (
  cursor: string | null,
  signal?: AbortSignal,
): Promise<{ reconciliations: Report[]; next_cursor: string | null }> =>
  get(`/api/v1/reconciliations${cursor === null ? "" : `?cursor=${seg(cursor)}`}`, signal);

/** One comparison. */
export const getReport = (id: string, signal?: AbortSignal): Promise<Report> =>
  get(`/api/v1/reconciliations/${seg(id)}`, signal);

/** What a comparison found of one kind. */
export const getItems = (
  id: number,
  kind: string,
  cursor: string | null,
): Promise<{ items: ReportItem[]; next_cursor: string | null }> => {
  const params = new URLSearchParams({ kind, ...(cursor === null ? {} : { cursor }) });
  return get(`/api/v1/reconciliations/${String(id)}/items?${params.toString()}`);
};

/** Has calls of a period compared with Zoom’s records. `account` is needed where there are several. */
export const orderReport = (period: {
  from: string;
  to: string;
  account?: string;
}): Promise<Report> => post("/api/v1/reconciliations", period);

/** What Zoom has announced the end of, and what of it is in use. */
export const getDeprecations = (
  signal?: AbortSignal,
): Promise<{ deprecations: Ending[]; served: Served[] }> => get("/api/v1/deprecations", signal);
