// What tests of the emulator's embedded phone need: a host page with the phone of one person in it.

import { until } from "./app.mjs";

/** The emulator; `cargo xtask test` starts one that plays no calls by itself. */
export const EMULATOR = process.env.EMULATOR_URL ?? "http://127.0.0.1:8090";
export const FRAME = "#zoom-embeddable-phone-iframe";

const asked = await fetch(`${EMULATOR}/_emulator/embed`);
/** Origin of the phone, which is not that of the emulator. */
export const PHONE = /name="embed-origin" content="([^"]*)"/.exec(await asked.text())[1];
export const HOME = `${PHONE}/integration/phone/embeddablephone/home`;

const welcome = await fetch(`${PHONE}/integration/phone/embeddablephone/api/welcome`);
const { people } = await welcome.json();
let taken = 0;
/** Somebody of the company whose phone no other test uses. */
export const somebody = () => people[taken++];

/** A number outside that no other test uses. */
let numbers = 0;
export const outside = () => `+1555202${String((numbers += 1)).padStart(4, "0")}`;

export async function emulate(path, body) {
  const response = await fetch(`${EMULATOR}/_emulator/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
}

/** The phone of somebody rings; `true` once it is known to. */
export const ring = (person, from) =>
  emulate("scenarios/inbound_answered", { to: person.id, from });

/** A host page with a person's phone, ready and told what the host wants. */
export class Host {
  static async open(page, person, { query = "", options } = {}) {
    const host = new Host(page);
    await page.goto(`${EMULATOR}/_emulator/embed?emulator_user=${person.id}${query}`);
    await host.next("zp-init-config", "out");
    if (options) {
      await page.locator("summary").click();
      await page
        .getByLabel("JSON")
        .fill(
          JSON.stringify({ ...(await host.message("zp-init-config", "out")).data, ...options }),
        );
      await page.getByRole("button", { name: "Send init" }).click();
      await page.locator("summary").click();
    }
    await host.phone.getByRole("button", { name: "Keypad" }).waitFor();
    return host;
  }

  constructor(page) {
    this.page = page;
    this.phone = page.frameLocator(FRAME);
  }

  /** All messages of the log: from the phone ("in") or to it ("out"). */
  async messages(direction = "in") {
    const rows = await this.page
      .locator(`#log [data-direction=${direction}]`)
      .evaluateAll((all) => all.map((row) => row.textContent));
    return rows.map((row) => JSON.parse(row.slice(row.indexOf("{"))));
  }

  async message(type, direction) {
    return (await this.messages(direction)).findLast((message) => message.type === type);
  }

  /** Waits for a message and takes all of them off the page's log up to now. */
  next(type, direction) {
    return until(`${type} has come`, () => this.message(type, direction));
  }

  /** Waits for a message about a log or a file, which comes some minutes after the call: the clock is put forward. */
  async filed(type) {
    await this.next("zp-call-ended-event");
    await emulate("clock", { advance: "5m" });
    return this.next(type);
  }

  /** What the host says to the phone. */
  send(type, data) {
    return this.page
      .locator(FRAME)
      .evaluate(
        (frame, message) => frame.contentWindow.postMessage(message, new URL(frame.src).origin),
        { type, data },
      );
  }

  press(name) {
    return this.phone.getByRole("button", { name, exact: true }).click();
  }

  /** The card of a call in a state. */
  call(state) {
    return this.phone.locator(`[data-call][data-state=${state}]`);
  }
}
