// Every operation once, with ids that exist, in an order that makes sense: what is read comes first, then what is
// made, changed and, from the inside out, deleted.

import { readFileSync } from "node:fs";

import { byKey, operations as catalogue, template } from "./catalogue.mjs";
import { MEANINGS } from "./meaning.mjs";
import { Sampler } from "./sample.mjs";

const DAY = 86_400_000;
const VERBS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/** Where the ids of a path are found that its own list or its parent do not tell: a list, and fields of its rows. */
const ELSEWHERE = {
  "/phone/audios": ["/phone/users/{}/audios", "audio_id", "id"],
  "/phone/call_element": ["/phone/call_history/{}", "call_element_id", "id"],
  "/phone/call_history": ["/phone/call_history", "call_history_uuid", "id"],
  "/phone/common_areas/template_id": ["/phone/setting_templates", "id"],
  "/phone/carrier_reseller/numbers": ["/phone/carrier_reseller/numbers", "phone_number"],
  "/phone/devices": ["/phone/devices?type=assigned", "id"],
  "/phone/devices/{}/extensions": ["/phone/devices/{}", "assignees.extension_id", "assignee.extension_id"],
  "/phone/extension": ["/phone/users", "extension_id"],
  "/phone/external_contacts": ["/phone/external_contacts", "external_contact_id"],
  "/phone/numbers/sites": ["/phone/sites", "id"],
  "/phone/recording/download": ["/phone/recordings", "download_url"],
  "/phone/recording_transcript/download": ["/phone/recordings", "id"],
  "/phone/sms_consent": ["/number_management/sms_consent", "consent_id"],
  "/phone/sms/sessions/{}/messages": ["/phone/sms/sessions/{}", "message_id"],
  "/phone/user": ["/phone/users", "id"],
  "/phone/users/{}/call_history": ["/phone/users/{}/call_history", "call_history_uuid", "id"],
  "/phone/voice_mails/download": ["/phone/voice_mails", "download_url"],
};

/** What makes the first thing of a list that nothing is posted to. */
const MAKERS = { "/phone/fax/logs": "SendEFax", "/phone/sms/sessions": "postSmsMessage" };

/** Values of parameters that the documents tell in prose only. */
const SPOKEN = { policyType: "voice_mail", settingType: "voice_mail" };

/** Names of ids in rows, the likeliest first. */
const ID_FIELDS = (parameter) => [
  "id",
  parameter.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  `${parameter.replace(/Id$/, "").toLowerCase()}_id`,
  "extension_id",
  "number",
  "type",
];

/** What a dotted name leads to in a row; the first of each list on the way. */
function dig(row, field) {
  let value = row;
  for (const part of field.split(".")) value = (Array.isArray(value) ? value[0] : value)?.[part];
  value = Array.isArray(value) ? value[0] : value;
  if (typeof value === "object" && value !== null) value = value.number ?? value.id;
  return value;
}

const { refusals: REFUSALS } = JSON.parse(readFileSync(new URL("../allowances.json", import.meta.url), "utf8"));

/** What is refused with a documented reason that no request can avoid: those with their reason, and the rest. */
export function judged(results, answer) {
  const refused = results.filter((it) => it.status >= 400);
  const allowed = Object.fromEntries(REFUSALS.map((it) => [it.reason, 0]));
  const wrong = refused.filter((it) => {
    const known = REFUSALS.find(({ operations, answer: text }) => operations.includes(it.operation.id) && answer(it).includes(text));
    if (known) allowed[known.reason]++;
    return !known;
  });
  return { accepted: results.length - refused.length, allowed, wrong };
}

export class Walk {
  /** `emulator` answers the questions in between; `send(operation, request)` does what is to be proved. */
  constructor({ emulator, send }) {
    Object.assign(this, { emulator, send });
    this.known = new Map();
    this.made = new Map();
    this.now = new Date();
  }

  /** Calls every operation; the results have the operation, the request, the status and what became of the ids. */
  async all(operations) {
    const depth = (it) => it.path.split("/").length;
    const order = operations.toSorted(
      (one, other) =>
        VERBS.indexOf(one.method) - VERBS.indexOf(other.method) ||
        (one.method === "DELETE" ? depth(other) - depth(one) : depth(one) - depth(other)),
    );
    const results = [];
    for (const operation of order) results.push(await this.once(operation));
    return results;
  }

  async once(operation) {
    const request = await this.request(operation);
    const answer = await this.send(operation, request);
    if (operation.method === "POST" && answer.status < 300) this.remember(operation, request, answer.body);
    if (operation.method !== "GET") this.known.clear();
    return { operation, request, ...answer };
  }

  /** Has the emulator perform an operation, so that there is something to ask for; `change` may alter its request. */
  async make(id, change = () => {}) {
    const operation = catalogue.find((it) => it.id === id);
    const request = await this.request(operation);
    await change(request);
    const address = operation.path.replace(/\{([^}]*)\}/g, (_, name) => request.path[name]);
    const answer = await this.emulator.write(operation.method, address, request.body);
    this.known.clear();
    return answer;
  }

  /** `path` by parameter names, already percent-encoded; `query`; `body`. */
  async request(operation) {
    const request = await this.formal(operation);
    await MEANINGS[operation.id]?.(request, this);
    request.missing = Object.keys(request.path).filter((name) => request.path[name] === "unknown");
    return request;
  }

  /** A request as the operation's form has it. */
  async formal(operation) {
    const { values, hints } = await this.path(operation);
    const sampler = new Sampler({ find: (list, field) => this.reference(list, field), now: this.now, hints });
    const query = {};
    const window = { from: -7, to: 0, start_date: -7, end_date: 0 };
    for (const { name, in: place, required, schema } of operation.parameters) {
      if (place !== "query") continue;
      if (required && !(name in window)) {
        const value = await sampler.value(name, schema);
        query[name] = value ?? (schema.kind === "array" ? ["unknown"] : "unknown");
      } else if (name in window) {
        query[name] = new Date(this.now.getTime() + window[name] * DAY).toISOString().slice(0, 10);
      } else if (name === "page_size") query[name] = 10;
    }
    let body;
    if (operation.body?.content_type === "application/json") {
      body = await sampler.value(operation.path.split("/").at(-1), operation.body.schema);
    } else if (operation.body) {
      body = { file: new File(["RIFF"], "a.pdf", { type: "application/pdf" }) };
      for (const it of operation.body.schema.properties) {
        if (it.name !== "file" && it.schema.kind === "text") body[it.name] = await sampler.value(it.name, it.schema);
      }
    }
    return { path: values, query, body };
  }

  /** The parameters in the path, from left to right. */
  async path(operation) {
    const [values, hints] = [{}, []];
    let concrete = "";
    for (const segment of operation.path.split("/").slice(1)) {
      const name = /^\{(.*)\}$/.exec(segment)?.[1];
      if (!name) {
        concrete += `/${segment}`;
        continue;
      }
      const { schema } = operation.parameters.find((it) => it.in === "path" && it.name === name);
      let value;
      if (schema.values?.length) {
        value = schema.values.includes("business_hours") && operation.method === "PATCH" ? "business_hours" : schema.values[0];
        hints.push(value);
      } else if (SPOKEN[name]) {
        value = SPOKEN[name];
        hints.push(value);
      } else {
        const whole = operation.path.endsWith(segment);
        const made = this.made.get(concrete);
        if (operation.method === "DELETE" && whole && made?.length) value = made.pop();
        else value = (await this.ids(concrete, name)).at(operation.method === "DELETE" && whole ? -1 : 0);
        value ??= "unknown";
      }
      values[name] = encodeURIComponent(value);
      concrete += `/${values[name]}`;
    }
    return { values, hints };
  }

  /** Ids of the things below a concrete path. */
  async ids(collection, parameter) {
    const shape = this.shape(collection);
    const [list, ...fields] = ELSEWHERE[shape] ?? [shape];
    const names = fields.length ? fields : ID_FIELDS(parameter);
    const from = await this.rows(await this.fill(list, collection));
    const pick = (row) => names.map((name) => (typeof row === "object" ? dig(row, name) : row)).find((it) => it !== undefined && it !== "");
    let ids = from.map(pick).filter((it) => it !== undefined);
    if (!ids.length) {
      // A list in the parent: the phone numbers of a user.
      const cut = collection.lastIndexOf("/");
      const parent = await this.emulator.read(collection.slice(0, cut));
      const inside = parent?.[collection.slice(cut + 1)];
      ids = Object.values(inside ?? {}).flat().map(pick).filter((it) => it !== undefined);
    }
    const maker = MAKERS[shape] ?? byKey.get(`POST ${shape}`)?.id;
    if (!ids.length && maker && !this.making) {
      this.making = true;
      await this.make(maker);
      ids = (await this.rows(collection)).map(pick).filter((it) => it !== undefined);
      this.making = false;
    }
    // The file at the end of an address.
    return ids.map((id) => (String(id).startsWith("http") ? new URL(id).pathname.split("/").at(-1) : id));
  }

  /** A concrete path as a template: every other segment that is not a name of the catalogue is a value. */
  shape(concrete) {
    const names = new Set([...byKey.keys()].flatMap((key) => key.split(" ")[1].split("/")));
    return concrete.split("/").map((it) => (names.has(it) ? it : "{}")).join("/");
  }

  /** A list's address with the values of a concrete path in it, or with the first that there are. */
  async fill(list, concrete) {
    const values = concrete.split("/").filter((it, at) => this.shape(concrete).split("/")[at] === "{}");
    let address = "";
    for (const segment of list.split("/").slice(1)) {
      if (segment !== "{}") address += `/${segment}`;
      else address += `/${values.shift() ?? encodeURIComponent((await this.ids(address, "id"))[0] ?? "unknown")}`;
    }
    return address;
  }

  /** The rows of a list, once read. */
  async rows(address) {
    if (!this.known.has(address)) {
      const answer = (await this.emulator.read(address)) ?? {};
      const list = byKey.get(`GET ${template(this.shape(address.split("?")[0]))}`)?.paging?.items;
      const rows = Array.isArray(answer) ? answer : answer[list] ?? Object.values(answer).find((it) => Array.isArray(it) && typeof it[0] === "object");
      this.known.set(address, rows ?? []);
    }
    return this.known.get(address);
  }

  async reference(list, field) {
    for (const row of await this.rows(list)) {
      const value = dig(row, field);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  remember(operation, request, body) {
    const concrete = Object.entries(request.path).reduce((path, [name, value]) => path.replace(`{${name}}`, value), operation.path);
    const id = body?.id ?? Object.entries(body ?? {}).find(([name, value]) => name.endsWith("_id") && typeof value === "string")?.[1];
    if (id !== undefined) this.made.set(concrete, [...(this.made.get(concrete) ?? []), id]);
  }
}
