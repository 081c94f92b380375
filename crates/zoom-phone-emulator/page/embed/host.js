// An example of a page that holds the phone. `?variant=script` uses the script; `?emulator_user=` signs in.

const HOME = "/integration/phone/embeddablephone/home";
const origin = document.querySelector('meta[name="embed-origin"]').content || location.origin;
const asked = new URLSearchParams(location.search);

const CONTACTS = [
  { id: "crm-1", name: "Ada Example", number: "+15552010142" },
  { id: "crm-2", name: "Bela Sample", number: "+15552010143" },
  { id: "crm-3", name: "Carla Instance", number: "+15552010144" },
];
const OPTIONS = {
  enableSavingLog: true,
  enableAutoLog: true,
  enableContactSearching: true,
  enableContactMatching: true,
  enableAISummary: true,
  disableInactiveTabCallEvent: asked.get("inactive") !== "events",
  notePageConfiguration: [
    {
      fieldName: "Outcome",
      fieldType: "select",
      placeholder: "Pick one",
      selectOptions: [
        { label: "Sold", value: "sold" },
        { label: "Call back", value: "callback" },
      ],
    },
    { fieldName: "Remarks", fieldType: "text", placeholder: "Free text" },
  ],
};

const log = document.getElementById("log");
const options = document.getElementById("options");
options.value = JSON.stringify(OPTIONS, null, 2);

function write(direction, message) {
  const row = document.createElement("li");
  row.dataset.direction = direction;
  row.dataset.type = message.type;
  row.textContent = `${direction === "in" ? "from" : "to"} the phone: ${JSON.stringify(message)}`;
  log.append(row);
  log.scrollTop = log.scrollHeight;
}

const frame = () => document.getElementById("zoom-embeddable-phone-iframe");

function send(type, data) {
  const message = { type, data };
  frame().contentWindow.postMessage(message, new URL(frame().src).origin);
  write("out", message);
}

const init = () => send("zp-init-config", JSON.parse(options.value));

const answers = {
  "zp-ready": init,
  "zp-contact-search-event": ({ requestId, searchString }) => {
    const wanted = searchString.toLowerCase();
    const found = CONTACTS.filter(
      ({ name, number }) => name.toLowerCase().includes(wanted) || number.includes(wanted),
    );
    const contacts = found.map(({ name, number }) => ({ number, displayName: name }));
    send("zp-contact-search-response", { responseId: requestId, contacts });
  },
  "zp-contact-match-event": ({ requestId, phoneNumbers }) => {
    const known = CONTACTS.filter(({ number }) => phoneNumbers.includes(number));
    const contacts = Object.fromEntries(
      known.map(({ id, name, number }) => [number, { id, name }]),
    );
    send("zp-contact-match-response", { responseId: requestId, contacts });
  },
};

window.addEventListener("message", (event) => {
  if (event.source !== frame()?.contentWindow || event.origin !== new URL(frame().src).origin)
    return;
  write("in", event.data);
  answers[event.data?.type]?.(event.data.data);
});

const field = (id) => document.getElementById(id).value.trim();
const user = () => asked.get("emulator_user");

/** Asks the emulator, not the phone. */
const emulate = (path, body) =>
  fetch(`/_emulator/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

const call = (number, autoDial) => {
  const callerId = field("caller-id");
  send("zp-make-call", { number, ...(callerId && { callerId }), autoDial });
};
const commands = {
  call: () => call(field("number"), true),
  fill: () => call(field("number"), false),
  sms: () => send("zp-input-sms", { number: field("number") }),
  init,
  ring: () => emulate("scenarios/inbound_answered", { to: user(), from: field("number") }),
  text: () =>
    emulate("embed/text", { to: user(), from: field("number"), message: "Hello from outside" }),
  clear: () => log.replaceChildren(),
};
document.addEventListener("click", ({ target }) => commands[target.dataset?.command]?.());

for (const { name, number } of CONTACTS) {
  const row = document.createElement("tr");
  const cell = (content) => row.insertCell().append(content);
  cell(name);
  cell(number);
  const button = (text, action) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", `${text} ${name}`);
    made.addEventListener("click", action);
    return made;
  };
  const buttons = document.createElement("div");
  buttons.className = "buttons";
  buttons.append(
    button("Call", () => call(number, true)),
    button("SMS", () => send("zp-input-sms", { number })),
  );
  cell(buttons);
  document.getElementById("contacts").append(row);
}

const address = new URL(origin + HOME);
if (user()) address.searchParams.set("emulator_user", user());
if (asked.get("variant") === "script") {
  if (user()) window.PHONESDKIFRAMEURL = address.href;
  window.onZoomPhoneIframeApiReady = () => write("in", { type: "onZoomPhoneIframeApiReady" });
  const script = document.createElement("script");
  script.src = `${origin}/phoneSdk/static/smart-embed/js/sdk.js`;
  document.head.append(script);
} else {
  const made = document.createElement("iframe");
  made.id = "zoom-embeddable-phone-iframe";
  made.title = "Phone";
  made.allow = `clipboard-read; clipboard-write ${origin}`;
  made.src = address.href;
  document.getElementById("place").append(made);
}
