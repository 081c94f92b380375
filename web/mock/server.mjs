// A stand-in for the Offhook server, for working on the web app without building it: serves
// `dist` under the real Content-Security-Policy and answers the API with a made-up company.
//
//   npm run build && npm run mock            http://127.0.0.1:8787
//   OFFHOOK_URL=http://127.0.0.1:8787 npm run dev

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { callId, company, detail, events } from "./company.mjs";
import { records, tone } from "./records.mjs";

const DIST = fileURLToPath(new URL("../dist/", import.meta.url));
const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'";
const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
};

/** Starts the mock. `pace` above 1 makes calls shorter; `past` seconds have already happened. */
export async function startMock({ port = 0, pace = 1, past = 3600, seed = 7 } = {}) {
  const firm = company({ seed, pace, now: Date.now() - past * 1000 });
  firm.tick(Date.now());
  const kept = records(firm.calls);
  const streams = new Set();
  const log = [];
  let seq = 0;
  let lastEvent = Date.now();

  const clocks = () => ({
    now: new Date().toISOString(),
    last_event_at: new Date(lastEvent).toISOString(),
    last_reconcile_at: new Date(Date.now() - 240_000).toISOString(),
    backlog: 0,
    expected_gap_seconds: 8,
  });
  const snapshot = () => ({
    seq,
    clocks: clocks(),
    calls: [...firm.calls.values()].filter(
      (c) => c.state !== "ended" || Date.now() - Date.parse(c.ended_at) < 60_000,
    ),
  });
  const send = (res, event, data, id) => {
    res.write(
      `event: ${event}\n${id === undefined ? "" : `id: ${String(id)}\n`}data: ${JSON.stringify(data)}\n\n`,
    );
  };

  const play = setInterval(() => {
    const calls = firm.tick(Date.now());
    if (calls.length === 0) return;
    seq += 1;
    lastEvent = Date.now();
    const delta = { seq, calls, gone: [], clocks: clocks() };
    log.push(delta);
    if (log.length > 1000) log.shift();
    for (const res of streams) send(res, "delta", delta, seq);
  }, 250);
  const beat = setInterval(() => {
    for (const res of streams) send(res, "heartbeat", clocks());
  }, 5000);

  const find = (id) =>
    [...firm.calls.values()].find(
      (c) => c.id === id || callId(c) === id || detail(c).ids.some((i) => i.value === id),
    );

  async function api(url, req, res) {
    const json = (body, status = 200) => {
      res.writeHead(status, {
        "content-type": status < 400 ? "application/json" : "application/problem+json",
      });
      res.end(JSON.stringify(body));
    };
    const missing = (what) => {
      json({ type: "about:blank", title: "Not found", status: 404, detail: what }, 404);
    };
    const path = url.pathname.slice("/api/v1".length);
    if (path === "/live") {
      res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
      const after = Number(req.headers["last-event-id"] ?? NaN);
      const known = log.findIndex((d) => d.seq === after);
      if (known >= 0) for (const d of log.slice(known + 1)) send(res, "delta", d, d.seq);
      else send(res, "snapshot", snapshot(), seq);
      send(res, "heartbeat", clocks());
      streams.add(res);
      req.on("close", () => streams.delete(res));
      return;
    }
    if (path === "/live/snapshot") return json(snapshot());
    if (path === "/search") {
      const q = (url.searchParams.get("q") ?? "").trim();
      const matches = [];
      for (const call of firm.calls.values()) {
        for (const { kind, value } of detail(call).ids)
          if (value === q) matches.push({ kind, value, call });
        if (call.id === q) matches.push({ kind: "id", value: q, call });
        for (const p of [call.from, call.to])
          if (p?.number === q || p?.extension_number === q)
            matches.push({ kind: "number", value: q, call });
      }
      return json({ matches: matches.reverse().slice(0, 50) });
    }
    if (path === "/calls") {
      const p = url.searchParams;
      const want = (name, value) => !p.get(name) || p.get(name) === value;
      const all = [...firm.calls.values()]
        .reverse()
        .filter(
          (c) =>
            want("direction", c.direction) &&
            want("state", c.state) &&
            want("result", c.result) &&
            want("conflict", "false") &&
            want("queue", c.queue?.extension_number) &&
            (!p.get("number") || [c.from?.number, c.to?.number].includes(p.get("number"))) &&
            (!p.get("person") ||
              c.people.some((l) =>
                [l.party.user_id, l.party.extension_number].includes(p.get("person")),
              )) &&
            (!p.get("from") || Date.parse(c.started_at) >= Date.parse(p.get("from"))) &&
            (!p.get("to") || Date.parse(c.started_at) < Date.parse(p.get("to"))),
        );
      const start = p.get("cursor") ? all.findIndex((c) => c.id < p.get("cursor")) : 0;
      const limit = Number(p.get("limit") ?? 50);
      const page = start < 0 ? [] : all.slice(start, start + limit);
      const more = start >= 0 && all.length > start + limit;
      return json({ calls: page, next_cursor: more ? page.at(-1).id : null });
    }
    const body = async () => {
      let text = "";
      for await (const chunk of req) text += chunk;
      return JSON.parse(text || "{}");
    };
    if (path === "/sync" && req.method === "GET") return json(kept.sync());
    if (path === "/sync") return json(kept.beginSync((await body()).mode), 202);
    if (path === "/sync/pause" || path === "/sync/resume") {
      kept.pause(path === "/sync/pause");
      return json(kept.sync());
    }
    if (path === "/deprecations") return json(kept.deprecations());
    if (path === "/reconciliations" && req.method === "GET")
      return json({ reconciliations: kept.reports(), next_cursor: null });
    if (path === "/reconciliations") return json(kept.order(await body()), 202);
    const report = /^\/reconciliations\/(\d+)(\/items)?$/.exec(path);
    if (report) {
      const id = Number(report[1]);
      const made = kept.reports().find((r) => r.id === id);
      if (!made) return missing(`No report has the number ${String(id)}.`);
      if (!report[2]) return json(made);
      const items = kept.items(id, url.searchParams.get("kind"));
      const start = Number(url.searchParams.get("cursor") ?? 0);
      const end = start + 10;
      return json({
        items: items.slice(start, end),
        next_cursor: items.length > end ? String(end) : null,
      });
    }
    if (path === "/media") {
      const of = url.searchParams.get("call");
      const some = of === null ? [...firm.calls.values()].reverse() : [find(of)].filter(Boolean);
      return json({ files: some.flatMap(kept.filesOf).slice(0, 50), next_cursor: null });
    }
    const media = /^\/media\/([^/]+)\/(fetch|link)$/.exec(path);
    if (media) {
      if (media[2] === "link")
        return json({ url: "/media/tone", expires_at: new Date(Date.now() + 3_600_000) });
      const file = kept.fetch(decodeURIComponent(media[1]));
      return file ? json(file) : missing("There is no such file.");
    }
    const one = /^\/calls\/([^/]+)(\/events)?$/.exec(path);
    if (one) {
      const id = decodeURIComponent(one[1]);
      const call = find(id);
      if (!call) return missing(`No call carries the id ${id}.`);
      return json(one[2] ? { events: events(call) } : detail(call));
    }
    return missing(`There is no ${url.pathname}.`);
  }

  async function page(url, res) {
    const asset = normalize(url.pathname).startsWith("/assets/");
    const file = join(DIST, asset ? normalize(url.pathname) : "index.html");
    const body = await readFile(file).catch(() => null);
    res.writeHead(body ? 200 : 404, {
      "content-type": TYPES[extname(file)] ?? "application/octet-stream",
      "content-security-policy": CSP,
      "cache-control": asset ? "max-age=31536000, immutable" : "no-store",
    });
    res.end(body ?? "Not found. Run `npm run build` first.");
  }

  const server = createServer((req, res) => {
    const url = new URL(req.url ?? "/", "http://localhost");
    if (url.pathname.startsWith("/api/")) void api(url, req, res);
    else if (url.pathname === "/media/tone") {
      res.writeHead(200, { "content-type": "audio/wav" });
      res.end(tone());
    } else void page(url, res);
  });
  await new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${String(server.address().port)}`,
    async close() {
      clearInterval(play);
      clearInterval(beat);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const mock = await startMock({ port: Number(process.env.PORT ?? 8787) });
  console.log(`Mock Offhook on ${mock.url}`);
}
