// Text messages: who wrote, what was written, and a place to write.

import { button, fill, h, when } from "./dom.js";
import * as server from "./server.js";

export class Texts {
  element = h("div", { className: "texts" });
  #phone;
  #to;
  #message = h("textarea", { id: "message", rows: 3, maxLength: 500 });
  /** The number at the other end of the open thread; "" while a new one is written, undefined for the list. */
  #open;

  constructor(phone) {
    this.#phone = phone;
    this.#to = phone.contacts.searchField("To");
    phone.bridge.addEventListener("names", () => phone.me && this.update());
  }

  /** Opens the thread with a number, or a new one. The person still writes and sends. */
  compose(number) {
    this.#open = this.#threads().has(number) ? number : "";
    this.#to.value = number;
    this.#message.value = "";
    this.update();
    this.#message.focus();
  }

  /** Messages by the number at the other end, the thread with the newest first. */
  #threads() {
    const threads = new Map();
    for (const text of [...this.#phone.texts].reverse()) {
      const end = text.direction === "inbound" ? text.sender : text.receivers[0];
      const number = end?.phoneNumber ?? "";
      if (!threads.has(number)) threads.set(number, []);
      threads.get(number).unshift(text);
    }
    return threads;
  }

  update() {
    const threads = this.#threads();
    this.#phone.contacts.match([...threads.keys()]);
    if (this.#open === undefined) return this.#list(threads);
    const back = button("All messages", () => this.#leave(), { "data-key": "back" });
    const name = this.#open ? this.#phone.contacts.name(this.#open) : "New message";
    fill(
      this.element,
      h("h2", {}, name),
      back,
      h("ol", { className: "thread" }, (threads.get(this.#open) ?? []).map(message)),
      this.#composer(),
    );
  }

  #list(threads) {
    const rows = [...threads].map(([number, texts]) => {
      const last = texts.at(-1);
      const open = () => this.compose(number);
      return h(
        "li",
        { "data-thread": number },
        button(this.#phone.contacts.name(number), open, { className: "name", "data-key": number }),
        h("span", { className: "quiet" }, `${when(last.dateTime)} · ${last.message}`),
      );
    });
    fill(
      this.element,
      h("h2", {}, "Messages"),
      button("New message", () => this.compose(""), { "data-key": "new" }),
      rows.length > 0
        ? h("ul", { className: "rows" }, rows)
        : h("p", { className: "quiet" }, "No messages yet"),
    );
  }

  #leave() {
    this.#open = undefined;
    this.update();
    this.element.querySelector("button")?.focus();
  }

  #composer() {
    this.#message.dataset.key = "message";
    return h(
      "form",
      {
        onsubmit: (event) => {
          event.preventDefault();
          this.#send();
        },
      },
      !this.#open && this.#to.element,
      h("label", { for: "message" }, "Message"),
      this.#message,
      h("button", { className: "primary" }, "Send"),
    );
  }

  async #send() {
    const to = this.#open || this.#to.value.replace(/[^\d+]/g, "");
    const message = this.#message.value.trim();
    if (!to || !message) return this.#phone.say("Enter a number and a message.");
    const sent = await this.#phone.attempt(() =>
      server.post("texts", { user: this.#phone.me.id, to, message }),
    );
    if (!sent) return;
    this.#message.value = "";
    this.#open = to;
  }
}

const message = (text) =>
  h(
    "li",
    { className: text.direction, "data-message": text.messageId },
    h("p", {}, text.message),
    text.attachments.map(({ type, fileUrl }) =>
      h("a", { href: fileUrl, target: "_blank", rel: "noopener" }, type),
    ),
    h("span", { className: "quiet" }, `${when(text.dateTime)} · ${text.status}`),
  );
