// Screenshots of every page, for people to look at: `npm run shots` writes `screenshots/`.

import { mkdir } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { launch, target } from "./browser.mjs";

const out = fileURLToPath(new URL("../screenshots/", import.meta.url));
const LOOKS = [
  { name: "1280-light", viewport: { width: 1280, height: 800 }, colorScheme: "light" },
  { name: "1280-dark", viewport: { width: 1280, height: 800 }, colorScheme: "dark" },
  { name: "360-light", viewport: { width: 360, height: 740 }, colorScheme: "light" },
];

await mkdir(out, { recursive: true });
const server = await target(1);
const browser = await launch();
try {
  const { calls } = await (await fetch(`${server.url}/api/v1/calls?limit=50`)).json();
  const call = calls.find((c) => c.result === "answered" && c.queue) ?? calls[0];
  const number = calls.find((c) => c.from?.number)?.from.number ?? "";
  const pages = [
    { name: "live", path: "/", ready: "[data-call]" },
    { name: "live-queues", path: "/?view=queues", ready: "[data-queue], .empty" },
    { name: "live-people", path: "/?view=people", ready: "[data-person], .empty" },
    { name: "calls", path: "/calls", ready: "[data-call]" },
    { name: "call", path: `/calls/${encodeURIComponent(call.id)}`, ready: "#timeline" },
    {
      name: "search",
      path: `/search?q=${encodeURIComponent(call.queue?.extension_number ?? number)}`,
      ready: "[data-call], .empty",
    },
    { name: "records", path: "/records", ready: "#endings" },
    { name: "missing", path: "/calls/no-such-call", ready: ".empty" },
  ];
  for (const { name: look, ...options } of LOOKS) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    for (const { name, path, ready } of pages) {
      await page.goto(server.url + path);
      await page.locator(ready).first().waitFor();
      await page.screenshot({ path: `${out}${name}-${look}.png`, fullPage: true });
    }
    await context.close();
  }
} finally {
  await browser.close();
  await server.close();
}
console.log(`Screenshots are in ${out}`);
