// Names of numbers, which the host knows.

import { freshId, h } from "./dom.js";

/** How long somebody must stop typing before the host is asked. */
const PAUSE = 300;

export class Contacts {
  #phone;
  /** Number to `{ id, name }`; undefined once asked and not known. */
  #names = new Map();
  #asked = new Map();
  #searches = new Map();
  #requests = 0;

  constructor(phone) {
    this.#phone = phone;
    phone.bridge.addEventListener("zp-contact-match-response", ({ detail }) =>
      this.#matched(detail),
    );
    phone.bridge.addEventListener("zp-contact-search-response", ({ detail }) =>
      this.#found(detail),
    );
  }

  /** What to call a party: the host's name, else the company's, else the number. */
  name(number, name) {
    return this.#names.get(number)?.name || name || number || "Unknown";
  }

  /** The host may answer differently from now on. */
  forget() {
    this.#names.clear();
    this.#asked.clear();
  }

  /** Asks the host for the names of numbers; of each once, unless `anew`. */
  match(numbers, anew = false) {
    if (!this.#phone.bridge.options.enableContactMatching) return;
    const wanted = [...new Set(numbers)].filter(
      (number) => number?.startsWith("+") && (anew || !this.#names.has(number)),
    );
    if (wanted.length === 0) return;
    for (const number of wanted) if (!this.#names.has(number)) this.#names.set(number, undefined);
    const requestId = this.#request();
    this.#asked.set(requestId, new Set(wanted));
    this.#phone.bridge.post({
      type: "zp-contact-match-event",
      data: { requestId, phoneNumbers: wanted },
    });
  }

  #matched({ responseId, contacts }) {
    const asked = this.#asked.get(responseId);
    if (!asked || typeof contacts !== "object" || contacts === null) return;
    this.#asked.delete(responseId);
    for (const [number, contact] of Object.entries(contacts)) {
      if (asked.has(number) && contact?.name) this.#names.set(number, contact);
    }
    this.#phone.bridge.dispatchEvent(new Event("names"));
  }

  #request() {
    this.#requests += 1;
    return `${this.#phone.tab}-${this.#requests}`;
  }

  #found({ responseId, contacts }) {
    const show = this.#searches.get(responseId);
    this.#searches.delete(responseId);
    if (!show || !Array.isArray(contacts)) return;
    show(contacts.filter((contact) => typeof contact?.number === "string"));
  }

  /** A field for a number that also finds people by name. Has `element`, `input` and `value`. */
  searchField(label) {
    const list = h("ul", {
      id: freshId("found"),
      role: "listbox",
      "aria-label": "Contacts",
      hidden: true,
    });
    const input = h("input", {
      id: freshId("number"),
      type: "text",
      autocomplete: "off",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": list.id,
    });
    let current = -1;
    let timer;
    const close = () => {
      list.hidden = true;
      list.replaceChildren();
      current = -1;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    };
    const pick = (number) => {
      input.value = number;
      close();
      input.focus();
    };
    const mark = (nth) => {
      const options = [...list.children];
      current = (nth + options.length) % options.length;
      options.forEach((option, at) => option.setAttribute("aria-selected", String(at === current)));
      input.setAttribute("aria-activedescendant", options[current].id);
      options[current].scrollIntoView({ block: "nearest" });
    };
    const show = (contacts) => {
      const options = contacts.map(({ number, displayName }) =>
        h(
          "li",
          {
            id: freshId("contact"),
            role: "option",
            "aria-selected": "false",
            onpointerdown(event) {
              event.preventDefault();
              pick(number);
            },
          },
          h("span", {}, displayName || number),
          h("span", { className: "quiet" }, number),
        ),
      );
      list.replaceChildren(...options);
      current = -1;
      list.hidden = options.length === 0;
      input.setAttribute("aria-expanded", String(options.length > 0));
      this.#phone.say(options.length === 1 ? "1 contact" : `${options.length} contacts`);
    };
    const search = () => {
      this.#searches.clear();
      const searchString = input.value.trim();
      if (!this.#phone.bridge.options.enableContactSearching || !searchString) return close();
      const requestId = this.#request();
      this.#searches.set(requestId, show);
      this.#phone.bridge.post({
        type: "zp-contact-search-event",
        data: { requestId, searchString },
      });
    };
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(search, PAUSE);
    });
    input.addEventListener("keydown", (event) => {
      if (list.hidden) return;
      if (event.key === "ArrowDown") mark(current + 1);
      else if (event.key === "ArrowUp") mark(current < 0 ? -1 : current - 1);
      else if (event.key === "Escape") close();
      else if (event.key === "Enter" && current >= 0)
        list.children[current].dispatchEvent(new Event("pointerdown"));
      else return;
      event.preventDefault();
    });
    input.addEventListener("blur", close);
    const element = h(
      "div",
      { className: "search" },
      h("label", { for: input.id }, label),
      input,
      list,
    );
    return {
      element,
      input,
      get value() {
        return input.value.trim();
      },
      set value(number) {
        input.value = number;
        close();
      },
    };
  }
}
