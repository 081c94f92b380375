// The calls that are over, and the messages people left.

import { button, fill, h, length, when } from "./dom.js";

export class History {
  element = h("div");
  #phone;
  #kind;

  /** `kind` is history or voicemail. */
  constructor(phone, kind) {
    this.#phone = phone;
    this.#kind = kind;
    phone.bridge.addEventListener("names", () => phone.me && this.#draw());
  }

  update() {
    this.#draw();
    this.#phone.contacts.match(this.#rows().map((row) => other(row).number));
  }

  #rows() {
    return this.#kind === "history" ? this.#phone.history : this.#phone.voicemails;
  }

  #draw() {
    const rows = this.#rows().map((row) =>
      this.#kind === "history" ? this.#call(row) : this.#voicemail(row),
    );
    const none = this.#kind === "history" ? "No calls yet" : "No voicemails";
    fill(
      this.element,
      h("h2", {}, this.#kind === "history" ? "History" : "Voicemail"),
      rows.length > 0 ? h("ul", { className: "rows" }, rows) : h("p", { className: "quiet" }, none),
    );
  }

  #who(row) {
    const { number, name } = other(row);
    const shown = this.#phone.contacts.name(number, name);
    return { number, shown, detail: shown === number ? "" : number };
  }

  #call(row) {
    const { number, shown, detail } = this.#who(row);
    const { options } = this.#phone.bridge;
    const talked = row.duration > 0 ? `, ${length(row.duration)}` : "";
    const direction = row.direction === "inbound" ? "In" : "Out";
    const key = (what) => ({
      "data-key": `${row.callLogId} ${what}`,
      "aria-label": `${what}, ${shown}`,
    });
    return h(
      "li",
      { "data-log": row.callLogId },
      h("span", { className: "name" }, shown),
      detail && h("span", { className: "quiet" }, detail),
      h(
        "span",
        { className: "quiet" },
        `${direction} · ${when(row.dateTime)} · ${row.result}${talked}`,
      ),
      row.callSummary &&
        options.enableAISummary &&
        h("span", { className: "quiet" }, row.callSummary),
      h(
        "div",
        { className: "buttons" },
        number &&
          button("Call", () => this.#phone.dial(number, this.#phone.me.numbers[0]), key("Call")),
        row.recordingUrl && link("Recording", row.recordingUrl),
        row.voicemailUrl && link("Voicemail", row.voicemailUrl),
        options.notePageConfiguration.length > 0 &&
          button("Notes", () => this.#phone.open("notes").of(row.callId, shown), key("Notes")),
        options.enableSavingLog && button("Save Log", () => this.#save(row), key("Save Log")),
      ),
    );
  }

  /** Summaries belong to it only when the host wants them. */
  #save(row) {
    const { callSummary, nextSteps, detailedSummary, ...data } = row;
    const summary = this.#phone.bridge.options.enableAISummary
      ? { callSummary, nextSteps, detailedSummary }
      : {};
    for (const [name, text] of Object.entries(summary)) if (text !== undefined) data[name] = text;
    this.#phone.bridge.post({ type: "zp-save-log-event", data });
    this.#phone.say("Log saved");
  }

  #voicemail(row) {
    const { shown, detail } = this.#who(row);
    return h(
      "li",
      { "data-voicemail": row.id },
      h("span", { className: "name" }, shown),
      detail && h("span", { className: "quiet" }, detail),
      h("span", { className: "quiet" }, `${when(row.dateTime)} · ${length(row.duration)}`),
      h("div", { className: "buttons" }, link("Listen", row.url)),
    );
  }
}

/** The party that is not the user. */
function other(row) {
  if (!row.direction) return row;
  return row.direction === "outbound" ? row.callee : row.caller;
}

const link = (text, href) => h("a", { href, target: "_blank", rel: "noopener" }, text);
