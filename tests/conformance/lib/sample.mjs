// Values that a schema of the catalogue accepts. What refers to something takes an id that exists.

/** The beginning of a picture. */
const PICTURE = "iVBORw0KGgo=";

const PEOPLE = ["Ada Moreno", "Ben Okafor", "Chloe Laurent", "David Kim", "Elif Demir", "Frank Novak"];

/** Fields that name a thing of the company: the list it is in, and the field of the row that is meant. */
const REFERENCES = {
  access_member_id: ["/phone/users", "id"],
  access_user_id: ["/phone/users", "id"],
  assignee_extension_ids: ["/phone/users", "extension_id"],
  billing_account_id: ["/phone/billing_accounts", "id"],
  busy_forward_to_extension_id: ["/phone/users", "extension_id"],
  common_area_ids: ["/phone/common_areas", "id"],
  consent_ids: ["/number_management/sms_consent", "consent_id"],
  consumer_phone_number: ["/phone/external_contacts", "phone_numbers"],
  customize_ids: ["/phone/outbound_caller_id/customized_numbers", "customize_id"],
  delegation_assistant_extension_id: ["/phone/users", "extension_id"],
  device_id: ["/phone/devices?type=assigned", "id"],
  elin_phone_number_id: ["/phone/numbers", "id"],
  emergency_address_id: ["/phone/emergency_addresses", "id"],
  extension_id: ["/phone/users", "extension_id"],
  extension_ids: ["/phone/users", "extension_id"],
  external_contact_id: ["/phone/external_contacts", "external_contact_id"],
  forward_extension_id: ["/phone/users", "extension_id"],
  forward_to_extension_id: ["/phone/users", "extension_id"],
  member_extension_ids: ["/phone/users", "extension_id"],
  numbers: ["/phone/numbers?type=unassigned", "number"],
  operator_extension_id: ["/phone/users", "extension_id"],
  parent_location_id: ["/phone/locations", "id"],
  phone_number_ids: ["/phone/numbers?type=unassigned", "id"],
  phone_numbers: ["/phone/numbers?type=unassigned", "number"],
  provision_template_id: ["/phone/provision_templates", "id"],
  role_id: ["/phone/roles", "id"],
  session_id: ["/phone/sms/sessions", "session_id"],
  shared_id: ["/phone/users", "extension_id"],
  sip_group_id: ["/phone/sip_groups", "id"],
  site_id: ["/phone/sites", "id"],
  site_name: ["/phone/sites", "name"],
  slg_id: ["/phone/shared_line_groups", "id"],
  source_auto_receptionist_id: ["/phone/auto_receptionists", "id"],
  target_ids: ["/phone/sites", "id"],
  template_id: ["/phone/setting_templates", "id"],
  transfer_site_id: ["/phone/sites", "id"],
  user_id: ["/phone/users", "id"],
  user_ids: ["/phone/users", "id"],
};

/** The same for the field `id` of these objects. */
const REFERENCES_IN = {
  billing_account: ["/phone/billing_accounts", "id"],
  busy_connect_operator: ["/phone/users", "extension_id"],
  connect_to_operator: ["/phone/users", "extension_id"],
  desk_phones: ["/phone/devices?type=assigned", "id"],
  devices: ["/phone/devices?type=unassigned", "id"],
  phone_numbers: ["/phone/numbers?type=unassigned", "id"],
  sender: ["/phone/users", "id"],
  users: ["/phone/users", "id"],
};

export class Sampler {
  /**
   * `find(list, field)` looks an id up, and answers `undefined` when there is none. `hints` are words of the request,
   * such as `holiday_hours` in the path, that decide between forms.
   */
  constructor({ find, now, hints = [] }) {
    Object.assign(this, { find, now, hints });
    Sampler.count = (Sampler.count ?? 0) + 1;
    this.number = Sampler.count;
  }

  /** A value for a field of this name inside an object of that name; `undefined` when it would name what is not there. */
  async value(name, schema, parent = "", siblings = {}) {
    switch (schema.kind) {
      case "any":
        return {};
      case "boolean":
        // A reset goes with nothing else.
        return name !== "reset";
      case "number":
        return schema.min ?? 1;
      case "integer":
        return this.integer(name, schema, parent);
      case "text":
        return this.text(name, schema, parent);
      case "array":
        return this.array(name, schema);
      case "object":
        return this.object(name, schema);
      case "one_of":
        return this.value(name, this.form(schema.forms, siblings), parent);
      default:
        throw new Error(`a schema of the kind ${schema.kind}`);
    }
  }

  integer(name, { min, max, values }, parent) {
    if (values?.length) return values[0];
    if (name === "target_type" || (name === "type" && parent === "calling_plans")) return 100;
    if (name === "source_type") return 200;
    if (name === "extension_number") return 70_000 + this.number;
    return Math.min(Math.max(1, min ?? 1), max ?? Infinity);
  }

  async text(name, { format, values, min = 0, max = Infinity }, parent) {
    // What is referred to is a user, unless its name says otherwise.
    if (values?.length) return values.find((value) => this.hints.includes(value) || value === "user") ?? values[0];
    const reference = name === "id" ? REFERENCES_IN[parent] : REFERENCES[name];
    if (reference) return this.find(...reference);
    // An id of something that no list has.
    if (name === "id" || name.endsWith("_id") || name.endsWith("_ids")) return undefined;
    return this.words(name, format).slice(0, max).padEnd(min, "x");
  }

  words(name, format) {
    const at = (days) => new Date(this.now.getTime() + days * 86_400_000).toISOString();
    const days = name === "to" || name.includes("end") ? 30 : 29;
    if (format === "date" || format === "date-or-date-time") return at(days).slice(0, 10);
    if (format === "date-time") return `${at(days).slice(0, 19)}Z`;
    if (format === "time" || name === "from" || name === "to") return name === "to" ? "17:00" : "09:00";
    const has = (...parts) => parts.some((part) => name.includes(part));
    if (format === "email" || has("email")) return `walk.${this.number}@example.com`;
    if (has("time_zone", "timezone")) return "America/New_York";
    if (has("mac_address")) return `64-16-7f-00-00-${(this.number % 256).toString(16).padStart(2, "0")}`;
    if (has("ip_address") || name.endsWith("_ip") || name === "public_ip") return "192.0.2.7";
    if (name === "extension_number") return String(70_000 + this.number);
    if (name.startsWith("port_range")) return "8080";
    if (name.endsWith("number") || name.endsWith("numbers")) return `+1646555${String(1000 + (this.number % 9000))}`;
    if (has("base64")) return PICTURE;
    if (name === "audio_type") return "mp3";
    if (name === "calling_plans") return "100";
    if (name === "capability") return "incoming";
    if (name === "client_code" || name === "pin_code") return "7391";
    if (has("country")) return "US";
    if (has("language")) return "en-US";
    if (has("state_code")) return "NY";
    if (name === "zip") return "10001";
    if (has("date")) return at(days).slice(0, 10);
    if (has("url")) return "https://example.com/a";
    if (name === "name" || name.endsWith("_name")) return `${PEOPLE[this.number % PEOPLE.length]} ${this.number}`;
    return `${name.replaceAll("_", " ") || "text"} ${this.number}`;
  }

  async array(name, { items, min = 0 }) {
    const list = [];
    for (let nth = 0; nth < Math.max(1, min); nth++) {
      const value = await this.value(name, items, name);
      if (value !== undefined) list.push(value);
    }
    return list.length ? list : undefined;
  }

  async object(name, { properties }) {
    const object = {};
    // What decides about the form of a sibling comes first.
    const last = (property) => Number(property.schema.kind === "one_of");
    for (const property of properties.toSorted((one, other) => last(one) - last(other))) {
      const value = await this.value(property.name, property.schema, name, object);
      if (value !== undefined) object[property.name] = value;
      else if (property.required) object[property.name] = property.schema.kind === "array" ? [] : "unknown";
    }
    return object;
  }

  /** The form with a field that a word of the request or a sibling names; else the first. */
  form(forms, siblings) {
    const words = [...this.hints, ...Object.values(siblings).filter((it) => typeof it === "string")];
    const fields = (form) => (form.kind === "one_of" ? form.forms.flatMap(fields) : (form.properties ?? []).map((it) => it.name));
    const meant = (form) => fields(form).some((field) => words.some((word) => field.startsWith(word) || word.startsWith(field)));
    return forms.find(meant) ?? forms[0];
  }
}
