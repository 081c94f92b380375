// The probes through Zoom's own SDK for JavaScript. Its token host is fixed, so requests to it are led to the referee.

import axios from "axios";
import { createHmac } from "node:crypto";
import { PhoneS2SAuthClient, ConsoleLogger, LogLevel } from "@zoom/rivet/phone";

const referee = process.env.REFEREE;
axios.interceptors.request.use((config) => {
  config.url = config.url.replace("https://zoom.us", referee);
  return config;
});

const fresh = () =>
  new PhoneS2SAuthClient({
    clientId: "id",
    clientSecret: "secret",
    accountId: "account",
    webhooksSecretToken: "webhook_secret",
    port: 0,
    baseUrl: `${referee}/v2`,
    logger: Object.assign(new ConsoleLogger(), { setLevel() {}, error() {}, warn() {}, info() {}, debug() {} }),
    logLevel: LogLevel?.ERROR,
  });

const say = (probe, result) => console.log(JSON.stringify({ probe, ...result }));
const counts = async () => (await axios.get(`${referee}/_count`)).data;
const reset = async () => axios.get(`${referee}/_reset`);

const get = (client, id) => client.endpoints.callQueues.getCallQueueDetails({ path: { callQueueId: id } });

// Token requests of 200 concurrent first calls.
{
  await reset();
  const client = fresh();
  const answers = await Promise.allSettled(Array.from({ length: 200 }, () => get(client, "plain")));
  say("tokens", { ok: answers.filter((it) => it.status === "fulfilled").length, requests: (await counts()).token });
}

const client = fresh();
for (const id of ["plain", "seconds", "date", "bare", "daily", "broken", "html", "value", "text", "nulls", "expired", "scope"]) {
  await reset();
  try {
    const answer = await get(client, id);
    say(id, { ok: typeof answer.data === "object", saw: typeof answer.data, requests: (await counts())[id] });
  } catch (error) {
    say(id, { ok: false, error: String(error.message), requests: (await counts())[id] });
  }
}

{
  await reset();
  let error;
  try {
    await client.endpoints.callQueues.createCallQueue({ body: { name: "x" } });
  } catch (caught) {
    error = String(caught.message);
  }
  say("create", { ok: false, error, requests: (await counts()).create });
}

// There is no paging helper: the page's token is left to the caller.
say("endless", { ok: false, error: "no paging helper" });

// Webhooks: signed as Zoom signs, over the bytes sent.
{
  const receiver = fresh();
  let received = 0;
  receiver.webEventConsumer.event("phone.callee_ringing", () => received++);
  const server = await receiver.start(0);
  const { port } = server.address();
  const post = async (body, at) => {
    const timestamp = String(at);
    const signature = `v0=${createHmac("sha256", "webhook_secret").update(`v0:${timestamp}:${body}`).digest("hex")}`;
    const answer = await fetch(`http://127.0.0.1:${port}/zoom/events`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", "x-zm-signature": signature, "x-zm-request-timestamp": timestamp },
    });
    return answer.status;
  };
  const now = Math.floor(Date.now() / 1000);
  const compact = JSON.stringify({ event: "phone.callee_ringing", event_ts: Date.now(), payload: { account_id: "a", object: { call_id: "1" } } });
  // The same facts in another, equally valid form of JSON: a space, a number with an exponent, an escaped slash.
  const other = compact.replace('"call_id":"1"', '"call_id": "1", "x": 1.0, "y": "a\\/b"');
  say("webhook_plain", { ok: (await post(compact, now)) === 200, received });
  received = 0;
  const status = await post(other, now);
  say("webhook_other_json", { ok: status === 200, status, received });
  received = 0;
  const old = await post(compact, now - 86400);
  // Accepting is the fault here.
  say("webhook_day_old", { ok: old !== 200, status: old, received });
  server.closeAllConnections();
  server.close();
}

// Time of a page of 300 calls, against the bare HTTP client under it: by turns, the best of each counts.
{
  const rounds = 100;
  const time = async (work) => {
    const start = process.hrtime.bigint();
    for (let n = 0; n < rounds; n++) await work();
    return Number(process.hrtime.bigint() - start) / 1e6 / rounds;
  };
  const best = [Infinity, Infinity];
  for (let turn = 0; turn <= 5; turn++) {
    const times = [
      await time(async () => (await axios.get(`${referee}/v2/phone/call_history`)).data.call_history.length),
      await time(async () => (await client.endpoints.callLogs.getAccountsCallHistory({ query: {} })).data.call_history.length),
    ];
    // The first turn warms up.
    if (turn > 0) times.forEach((it, kind) => (best[kind] = Math.min(best[kind], it)));
  }
  say("page", { bare_ms: best[0], sdk_ms: best[1] });
}

const operations = Object.values(client.endpoints).filter((it) => it && typeof it === "object").flatMap((group) => Object.values(group).filter((it) => typeof it === "function"));
say("operations", { count: operations.length });
