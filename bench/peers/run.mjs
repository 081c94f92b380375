// node bench/peers/run.mjs [--json]: asks three SDKs the same things and prints what each did.
//
// Needs the network once: Zoom's SDK comes from npm, the crate zoom-api and its dependencies through cargo.
// Nothing of theirs is in this repository.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync } from "node:fs";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const work = join(root, "target", "peers");
const say = (text) => process.stderr.write(`${text}\n`);
const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: ["ignore", "ignore", "inherit"] });

say("preparing: npm install, cargo build --release (some minutes the first time)");
mkdirSync(work, { recursive: true });
for (const file of ["package.json", "rivet.mjs"]) cpSync(join(here, file), join(work, file));
run("npm", ["install", "--no-audit", "--no-fund"], work);
const theirs = join(here, "zoom-api", "Cargo.toml");
run("cargo", ["build", "--release", "--quiet", "--manifest-path", theirs, "--target-dir", join(work, "zoom-api")], root);
run("cargo", ["build", "--release", "--quiet", "--package", "offhook-bench"], root);
const target = process.env.CARGO_TARGET_DIR ?? join(root, "target");

const referee = spawn("node", [join(here, "referee.mjs")], { stdio: ["ignore", "pipe", "inherit"] });
const [port] = await once(referee.stdout, "data");
const env = { ...process.env, REFEREE: `http://127.0.0.1:${String(port).trim()}` };

const programs = {
  "zoom-phone": [join(target, "release", "offhook-bench"), ["peer"]],
  "@zoom/rivet 0.4.0": ["node", [join(work, "rivet.mjs")]],
  "zoom-api 0.10.0": [join(work, "zoom-api", "release", "peer-zoom-api"), []],
};
const results = {};
for (const [name, [command, args]] of Object.entries(programs)) {
  say(`asking ${name}`);
  const child = spawn(command, args, { env, cwd: work, stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (chunk) => (text += chunk));
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${name} ended with code ${code}`);
  const lines = text.trim().split("\n").map((line) => JSON.parse(line));
  results[name] = Object.fromEntries(lines.map((line) => [line.probe, line]));
}
referee.kill();

if (process.argv.includes("--json")) {
  console.log(JSON.stringify(results, null, 2));
  process.exit();
}

const times = (it) => `${it.requests} request${it.requests === 1 ? "" : "s"}`;
const gets = (it) => (it.ok ? `answered, ${times(it)}` : it.error ? `fails, ${times(it)}` : `takes the ${it.saw} for an answer`);
const rows = [
  ["Token requests of 200 concurrent first calls", "tokens", (it) => (it.error ? it.error : `${it.requests}`)],
  ["429, `Retry-After: 1`", "seconds", gets],
  ["429, `Retry-After` a date in ISO 8601", "date", gets],
  ["429 without headers", "bare", gets],
  ["429 for the rest of the day", "daily", (it) => `${it.error_kind ?? "fails"}, ${times(it)}`],
  ["503 on GET", "broken", gets],
  ["503 on POST: is it sent again?", "create", (it) => (it.requests > 1 ? `yes, ${times(it)}: may create twice` : "no")],
  ["200 with a page of HTML", "html", gets],
  ["An enum value that is not documented", "value", gets],
  ["Text for an integer, an integer for text", "text", gets],
  ["null for fields", "nulls", gets],
  ["401 with code 124: the token is dead", "expired", gets],
  ["A missing scope", "scope", (it) => (it.names_scope ? "error with scope, operation and remedy" : "Zoom's sentence")],
  ["A page token that repeats for ever", "endless", (it) => (it.ok ? `ends, ${times(it)}${it.reported ? ", reported" : ""}` : it.error)],
  ["A webhook signed by Zoom", "webhook_plain", (it) => (it.ok ? "accepted" : it.error)],
  ["The same in another form of JSON", "webhook_other_json", (it) => (it.ok ? "accepted" : (it.error ?? `refused with ${it.status}`))],
  ["A webhook signed a day ago", "webhook_day_old", (it) => (it.ok ? "refused" : (it.error ?? "accepted"))],
  ["A page of 300 calls, ms", "page", (it) => it.sdk_ms.toFixed(2)],
  ["… the bare HTTP client under it and untyped JSON, ms", "page", (it) => it.bare_ms.toFixed(2)],
  ["… ratio", "page", (it) => (it.sdk_ms / it.bare_ms).toFixed(2)],
  ["Zoom Phone operations", "operations", (it) => it.count ?? "—"],
];
const names = Object.keys(results);
console.log(`| | ${names.join(" | ")} |\n|---|${names.map(() => "---|").join("")}`);
for (const [title, probe, show] of rows) {
  console.log(`| ${title} | ${names.map((name) => show(results[name][probe] ?? { error: "not asked" })).join(" | ")} |`);
}
