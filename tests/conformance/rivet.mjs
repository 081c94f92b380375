// node rivet.mjs: Zoom's own SDK for JavaScript against the emulator. Every Phone endpoint it has is called, and every
// event of the emulator is sent to its receiver. Only its base URL and its token store are ours. Prints a report as JSON.
//
// EMULATOR: the emulator's address. WEBHOOK_PORT: the port to which the emulator sends its events.

import { createServer } from "node:http";
import { once } from "node:events";
import { ConsoleLogger, HttpReceiver, PhoneS2SAuthClient } from "@zoom/rivet/phone";

import { byKey, operations, template } from "./lib/catalogue.mjs";
import { Emulator } from "./lib/emulator.mjs";
import { judged, Walk } from "./lib/walk.mjs";

const SECRET = process.env.WEBHOOK_SECRET ?? "demo_webhook_secret";
const emulator = new Emulator();

const quiet = Object.assign(new ConsoleLogger(), { setLevel() {}, error() {}, warn() {}, info() {}, debug() {} });
const client = (baseUrl, token, more = {}) =>
  new PhoneS2SAuthClient({
    clientId: "demo_client_id_000000A",
    clientSecret: "demo_client_secret",
    accountId: "demo_account_0000000AA",
    webhooksSecretToken: SECRET,
    baseUrl,
    logger: quiet,
    tokenStore: {
      getLatestToken: () => ({ accessToken: token, expirationTimeIso: new Date(Date.now() + 3_600_000).toISOString(), scopes: [] }),
      storeToken() {},
    },
    ...more,
  });

/** Rivet's endpoints by verb and template, with its own names of the parameters in the path: seen from what it sends. */
async function endpoints() {
  let seen;
  const server = createServer((request, response) => {
    seen = { method: request.method, path: decodeURIComponent(new URL(request.url, "http://rivet").pathname) };
    request.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { endpoints: groups } = client(`http://127.0.0.1:${server.address().port}`, "none", { port: 0 });
  const names = new Proxy({}, { get: (_, name) => `{${String(name)}}` });
  const found = [];
  for (const [group, methods] of Object.entries(groups)) {
    if (typeof methods !== "object" || methods === null) continue;
    for (const [name, call] of Object.entries(methods)) {
      if (typeof call !== "function") continue;
      await call({ path: names, query: {}, body: undefined });
      found.push({ group, name, key: `${seen.method} ${template(seen.path)}`, path: seen.path });
    }
  }
  server.closeAllConnections();
  server.close();
  return found;
}

/** Every endpoint once. */
async function calls() {
  const all = await endpoints();
  const rivet = client(`${emulator.url}/v2`, await emulator.token(), { port: 0 });
  const byOperation = new Map(all.map((it) => [it.key, it]));
  const send = async (operation, { path, query, body }) => {
    const { group, name, path: theirs } = byOperation.get(operation.key);
    // The names of the parameters may differ; their places do not.
    const ours = [...operation.path.matchAll(/\{([^}]*)\}/g)].map((it) => path[it[1]]);
    const named = Object.fromEntries([...theirs.matchAll(/\{([^}]*)\}/g)].map((it, at) => [it[1], ours[at]]));
    try {
      const answer = await rivet.endpoints[group][name]({ path: named, query, body });
      return { status: answer.statusCode, body: answer.data };
    } catch (error) {
      return { status: Number(/^\[(\d+)/.exec(error.message)?.[1] ?? 599), error: error.message };
    }
  };
  const walk = new Walk({ emulator, send });
  const results = await walk.all(operations.filter((it) => byOperation.has(it.key)));
  const { accepted, allowed, wrong } = judged(results, (it) => it.error);
  return {
    endpoints: all.length,
    accepted,
    allowed,
    refused: wrong.map((it) => ({
      operation: it.operation.id,
      endpoint: `${byOperation.get(it.operation.key).group}.${byOperation.get(it.operation.key).name}`,
      error: it.error,
      ids_not_found: it.request.missing,
      request: { path: it.request.path, query: it.request.query, body: it.request.body },
    })),
    // Endpoints of Rivet that Zoom's documents no longer have.
    undocumented: all.filter((it) => !byKey.has(it.key)).map((it) => `${it.group}.${it.name}: ${it.key}`),
  };
}

/** Rivet's receiver, with a listener for each event; it checks the signatures and answers the challenge. */
async function receiver(names) {
  const received = new Map(names.map((name) => [name, 0]));
  const rivet = client(`${emulator.url}/v2`, "none", {
    receiver: new HttpReceiver({ port: Number(process.env.WEBHOOK_PORT), webhooksSecretToken: SECRET, logger: quiet }),
  });
  for (const name of names) rivet.webEventConsumer.event(name, () => received.set(name, received.get(name) + 1));
  await rivet.start();
  return received;
}

const { events: names } = await emulator.control("GET", "/events");
const received = await receiver(names);
await emulator.until("the challenge", async () => (await emulator.control("GET", "/state")).receiver_validated);
await emulator.populate();
const lived = new Map(received);
const report = { calls: await calls() };
for (const name of names) await emulator.control("POST", `/events/${name}`);
const more = (name) => received.get(name) > lived.get(name);
await emulator.until("all events", () => names.every(more)).catch(() => {});
const { webhooks_retried: retried } = await emulator.control("GET", "/state");
report.events = {
  sent: names.length,
  accepted: names.filter(more).length,
  refused: names.filter((name) => !more(name)).map((event) => ({ event, error: "not accepted" })),
  // What the scenarios sent before: deliveries, and distinct events.
  of_scenarios: [...lived.values()].reduce((sum, count) => sum + count, 0),
  of_scenarios_distinct: [...lived.values()].filter((count) => count > 0).length,
  retried,
};
report.operations = await emulator.control("GET", "/operations").catch(() => null);
// A pipe takes only so much at once.
process.stdout.write(JSON.stringify(report, null, 2), () => process.exit(0));
