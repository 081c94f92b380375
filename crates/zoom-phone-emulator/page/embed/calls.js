// The calls under way, above every page.

import { button, fill, h, length } from "./dom.js";

const WORDS = { ringing: "Ringing", connected: "Connected", held: "On hold", ended: "Call ended" };

export class Calls {
  element = h("section", { id: "calls", "aria-label": "Calls" });
  #phone;
  /** When this page saw a call connected, in milliseconds. */
  #since = new Map();
  /** The call whose transfer form is open. */
  #transferring;
  /** Calls whose transfer waits for somebody's word. */
  #asking = new Set();

  constructor(phone) {
    this.#phone = phone;
    phone.bridge.addEventListener("names", () => this.update());
    setInterval(() => this.#tick(), 1000);
  }

  /** One call changed. */
  change(call, isNew) {
    const { calls } = this.#phone;
    const nth = calls.findIndex((known) => known.callId === call.callId);
    if (isNew) calls.push(call);
    else calls[nth] = call;
    // Of the calls that are over only the last stays, for its notes.
    this.#phone.calls = calls.filter(
      (known) => known.state !== "ended" || known.callId === call.callId,
    );
    if (isNew && call.direction === "inbound" && call.state === "ringing") {
      this.#phone.say(`${this.#name(call)} is calling`);
    }
    this.update();
  }

  update() {
    for (const call of this.#phone.calls) {
      if (call.state === "connected" && !this.#since.has(call.callId))
        this.#since.set(call.callId, Date.now());
    }
    fill(
      this.element,
      this.#phone.calls.map((call) => this.#card(call)),
    );
    this.#tick();
  }

  #name({ number, name }) {
    return this.#phone.contacts.name(number, name);
  }

  #tick() {
    for (const clock of this.element.querySelectorAll("[data-since]")) {
      clock.textContent = length((Date.now() - Number(clock.dataset.since)) / 1000);
    }
  }

  #card(call) {
    const incoming = call.direction === "inbound";
    const state =
      call.state === "ringing" ? (incoming ? "Incoming call" : "Calling…") : WORDS[call.state];
    const name = this.#name(call);
    return h(
      "article",
      {
        className: `call ${call.state}`,
        "data-call": call.callId,
        "data-state": call.state,
        "aria-label": name,
      },
      h("h2", {}, name),
      h("p", { className: "quiet" }, name === call.number ? "" : call.number),
      call.forwardedBy && h("p", { className: "quiet" }, `Sent by ${call.forwardedBy}`),
      h(
        "p",
        {},
        state ?? call.state,
        call.state === "connected" && " ",
        call.state === "connected" &&
          h("span", { "data-since": String(this.#since.get(call.callId)) }),
        call.recording && " · Recording",
        call.muted && " · Muted",
      ),
      h("div", { className: "buttons" }, this.#buttons(call)),
      this.#transferring === call.callId && call.state !== "ended" && this.#transfer(call),
    );
  }

  #buttons(call) {
    const { callId, state } = call;
    const press = (text, pressed, className = "") =>
      button(text, () => this.#phone.press(callId, pressed), {
        className,
        "data-key": `${callId} ${pressed}`,
      });
    const notes = button("Notes", () => this.#phone.open("notes").of(callId, this.#name(call)), {
      "data-key": `${callId} notes`,
    });
    const noted = this.#phone.bridge.options.notePageConfiguration.length > 0 && notes;
    if (state === "ringing" && call.direction === "inbound") {
      return [
        press("Answer", "answer", "answer"),
        press("Decline", "decline", "hang-up"),
        press("To voicemail", "to-voicemail"),
      ];
    }
    if (state === "ringing") return [press("Hang up", "hang-up", "hang-up")];
    if (state === "ended") return [noted, button("Close", () => this.#close(callId))];
    const held = state === "held";
    const warm = this.#asking.has(callId) && press("Complete transfer", "complete-transfer");
    return [
      held ? press("Resume", "unhold") : press("Hold", "hold"),
      !held && (call.muted ? press("Unmute", "unmute") : press("Mute", "mute")),
      !held &&
        (call.recording ? press("Stop recording", "stop-recording") : press("Record", "record")),
      warm || button("Transfer", () => this.#ask(callId), { "data-key": `${callId} transfer` }),
      press("Park", "park"),
      press("Meet", "escalate"),
      noted,
      press("Hang up", "hang-up", "hang-up"),
    ];
  }

  #close(callId) {
    this.#phone.calls = this.#phone.calls.filter((call) => call.callId !== callId);
    this.update();
    document.getElementById("phone").focus();
  }

  #ask(callId) {
    this.#transferring = this.#transferring === callId ? undefined : callId;
    this.update();
    this.element.querySelector(".transfer input")?.focus();
  }

  #transfer({ callId }) {
    const to = h("input", {
      id: "transfer-to",
      type: "text",
      autocomplete: "off",
      "data-key": `${callId} to`,
    });
    const send = async (pressed) => {
      if (!(await this.#phone.press(callId, pressed, to.value.trim()))) return;
      this.#transferring = undefined;
      if (pressed === "warm-transfer") this.#asking.add(callId);
      this.update();
    };
    return h(
      "form",
      {
        className: "transfer",
        onsubmit(event) {
          event.preventDefault();
          send("transfer");
        },
      },
      h("label", { for: "transfer-to" }, "Transfer to"),
      to,
      h(
        "div",
        { className: "buttons" },
        h("button", {}, "Transfer now"),
        button("Ask first", () => send("warm-transfer")),
      ),
    );
  }
}
