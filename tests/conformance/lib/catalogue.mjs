// The catalogue of all operations that the repository carries, its schemas resolved.

import { readFileSync } from "node:fs";

const file = new URL("../../../crates/zoom-phone-types/src/generated/catalogue.json", import.meta.url);
const { schemas, operations: lines } = JSON.parse(readFileSync(file, "utf8"));

/** Every schema as `{ kind, … }`; lines refer to earlier ones by position. */
const resolved = [];
for (const line of schemas) {
  const [kind, rest] = typeof line === "string" ? [line, {}] : Object.entries(line)[0];
  const schema = { kind, ...rest };
  if (kind === "array") schema.items = resolved[rest.items];
  if (kind === "one_of") schema.forms = (Array.isArray(rest) ? rest : rest.forms).map((form) => resolved[form]);
  if (kind === "object") {
    const required = new Set(rest.required ?? []);
    schema.properties = Object.entries(rest.properties ?? {}).map(([name, at]) => ({ name, required: required.has(name), schema: resolved[at] }));
  }
  resolved.push(schema);
}

/** A path with its parameters' names left out: the same for every document that names them differently. */
export const template = (path) => path.replace(/\{[^}]*\}/g, "{}");

export const operations = lines.map((line) => ({
  ...line,
  key: `${line.method} ${template(line.path)}`,
  parameters: line.parameters.map((it) => ({ ...it, schema: resolved[it.schema] })),
  body: line.body && { ...line.body, schema: resolved[line.body.schema] },
}));

/** By verb and template, as `GET /phone/users/{}`. */
export const byKey = new Map(operations.map((it) => [it.key, it]));
