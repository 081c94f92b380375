// A Zoom that behaves badly in known ways, and counts what each client does about it.
//
// What happens is decided by the id of the call queue asked for; /_count tells how many requests came, by name.

import { createServer } from "node:http";

const counts = new Map();
const count = (name) => counts.set(name, (counts.get(name) ?? 0) + 1);

const queue = (id, more = {}) => ({ id, name: "Sales", extension_number: 801, status: "active", ...more });

/** A page of 300 calls, about 300 kB. */
const page = (() => {
  const row = (n) => ({
    id: `20261122-${n.toString().padStart(12, "0")}`,
    call_path_id: `path-${n}`,
    call_id: `7575753377402${n.toString().padStart(6, "0")}`,
    group_id: "",
    connect_type: "external",
    call_type: "general",
    direction: n % 2 ? "inbound" : "outbound",
    international: false,
    hide_caller_id: false,
    end_to_end: false,
    caller_ext_id: `ext${n}`,
    caller_name: `Caller ${n}`,
    caller_email: `caller${n}@example.com`,
    caller_did_number: "+14155550100",
    caller_ext_number: "1001",
    caller_ext_type: "user",
    caller_number_type: "zoom_pstn",
    caller_device_type: "desktop",
    caller_country_iso_code: "US",
    caller_country_code: "1",
    callee_ext_id: `ext${n + 1}`,
    callee_name: `Callee ${n}`,
    callee_email: `callee${n}@example.com`,
    callee_did_number: "+14155550101",
    callee_ext_number: "1002",
    callee_ext_type: "user",
    callee_number_type: "zoom_pstn",
    callee_device_type: "desktop",
    callee_country_iso_code: "US",
    callee_country_code: "1",
    department: "",
    cost_center: "",
    site_id: "site1",
    site_name: "Main",
    start_time: "2026-11-22T10:00:00Z",
    answer_time: "2026-11-22T10:00:07Z",
    end_time: "2026-11-22T10:01:07Z",
    duration: 60,
    call_result: "answered",
    recording_status: "non_recorded",
  });
  const rows = Array.from({ length: 300 }, (_, n) => row(n));
  return JSON.stringify({ page_size: 300, total_records: 300, next_page_token: "", call_logs: rows, call_history: [] });
})();

const history = page.replace('"call_logs":', '"call_history":').replace(',"call_history":[]}', "}");

const json = (response, status, body, headers = {}) => {
  response.writeHead(status, { "content-type": "application/json", "x-zm-trackingid": "referee", ...headers });
  response.end(typeof body === "string" ? body : JSON.stringify(body));
};

const limited = { code: 429, message: "You have reached the maximum per-second rate limit for this API. Try again later." };
const inSeconds = (n) => new Date(Date.now() + n * 1000).toISOString().replace(/\.\d+Z/, "Z");

const first = (name) => counts.get(name) === 1;

const queues = {
  plain: (r, id) => json(r, 200, queue(id)),
  seconds: (r, id) => (first(id) ? json(r, 429, limited, { "retry-after": "1" }) : json(r, 200, queue(id))),
  date: (r, id) => (first(id) ? json(r, 429, limited, { "retry-after": inSeconds(2) }) : json(r, 200, queue(id))),
  bare: (r, id) => (first(id) ? json(r, 429, limited) : json(r, 200, queue(id))),
  daily: (r) =>
    json(
      r,
      429,
      { code: 429, message: "You have reached the maximum daily rate limit for this API. Refer to the response header for details on when you can make another request." },
      { "retry-after": inSeconds(7200), "x-ratelimit-type": "Daily-limit", "x-ratelimit-category": "Light" },
    ),
  broken: (r, id) =>
    first(id) ? (r.writeHead(503, { "content-type": "text/html" }), r.end("<html>503</html>")) : json(r, 200, queue(id)),
  html: (r) => (r.writeHead(200, { "content-type": "text/html" }), r.end("<html>Sign in</html>")),
  value: (r, id) => json(r, 200, queue(id, { status: "hibernating" })),
  text: (r, id) => json(r, 200, queue(id, { extension_number: "801", name: 7 })),
  nulls: (r, id) => json(r, 200, queue(id, { name: null, extension_number: null, site: null, phone_numbers: null })),
  expired: (r, id) => (first(id) ? json(r, 401, { code: 124, message: "Invalid access token." }) : json(r, 200, queue(id))),
  scope: (r) =>
    json(r, 400, { code: 4711, message: "Invalid access token, does not contain scopes:[phone:read:call_queue:admin]." }),
};

const server = createServer((request, response) => {
  const url = new URL(request.url, "http://referee");
  let body = "";
  request.on("data", (chunk) => (body += chunk));
  request.on("end", () => {
    const path = url.pathname;
    if (path === "/_count") return json(response, 200, Object.fromEntries(counts));
    if (path === "/_reset") return counts.clear(), json(response, 200, {});
    if (path === "/oauth/token") {
      count("token");
      const token = `token_${counts.get("token")}`;
      const answer = { access_token: token, refresh_token: `r_${token}`, token_type: "bearer", expires_in: 3599, scope: "phone:read:admin" };
      return setTimeout(() => json(response, 200, answer), 50);
    }
    if (path === "/v2/phone/call_history") return json(response, 200, history);
    if (path === "/v2/phone/call_logs") return json(response, 200, page);
    if (path === "/v2/phone/call_queues" && request.method === "POST") {
      count("create");
      return response.writeHead(503), response.end();
    }
    if (path === "/v2/phone/sites") {
      count("sites");
      // A token that never ends; whoever believes it asks for ever.
      if (counts.get("sites") > 40) return json(response, 500, {});
      return json(response, 200, { page_size: 1, total_records: 2, next_page_token: "same", sites: [{ id: "s1", name: "Main" }] });
    }
    const [, id] = /^\/v2\/phone\/call_queues\/([^/]+)$/.exec(path) ?? [];
    const scenario = queues[decodeURIComponent(id ?? "")];
    if (scenario) return count(id), scenario(response, id);
    count(`unknown ${request.method} ${path}`);
    json(response, 404, { code: 404, message: "no such thing" });
  });
});

server.listen(Number(process.env.PORT ?? 0), "127.0.0.1", () => console.log(server.address().port));
