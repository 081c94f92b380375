// What every browser test needs: a browser, a server, and a page that keeps count of complaints.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { launch, target } from "../scripts/browser.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** How long a condition may take to come true; calls of a real day take their time. */
export const PATIENCE = Number(process.env.E2E_PATIENCE_MS ?? 120_000);

/** Starts the browser and, for `OFFHOOK_URL=mock`, the server. */
export async function start() {
  const server = await target(12);
  const browser = await launch();
  return {
    url: server.url,
    /** A fresh page; `complaints` collects console errors, exceptions and policy violations. */
    async page(options = {}) {
      const context = await browser.newContext({
        viewport: { width: 1280, height: 800 },
        ...options,
      });
      const page = await context.newPage();
      page.setDefaultTimeout(PATIENCE);
      const complaints = [];
      page.on("console", (message) => {
        if (message.type() === "error")
          complaints.push(`${message.text()} ${message.location().url}`);
      });
      page.on("pageerror", (error) => complaints.push(String(error)));
      await page.exposeFunction("complain", (text) => complaints.push(text));
      await page.addInitScript(() => {
        document.addEventListener("securitypolicyviolation", (event) => {
          globalThis.complain(`CSP: ${event.violatedDirective} ${event.blockedURI}`);
        });
      });
      return { page, context, complaints };
    },
    async stop() {
      await browser.close();
      await server.close();
    },
  };
}

/** Awaits a condition that is asked of the page again and again. */
export async function until(what, condition) {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (performance.now() > deadline) assert.fail(`Waited too long until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The page as it stands passes axe's WCAG 2.2 A and AA rules and does not scroll sideways. */
export async function accessible(page, where) {
  await page.evaluate(axe);
  const violations = await page.evaluate(async () => {
    const { violations } = await globalThis.axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.target.join(" ")).join(" | ")}`);
  });
  assert.deepEqual(violations, [], `axe at ${where}`);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  assert.equal(overflow, 0, `${where} scrolls sideways`);
}

/** The newest calls, straight from the API. */
export async function recent(url, query = "") {
  const response = await fetch(`${url}/api/v1/calls?limit=50${query}`);
  assert.equal(response.status, 200);
  return (await response.json()).calls;
}

/** Has a period compared with Zoom's records, awaits it, and gives its number. */
export async function compared(url, from, to) {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ from, to });
  const answer = await fetch(`${url}/api/v1/reconciliations`, { method: "POST", headers, body });
  assert.equal(answer.status, 202);
  const { id } = await answer.json();
  await until("the comparison is made", async () => {
    const made = await (await fetch(`${url}/api/v1/reconciliations/${String(id)}`)).json();
    assert.notEqual(made.state, "failed", made.error);
    return made.state === "done";
  });
  return String(id);
}
