/** What a key press asks for. */
export type Command = "search" | "shortcuts" | "next" | "previous" | "pause";

/** The parts of a key press that matter. */
export interface Press {
  key: string;
  code: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  /** The focus is in a field that takes text. */
  typing: boolean;
}

/**
 * Which command a key press means, if any. Plain keys count only outside text fields and can be
 * switched off (WCAG 2.1.4). Alt shortcuts go by the physical key: on macOS, Alt types symbols.
 */
export function commandOf(press: Press, singleKeys: boolean): Command | null {
  const mod = press.ctrlKey || press.metaKey;
  if (mod && !press.altKey && press.key.toLowerCase() === "k") return "search";
  if (press.altKey && !mod) {
    if (press.code === "KeyJ") return "next";
    if (press.code === "KeyK") return "previous";
  }
  if (mod || press.altKey || press.typing || !singleKeys) return null;
  if (press.key === "/") return "search";
  if (press.key === "?") return "shortcuts";
  return press.key.toLowerCase() === "p" ? "pause" : null;
}

/** True if keys typed into this element are text. */
export const takesText = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(target.tagName));

/** Moves the focus to the next or previous row of the list on the page. */
export function moveRow(step: 1 | -1): void {
  const rows = [...document.querySelectorAll<HTMLElement>(".row-link")];
  const at = rows.findIndex((row) => row === document.activeElement);
  const to = at === -1 ? (step === 1 ? 0 : rows.length - 1) : at + step;
  rows[to]?.focus();
}
