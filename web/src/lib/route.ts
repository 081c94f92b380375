/** The pages of the app. */
export type Route =
  | { page: "live" }
  | { page: "calls" }
  | { page: "call"; id: string }
  | { page: "search" }
  | { page: "records" }
  | { page: "report"; id: string }
  | { page: "missing" };

/** Which page a path names. */
export function routeOf(path: string): Route {
  if (path === "/") return { page: "live" };
  if (/^\/calls\/?$/.test(path)) return { page: "calls" };
  if (/^\/search\/?$/.test(path)) return { page: "search" };
  if (/^\/records\/?$/.test(path)) return { page: "records" };
  const report = /^\/records\/reports\/(\d+)\/?$/.exec(path)?.[1];
  if (report !== undefined) return { page: "report", id: report };
  const id = /^\/calls\/([^/]+)\/?$/.exec(path)?.[1];
  if (id === undefined) return { page: "missing" };
  try {
    return { page: "call", id: decodeURIComponent(id) };
  } catch {
    return { page: "missing" };
  }
}

/** The address of a call; ids may hold any character, `/` and `=` included. */
export const callPath = (id: string): string => `/calls/${encodeURIComponent(id)}`;

/** The address of a comparison. */
export const reportPath = (id: number): string => `/records/reports/${String(id)}`;
