// What goes wrong on purpose: forms made from the kinds that the emulator knows.

import { button, fill, h } from "./dom.js";
import { ask, attempt, part, soon } from "./server.js";

let kinds = [];

function text({ fault, times, probability, ...fields }) {
  const rest = Object.entries(fields).map(([name, value]) => `${name} ${value}`);
  if (probability !== undefined) rest.push(`in ${probability * 100} % of the cases`);
  if (times !== undefined) rest.push(times === 1 ? "once more" : `${times} more times`);
  return rest.length ? `${fault}: ${rest.join(", ")}` : fault;
}

async function load() {
  const { faults } = await ask("/faults");
  fill(
    part("faults", "list"),
    faults.length === 0
      ? h("p", { className: "quiet" }, "Everything works.")
      : h(
          "ul",
          { className: "cards" },
          faults.map((fault, nth) =>
            h(
              "li",
              { className: "card line" },
              text(fault),
              button(
                "Switch off",
                async () => {
                  await attempt(
                    () => ask("/faults", { method: "DELETE", body: fault }),
                    `${fault.fault} is off.`,
                  );
                  await load();
                },
                { ariaLabel: `Switch off ${text(fault)}`, "data-key": `fault-${nth}` },
              ),
            ),
          ),
        ),
    faults.length > 1 &&
      button("Switch all off", async () => {
        await attempt(() => ask("/faults", { method: "DELETE" }), "All faults are off.");
        await load();
      }),
  );
}

function input({ name, kind, choices = [], required, what }) {
  const id = `fault-${name}`;
  const blank = required ? [] : [h("option", { value: "" }, "")];
  const option = (value) => h("option", { value }, value);
  const control =
    kind === "choice" || kind === "switch"
      ? h(
          "select",
          { id, name },
          blank,
          (kind === "switch" ? ["true", "false"] : choices).map(option),
        )
      : h("input", {
          id,
          name,
          type: kind === "number" ? "number" : "text",
          step: kind === "number" ? "any" : undefined,
          required,
          autocomplete: "off",
        });
  control.dataset.kind = kind;
  const hint = h("small", { id: `${id}-hint` }, what);
  control.setAttribute("aria-describedby", hint.id);
  return h("div", { className: "field" }, h("label", { for: id }, name), control, hint);
}

/** The fields that most kinds have besides their own. */
function common({ standing, filter }) {
  const fields = [];
  if (filter === "event")
    fields.push({
      name: "event",
      kind: "text",
      what: "a name, or its beginning and *; all unless given",
    });
  if (filter === "operation")
    fields.push({ name: "operation", kind: "text", what: "an operation id; all unless given" });
  if (!standing)
    fields.push(
      { name: "times", kind: "number", what: "how often; once unless given" },
      { name: "probability", kind: "number", what: "in which share of the cases, such as 0.1" },
    );
  return fields;
}

/** The select stays, so that typing into it goes on; what follows from it changes. */
function drawForm(form) {
  const rest = h("div", { className: "contents" });
  const choose = h(
    "select",
    { id: "fault-kind", onchange: () => drawFields() },
    kinds.map(({ fault }) => h("option", { value: fault }, fault)),
  );
  const drawFields = () => {
    const kind = kinds.find(({ fault }) => fault === choose.value);
    fill(
      rest,
      h("p", { className: "quiet wide" }, kind.what),
      [...kind.fields, ...common(kind)].map(input),
    );
  };
  drawFields();
  fill(
    form,
    h("div", { className: "field" }, h("label", { for: "fault-kind" }, "Fault"), choose),
    rest,
    h("div", { className: "actions" }, h("button", { className: "main" }, "Switch on")),
  );
}

async function add(form) {
  const body = { fault: form.querySelector("#fault-kind").value };
  for (const control of form.querySelectorAll("[name]")) {
    const { name, value } = control;
    if (value === "") continue;
    const { kind } = control.dataset;
    body[name] = kind === "number" ? Number(value) : kind === "switch" ? value === "true" : value;
  }
  await attempt(() => ask("/faults", { method: "POST", body }), `${body.fault} is on.`);
  await load();
}

export const refresh = soon(load);

export async function start() {
  ({ kinds } = await ask("/faults/kinds"));
  const form = part("faults", "add");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(form);
  });
  drawForm(form);
  await load();
}

export function hear(news) {
  if (news.kind === "fault") refresh();
}
