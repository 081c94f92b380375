/**
 * Our own icons on a 16-unit grid, drawn as strokes. Each state has its own shape, so that it can
 * be told without colour.
 */
export const icons = {
  ringing: "M8 2.5A3.5 3.5 0 0 0 4.5 6v2.6L3 11.2h10l-1.5-2.6V6A3.5 3.5 0 0 0 8 2.5zM6.6 13.5h2.8",
  waiting: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3.2l2.2 1.6",
  talking: "M2.5 7v2M5.25 5v6M8 2.8v10.4M10.75 5v6M13.5 7v2",
  held: "M5.5 3.5v9M10.5 3.5v9",
  parked: "M3 3h10v10H3zM6.5 11V5.5h1.9a1.7 1.7 0 0 1 0 3.4H6.5",
  consulting: "M6 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 4a4 4 0 1 1 0 8 4 4 0 0 1 0-8",
  transferring: "M2.5 8h10.5M9.2 4.2 13 8l-3.8 3.8",
  voicemail:
    "M4.2 5.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2zM11.8 5.4a2.6 2.6 0 1 0 0 5.2 2.6 2.6 0 0 0 0-5.2zM4.2 10.6h7.6",
  ended: "M4.5 4.5h7v7h-7z",
  unknown: "M5.6 5.8a2.4 2.4 0 1 1 3.4 2.2c-.7.3-1 .8-1 1.5M8 12.3v.2",
  inbound: "M12.5 3.5l-8.5 8.5M4 6v6h6",
  outbound: "M3.5 12.5 12 4M6 4h6v6",
  internal: "M2.5 6h10M10 3.3 12.7 6M13.5 10h-10M6 12.7 3.3 10",
  record:
    "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 6.2a1.8 1.8 0 1 0 0 3.6 1.8 1.8 0 0 0 0-3.6z",
  emergency: "M8 2 14.5 13.5h-13zM8 6.5v3.2M8 11.5v.3",
  muted:
    "M8 2.5A1.7 1.7 0 0 0 6.3 4.2v3.6a1.7 1.7 0 0 0 3.4 0V4.2A1.7 1.7 0 0 0 8 2.5M4 8a4 4 0 0 0 8 0M8 12v2M2.5 2.5l11 11",
  alert: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5.3v3.2M8 10.5v.3",
  ok: "M3 8.5 6.5 12 13 4.5",
  missed: "M4 4l8 8M12 4l-8 8",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9zM10.3 10.3 14 14",
  sun: "M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8 1.5V3M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1",
  moon: "M13.3 9.7A5.6 5.6 0 0 1 6.3 2.7 5.6 5.6 0 1 0 13.3 9.7z",
  auto: "M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 2.5v11M10.5 4v8M8 5h4M8 8h5.3M8 11h4",
  keyboard: "M1.5 4h13v8h-13zM4 6.7h.1M6.6 6.7h.1M9.3 6.7h.1M12 6.7h.1M5 9.5h6",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.5v9L12.5 8z",
  refresh: "M13 8a5 5 0 1 1-1.5-3.6L13 6M13 2.7V6H9.7",
  copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3",
  back: "M13 8H3M6.8 4.2 3 8l3.8 3.8",
  down: "M4 6.5 8 10.5 12 6.5",
  dot: "M8 7a1 1 0 1 0 0 2 1 1 0 0 0 0-2z",
  link: "M2.5 8h2.2M11.3 8h2.2M6.5 5.5 4.7 8l1.8 2.5M9.5 5.5 11.3 8l-1.8 2.5",
} as const;

/** The name of an icon. */
export type IconName = keyof typeof icons;

const STATES: ReadonlySet<string> = new Set<IconName>([
  "ringing",
  "waiting",
  "talking",
  "held",
  "parked",
  "consulting",
  "transferring",
  "voicemail",
  "ended",
]);

/** The shape for a call or leg state, open vocabulary included. */
export const stateIcon = (state: string): IconName =>
  STATES.has(state) ? (state as IconName) : "unknown";

/** The shape for a result. */
export function resultIcon(result: string | null): IconName {
  if (result === "answered") return "ok";
  if (result === "voicemail") return "voicemail";
  if (result === "overflowed" || result === "answered_elsewhere") return "transferring";
  return result === null || result === "unknown" ? "unknown" : "missed";
}

/** The arrow for a direction. */
export const directionIcon = (direction: string): IconName =>
  direction === "inbound" || direction === "outbound" || direction === "internal"
    ? direction
    : "unknown";

/** The shape for a step in a call's story: a state, an outcome, or a dot for anything else. */
export function eventIcon(what: string): IconName {
  if (STATES.has(what)) return what as IconName;
  const result = resultIcon(what);
  return result === "missed" && !["missed", "rejected", "busy", "abandoned"].includes(what)
    ? "dot"
    : result;
}
