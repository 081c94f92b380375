// Who gets events by webhook, and whether they passed their challenge.

import { button, fill, h } from "./dom.js";
import { dayAndTime } from "./clock.js";
import { ask, attempt, part, soon } from "./server.js";

function standing({ enabled, validated, failed_challenges_in_a_row: failures }) {
  if (!enabled) return ["disabled", "disabled"];
  if (validated) return ["acknowledged", "challenge passed"];
  return ["waiting", failures ? `challenge failed ${failures} times` : "waits for its challenge"];
}

function card(subscription) {
  const { id, name, url, events, enabled, withheld, waiting, next_challenge_at } = subscription;
  const [state, words] = standing(subscription);
  const change = (path, options, done) => async () => {
    await attempt(() => ask(`/subscriptions/${encodeURIComponent(id)}${path}`, options), done);
    await load();
  };
  const act = (word, key, action) =>
    button(word, action, { "data-key": `${key}-${id}`, ariaLabel: `${word} ${name}` });
  return h(
    "li",
    { className: "card" },
    h(
      "p",
      { className: "line" },
      h("strong", {}, name),
      h("span", { className: "tag", "data-state": state }, words),
    ),
    h("p", {}, url),
    h(
      "p",
      { className: "quiet" },
      events.length ? `Events: ${events.join(", ")}. ` : "All events. ",
      `${withheld} withheld, ${waiting} waiting. `,
      next_challenge_at && `Next challenge at ${dayAndTime(Date.parse(next_challenge_at))} UTC.`,
    ),
    h(
      "p",
      { className: "line" },
      act(
        "Challenge",
        "challenge",
        change("/challenge", { method: "POST" }, `${name} is challenged.`),
      ),
      enabled
        ? act(
            "Disable",
            "able",
            change("", { method: "PATCH", body: { enabled: false } }, `${name} is disabled.`),
          )
        : act(
            "Enable",
            "able",
            change("", { method: "PATCH", body: { enabled: true } }, `${name} is enabled.`),
          ),
      act("Remove", "remove", change("", { method: "DELETE" }, `${name} is removed.`)),
    ),
  );
}

async function load() {
  const { subscriptions } = await ask("/subscriptions");
  fill(
    part("subscriptions", "list"),
    subscriptions.length === 0
      ? h("p", { className: "quiet" }, "Nobody gets events by webhook.")
      : h("ul", { className: "cards" }, subscriptions.map(card)),
  );
}

function field(label, name, properties) {
  const id = `subscription-${name}`;
  return h(
    "div",
    { className: "field" },
    h("label", { for: id }, label),
    h("input", { id, name, ...properties }),
  );
}

async function add(form) {
  const body = {};
  for (const [name, text] of new FormData(form)) if (text.trim()) body[name] = text.trim();
  if (body.events) body.events = body.events.split(/[\s,]+/);
  const added = await attempt(
    () => ask("/subscriptions", { method: "POST", body }),
    ({ id }) => `Subscription ${id} is added; its receiver is challenged now.`,
  );
  if (added) form.reset();
  await load();
}

export const refresh = soon(load);

export async function start() {
  const form = part("subscriptions", "add");
  form.append(
    field("Address", "url", {
      type: "url",
      required: true,
      placeholder: "http://127.0.0.1:8080/zoom",
    }),
    field("Secret Token", "secret", {
      type: "text",
      placeholder: "demo_webhook_secret",
      autocomplete: "off",
    }),
    field("Events", "events", { type: "text", placeholder: "all, unless names are given" }),
    h("div", { className: "actions" }, h("button", { className: "main" }, "Add")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    add(form);
  });
  await load();
}

export function hear(news) {
  if (news.kind === "challenge" || news.kind === "event") refresh();
}
