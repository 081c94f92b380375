import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { start, until } from "./app.mjs";

let app;
before(async () => (app = await start()));
after(() => app.stop());

test("a call is seen ringing and then ended", async () => {
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/`);
  const rang = new Set();
  await until("a call that rang has ended", async () => {
    const rows = await page
      .locator("[data-call]")
      .evaluateAll((all) => all.map((row) => [row.dataset.call, row.dataset.state]));
    for (const [id, state] of rows) if (state === "ringing") rang.add(id);
    return rows.some(([id, state]) => state === "ended" && rang.has(id));
  });
  assert.equal(await page.locator("[data-clock=Link]").getAttribute("data-level"), "ok");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("queue waiting is labelled as inferred", async () => {
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/`);
  await page.getByRole("tab", { name: "By queue" }).click();
  await page.locator("[data-queue]").first().waitFor();
  await page.getByRole("columnheader", { name: "Waiting inferred" }).waitFor();
  assert.match(page.url(), /view=queues/);
  await page.keyboard.press("ArrowRight");
  await page.locator("[data-person]").first().waitFor();
  assert.match(page.url(), /view=people/);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a lost link greys the values, says since when, and heals by itself", async () => {
  const { page, context, complaints } = await app.page();
  await page.clock.install();
  await page.goto(`${app.url}/`);
  await page.locator("[data-call]").first().waitFor();
  const link = page.locator("[data-clock=Link]");

  await context.setOffline(true);
  await page.clock.fastForward(31_000);
  await page.locator("[data-stale=true]").waitFor();
  await until("the link clock says as of when", async () =>
    /As of \d\d:\d\d:\d\d/.test(await link.innerText()),
  );
  assert.ok((await page.locator("[data-call]").count()) > 0, "the last values stay");
  await page
    .getByText(/Values are as of \d\d:\d\d:\d\d\./)
    .first()
    .waitFor();

  await context.setOffline(false);
  await page.getByRole("button", { name: "Try now" }).click();
  await page.locator("[data-stale=false]").waitFor();
  assert.equal(await link.getAttribute("data-level"), "ok");
  const unexpected = complaints.filter((c) => !/ERR_INTERNET_DISCONNECTED|ERR_FAILED/.test(c));
  assert.deepEqual(unexpected, []);
  await context.close();
});

test("pausing stops the page, not the calls", async () => {
  const { page, context } = await app.page();
  await page.goto(`${app.url}/`);
  await page.locator("[data-call]").first().waitFor();
  await page.keyboard.press("p");
  await page.getByText(/^Paused at/).waitFor();
  const frozen = await page.locator("#board").innerText();
  const requests = await fetch(`${app.url}/api/v1/live/snapshot`).then((r) => r.json());
  await until("the server has moved on", async () => {
    const now = await fetch(`${app.url}/api/v1/live/snapshot`).then((r) => r.json());
    return now.seq > requests.seq + 1;
  });
  assert.equal(await page.locator("#board").innerText(), frozen);
  await page.keyboard.press("p");
  await until(
    "the page moves again",
    async () => (await page.locator("#board").innerText()) !== frozen,
  );
  await context.close();
});

test("rows keep their place under the keyboard", async () => {
  const { page, context } = await app.page();
  await page.goto(`${app.url}/`);
  await page.locator("[data-call]").first().waitFor();
  await page.keyboard.press("Alt+j");
  const order = () =>
    page.locator("[data-call]").evaluateAll((all) => all.map((row) => row.dataset.call));
  const before = await order();
  const { seq } = await fetch(`${app.url}/api/v1/live/snapshot`).then((r) => r.json());
  await until("calls have changed", async () => {
    await page.keyboard.press("Shift"); // Somebody is still there.
    const now = await fetch(`${app.url}/api/v1/live/snapshot`).then((r) => r.json());
    return now.seq > seq + 2;
  });
  assert.deepEqual((await order()).slice(0, before.length), before);
  await context.close();
});
