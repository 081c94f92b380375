import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { accessible, compared, recent, start, until } from "./app.mjs";

let app;
let call;
let report;
before(async () => {
  app = await start();
  [call] = await until("there is an ended call", async () => {
    const calls = await recent(app.url, "&state=ended");
    return calls.length > 0 && calls;
  });
  // Until now, so that there is something to show in it: calls, and what is too young to be read.
  report = await compared(app.url, new Date(Date.now() - 3_600_000), new Date());
});
after(() => app.stop());

const LOOKS = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["320 px", { colorScheme: "light", viewport: { width: 320, height: 640 } }],
  ["forced colours", { forcedColors: "active" }],
];

for (const [look, options] of LOOKS) {
  test(`every page is accessible in ${look}`, async () => {
    const { page, context, complaints } = await app.page(options);
    const pages = [
      ["/", "[data-call]"],
      ["/?view=queues", "[data-queue]"],
      ["/?view=people", "[data-person]"],
      ["/calls", "[data-call]"],
      [`/calls/${encodeURIComponent(call.id)}`, "#timeline"],
      ["/search?q=no-such-id", ".empty"],
      ["/records", "[data-report][data-state=done], [data-report][data-state=failed]"],
      [`/records/reports/${report}`, "#things"],
    ];
    for (const [path, ready] of pages) {
      await page.goto(app.url + path);
      await page.locator(ready).first().waitFor();
      await accessible(page, `${path} in ${look}`);
    }
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await accessible(page, `the shortcut sheet in ${look}`);
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test("stale values stay readable", async () => {
  const { page, context } = await app.page();
  await page.clock.install();
  await page.goto(`${app.url}/`);
  await page.locator("[data-call]").first().waitFor();
  await context.setOffline(true);
  await page.clock.fastForward(31_000);
  await page.locator("[data-stale=true]").waitFor();
  await accessible(page, "the stale board");
  await context.close();
});

test("the chosen colours outlive the visit", async () => {
  const { page, context } = await app.page({ colorScheme: "light" });
  await page.goto(`${app.url}/`);
  const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await background();
  await page.getByRole("button", { name: "Colours: as the system" }).click();
  await page.getByRole("button", { name: "Colours: light" }).click();
  await page.getByRole("button", { name: "Colours: dark" }).waitFor();
  assert.notEqual(await background(), light);
  await page.reload();
  await page.getByRole("button", { name: "Colours: dark" }).waitFor();
  assert.notEqual(await background(), light);
  await context.close();
});
