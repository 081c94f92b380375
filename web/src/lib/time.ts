/** What is shown for a value nobody knows. */
export const DASH = "\u2014";

const two = (n: number): string => String(n).padStart(2, "0");

/** A duration in seconds as `0:07`, `12:40` or `1:02:03`; a dash if unknown. */
export function duration(seconds: number | null): string {
  if (seconds === null) return DASH;
  const s = Math.max(0, Math.floor(seconds));
  const h = Math.floor(s / 3600);
  const m = Math.floor((s % 3600) / 60);
  return h > 0 ? `${String(h)}:${two(m)}:${two(s % 60)}` : `${String(m)}:${two(s % 60)}`;
}

/** A duration for `<time datetime>`, such as `PT754S`. */
export const isoDuration = (seconds: number): string => `PT${String(Math.floor(seconds))}S`;

/** An age in words short enough for a header: `now`, `14 s`, `3 min`, `2 h`, `5 d`. */
export function age(ms: number): string {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 3) return "now";
  if (s < 60) return `${String(s)} s`;
  if (s < 3600) return `${String(Math.floor(s / 60))} min`;
  if (s < 86_400) return `${String(Math.floor(s / 3600))} h`;
  return `${String(Math.floor(s / 86_400))} d`;
}

const CLOCK: Intl.DateTimeFormatOptions = {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
};

/** Formats times for one locale and time zone; the page uses the reader's own. */
export function formatter(locale?: string, timeZone?: string) {
  const zone = timeZone === undefined ? {} : { timeZone };
  const clock = new Intl.DateTimeFormat(locale, { ...CLOCK, ...zone });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", ...zone });
  const fullDay = new Intl.DateTimeFormat(locale, {
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    ...zone,
  });
  const date = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    year: "numeric",
    timeZone: "UTC",
  });
  return {
    /** `14:02:11` */
    clock: (ms: number): string => clock.format(ms),
    /** `14:02:11` today, `21 Nov 14:02:11` on any other day. */
    short: (ms: number, now: number): string =>
      fullDay.format(ms) === fullDay.format(now)
        ? clock.format(ms)
        : `${day.format(ms)} ${clock.format(ms)}`,
    /** `30 Nov 2026`, of a day such as `2026-11-30`, in no zone but its own. */
    date: (day: string): string => date.format(Date.parse(day)),
    /** `Sun, 22 Nov 2026, 14:02:11` */
    full: (ms: number): string => `${fullDay.format(ms)}, ${clock.format(ms)}`,
  };
}

/** Formats in the reader's locale and time zone. */
export const local = formatter();

/** The same moment in UTC, for tooltips: `2026-11-22 14:02:11 UTC`. */
export const utc = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace("T", " ")} UTC`;

/** Milliseconds since 1970 of an RFC 3339 string; `null` if absent or unreadable. */
export function parse(time: string | null): number | null {
  const ms = Date.parse(time ?? "");
  return Number.isNaN(ms) ? null : ms;
}
