// node prism.mjs: Stoplight Prism between a client and the emulator. Every operation of Zoom's two documents passes
// through it, and it says what in the answers is not as documented. Prints a report as JSON.
//
// EMULATOR: the emulator's address. ZOOM_OPENAPI_DIR: where Zoom's documents are, ../shared/zoom unless set.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import http from "node:http";

import { operations } from "./lib/catalogue.mjs";
import { folder as documents, present, read } from "./lib/documents.mjs";
import { Emulator } from "./lib/emulator.mjs";
import { judged, Walk } from "./lib/walk.mjs";

if (!present()) {
  console.log(JSON.stringify({ skipped: `Zoom's OpenAPI documents are not in ${documents}; set ZOOM_OPENAPI_DIR` }));
  process.exit(0);
}

const allowances = JSON.parse(readFileSync(new URL("allowances.json", import.meta.url), "utf8")).prism;
const command = fileURLToPath(new URL("node_modules/.bin/prism", import.meta.url));
const emulator = new Emulator();
const token = await emulator.token();

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}

/** Prism as a proxy with this document; the function stops it. */
async function proxy(file) {
  const port = await freePort();
  const child = spawn(command, ["proxy", file, `${emulator.url}/v2`, "--port", String(port), "--host", "127.0.0.1", "--verboseLevel", "error"], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, NODE_OPTIONS: "--max-http-header-size=16777216" },
  });
  child.stdout.resume();
  const up = () => fetch(`http://127.0.0.1:${port}/`).then(() => true, () => child.exitCode !== null);
  await emulator.until("Prism", up);
  return { port, stop: () => child.kill() };
}

/** One request through Prism, which puts what it objects to into a header. */
function ask(port, method, address, body) {
  const form = body && Object.values(body).some((it) => it instanceof File);
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}`, accept: "*/*" };
    let payload;
    if (form) {
      headers["content-type"] = "multipart/form-data; boundary=walk";
      const part = ([name, value]) =>
        value instanceof File
          ? `--walk\r\nContent-Disposition: form-data; name="${name}"; filename="${value.name}"\r\nContent-Type: ${value.type}\r\n\r\nRIFF\r\n`
          : `--walk\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`;
      payload = `${Object.entries(body).map(part).join("")}--walk--\r\n`;
    } else if (body !== undefined) {
      headers["content-type"] = "application/json";
      payload = JSON.stringify(body);
    }
    if (payload !== undefined) headers["content-length"] = Buffer.byteLength(payload);
    const request = http.request({ host: "127.0.0.1", port, method, path: address, headers, maxHeaderSize: 16_777_216 }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => {
        const text = Buffer.concat(chunks).toString();
        let json;
        try {
          json = JSON.parse(text);
        } catch {
          json = undefined;
        }
        resolve({ status: response.statusCode, body: json, text, violations: JSON.parse(response.headers["sl-violations"] ?? "[]") });
      });
    });
    request.on("error", reject);
    request.end(payload);
  });
}

function address(operation, { path, query }) {
  const filled = operation.path.replace(/\{([^}]*)\}/g, (_, name) => path[name]);
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    const parameter = operation.parameters.find((it) => it.name === name);
    if (parameter.list === "repeated") for (const item of [value].flat()) search.append(name, item);
    else search.append(name, [value].flat().join(","));
  }
  return `${filled}${search.size ? `?${search}` : ""}`;
}

const allows = (it, { operation, location, message }) =>
  it.operations.includes(operation) && new RegExp(it.location).test(location) && new RegExp(it.message).test(message);

const scratch = mkdtempSync(join(tmpdir(), "prism-"));
const report = { operations: 0, accepted: 0, violations: 0, of_requests: 0, refused: [], found: [], allowed: {}, mended: {} };
for (const { reason } of allowances) report.allowed[reason] = 0;
await emulator.populate();
for (const api of ["phone", "number-management"]) {
  const { document, mended } = read(api);
  for (const [name, count] of Object.entries(mended)) report.mended[name] = (report.mended[name] ?? 0) + count;
  const file = join(scratch, `${api}.json`);
  writeFileSync(file, JSON.stringify(document));
  const { port, stop } = await proxy(file);
  const send = async (operation, request) => ask(port, operation.method, address(operation, request), request.body);
  const results = await new Walk({ emulator, send }).all(operations.filter((it) => it.api === api));
  stop();
  const { accepted, allowed, wrong } = judged(results, (it) => it.text);
  report.operations += results.length;
  report.accepted += accepted;
  for (const [reason, count] of Object.entries(allowed)) report.allowed[reason] = (report.allowed[reason] ?? 0) + count;
  for (const { operation, request, status, text } of wrong) {
    report.refused.push({ operation: operation.id, status, ids_not_found: request.missing, answer: text.slice(0, 500) });
  }
  for (const { operation, violations } of results) {
    for (const { location, severity, code, message } of violations) {
      if (severity !== "Error") continue;
      const violation = { operation: operation.id, location: location.join("."), code, message };
      const allowed = allowances.find((it) => allows(it, violation));
      if (allowed) report.allowed[allowed.reason]++;
      else {
        report.found.push(violation);
        report[location[0] === "request" ? "of_requests" : "violations"]++;
      }
    }
  }
}
rmSync(scratch, { recursive: true });
// A pipe takes only so much at once.
process.stdout.write(JSON.stringify(report, null, 2), () => process.exit(0));
