// The telephone: who is signed in, what happens on the line, and which page of it is shown.

import { Bridge, hostOrigin } from "./bridge.js";
import { Calls } from "./calls.js";
import { Contacts } from "./contacts.js";
import { button, fill, h } from "./dom.js";
import { History } from "./history.js";
import { Keypad } from "./keypad.js";
import { Notes } from "./notes.js";
import * as server from "./server.js";
import { Settings } from "./settings.js";
import { Texts } from "./texts.js";

const main = document.getElementById("phone");
const said = document.getElementById("said");
const SIGNED_IN = "emulator_user";

/** What all parts of the phone share. */
const phone = {
  bridge: new Bridge(),
  /** A name of this tab that no other has. */
  tab: Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join(""),
  /** Zoom as it is known to behave, not as it is documented. */
  field: false,
  me: undefined,
  autoLog: false,
  calls: [],
  history: [],
  voicemails: [],
  texts: [],

  /** Tells people, and those who listen to a screen reader. */
  say(text) {
    said.textContent = text;
    const notice = document.getElementById("notice");
    if (notice) notice.textContent = text;
  },
  /** Does something with the server and tells why if it cannot be done. */
  async attempt(action) {
    try {
      this.say("");
      return await action();
    } catch (error) {
      this.say(error.message);
      return undefined;
    }
  },
  dial(number, callerId) {
    const wanted = number.replace(/[^\d+*#]/g, "");
    if (!wanted) return this.say("Enter a number to call.");
    return this.attempt(() => server.post("dial", { user: this.me.id, number: wanted, callerId }));
  },
  press(callId, pressed, to) {
    const body = { user: this.me.id, callId, button: pressed, to };
    return this.attempt(() => server.post("press", body));
  },
  /** Opens a page of the phone. */
  open(page) {
    show(page);
    return pages[page];
  },
};

phone.contacts = new Contacts(phone);
const calls = new Calls(phone);
const pages = {
  keypad: new Keypad(phone),
  history: new History(phone, "history"),
  voicemail: new History(phone, "voicemail"),
  sms: new Texts(phone),
  settings: new Settings(phone, signOut),
  notes: new Notes(phone),
};
const NAMES = {
  keypad: "Keypad",
  history: "History",
  voicemail: "Voicemail",
  sms: "SMS",
  settings: "Settings",
};
let shown = "keypad";
let source;

await start();

async function start() {
  const origin = hostOrigin();
  const welcome = await server.get("welcome", origin === undefined ? {} : { origin });
  if (!welcome.approved) {
    phone.bridge.open();
    return refuse(origin);
  }
  phone.field = welcome.field;
  listen();
  phone.bridge.open(origin);
  const wanted = new URLSearchParams(location.search).get("emulator_user") ?? remembered();
  const known = welcome.people.find((person) => person.id === wanted || person.email === wanted);
  if (known) await signIn(known.id);
  else askWho(welcome.people, wanted);
}

function refuse(origin) {
  document.title = "Phone not available here";
  fill(
    main,
    h("h1", {}, "The phone is not available here"),
    h("p", {}, "The site around this page is not one of the approved domains:"),
    h("p", {}, h("code", {}, origin)),
    h("p", {}, "An administrator can add it to the approved domains of the Smart Embed app."),
  );
}

// Browsers may forbid pages in frames to remember anything.
function remembered() {
  try {
    return sessionStorage.getItem(SIGNED_IN);
  } catch {
    return null;
  }
}

function remember(user) {
  try {
    if (user) sessionStorage.setItem(SIGNED_IN, user);
    else sessionStorage.removeItem(SIGNED_IN);
  } catch {
    // Then it asks again next time.
  }
}

function askWho(people, missing) {
  const choice = h(
    "select",
    { id: "who", name: "user" },
    people.map(({ id, name, extension }) => h("option", { value: id }, `${name}, ${extension}`)),
  );
  const form = h(
    "form",
    {
      className: "sign-in",
      onsubmit(event) {
        event.preventDefault();
        signIn(choice.value);
      },
    },
    h("h1", {}, "Sign in to the phone"),
    missing && h("p", { className: "notice" }, `There is no user ${missing}.`),
    h("label", { for: "who" }, "Sign in as"),
    choice,
    h("button", { className: "primary" }, "Sign in"),
  );
  fill(main, form);
}

async function signIn(user) {
  await load(user);
  remember(phone.me.id);
  draw();
  // One item after the other: what an older one fetched must not replace what a newer one told.
  let line = Promise.resolve();
  const inLine = (item) => {
    line = line.then(() => happen(item)).catch((error) => phone.say(error.message));
  };
  source = server.feed({ user: phone.me.id, tab: phone.tab }, inLine, () =>
    phone.say("The connection to the phone system is lost. Trying again…"),
  );
}

async function signOut() {
  source.close();
  remember(undefined);
  Object.assign(phone, { me: undefined, calls: [], history: [], voicemails: [], texts: [] });
  const { people } = await server.get("welcome");
  askWho(people);
}

async function load(user) {
  const known = await server.get("phone", { user });
  // A call that is over is shown until the person closes it, and not again.
  const over = phone.calls.filter((call) => call.state === "ended");
  const calls = [...over, ...known.calls.filter((call) => call.state !== "ended")];
  Object.assign(phone, known, { calls });
}

async function refresh() {
  await load(phone.me.id);
  calls.update();
  pages[shown].update?.();
}

let ready;
/** One item of the feed. */
async function happen(item) {
  if (!phone.me) return;
  if (item.kind === "open") {
    // At first and whenever the connection is back.
    phone.say("");
    await refresh();
    if (ready !== phone.me.id) {
      ready = phone.me.id;
      phone.bridge.post({ type: "zp-ready" });
      if (document.visibilityState === "visible" && document.hasFocus()) inUse();
    }
    return;
  }
  if (item.kind === "missed") return refresh();
  if (item.kind === "call") {
    const isNew = !phone.calls.some((call) => call.callId === item.call.callId);
    if (isNew) phone.contacts.match([item.call.number], true);
    calls.change(item.call, isNew);
  }
  emit(item.messages ?? [], item.activeTab);
  if (["history", "voicemail", "sms"].includes(item.kind)) await refresh();
}

/** Tells the host what happened, as far as it wants to know. */
function emit(messages, activeTab) {
  const { options } = phone.bridge;
  if (options.disableInactiveTabCallEvent && activeTab !== phone.tab) return;
  for (const message of messages) {
    if (message.type === "zp-ai-call-summary-event" && !options.enableAISummary) continue;
    if (message.type.startsWith("zp-call-")) {
      if (options.enableAutoLog && phone.autoLog) message.data.enableAutoLog = true;
      else if (phone.field) message.data.enableAutoLog = false;
    }
    phone.bridge.post(message);
  }
}

/** This tab is the one that is used. */
function inUse() {
  if (phone.me) server.post("tab", { user: phone.me.id, tab: phone.tab }).catch(() => {});
}

function listen() {
  const { bridge } = phone;
  const on = (type, hear) => bridge.addEventListener(type, ({ detail }) => hear(detail));
  on("zp-init-config", () => {
    phone.contacts.forget();
    if (phone.me) draw();
  });
  on("zp-make-call", (data) => {
    if (!phone.me) return;
    const number = String(data.number ?? "");
    const callerId = typeof data.callerId === "string" ? data.callerId : undefined;
    inUse();
    phone.open("keypad").take(number, callerId);
    if (data.autoDial === false) return;
    if (phone.field && !callerId) phone.say("No available callerId");
    else phone.dial(number, callerId);
  });
  on("zp-input-sms", (data) => phone.me && phone.open("sms").compose(String(data.number ?? "")));
  on("zp-add-notes", (data) => pages.notes.take(data));
  addEventListener("focus", inUse);
  addEventListener("pointerdown", inUse);
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") inUse();
  });
}

function draw() {
  const links = Object.entries(NAMES).map(([page, name]) =>
    button(name, () => show(page), { "data-key": page, "data-page": page }),
  );
  fill(
    main,
    h("h1", { className: "unseen" }, "Phone"),
    h("p", { id: "notice", className: "notice" }),
    calls.element,
    h("section", { id: "page", "aria-label": "Page" }),
    h("nav", { "aria-label": "Phone" }, links),
  );
  calls.update();
  show(shown === "notes" ? "keypad" : shown);
}

function show(page) {
  shown = page;
  const section = document.getElementById("page");
  section.setAttribute("aria-label", NAMES[page] ?? "Notes");
  section.replaceChildren(pages[page].element);
  for (const link of document.querySelectorAll("[data-page]")) {
    if (link.dataset.page === page) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  pages[page].update?.();
  pages[page].shown?.();
}
