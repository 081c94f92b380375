// The emulator's embedded phone, driven from a host page on another origin.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { accessible, start, until } from "./app.mjs";
import { EMULATOR, FRAME, HOME, Host, PHONE, emulate, outside, ring, somebody } from "./embed.mjs";

const ADA = "+15552010142"; // Ada Example, whom the example host knows.

let app;
before(async () => (app = await start()));
after(() => app.stop());

/** One host page for one person. */
async function host(settings) {
  const { page, context, complaints } = await app.page();
  const person = somebody();
  const opened = await Host.open(page, person, settings);
  return { host: opened, page, person, complaints, close: () => context.close() };
}

const types = (messages) => messages.map((message) => message.type);
const calls = (messages) => types(messages).filter((type) => type.startsWith("zp-call-"));
const keys = (object) => Object.keys(object).sort();

test("the phone is on another origin than its host", () => {
  assert.notEqual(new URL(PHONE).origin, new URL(EMULATOR).origin);
});

test("zp-make-call calls at once, and each step is told in the documented shape", async () => {
  const { host: crm, person, complaints, close } = await host();
  const number = outside();
  await crm.send("zp-make-call", { number });
  const ringing = await crm.next("zp-call-ringing-event");
  assert.deepEqual(keys(ringing), ["data", "id", "type"]);
  assert.deepEqual(keys(ringing.data), ["callId", "callee", "caller", "dateTime", "direction"]);
  assert.equal(ringing.data.direction, "outbound");
  assert.deepEqual(ringing.data.callee, { phoneNumber: number });
  const { caller } = ringing.data;
  assert.deepEqual(keys(caller), [
    "extensionId",
    "extensionNumber",
    "extensionType",
    "name",
    "phoneNumber",
  ]);
  assert.equal(caller.name, person.name);
  assert.equal(caller.extensionNumber, person.extension);
  assert.equal(caller.extensionType, "user");
  assert.match(ringing.data.dateTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);

  await crm.next("zp-call-connected-event");
  await crm.press("Hang up");
  const ended = await crm.next("zp-call-ended-event");
  assert.equal(ended.data.result, "ended");
  const log = await crm.filed("zp-call-log-completed-event");
  assert.deepEqual(keys(log.data), [
    "callId",
    "callLogId",
    "callee",
    "caller",
    "dateTime",
    "direction",
    "duration",
    "result",
  ]);
  assert.deepEqual(log.data.caller, { name: person.name, number: person.extension, numberType: 1 });
  assert.deepEqual(log.data.callee, { number, numberType: 2 });
  assert.equal(log.data.result, "Call Connected");
  const told = (await crm.messages()).filter(({ type }) => type.startsWith("zp-call-"));
  assert.deepEqual(types(told), [
    "zp-call-ringing-event",
    "zp-call-connected-event",
    "zp-call-ended-event",
    "zp-call-log-completed-event",
  ]);
  assert.deepEqual(new Set(told.map((message) => message.data.callId)).size, 1);
  assert.equal(new Set(told.map((message) => message.id)).size, told.length);
  assert.deepEqual(complaints, []);
  await close();
});

test("autoDial false only fills the keypad, and a person calls with Enter", async () => {
  const { host: crm, page, close } = await host();
  const number = outside();
  await crm.send("zp-make-call", { number, autoDial: false });
  const field = crm.phone.getByLabel("Name or number");
  await until("the number is in the field", async () => (await field.inputValue()) === number);
  assert.deepEqual(calls(await crm.messages()), []);
  await field.focus();
  await page.keyboard.press("Enter");
  const ringing = await crm.next("zp-call-ringing-event");
  assert.equal(ringing.data.callee.phoneNumber, number);
  await close();
});

test("a caller ID that is not the user's calls nobody and says so", async () => {
  const { host: crm, close } = await host();
  await crm.send("zp-make-call", { number: outside(), callerId: "+15550009999" });
  await crm.phone.locator("#notice", { hasText: /caller ?id/i }).waitFor();
  assert.deepEqual(calls(await crm.messages()), []);
  await close();
});

test("an incoming call is matched, answered, held, noted and saved, by keyboard alone", async () => {
  const { host: crm, page, person, complaints, close } = await host();
  await ring(person, ADA);
  await crm.call("ringing").waitFor();
  await crm.phone.getByRole("heading", { name: "Ada Example" }).waitFor();
  const order = types(await crm.messages());
  assert.ok(
    order.indexOf("zp-contact-match-event") < order.indexOf("zp-call-ringing-event"),
    `${order}`,
  );
  const match = await crm.message("zp-contact-match-event");
  assert.deepEqual(keys(match), ["data", "type"]);
  assert.deepEqual(match.data.phoneNumbers, [ADA]);

  const key = async (name) => {
    await crm.phone.getByRole("button", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
  };
  await key("Answer");
  const connected = await crm.next("zp-call-connected-event");
  const { callId } = connected.data;
  await key("Hold");
  await crm.call("held").waitFor();
  await key("Resume");
  await crm.call("connected").waitFor();
  await key("Mute");
  await crm.phone.getByText("Muted").waitFor();

  await key("Notes");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Try after 5 pm");
  await page.keyboard.press("Enter");
  const noted = await crm.next("zp-notes-save-event");
  assert.deepEqual(noted, {
    type: "zp-notes-save-event",
    data: { callId, notesData: { Outcome: "callback", Remarks: "Try after 5 pm" } },
  });

  await key("Hang up");
  assert.equal((await crm.next("zp-call-ended-event")).data.result, "ended");
  const log = await crm.filed("zp-call-log-completed-event");
  await key("History");
  await key("Save Log, Ada Example");
  const saved = await crm.next("zp-save-log-event");
  assert.deepEqual(keys(saved), ["data", "type"]);
  assert.deepEqual(saved.data, { ...log.data });
  assert.deepEqual(calls(await crm.messages()), [
    "zp-call-ringing-event",
    "zp-call-connected-event",
    "zp-call-ended-event",
    "zp-call-log-completed-event",
  ]);
  assert.deepEqual(complaints, []);
  await close();
});

test("a declined call was rejected", async () => {
  const { host: crm, person, close } = await host();
  await ring(person, outside());
  await crm.press("Decline");
  const ended = await crm.next("zp-call-ended-event");
  assert.equal(ended.data.result, "rejected");
  const log = await crm.filed("zp-call-log-completed-event");
  assert.equal(log.data.callId, ended.data.callId);
  assert.ok(!types(await crm.messages()).includes("zp-call-connected-event"));
  await close();
});

test("a call sent to voicemail leaves one that can be played", async () => {
  const { host: crm, page, person, close } = await host();
  const number = outside();
  await ring(person, number);
  await crm.press("To voicemail");
  assert.equal((await crm.next("zp-call-ended-event")).data.result, "missed");
  const log = await crm.filed("zp-call-log-completed-event");
  assert.equal(log.data.result, "Voicemail");
  const { data } = await crm.filed("zp-call-voicemail-received-event");
  assert.deepEqual(keys(data), [
    "callId",
    "callLogId",
    "callee",
    "caller",
    "dateTime",
    "voicemailUrl",
  ]);
  assert.equal(data.callLogId, log.data.callLogId);
  assert.equal(data.caller.number, number);
  assert.equal(data.caller.numberType, 2);
  await crm.press("Voicemail");
  const [player] = await Promise.all([
    page.context().waitForEvent("page"),
    crm.phone.getByRole("link", { name: "Listen" }).click(),
  ]);
  const audio = player.locator("audio");
  await until("the voicemail has a length", () => audio.evaluate(({ duration }) => duration > 0));
  assert.equal(data.voicemailUrl.startsWith(PHONE), true);
  await close();
});

test("a recorded call tells where its recording is", async () => {
  const { host: crm, person, close } = await host();
  await ring(person, outside());
  await crm.press("Answer");
  await crm.press("Record");
  await crm.phone.getByText("Recording").first().waitFor();
  await crm.press("Hang up");
  const { data } = await crm.filed("zp-call-recording-completed-event");
  assert.deepEqual(keys(data), [
    "callId",
    "callLogId",
    "callee",
    "caller",
    "dateTime",
    "direction",
    "recordingUrl",
  ]);
  const log = await crm.filed("zp-call-log-completed-event");
  assert.equal(data.callLogId, log.data.callLogId);
  const player = await fetch(data.recordingUrl);
  assert.ok(player.redirected);
  assert.match(await player.text(), /<audio/);
  await crm.press("History");
  await crm.phone.getByRole("link", { name: "Recording" }).waitFor();
  await crm.phone.getByRole("button", { name: /^Save Log/ }).click();
  assert.equal((await crm.next("zp-save-log-event")).data.recordingUrl, data.recordingUrl);
  await close();
});

test("people of the host are found by name, by keyboard, on the keypad and for messages", async () => {
  const { host: crm, page, close } = await host();
  const field = crm.phone.getByLabel("Name or number");
  await field.focus();
  await page.keyboard.type("carla");
  const search = await crm.next("zp-contact-search-event");
  assert.deepEqual(keys(search), ["data", "type"]);
  assert.deepEqual(keys(search.data), ["requestId", "searchString"]);
  assert.equal(search.data.searchString, "carla");
  await crm.phone.getByRole("option", { name: /Carla Instance/ }).waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  assert.equal(await field.inputValue(), "+15552010144");
  assert.deepEqual(calls(await crm.messages()), [], "choosing calls nobody");

  await crm.press("SMS");
  await crm.press("New message");
  await crm.phone.getByLabel("To").fill("bela");
  await crm.phone.getByRole("option", { name: /Bela Sample/ }).click();
  assert.equal(await crm.phone.getByLabel("To").inputValue(), "+15552010143");
  await close();
});

test("without init nothing is searched, matched or saved", async () => {
  const {
    host: crm,
    page,
    person,
    close,
  } = await host({
    options: {
      enableContactSearching: false,
      enableContactMatching: false,
      enableSavingLog: false,
      enableAutoLog: false,
      notePageConfiguration: undefined,
    },
  });
  await page.getByRole("button", { name: "Clear" }).click();
  await crm.phone.getByLabel("Name or number").pressSequentially("carla");
  await ring(person, ADA);
  await crm.press("Answer");
  await crm.call("connected").waitFor();
  assert.equal(await crm.phone.getByRole("button", { name: "Notes" }).count(), 0);
  await crm.press("Hang up");
  await crm.filed("zp-call-log-completed-event");
  await crm.press("History");
  await crm.phone.locator("[data-log]").waitFor();
  assert.equal(await crm.phone.getByRole("button", { name: /^Save Log/ }).count(), 0);
  await crm.press("Settings");
  await crm.phone.getByRole("button", { name: "Sign out" }).waitFor();
  assert.equal(await crm.phone.getByRole("switch").count(), 0);
  const told = types(await crm.messages()).filter((type) => type.startsWith("zp-contact-"));
  assert.deepEqual(told, []);
  await close();
});

test("zp-input-sms opens the composer; messages both ways are told", async () => {
  const { host: crm, person, close } = await host();
  await crm.send("zp-input-sms", { number: ADA });
  const field = crm.phone.getByLabel("Message");
  await field.fill("See you at 3");
  await crm.press("Send");
  const sent = await crm.next("zp-sms-log-event");
  assert.deepEqual(keys(sent), ["data", "id", "type"]);
  assert.deepEqual(keys(sent.data), [
    "attachments",
    "dateTime",
    "direction",
    "message",
    "messageId",
    "receivers",
    "sender",
    "sessionId",
    "status",
  ]);
  assert.equal(sent.data.direction, "outbound");
  assert.equal(sent.data.status, "Delivered");
  assert.equal(sent.data.message, "See you at 3");
  assert.deepEqual(sent.data.receivers, [{ phoneNumber: ADA }]);
  await crm.phone.getByText("See you at 3").waitFor();
  await emulate("embed/text", { to: person.id, from: ADA, message: "Till then" });
  const received = await until("the answer is told", async () => {
    const message = await crm.message("zp-sms-log-event");
    return message.data.direction === "inbound" && message;
  });
  assert.equal(received.data.status, "Received");
  assert.equal(received.data.sessionId, sent.data.sessionId);
  assert.notEqual(received.data.messageId, sent.data.messageId);
  await crm.phone.getByText("Till then").waitFor();
  await crm.phone.getByRole("heading", { name: "Ada Example" }).waitFor();
  await close();
});

test("calls say that they log themselves only once the user has switched it on", async () => {
  const { host: crm, page, person, close } = await host();
  const oneCall = async () => {
    await page.getByRole("button", { name: "Clear" }).click();
    await ring(person, outside());
    await crm.press("Answer");
    await crm.press("Hang up");
    await crm.filed("zp-call-log-completed-event");
    const told = (await crm.messages()).filter(({ type }) => type.startsWith("zp-call-"));
    return told.map((message) => message.data.enableAutoLog);
  };
  assert.deepEqual(await oneCall(), [undefined, undefined, undefined, undefined]);
  await crm.press("Settings");
  await crm.phone.getByRole("switch", { name: "Log calls automatically" }).check();
  assert.deepEqual(await oneCall(), [true, true, true, true]);
  await close();
});

test("every tab is told of a call, with the same ids, unless only the active one may be", async () => {
  const {
    host: first,
    page,
    person,
    close,
  } = await host({
    options: { disableInactiveTabCallEvent: false },
  });
  const other = await page.context().newPage();
  const second = await Host.open(other, person, {
    options: { disableInactiveTabCallEvent: false },
  });
  await ring(person, outside());
  const ids = await Promise.all([first, second].map((tab) => tab.next("zp-call-ringing-event")));
  assert.equal(ids[0].id, ids[1].id);
  await second.press("Decline");
  await first.filed("zp-call-log-completed-event");
  await second.filed("zp-call-log-completed-event");

  for (const tab of [first, second]) {
    await tab.send("zp-init-config", { disableInactiveTabCallEvent: true });
    await tab.page.getByRole("button", { name: "Clear" }).click();
  }
  await page.bringToFront();
  await first.phone.getByRole("button", { name: "Keypad" }).click();
  await ring(person, outside());
  await first.press("Decline");
  await first.filed("zp-call-log-completed-event");
  await second.call("ended").waitFor();
  assert.deepEqual(calls(await first.messages()).slice(0, 2), [
    "zp-call-ringing-event",
    "zp-call-ended-event",
  ]);
  assert.deepEqual(calls(await second.messages()), []);

  await page.close();
  await second.phone.getByRole("button", { name: "Keypad" }).click();
  await ring(person, outside());
  await second.next("zp-call-ringing-event");
  await close();
});

/** A page of another site with the phone in it, and everything that the phone says to it. */
async function stranger(address) {
  const body = `<!doctype html><title>CRM</title><iframe id="${FRAME.slice(1)}" title="Phone" width="360" height="640" src="${address}"></iframe>`;
  const server = createServer((_, response) =>
    response.setHeader("content-type", "text/html").end(body),
  );
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  // Browsers know where every name below localhost is.
  const origin = `http://crm.localhost:${server.address().port}`;
  const { page, context, complaints } = await app.page();
  await page.addInitScript(() => {
    if (window.parent !== window) return;
    globalThis.heard = [];
    addEventListener("message", (event) => globalThis.heard.push(event.data));
  });
  await page.goto(origin);
  return {
    page,
    refused: () => complaints.some((text) => text.includes("frame-ancestors")),
    phone: page.frameLocator(FRAME),
    heard: () => page.evaluate("heard"),
    async close() {
      await context.close();
      await new Promise((closed) => server.close(closed));
    },
  };
}

test("a site that is not approved has no phone in its frame, hears nothing and cannot command", async () => {
  const person = somebody();
  const address = `${HOME}?emulator_user=${person.id}`;
  const { page, phone, heard, refused, close } = await stranger(address);
  await until("the browser has refused the frame", refused);
  assert.equal(await phone.getByRole("button").count(), 0);
  await page.locator(FRAME).evaluate((frame) => {
    frame.contentWindow.postMessage(
      { type: "zp-make-call", data: { number: "+15552029999" } },
      "*",
    );
  });
  const { page: own, context: ours } = await app.page();
  const crm = await Host.open(own, person);
  await ring(person, outside());
  await crm.next("zp-call-ringing-event");
  assert.equal((await crm.message("zp-call-ringing-event")).data.direction, "inbound");
  assert.deepEqual(await heard(), []);
  await crm.press("Decline");
  await Promise.all([close(), ours.close()]);
});

test("originDomain does not let the phone into a site that is not approved", async () => {
  const address = `${HOME}?emulator_user=${somebody().id}&originDomain=${EMULATOR}`;
  const { phone, heard, refused, close } = await stranger(address);
  await until("the browser has refused the frame", refused);
  assert.equal(await phone.getByRole("button").count(), 0);
  assert.deepEqual(await heard(), []);
  await close();
});

test("originDomain is the origin that must be approved", async () => {
  const { page, context } = await app.page();
  await page.goto(`${EMULATOR}/_emulator/embed`);
  await page.locator(FRAME).evaluate((frame, home) => {
    frame.src = `${home}?originDomain=chrome-extension://abcdefghijklmnop`;
  }, HOME);
  await page.frameLocator(FRAME).getByText("chrome-extension://abcdefghijklmnop").waitFor();
  await context.close();
});

test("the script makes a window that moves, shrinks, and says when the phone is ready", async () => {
  const { page, context, complaints } = await app.page();
  const person = somebody();
  const crm = await Host.open(page, person, { query: "&variant=script" });
  await crm.next("onZoomPhoneIframeApiReady");
  const handle = page.getByRole("button", { name: /^Phone/ });
  const place = () => page.locator("#zoom-embeddable-phone-widget").boundingBox();
  const before = await place();
  await handle.focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowUp");
  const moved = await place();
  assert.deepEqual([moved.x, moved.y], [before.x - 20, before.y - 20]);
  const grip = await handle.boundingBox();
  await page.mouse.move(grip.x + 40, grip.y + 10);
  await page.mouse.down();
  await page.mouse.move(grip.x - 60, grip.y - 20, { steps: 4 });
  await page.mouse.up();
  assert.equal((await place()).x, moved.x - 100);
  await page.getByRole("button", { name: "Minimise" }).click();
  assert.ok((await place()).height < 50);
  await ring(person, outside());
  await crm.next("zp-call-ringing-event");
  await page.getByRole("button", { name: "Open" }).click();
  await crm.press("Decline");
  await crm.next("zp-call-ended-event");
  assert.deepEqual(complaints, []);
  await context.close();
});

test("a person signs in, is ready only then, and signs out", async () => {
  const { page, context } = await app.page();
  const person = somebody();
  await page.goto(`${EMULATOR}/_emulator/embed`);
  const crm = new Host(page);
  await crm.phone.getByLabel("Sign in as").selectOption({ value: person.id });
  assert.deepEqual(await crm.messages(), []);
  await crm.press("Sign in");
  await crm.next("zp-ready");
  await crm.press("Settings");
  await crm.phone.getByText(`Signed in as ${person.name}`).waitFor();
  await crm.press("Sign out");
  await crm.phone.getByLabel("Sign in as").waitFor();
  await context.close();
});

test("the script alone knows where the phone is", async () => {
  const { page, context } = await app.page();
  await page.goto(`${EMULATOR}/_emulator/embed?variant=script`);
  const crm = new Host(page);
  await crm.press("Sign in");
  await crm.next("onZoomPhoneIframeApiReady");
  assert.equal(await page.locator(FRAME).getAttribute("src"), HOME);
  await context.close();
});

test("a summary is told when the host wants summaries, and only then", async () => {
  const { host: crm, person, close } = await host();
  await ring(person, outside());
  await crm.press("Answer");
  await crm.press("Hang up");
  const log = await crm.filed("zp-call-log-completed-event");
  const { callId } = log.data;
  const change = { user_id: person.id, call_id: callId, deleted: false, edited: false };
  await emulate("events/phone.ai_call_summary_changed", change);
  const { data, ...envelope } = await crm.next("zp-ai-call-summary-event");
  assert.deepEqual(envelope, { type: "zp-ai-call-summary-event" });
  assert.deepEqual(keys(data), [
    "callId",
    "callSummary",
    "deleted",
    "detailedSummary",
    "edited",
    "modifiedTime",
    "nextSteps",
  ]);
  assert.equal(data.callId, callId);
  await crm.send("zp-init-config", { enableAISummary: false });
  const before = (await crm.messages()).length;
  await emulate("events/phone.ai_call_summary_changed", { ...change, deleted: true });
  await emulate("embed/text", { to: person.id, from: outside(), message: "After the summary" });
  await crm.next("zp-sms-log-event");
  assert.deepEqual(types((await crm.messages()).slice(before)), ["zp-sms-log-event"]);
  await close();
});

test("notes may be a JSON string, may be of unknown kinds, and may be filled in by the host", async () => {
  const { host: crm, person, close } = await host();
  const fields = [{ fieldName: "Score", fieldType: "stars", placeholder: "1 to 5" }];
  await crm.send("zp-init-config", { notePageConfiguration: JSON.stringify(fields) });
  await ring(person, outside());
  await crm.press("Answer");
  const { callId } = (await crm.next("zp-call-connected-event")).data;
  await crm.send("zp-add-notes", { unknown: "shape" });
  await crm.send("zp-add-notes", { callId, notesData: { Score: "4" } });
  await crm.press("Notes");
  const field = crm.phone.getByLabel("Score");
  await until("the host's note is there", async () => (await field.inputValue()) === "4");
  await crm.press("Save");
  assert.deepEqual((await crm.next("zp-notes-save-event")).data, {
    callId,
    notesData: { Score: "4" },
  });
  await crm.press("Hang up");
  await close();
});

test("as known from life, a call needs a caller ID and events say that logging is off", async () => {
  const { page, context } = await app.page();
  await context.route("**/api/welcome*", async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...(await response.json()), field: true } });
  });
  const person = somebody();
  const crm = await Host.open(page, person);
  await crm.send("zp-make-call", { number: outside() });
  await crm.phone.locator("#notice", { hasText: "No available callerId" }).waitFor();
  const callerId = await crm.phone.getByLabel("Caller ID").inputValue();
  await crm.send("zp-make-call", { number: outside(), callerId });
  const ringing = await crm.next("zp-call-ringing-event");
  assert.equal(ringing.data.enableAutoLog, false);
  assert.equal(ringing.data.caller.phoneNumber, callerId);
  await crm.press("Notes");
  await crm.press("Save");
  const saved = (await crm.next("zp-notes-save-event")).data;
  assert.deepEqual(
    saved,
    { callId: ringing.data.callId, notesData: {} },
    "empty fields are left out",
  );
  await crm.press("Hang up");
  await context.close();
});

const LOOKS = [
  ["light", { colorScheme: "light", viewport: { width: 360, height: 640 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 360, height: 640 } }],
  ["forced colours", { forcedColors: "active", viewport: { width: 360, height: 640 } }],
  ["the smallest size", { colorScheme: "light", viewport: { width: 350, height: 580 } }],
];
for (const [look, options] of LOOKS) {
  test(`the phone is accessible in ${look}`, async () => {
    const { page, context, complaints } = await app.page(options);
    const person = somebody();
    await page.goto(HOME);
    await page.getByLabel("Sign in as").waitFor();
    await accessible(page, `signing in, ${look}`);
    const listening = page.waitForResponse(/\/api\/feed/);
    await page.goto(`${HOME}?emulator_user=${person.id}`);
    await listening;
    await emulate("embed/text", { to: person.id, from: ADA, message: "Hello" });
    await ring(person, ADA);
    await page.locator("[data-state=ringing]").waitFor();
    await accessible(page, `ringing, ${look}`);
    await page.getByRole("button", { name: "Answer" }).click();
    await page.getByRole("button", { name: "Transfer" }).click();
    await accessible(page, `talking, ${look}`);
    await page.getByRole("button", { name: "Hang up" }).click();
    await page.getByRole("button", { name: "Close" }).click();
    await emulate("clock", { advance: "5m" });
    await page.locator("[data-call]").waitFor({ state: "detached" });
    for (const name of ["Keypad", "History", "Voicemail", "SMS", "Settings"]) {
      await page.getByRole("button", { name, exact: true }).click();
      if (name === "History") await page.locator("[data-log]").first().waitFor();
      await accessible(page, `${name}, ${look}`);
    }
    assert.equal(await page.locator("[data-call]").count(), 0, "a closed call stays closed");
    assert.deepEqual(complaints, []);
    await context.close();
  });
}

test("the example host is accessible", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const { page, context } = await app.page({ colorScheme });
    await Host.open(page, somebody());
    await accessible(page, `the example host in ${colorScheme}`);
    await context.close();
  }
});
