// How the account stands, the rate limits, and the apps.

import { fill, h } from "./dom.js";
import { ask, attempt, part, soon } from "./server.js";

function check(id, label, checked, change) {
  const box = h("input", {
    id,
    type: "checkbox",
    checked,
    "data-key": id,
    onchange: () => change(box.checked),
  });
  return h("p", { className: "line" }, box, h("label", { for: id }, label));
}

async function standing() {
  const { phone_enabled, suspended, without_phone, disabled_apps } = await ask("/account");
  const change = (body) =>
    attempt(() => ask("/account", { method: "POST", body }), "The account is changed.");
  fill(
    part("account", "standing"),
    check("phone-enabled", "The account has Zoom Phone", phone_enabled, (on) =>
      change({ phone_enabled: on }),
    ),
    check("suspended", "The account is suspended", suspended, (on) => change({ suspended: on })),
    without_phone.length > 0 && h("p", {}, `Users without Zoom Phone: ${without_phone.join(", ")}`),
    disabled_apps.length > 0 && h("p", {}, `Disabled apps: ${disabled_apps.join(", ")}`),
  );
}

async function limits() {
  const { plan, windows, day, refused } = await ask("/limits");
  const plans = { "": "not enforced", pro: "pro", business_plus: "business_plus" };
  const choose = h(
    "select",
    {
      id: "plan",
      "data-key": "plan",
      onchange: async () => {
        const options = choose.value
          ? { method: "POST", body: { plan: choose.value } }
          : { method: "DELETE" };
        await attempt(() => ask("/limits", options), "The limits are changed.");
        await limits();
      },
    },
    Object.entries(plans).map(([value, text]) =>
      h("option", { value, selected: value === (plan ?? "") }, text),
    ),
  );
  const row = ({ api, category, seconds, limit, spent }) =>
    h(
      "tr",
      {},
      h("td", {}, api === "general" ? `${category} (General API)` : category),
      h("td", { className: "number" }, `${seconds} s`),
      h("td", { className: "number" }, limit ?? "none"),
      h("td", { className: "number" }, spent),
    );
  fill(
    part("account", "limits"),
    h("p", { className: "line" }, h("label", { for: "plan" }, "Rate limits of the plan"), choose),
    plan &&
      h(
        "table",
        {},
        h(
          "thead",
          {},
          h(
            "tr",
            {},
            ["Label", "Window", "Limit", "Spent"].map((head) => h("th", { scope: "col" }, head)),
          ),
        ),
        h("tbody", {}, windows.map(row)),
      ),
    plan &&
      h(
        "p",
        { className: "quiet" },
        `Heavy requests of ${day.date}: ${day.spent} of ${day.limit}; ${refused} refused.`,
      ),
  );
}

async function apps() {
  const { apps } = await ask("/apps");
  fill(
    part("account", "apps"),
    h("h3", {}, "Apps"),
    h(
      "ul",
      { className: "cards" },
      apps.map(({ name, kind, client_id, scopes, users }) =>
        h(
          "li",
          { className: "card" },
          h("strong", {}, name),
          h(
            "p",
            { className: "quiet" },
            `${kind.replaceAll("_", "-")}, ${client_id}, ${scopes.length} scopes`,
          ),
          users.length > 0 && h("p", {}, `Signed in: ${users.length}`),
        ),
      ),
    ),
  );
}

async function load() {
  await standing();
  await limits();
  await apps();
}

export const refresh = soon(load);
export const start = load;

export function hear(news) {
  if (news.kind === "fault") refresh();
}
