// Elements without a framework.

/**
 * Makes an element. `properties` are set as properties, `on…` as listeners, and those with a hyphen,
 * `role` and `for` as attributes. Children that are null or false are left out.
 */
export function h(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (key.includes("-") || key === "role" || key === "for") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Replaces the content, and keeps the keyboard where it was: on the element of the same `data-key`. */
export function fill(element, ...children) {
  const key = element.contains(document.activeElement) && document.activeElement.dataset.key;
  element.replaceChildren(
    ...children.flat(Infinity).filter((child) => child != null && child !== false),
  );
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

/** A button with a word on it. */
export function button(text, onclick, properties = {}) {
  return h("button", { type: "button", onclick, ...properties }, text);
}

let numbers = 0;
/** An id that no other element has. */
export const freshId = (prefix) => `${prefix}-${(numbers += 1)}`;

/** The date and time of a UTC text, short and in the reader's own zone. */
export function when(text) {
  const at = new Date(text);
  if (Number.isNaN(at.getTime())) return "";
  const today = at.toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit" };
  return at.toLocaleString([], today ? time : { day: "numeric", month: "short", ...time });
}

/** Seconds as 1:05. */
export const length = (seconds) =>
  `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;
