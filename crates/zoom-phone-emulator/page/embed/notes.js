// The notes page, which the host lays out.

import { fill, freshId, h } from "./dom.js";

export class Notes {
  element = h("form", { className: "notes" });
  #phone;
  #callId;
  #name = "";
  /** What was written, by call and field; kept for a second look. */
  #written = new Map();

  constructor(phone) {
    this.#phone = phone;
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#save();
    });
  }

  /** The notes of one call. */
  of(callId, name) {
    this.#callId = callId;
    this.#name = name;
    this.update(true);
    this.element.querySelector("input, select")?.focus();
  }

  /**
   * `zp-add-notes`. Zoom does not say what it holds; when it looks like what `zp-notes-save-event` holds, the fields
   * are filled with it.
   */
  take({ callId, notesData }) {
    if (typeof callId !== "string" || typeof notesData !== "object" || notesData === null) return;
    this.#written.set(callId, { ...this.#written.get(callId), ...notesData });
    if (callId === this.#callId) this.update(true);
  }

  update(anew = false) {
    if (!this.#callId || (this.element.dataset.call === this.#callId && !anew)) return;
    this.element.dataset.call = this.#callId;
    const written = this.#written.get(this.#callId) ?? {};
    const fields = this.#phone.bridge.options.notePageConfiguration;
    fill(
      this.element,
      h("h2", {}, `Notes on the call with ${this.#name}`),
      fields.map((field) => this.#field(field, written[field.fieldName] ?? "")),
      h("button", { className: "primary" }, "Save"),
    );
  }

  /** A text field, or a choice; whatever else the host asks for is text too. */
  #field({ fieldName, fieldType, placeholder, selectOptions }, value) {
    const id = freshId("note");
    const label = h("label", { for: id }, fieldName);
    if (fieldType !== "select") {
      return [
        label,
        h("input", { id, name: fieldName, type: "text", placeholder: placeholder ?? "", value }),
      ];
    }
    const options = (Array.isArray(selectOptions) ? selectOptions : []).map((option) =>
      h("option", { value: option.value, selected: option.value === value }, option.label),
    );
    return [
      label,
      h(
        "select",
        { id, name: fieldName },
        h("option", { value: "" }, placeholder || "Choose"),
        options,
      ),
    ];
  }

  #save() {
    const all = [...new FormData(this.element)];
    // Zoom does not say what becomes of a field that was left empty; seen are both.
    const notesData = Object.fromEntries(
      this.#phone.field ? all.filter(([, text]) => text !== "") : all,
    );
    this.#written.set(this.#callId, notesData);
    this.#phone.bridge.post({
      type: "zp-notes-save-event",
      data: { callId: this.#callId, notesData },
    });
    this.#phone.say("Notes saved");
  }
}
