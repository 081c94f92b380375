// The emulator's control page: what a person does there, by mouse and by keyboard.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { accessible, start, until } from "./app.mjs";

const EMULATOR = process.env.EMULATOR_URL ?? "http://127.0.0.1:8090";
const SECRET = "the_secret_of_this_test";

let app;
let receiver;
before(async () => {
  app = await start();
  receiver = await receive();
});
after(async () => {
  await control("DELETE", "/subscriptions/control-test").catch(() => {});
  await control("DELETE", "/faults");
  await control("POST", "/clock", { speed: 1 });
  receiver.close();
  await app.stop();
});

async function control(method, path, body) {
  const response = await fetch(`${EMULATOR}/_emulator${path}`, {
    method,
    headers: { "content-type": "application/json" },
    body: body && JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.status === 204 ? undefined : response.json();
}

/** A receiver that passes the challenge and has trouble with everything that rings. */
async function receive() {
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (more) => (text += more));
    request.on("end", () => {
      const { event, payload } = JSON.parse(text);
      if (event === "endpoint.url_validation") {
        const { plainToken } = payload;
        const encryptedToken = createHmac("sha256", SECRET).update(plainToken).digest("hex");
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ plainToken, encryptedToken }));
        return;
      }
      response.statusCode = event.endsWith("ringing") ? 503 : 200;
      response.end("as this test wants it");
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

async function open(options) {
  const { page, context, complaints } = await app.page(options);
  await page.goto(`${EMULATOR}/_emulator/`);
  await page.getByLabel("Scenario").waitFor();
  return { page, complaints, close: () => context.close() };
}

const said = (page, text) => page.getByRole("status").filter({ hasText: text }).waitFor();

test("a call is played from the page, shown while it goes on, and gone when the clock has jumped", async () => {
  const { page, complaints, close } = await open();
  await page.getByLabel("Scenario").selectOption("inbound_answered");
  await page.getByLabel("To", { exact: true }).fill("1001");
  await page.getByLabel("Talk (s)").fill("600");
  await page.getByRole("button", { name: "Play", exact: true }).click();
  await said(page, "calls Ada Moreno");
  const row = page.locator("#calls tbody tr").filter({ hasText: "Ada Moreno (1001)" });
  await row.waitFor();
  await page.getByRole("button", { name: "+1 min" }).click();
  await row.filter({ hasText: "connected" }).waitFor();
  await page.getByRole("button", { name: "+1 h" }).click();
  await row.waitFor({ state: "detached" });
  assert.deepEqual(complaints, []);
  await close();
});

test("each attempt of an event is shown with request, answer and next retry, as curl, and sent again", async () => {
  const { page, complaints, close } = await open();
  const { port } = receiver.address();
  await page.getByText("Add a subscription").click();
  await page.getByLabel("Address").fill(`http://127.0.0.1:${port}/`);
  await page.getByLabel("Secret Token").fill(SECRET);
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await said(page, "is added");
  await page.locator("#subscriptions").getByText("challenge passed").waitFor();

  await control("POST", "/events/phone.callee_ringing");
  const newest = await until("the event is in the log", async () => {
    const { events } = await control("GET", "/events/log?limit=1");
    return events[0]?.deliveries.length > 0 && events[0].id;
  });
  await page.locator(`[data-key=event-${newest}]`).click();
  const detail = page.locator("#events [data-part=detail]");
  await detail.getByText("Attempt 1: status 503").waitFor();
  await detail.getByText(/Next attempt at \d{4}-/).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), "detail-title");
  await detail.getByText("Request 1.1", { exact: true }).click();
  const request = await detail.getByRole("region", { name: "Request 1.1" }).textContent();
  assert.match(request, /x-zm-signature: v0=[0-9a-f]{64}/);
  await detail.getByText("curl 1.1", { exact: true }).click();
  const command = await detail.getByRole("region", { name: "curl 1.1" }).textContent();
  assert.ok(command.startsWith("curl -i -X POST") && command.includes("x-zm-signature"), command);
  await detail.getByText("Answer 1.1", { exact: true }).click();
  await detail.getByText("as this test wants it").waitFor();
  await page.getByRole("button", { name: "Send again" }).click();
  await detail.getByText(/sent again/).waitFor();
  await page.getByRole("button", { name: "+10 min" }).click();
  await detail.getByText("Attempt 2: status 503").first().waitFor();
  await accessible(page, "an event");
  await page.getByRole("button", { name: "Close" }).click();

  const [subscription] = (await control("GET", "/subscriptions")).subscriptions.slice(-1);
  await page.getByRole("button", { name: `Remove ${subscription.name}` }).click();
  await said(page, "is removed");
  assert.deepEqual(complaints, []);
  await close();
});

test("a fault is switched on with the fields of its kind, and off, by the keyboard alone", async () => {
  const { page, complaints, close } = await open();
  const kind = page.getByLabel("Fault", { exact: true });
  await kind.focus();
  await page.keyboard.type("clock_skew");
  await page.getByLabel("seconds").waitFor();
  assert.equal(await kind.inputValue(), "clock_skew");
  await page.keyboard.press("Tab");
  await page.keyboard.type("-400");
  await page.keyboard.press("Enter");
  await said(page, "clock_skew is on");
  assert.deepEqual((await control("GET", "/faults")).faults, [
    { fault: "clock_skew", seconds: -400 },
  ]);
  await page.getByRole("button", { name: /^Switch off clock_skew/ }).focus();
  await page.keyboard.press("Enter");
  await said(page, "clock_skew is off");
  await page.getByText("Everything works.").waitFor();
  // What the emulator refuses is said in its words.
  await kind.selectOption("status");
  await page.getByLabel("status", { exact: true }).fill("99");
  await page.getByRole("button", { name: "Switch on" }).click();
  await said(page, "`status` must be 400 to 599");
  assert.deepEqual(
    complaints.filter((it) => !it.includes("400 (Bad Request)")),
    [],
  );
  await close();
});

test("the clock is stopped, set to a speed and put forward to a time", async () => {
  const { page, complaints, close } = await open();
  await page.getByRole("button", { name: "Stop the clock" }).click();
  await said(page, "The clock stands still.");
  const before = Date.parse((await control("GET", "/clock")).now);
  const to = new Date(before + 7_200_000).toISOString().slice(0, 19);
  await page.getByLabel("Jump to (UTC)").fill(to);
  await page.getByRole("button", { name: "Jump", exact: true }).click();
  await said(page, "The clock was put forward.");
  assert.equal((await control("GET", "/clock")).now.slice(0, 19), to);
  await page.getByLabel("Speed").fill("30");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByText("30× as fast as life").waitFor();
  // What others do with the clock is seen here, too.
  await control("POST", "/clock", { speed: 1 });
  await page.getByText("1× as fast as life", { exact: true }).waitFor();
  assert.deepEqual(complaints, []);
  await close();
});

test("limits and the account's standing are changed, and others see it at once", async () => {
  const { page, complaints, close } = await open();
  await page.getByLabel("Rate limits of the plan").selectOption("pro");
  await page.getByRole("cell", { name: "Resource-intensive" }).waitFor();
  assert.equal((await control("GET", "/limits")).plan, "pro");
  await page.getByLabel("Rate limits of the plan").selectOption("");
  await page.getByLabel("The account is suspended").check();
  await until("the account is suspended", async () => (await control("GET", "/account")).suspended);
  await page.getByLabel("The account is suspended").uncheck();
  await until("it is not", async () => !(await control("GET", "/account")).suspended);
  assert.deepEqual(complaints, []);
  await close();
});

test("the page passes in light and dark, wide and narrow", async () => {
  for (const options of [
    { colorScheme: "light" },
    { colorScheme: "dark" },
    { viewport: { width: 320, height: 640 } },
  ]) {
    const { page, complaints, close } = await open(options);
    await page.getByText("Add a subscription").click();
    await accessible(page, JSON.stringify(options));
    assert.deepEqual(complaints, []);
    await close();
  }
});
