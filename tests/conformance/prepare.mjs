// node prepare.mjs FOLDER: writes Zoom's documents, mended, and for every operation ids that exist, for tools that
// make requests of their own.
//
// EMULATOR: the emulator's address. ZOOM_OPENAPI_DIR: where Zoom's documents are, ../shared/zoom unless set.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { operations } from "./lib/catalogue.mjs";
import { read } from "./lib/documents.mjs";
import { Emulator } from "./lib/emulator.mjs";
import { Walk } from "./lib/walk.mjs";

const folder = process.argv[2];
mkdirSync(folder, { recursive: true });
for (const api of ["phone", "number-management"]) writeFileSync(join(folder, `${api}.json`), JSON.stringify(read(api).document));
const emulator = new Emulator();
await emulator.populate();
const walk = new Walk({ emulator });
const ids = {};
for (const operation of operations) {
  const { path } = await walk.request(operation);
  ids[operation.id] = Object.fromEntries(Object.entries(path).map(([name, value]) => [name, decodeURIComponent(value)]));
}
writeFileSync(join(folder, "ids.json"), JSON.stringify(ids));
writeFileSync(join(folder, "token"), await emulator.token());
process.exit(0);
