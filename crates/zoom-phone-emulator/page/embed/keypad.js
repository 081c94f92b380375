// The page to call from.

import { button, h } from "./dom.js";

const KEYS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "*", "0", "#"];

export class Keypad {
  #phone;
  #number;
  #callerId = h("select", { id: "caller-id" });

  constructor(phone) {
    this.#phone = phone;
    this.#number = phone.contacts.searchField("Name or number");
    const keys = KEYS.map((key) =>
      button(key, () => (this.#number.input.value += key), { className: "key" }),
    );
    this.element = h(
      "form",
      {
        className: "keypad",
        onsubmit: (event) => {
          event.preventDefault();
          phone.dial(this.#number.value, this.#callerId.value || undefined);
        },
      },
      this.#number.element,
      h("div", { className: "keys", role: "group", "aria-label": "Keys" }, keys),
      h("label", { for: "caller-id" }, "Caller ID"),
      this.#callerId,
      h("button", { className: "primary" }, "Call"),
    );
  }

  update() {
    const numbers = this.#phone.me.numbers;
    const chosen = this.#callerId.value;
    this.#callerId.replaceChildren(
      ...numbers.map((number) => h("option", { value: number }, number)),
    );
    if (numbers.includes(chosen)) this.#callerId.value = chosen;
  }

  /** Puts a number into the field, without calling it. */
  take(number, callerId) {
    this.#number.value = number;
    if (callerId && this.#phone.me.numbers.includes(callerId)) this.#callerId.value = callerId;
  }
}
