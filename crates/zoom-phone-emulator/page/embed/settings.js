// Who is signed in, and what that person wants.

import { button, fill, h } from "./dom.js";
import * as server from "./server.js";

export class Settings {
  element = h("div");
  #phone;
  #signOut;

  constructor(phone, signOut) {
    this.#phone = phone;
    this.#signOut = signOut;
  }

  update() {
    const { me, autoLog, bridge } = this.#phone;
    fill(
      this.element,
      h("h2", {}, "Settings"),
      h("p", {}, `Signed in as ${me.name}, extension ${me.extension}`),
      bridge.options.enableAutoLog &&
        h(
          "label",
          { className: "switch" },
          h("input", {
            type: "checkbox",
            role: "switch",
            checked: autoLog,
            "data-key": "auto-log",
            onchange: (event) => this.#switch(event.target.checked),
          }),
          "Log calls automatically",
        ),
      button("Sign out", this.#signOut, { "data-key": "sign-out" }),
    );
  }

  #switch(on) {
    this.#phone.autoLog = on;
    return this.#phone.attempt(() => server.post("auto-log", { user: this.#phone.me.id, on }));
  }
}
