// Zoom's OpenAPI documents, mended where they are wrong. They are not in the repository.

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const folder = resolve(process.env.ZOOM_OPENAPI_DIR ?? fileURLToPath(new URL("../../../../shared/zoom", import.meta.url)));

const FILES = { phone: "zoom-phone-api-openapi.json", "number-management": "zoom-phone-number-management-openapi.json" };

export const present = () => Object.values(FILES).every((file) => existsSync(join(folder, file)));

/**
 * What is wrong in the documents so that correct answers are refused; nothing else is touched. Each changes a node of
 * the document and says whether it did.
 */
const MENDS = {
  /** Several forms match a correct body; none of the 63 `oneOf` has a discriminator. */
  "oneOf is meant as anyOf"(node) {
    if (!Array.isArray(node.oneOf)) return false;
    node.anyOf = node.oneOf;
    delete node.oneOf;
    return true;
  },
  /** `privileges`: the enumeration is that of the items. */
  "the enum of a list is that of its items"(node) {
    if (node.type !== "array" || !Array.isArray(node.enum) || Array.isArray(node.enum[0])) return false;
    node.items = { ...node.items, enum: node.enum };
    delete node.enum;
    return true;
  },
  /** The description says hh:mm; RFC 3339 has seconds and an offset, too. */
  "a time of day is hh:mm"(node) {
    if (node.format !== "time" || !node.description?.includes("hh:mm")) return false;
    delete node.format;
    return true;
  },
  /** Zoom's changelog of 2026-07-02 has two more values. */
  "warm_transfer_outgoing and _incoming are events of call elements"(node) {
    if (!node.enum?.includes?.("warm_transfer") || node.enum.includes("warm_transfer_incoming")) return false;
    node.enum.push("warm_transfer_outgoing", "warm_transfer_incoming");
    return true;
  },
  /** A body of which nothing is said. */
  "a request body without content is none"(node) {
    if (!node.requestBody || node.requestBody.content) return false;
    delete node.requestBody;
    return true;
  },
  /** An uploaded file is no object. */
  "an uploaded file is binary"(node) {
    const file = node["multipart/form-data"]?.schema?.properties?.file;
    if (file?.type !== "object") return false;
    Object.assign(file, { type: "string", format: "binary" });
    delete node["multipart/form-data"].example;
    return true;
  },
};

/** A document and how often each mend was needed. */
export function read(api) {
  const document = JSON.parse(readFileSync(join(folder, FILES[api]), "utf8"));
  const mended = Object.fromEntries(Object.keys(MENDS).map((name) => [name, 0]));
  const visit = (node) => {
    if (typeof node !== "object" || node === null) return;
    if (!Array.isArray(node)) for (const [name, mend] of Object.entries(MENDS)) mended[name] += Number(mend(node));
    Object.values(node).forEach(visit);
  };
  visit(document.paths);
  visit(document.components);
  return { document, mended };
}
