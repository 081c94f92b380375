import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { recent, start, until } from "./app.mjs";

let app;
before(async () => {
  app = await start();
  await until("there is a call", async () => (await recent(app.url)).length > 0);
});
after(() => app.stop());

test("a call is opened with the keyboard alone", async () => {
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls`);
  await page.locator("[data-call]").first().waitFor();
  await page.keyboard.press("Alt+j");
  await page.keyboard.press("Alt+j");
  await page.keyboard.press("Alt+k");
  const id = await page.evaluate(() => document.activeElement.closest("[data-call]").dataset.call);
  await page.keyboard.press("Enter");
  await page.locator("#timeline").waitFor();
  assert.equal(new URL(page.url()).pathname, `/calls/${encodeURIComponent(id)}`);
  assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1");
  await page.goBack();
  await page.locator(`[data-call="${id}"]`).waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("any id of a call leads to it", async () => {
  const [newest] = await until("a call has ended", async () => {
    const calls = await recent(app.url, "&state=ended");
    return calls.length > 0 && calls;
  });
  const { ids } = await fetch(`${app.url}/api/v1/calls/${encodeURIComponent(newest.id)}`).then(
    (r) => r.json(),
  );
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/`);
  for (const { value } of ids) {
    await page.keyboard.press("ControlOrMeta+k");
    await page.keyboard.type(value);
    await page.keyboard.press("Enter");
    await page.locator(`[data-call="${newest.id}"] #timeline`).waitFor();
    await page.getByRole("link", { name: "Live" }).click();
    await page.locator("#board").waitFor();
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a search without a hit says what can be searched for", async () => {
  const { page, context } = await app.page();
  await page.goto(`${app.url}/`);
  await page.keyboard.press("/");
  await page.keyboard.type("no-such-id");
  await page.keyboard.press("Enter");
  await page.getByText("Nothing carries this id or number.").waitFor();
  await context.close();
});

test("filters live in the address and survive a reload", async () => {
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls`);
  await page.getByLabel("Direction").selectOption("inbound");
  await until("the address names the filter", () => page.url().endsWith("?direction=inbound"));
  await page.reload();
  await page.locator("[data-call]").first().waitFor();
  assert.equal(await page.getByLabel("Direction").inputValue(), "inbound");
  assert.equal(await page.locator("[data-call] [aria-label=Outbound]").count(), 0);
  await page.getByRole("button", { name: "Clear filters" }).click();
  await until("the address is bare", () => new URL(page.url()).search === "");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("older calls are added below, and the focus goes to the first of them", async () => {
  const enough = (await recent(app.url)).length === 50;
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls`);
  await page.locator("[data-call]").first().waitFor();
  const more = page.locator("[data-more]");
  if (enough && (await more.count()) > 0) {
    const count = await page.locator("[data-call]").count();
    await more.click();
    await until("more rows", async () => (await page.locator("[data-call]").count()) > count);
    await until("the focus is on the first new row", () =>
      page
        .locator("[data-call] a")
        .nth(count)
        .evaluate((link) => link === document.activeElement),
    );
  } else {
    await page.getByText("No older calls.").waitFor();
  }
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a call page shows every id and the raw events", async () => {
  const [newest] = await recent(app.url);
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls/${encodeURIComponent(newest.id)}`);
  await page.getByRole("button", { name: "Show raw events" }).click();
  const event = page.locator("#events-list summary").first();
  await event.click();
  await page.locator("#events-list pre").first().waitFor();
  await page.getByTitle(`Copy offhook calls show ${newest.id}`).waitFor();
  assert.ok((await page.locator("[data-id-kind]").count()) > 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("an unknown call says so, with the server's reason", async () => {
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls/no-such-call`);
  await page.getByText("There is no call with this id.").waitFor();
  assert.deepEqual(
    complaints.filter((c) => !c.includes("404")),
    [],
  );
  await context.close();
});

test("a failing server is reported and can be asked again", async () => {
  const { page, context } = await app.page();
  let broken = true;
  await page.route("**/api/v1/calls?*", (route) =>
    broken
      ? route.fulfill({
          status: 503,
          contentType: "application/problem+json",
          body: JSON.stringify({ title: "Database busy", status: 503, detail: "Wait a moment." }),
        })
      : route.continue(),
  );
  await page.goto(`${app.url}/calls`);
  await page.getByRole("alert").getByText("Wait a moment.").waitFor();
  broken = false;
  await page.getByRole("button", { name: "Try again" }).click();
  await page.locator("[data-call]").first().waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  await context.close();
});

test("the shortcut sheet opens, closes and switches single keys off for good", async () => {
  const { page, context } = await app.page();
  await page.goto(`${app.url}/calls`);
  await page.locator("[data-call]").first().waitFor();
  await page.keyboard.press("?");
  await page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await page.getByLabel("Single-key shortcuts").uncheck();
  await page.keyboard.press("Escape");
  await page.reload();
  await page.locator("[data-call]").first().waitFor();
  await page.keyboard.press("?");
  await page.keyboard.press("/");
  assert.equal(await page.getByRole("dialog").count(), 0);
  assert.notEqual(await page.evaluate(() => document.activeElement.id), "search");
  await context.close();
});
