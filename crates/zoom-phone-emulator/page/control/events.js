// Each event that went out, its attempts, and sending it again.

import { button, fill, h } from "./dom.js";
import { dayAndTime } from "./clock.js";
import { ask, attempt, part, say, soon } from "./server.js";

const SHOWN = 60;

let open;
const filter = h("input", {
  id: "event-name",
  type: "text",
  placeholder: "phone.callee_ringing",
  autocomplete: "off",
  onchange: () => load(),
});
filter.setAttribute("list", "event-names");
const hold = h("input", { id: "hold-log", type: "checkbox", onchange: () => load() });

/** How a delivery stands, in a word and a sign that does not depend on colour. */
function outcome({ outcome, attempts }) {
  const last = attempts.at(-1);
  const answer = last?.status ?? (last?.error ? "no answer" : "");
  return h(
    "span",
    { className: "tag", "data-state": outcome },
    [outcome, answer, attempts.length > 1 && `${attempts.length} attempts`]
      .filter(Boolean)
      .join(" · "),
  );
}

function row(event) {
  const { id, deliveries, faults } = event;
  return h(
    "tr",
    { ariaCurrent: id === open ? "true" : undefined },
    h("td", { className: "number" }, id),
    h("td", { className: "number" }, event.at.slice(11, 19)),
    h(
      "td",
      {},
      button(event.event, () => show(id), { className: "link", "data-key": `event-${id}` }),
    ),
    h(
      "td",
      {},
      deliveries.map((delivery) => outcome(delivery)),
      event.socket && h("span", { className: "tag" }, "WebSocket"),
      faults.map((fault) => h("span", { className: "tag", "data-state": "fault" }, fault)),
    ),
  );
}

async function load() {
  if (hold.checked) return;
  const name = filter.value.trim();
  const query = name ? `&event=${encodeURIComponent(name)}` : "";
  const { events } = await ask(`/events/log?limit=${SHOWN}${query}`);
  const heads = ["Id", "Time", "Event", "Deliveries"];
  fill(
    part("events", "log"),
    events.length === 0
      ? h("p", { className: "quiet" }, name ? "No such event so far." : "No events so far.")
      : h(
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
          h("tbody", {}, events.reverse().map(row)),
        ),
  );
}

/** A word of a shell's command line. */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

function curl({ method, url, headers }, body) {
  const options = headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`);
  return [`curl -i -X ${method} ${quoted(url)}`, ...options, `--data-binary ${quoted(body)}`].join(
    " \\\n  ",
  );
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    say("Copied.");
  } catch {
    say("The browser does not let this page copy; the command is under “curl”.", true);
  }
}

const pretty = (text) => {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
};

const lines = (headers) => headers.map(([name, value]) => `${name}: ${value}`).join("\n");

function block(label, text) {
  return h(
    "details",
    {},
    h("summary", {}, label),
    h("pre", { tabIndex: 0, role: "region", "aria-label": label }, text),
  );
}

/** `number` is that of the attempt, `place` tells it from those of other deliveries. */
function attemptOf(event, made, number, place) {
  const { request, response, status, error, latency_ms, faults } = made;
  const command = curl(request, event.body);
  const result = error ? `no answer: ${error}` : `status ${status}`;
  return h(
    "li",
    {},
    h(
      "p",
      { className: "line" },
      `Attempt ${number}: ${result}, ${latency_ms} ms, at ${made.at.slice(11, 19)}`,
      faults.map((fault) => h("span", { className: "tag", "data-state": "fault" }, fault)),
      button("Copy as curl", () => copy(command)),
    ),
    block(`Request ${place}`, `POST ${request.url}\n${lines(request.headers)}\n\n${event.body}`),
    response &&
      block(
        `Answer ${place}`,
        `${response.status}\n${lines(response.headers)}\n\n${response.body}`,
      ),
    block(`curl ${place}`, command),
  );
}

function deliveryOf(event, delivery, place) {
  const { subscription, attempts, retry_at, resent } = delivery;
  return h(
    "section",
    {},
    h("h4", {}, `To ${subscription}${resent ? ", sent again" : ""}`),
    h(
      "p",
      { className: "line" },
      outcome(delivery),
      retry_at && `Next attempt at ${dayAndTime(Date.parse(retry_at))} UTC`,
    ),
    h(
      "ol",
      {},
      attempts.map((made, nth) => attemptOf(event, made, nth + 1, `${place}.${nth + 1}`)),
    ),
  );
}

async function show(id) {
  open = id;
  await drawOpen();
  document.getElementById("detail-title")?.focus();
  await load();
}

async function drawOpen() {
  const event = await attempt(() => ask(`/events/log/${open}`), "");
  if (!event) return;
  const place = part("events", "detail");
  const unfolded = new Set(
    [...place.querySelectorAll("details[open] > summary")].map((s) => s.textContent),
  );
  fill(
    place,
    h(
      "h3",
      { id: "detail-title", tabIndex: -1, "data-key": "detail" },
      `Event ${event.id}: ${event.event}`,
    ),
    h(
      "p",
      { className: "line" },
      h("span", {}, `Came up at ${dayAndTime(Date.parse(event.at))} UTC`),
      event.call_id && h("span", {}, `call ${event.call_id}`),
    ),
    h(
      "p",
      { className: "line" },
      button("Send again", () => resend(event.id), { "data-key": "resend" }),
      button("Close", close, { "data-key": "close" }),
    ),
    block("Body", pretty(event.body)),
    event.deliveries.length === 0 && h("p", { className: "quiet" }, "No subscription wanted it."),
    event.deliveries.map((delivery, nth) => deliveryOf(event, delivery, nth + 1)),
  );
  for (const summary of place.querySelectorAll("summary"))
    if (unfolded.has(summary.textContent)) summary.parentElement.open = true;
}

function close() {
  const id = open;
  open = undefined;
  fill(part("events", "detail"));
  document.querySelector(`[data-key="event-${id}"]`)?.focus();
}

async function resend(id) {
  await attempt(
    () => ask(`/events/log/${id}/resend`, { method: "POST" }),
    ({ subscriptions }) => `Sent again to ${subscriptions.join(", ")}.`,
  );
}

export const refresh = soon(load);
const refreshOpen = soon(drawOpen);

export async function start() {
  const { events } = await ask("/events");
  document.body.append(
    h(
      "datalist",
      { id: "event-names" },
      events.map((name) => h("option", { value: name })),
    ),
  );
  const form = part("events", "filter");
  form.className = "line";
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    load();
  });
  form.append(
    h("label", { for: filter.id }, "Only"),
    filter,
    hold,
    h("label", { for: hold.id }, "Hold the list"),
  );
  await load();
}

export function hear(news) {
  if (news.kind !== "event" && news.kind !== "attempt") return;
  refresh();
  if (open !== undefined && (news.event_id ?? news.id) === open) refreshOpen();
}
