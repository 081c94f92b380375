// The company's clock: what it shows, and turning it.

import { button, fill, h } from "./dom.js";
import { ask, attempt } from "./server.js";

let shown = { now: 0, speed: 0, at: 0 };

/** The company's time in milliseconds. */
export const now = () => shown.now + (performance.now() - shown.at) * shown.speed;

function take({ now, speed }) {
  shown = { now: Date.parse(now), speed, at: performance.now() };
  draw();
}

/** Day and time of the company's clock, UTC. */
export const dayAndTime = (ms) => new Date(ms).toISOString().replace("T", " ").slice(0, 19);

const time = h("time", { className: "time", title: "Company's time" });
const pace = h("span", { className: "quiet" });
const pause = button("Stop the clock", () =>
  turn(
    { pause: shown.speed !== 0 },
    shown.speed ? "The clock stands still." : "The clock goes on.",
  ),
);
const speed = h("input", {
  id: "speed",
  type: "number",
  min: 0,
  step: "any",
  className: "short",
  required: true,
});
const to = h("input", { id: "jump-to", type: "datetime-local", step: 1, required: true });

async function turn(body, done) {
  await attempt(async () => take(await ask("/clock", { method: "POST", body })), done);
}

const jump = (by, words) => () => turn({ advance: by }, `${words} have passed.`);

function form(label, field, word, onsubmit) {
  return h(
    "form",
    {
      className: "line",
      onsubmit: (event) => {
        event.preventDefault();
        onsubmit();
      },
    },
    h("label", { for: field.id }, label),
    field,
    h("button", {}, word),
  );
}

function draw() {
  time.dateTime = new Date(now()).toISOString();
  time.textContent = `${dayAndTime(now())} UTC`;
  pace.textContent = shown.speed === 0 ? "stands still" : `${shown.speed}× as fast as life`;
  pause.textContent = shown.speed === 0 ? "Let it run" : "Stop the clock";
}

export async function start() {
  fill(
    document.getElementById("clock"),
    h("p", { className: "line" }, time, pace, pause),
    h(
      "p",
      { className: "line" },
      button("+1 min", jump("1m", "60 seconds")),
      button("+10 min", jump("10m", "10 minutes")),
      button("+1 h", jump("1h", "60 minutes")),
      button("+1 day", jump("24h", "24 hours")),
    ),
    form("Jump to (UTC)", to, "Jump", () =>
      turn({ to: new Date(`${to.value}Z`).toISOString() }, "The clock was put forward."),
    ),
    form("Speed", speed, "Set", () => turn({ speed: Number(speed.value) }, "The speed is set.")),
  );
  await refresh();
  speed.value = shown.speed;
  to.value = new Date(now() + 3_600_000).toISOString().slice(0, 19);
  setInterval(draw, 250);
}

export const refresh = async () => take(await ask("/clock"));

export function hear(news) {
  if (news.kind === "clock") take(news);
}
