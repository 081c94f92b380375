// Starts all parts of the page, and passes the emulator's news on to them.

import * as account from "./account.js";
import * as calls from "./calls.js";
import * as clock from "./clock.js";
import * as events from "./events.js";
import * as faults from "./faults.js";
import * as ledger from "./ledger.js";
import * as subscriptions from "./subscriptions.js";
import { ask, say } from "./server.js";

const parts = [clock, calls, events, subscriptions, faults, account, ledger];

async function about() {
  const { seed, temper } = await ask("/state");
  document.getElementById("about").textContent =
    `Seed ${seed}, ${temper} temper. Nothing here reaches Zoom.`;
}

/** News that were missed are made up for by reading everything again. */
function listen() {
  const stream = new EventSource("/_emulator/stream");
  let lost = false;
  stream.addEventListener("message", ({ data }) => {
    const news = JSON.parse(data);
    for (const part of parts) {
      if (news.kind === "missed") part.refresh();
      else part.hear(news);
    }
  });
  stream.addEventListener("open", () => {
    if (lost) say("Connected again.");
    lost = false;
    for (const part of parts) part.refresh();
  });
  stream.addEventListener("error", () => {
    lost = true;
    say("The emulator is not reachable; this page tries again.", true);
  });
}

try {
  await about();
  for (const part of parts) await part.start();
  listen();
} catch (error) {
  say(`The page cannot start: ${error.message}`, true);
}
