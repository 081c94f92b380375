/** The filters of the call list, named as in the API and in the page's address. */
export const FILTERS = [
  "direction",
  "state",
  "result",
  "queue",
  "person",
  "number",
  "from",
  "to",
  "conflict",
] as const;

/** One filter's name. */
export type Filter = (typeof FILTERS)[number];

/** The filters somebody has set. `from` and `to` are RFC 3339 UTC, `conflict` is `true`. */
export type Filters = Partial<Record<Filter, string>>;

/** Reads filters from an address; anything else in it is left out. */
export function filtersFrom(search: string): Filters {
  const params = new URLSearchParams(search);
  const filters: Filters = {};
  for (const name of FILTERS) {
    const value = params.get(name)?.trim();
    if (value && (name !== "conflict" || value === "true")) filters[name] = value;
  }
  return filters;
}

/** Filters as query parameters, always in the same order, empty ones left out. */
export function filtersTo(filters: Filters): URLSearchParams {
  const params = new URLSearchParams();
  for (const name of FILTERS) {
    const value = filters[name]?.trim();
    if (value) params.set(name, value);
  }
  return params;
}

/** The value of a `datetime-local` field (the reader's zone) as RFC 3339 UTC; "" if unreadable. */
export function localToUtc(value: string): string {
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString().replace(".000Z", "Z");
}

/** An RFC 3339 time as the value of a `datetime-local` field, to the minute. */
export function utcToLocal(time: string | undefined): string {
  const ms = Date.parse(time ?? "");
  if (Number.isNaN(ms)) return "";
  const d = new Date(ms);
  return new Date(ms - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
