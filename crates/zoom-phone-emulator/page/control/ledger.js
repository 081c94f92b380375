// What truly happened, in numbers.

import { fill, h } from "./dom.js";
import { ask, part, soon } from "./server.js";

const words = (name) => name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
const isPlain = (value) => value === null || typeof value !== "object";

function cells(numbers) {
  return h(
    "dl",
    {},
    Object.entries(numbers).map(([name, value]) =>
      h("div", {}, h("dt", {}, words(name)), h("dd", { className: "number" }, String(value))),
    ),
  );
}

/** An object of numbers as a list; one of objects as one list for each. */
function numbers(title, value, level) {
  const entries = Object.entries(value);
  const plain = Object.fromEntries(entries.filter(([, inner]) => isPlain(inner)));
  const nested = entries.filter(([, inner]) => !isPlain(inner) && Object.keys(inner).length > 0);
  return [
    title && h(level, {}, words(title)),
    Object.keys(plain).length > 0 && cells(plain),
    nested.map(([name, inner]) =>
      h("details", {}, h("summary", {}, words(inner.name ?? name)), numbers("", inner, "h4")),
    ),
  ];
}

const COUNTS =
  /^(calls_finished|events|webhooks_.*|socket_sent|challenges_failed|token_requests|rest_requests|rate_limited|calls_by_scenario)$/;

async function load() {
  const state = await ask("/state");
  const counts = Object.fromEntries(Object.entries(state).filter(([name]) => COUNTS.test(name)));
  const totals = await ask("/ledger/totals");
  fill(
    part("ledger", "totals"),
    numbers("", counts, "h3"),
    numbers("what_truly_happened", totals, "h3"),
    h("p", {}, h("a", { href: "/_emulator/ledger" }, "All finished calls as JSON")),
  );
}

export const refresh = soon(load, 2000);
export const start = load;

export function hear(news) {
  if (["call", "event", "attempt", "clock"].includes(news.kind)) refresh();
}
