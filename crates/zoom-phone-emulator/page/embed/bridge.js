// The wire to the page around: postMessage with exactly one origin.

const framed = window.parent !== window;

/**
 * Origin of the page around: what `originDomain` says, else what the browser says. Undefined when
 * there is none, "null" when it cannot be known.
 */
export function hostOrigin() {
  if (!framed) return undefined;
  const said = new URLSearchParams(location.search).get("originDomain");
  try {
    if (said) return originOf(said);
    return location.ancestorOrigins?.[0] ?? new URL(document.referrer).origin;
  } catch {
    return "null";
  }
}

/** `new URL().origin` is "null" for the schemes of browser extensions. */
function originOf(text) {
  const { origin, protocol, host } = new URL(text);
  return origin === "null" ? `${protocol}//${host}` : origin;
}

/** What the host may switch on with `zp-init-config`; all of it is off until then. */
const OFF = {
  enableSavingLog: false,
  enableAutoLog: false,
  enableContactSearching: false,
  enableContactMatching: false,
  enableAISummary: false,
  disableInactiveTabCallEvent: false,
  notePageConfiguration: [],
};

/** Messages that wait until it is known whether the host is approved. */
const EARLY = 100;

export class Bridge extends EventTarget {
  options = OFF;
  #origin;
  /** What came before it was known whether the host is approved; undefined once it is. */
  #early = [];

  constructor() {
    super();
    window.addEventListener("message", (event) => {
      if (!framed || event.source !== window.parent) return;
      if (!this.#early) this.#take(event);
      else if (this.#early.length < EARLY) this.#early.push(event);
    });
  }

  /** Opens the wire to an approved host. Without one, nothing is ever sent or heard. */
  open(origin) {
    if (origin && origin !== "null") this.#origin = origin;
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const event of early) this.#take(event);
  }

  #take({ origin, data: message }) {
    if (!this.#origin || origin !== this.#origin) return;
    const { type, data } = message ?? {};
    if (typeof type === "string") this.#hear(type, data ?? {});
  }

  /** Tells the host. */
  post(message) {
    if (this.#origin) window.parent.postMessage(message, this.#origin);
  }

  #hear(type, data) {
    if (type === "zp-init-config") {
      this.options = { ...OFF, ...this.#switches(data), notePageConfiguration: fields(data) };
    }
    this.dispatchEvent(new CustomEvent(type, { detail: data }));
  }

  #switches(data) {
    const known = Object.entries(data).filter(([key]) => typeof OFF[key] === "boolean");
    return Object.fromEntries(known.map(([key, value]) => [key, value === true]));
  }
}

/** The fields of the notes page. Zoom's guide calls the list a JSON string and shows an array: both will do. */
function fields({ notePageConfiguration: wanted }) {
  let list = wanted;
  if (typeof list === "string") {
    try {
      list = JSON.parse(list);
    } catch {
      list = [];
    }
  }
  return Array.isArray(list) ? list.filter((field) => typeof field?.fieldName === "string") : [];
}
