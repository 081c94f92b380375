// Who is calling whom, and a form that plays a call.

import { fill, h, length } from "./dom.js";
import { now } from "./clock.js";
import { ask, attempt, part, soon } from "./server.js";

/** What each parameter of a scenario is called, and how it is asked for. */
const PARAMETERS = {
  from: { label: "From", list: true, hint: "a number outside, or somebody of the company" },
  name: { label: "Caller's name", hint: "as the network tells it" },
  to: { label: "To", list: true, hint: "a number, an extension or a name" },
  queue: { label: "Queue", list: true, hint: "any unless chosen" },
  user: { label: "User", list: true, hint: "anybody unless chosen" },
  ring_seconds: { label: "Rings (s)", type: "number" },
  talk_seconds: { label: "Talk (s)", type: "number" },
  answered: { label: "Answered", choices: { "": "as it comes", true: "yes", false: "no" } },
  keys: { label: "Keys pressed", hint: "digits, * and #" },
};

let calls = [];
let scenarios = [];
/** Calls under way that the page shows; the count above tells of all. */
const SHOWN = 50;

const party = (who) => who?.name ?? who?.number ?? "unknown";
const extension = (who) => (who?.extension_number ? ` (${who.extension_number})` : "");

function row(call) {
  // Of an outbound call it is the caller who is told to have it.
  const other = call.with && call.with.id !== call.caller.id ? call.with : call.callee;
  return h(
    "tr",
    {},
    h("td", {}, h("span", { className: "tag", "data-state": call.state }, call.state)),
    h("td", { className: "number", "data-since": call.since }),
    h("td", {}, party(call.caller) + extension(call.caller)),
    h("td", {}, party(other) + extension(other)),
    h("td", {}, call.queue?.name ?? ""),
    h("td", { className: "quiet" }, call.scenario),
  );
}

function draw() {
  const heads = ["State", "For", "From", "To", "Queue", "Scenario"];
  const more = calls.length - SHOWN;
  fill(
    part("calls", "now"),
    calls.length === 0
      ? h("p", { className: "quiet" }, "Nobody is on the phone.")
      : h(
          "div",
          { className: "scroll", tabIndex: 0, role: "region", "aria-label": "Calls under way" },
          h(
            "table",
            {},
            h(
              "thead",
              {},
              h(
                "tr",
                {},
                heads.map((head) => h("th", { scope: "col" }, head)),
              ),
            ),
            h("tbody", {}, calls.slice(0, SHOWN).map(row)),
          ),
        ),
    more > 0 && h("p", { className: "quiet" }, `And ${more} more.`),
  );
  tick();
}

function tick() {
  for (const cell of document.querySelectorAll("[data-since]"))
    cell.textContent = length(Math.max(0, (now() - Date.parse(cell.dataset.since)) / 1000));
}

function field(name) {
  const { label, type = "text", choices, list, hint } = PARAMETERS[name] ?? { label: name };
  const id = `play-${name}`;
  const input = choices
    ? h(
        "select",
        { id, name },
        Object.entries(choices).map(([value, text]) => h("option", { value }, text)),
      )
    : h("input", {
        id,
        name,
        type,
        min: type === "number" ? 0 : undefined,
        placeholder: hint ?? "",
        autocomplete: "off",
      });
  if (list) input.setAttribute("list", "extensions");
  return h("div", { className: "field" }, h("label", { for: id }, label), input);
}

function value(name, text) {
  if (PARAMETERS[name]?.type === "number") return Number(text);
  return name === "answered" ? text === "true" : text;
}

/** The select stays, so that typing into it goes on; what follows from it changes. */
function drawForm(form, chosen) {
  const rest = h("div", { className: "contents" });
  const choose = h(
    "select",
    { id: "scenario", onchange: () => drawFields() },
    scenarios.map(({ name }) => h("option", { value: name, selected: name === chosen }, name)),
  );
  const drawFields = () => {
    const scenario = scenarios.find(({ name }) => name === choose.value);
    fill(rest, h("p", { className: "quiet wide" }, scenario.what), scenario.parameters.map(field));
  };
  drawFields();
  fill(
    form,
    h("div", { className: "field" }, h("label", { for: "scenario" }, "Scenario"), choose),
    rest,
    h("div", { className: "actions" }, h("button", { className: "main" }, "Play")),
  );
}

async function play(form) {
  const [name, body] = [form.querySelector("#scenario").value, {}];
  for (const [key, text] of new FormData(form)) if (text !== "") body[key] = value(key, text);
  await attempt(
    () => ask(`/scenarios/${name}`, { method: "POST", body }),
    ({ call }) => (call ? `${party(call.caller)} calls ${party(call.callee)}.` : "It is played."),
  );
  await load();
}

async function load() {
  ({ calls } = await ask("/calls"));
  draw();
}

export const refresh = soon(load);

export async function start() {
  ({ scenarios } = await ask("/scenarios"));
  const { extensions } = await ask("/extensions");
  const option = ({ name, extension_number, kind }) =>
    h("option", { value: extension_number ?? name }, `${name}, ${kind.replaceAll("_", " ")}`);
  document.body.append(h("datalist", { id: "extensions" }, extensions.map(option)));
  const form = part("calls", "play");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    play(form);
  });
  drawForm(form, "inbound_answered");
  await load();
  setInterval(tick, 500);
}

export function hear(news) {
  if (news.kind === "call" || news.kind === "clock") refresh();
  if (
    news.kind === "event" &&
    /_(ringing|answered|connected|ended|missed|hold|unhold)$/.test(news.event)
  )
    refresh();
}
