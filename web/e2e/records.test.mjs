import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { compared, recent, start, until } from "./app.mjs";

let app;
before(async () => {
  app = await start();
  await until("there is a call", async () => (await recent(app.url)).length > 0);
});
after(() => app.stop());

const api = async (path) => {
  const response = await fetch(`${app.url}/api/v1${path}`);
  assert.equal(response.status, 200, path);
  return response.json();
};

test("the records page shows what is read from Zoom, and reads what is new when told", async () => {
  const newest = async () => {
    const { accounts } = await api("/sync");
    return Math.max(...accounts[0].runs.filter((r) => r.mode === "catch_up").map((r) => r.id));
  };
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/`);
  await page.getByRole("link", { name: "Records" }).click();
  await page.locator("[data-run=catch_up][data-state=done]").first().waitFor();
  const before = await newest();
  await page.getByRole("button", { name: "Read what is new" }).click();
  await until("another catch-up", async () => (await newest()) > before);
  await page.locator("[data-run=catch_up][data-state=done]").first().waitFor();
  assert.equal(await page.getByRole("alert").count(), 0);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a comparison asked for on the page ends with a verdict, and opens", async () => {
  const known = (await api("/reconciliations")).reconciliations.map((report) => String(report.id));
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/records`);
  await page.getByRole("button", { name: "Compare the last day" }).click();
  const made = page.locator("[data-report][data-verdict]");
  const id = await until("the new comparison has a verdict", async () => {
    const ids = await made.evaluateAll((rows) => rows.map((row) => row.dataset.report));
    return ids.find((one) => !known.includes(one));
  });
  const verdict = await page.locator(`[data-report="${id}"] .verdict`).innerText();
  await page.locator(`[data-report="${id}"] a`).click();
  await page.getByRole("heading", { name: `Comparison ${id}` }).waitFor();
  assert.equal(new URL(page.url()).pathname, `/records/reports/${id}`);
  assert.equal(await page.locator("header .verdict").innerText(), verdict);
  assert.equal(await page.locator("[data-tally=known] [role=cell]").count(), 4);
  await page.reload();
  await page.locator("#soon").waitFor();
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a comparison shows every number and every item of the report", async () => {
  const id = await compared(app.url, new Date(Date.now() - 3_600_000), new Date());
  const { reconciliations } = await api("/reconciliations");
  const { page, context, complaints } = await app.page();
  for (const report of reconciliations.filter((one) => one.summary !== null)) {
    await page.goto(`${app.url}/records/reports/${String(report.id)}`);
    await page.locator("#things").waitFor();
    const cells = page.locator("[data-tally=known] [role=cell]");
    const { calls, elements, recordings, voicemails } = report.summary;
    assert.deepEqual(
      (await cells.allInnerTexts()).map((text) => Number(text.replace(/\D/g, ""))),
      [calls, elements, recordings, voicemails].map((tally) => tally.known),
    );
    assert.equal(await page.locator("[data-gap]").count(), report.summary.gaps.length);
    assert.equal(await page.locator("[data-never]").count(), report.summary.never_seen.length);
    for (const [kind, count] of Object.entries(report.summary.items)) {
      const details = page.locator(`details[data-kind="${kind}"]`);
      await details.locator("summary").click();
      await details.locator("[data-item]").first().waitFor();
      const more = details.getByRole("button", { name: "Load more" });
      while ((await details.locator("[data-item]").count()) < count) {
        const shown = await details.locator("[data-item]").count();
        await more.click();
        await until("more items", async () => {
          return (await details.locator("[data-item]").count()) > shown;
        });
      }
      assert.equal(await details.locator("[data-item]").count(), count, kind);
    }
  }
  assert.ok(reconciliations.some((report) => String(report.id) === id));
  assert.deepEqual(complaints, []);
  await context.close();
});

test("an unknown comparison says so", async () => {
  const { page, context } = await app.page();
  await page.goto(`${app.url}/records/reports/999999`);
  await page.getByRole("heading", { name: "There is no comparison with this number." }).waitFor();
  await context.close();
});

test("what Zoom is ending is listed with its successor", async () => {
  const { deprecations } = await api("/deprecations");
  const ending = deprecations.find(({ name }) => name === "account_call_logs");
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/records`);
  const line = page.locator("[data-ending=account_call_logs]");
  if (ending.received === 0) await page.getByText("Over by Zoom’s announcement").click();
  await line.getByText(ending.instead[0], { exact: true }).waitFor();
  assert.equal(await page.locator("[data-ending]").count(), deprecations.length);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a call through a queue shows its stay", async () => {
  const call = await until("a call has left a queue", async () => {
    for (const { id, queue } of await recent(app.url, "&state=ended")) {
      if (queue === null) continue;
      const call = await api(`/calls/${encodeURIComponent(id)}`);
      if (call.queues.length > 0) return call;
    }
    return null;
  });
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls/${encodeURIComponent(call.id)}`);
  await page.getByRole("heading", { name: "Queue stays" }).waitFor();
  const outcomes = page.locator("#main [data-outcome]");
  assert.deepEqual(
    await outcomes.evaluateAll((rows) => rows.map((row) => row.dataset.outcome)),
    call.queues.map((stay) => stay.outcome),
  );
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a recording is fetched from Zoom and played", async () => {
  const file = await until("there is a recording still at Zoom", async () => {
    const { files } = await api("/media?limit=50");
    return files.find(({ kind, state }) => kind === "recording" && state === "skipped");
  });
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls/${encodeURIComponent(file.call_id)}`);
  const sound = page
    .locator("li", { has: page.getByText(file.zoom_id, { exact: true }) })
    .locator("[data-media=recording]");
  await sound.getByRole("button", { name: "Fetch from Zoom" }).click();
  await sound.getByRole("button", { name: "Play" }).click();
  const audio = sound.locator("audio");
  await until("the sound is there", () => audio.evaluate((player) => player.duration > 0));
  assert.equal(await audio.evaluate((player) => player.error), null);
  assert.deepEqual(complaints, []);
  await context.close();
});

test("conflicts alone can be listed", async () => {
  const { calls } = await api("/calls?conflict=true");
  const { page, context, complaints } = await app.page();
  await page.goto(`${app.url}/calls`);
  await page.locator("[data-call]").first().waitFor();
  await page.getByLabel("Conflicts only").check();
  await until("the address names the filter", () => page.url().endsWith("?conflict=true"));
  if (calls.length === 0) await page.getByText("No call matches these filters.").waitFor();
  else await page.locator(`[data-call="${calls[0].id}"]`).waitFor();
  await page.reload();
  assert.equal(await page.getByLabel("Conflicts only").isChecked(), true);
  assert.deepEqual(complaints, []);
  await context.close();
});
