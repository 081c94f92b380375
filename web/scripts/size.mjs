// Holds the built app to its budget: 150 KiB of JavaScript and 25 KiB of CSS, brotli-compressed.

import { readdir, readFile } from "node:fs/promises";
import { brotliCompressSync } from "node:zlib";

const BUDGET = { js: 150, css: 25 };
const dir = new URL("../dist/assets/", import.meta.url);
const sizes = { js: 0, css: 0 };
for (const name of await readdir(dir)) {
  const kind = name.split(".").at(-1);
  if (kind in sizes) {
    sizes[kind] += brotliCompressSync(await readFile(new URL(name, dir))).length / 1024;
  }
}
for (const [kind, budget] of Object.entries(BUDGET)) {
  const size = sizes[kind];
  console.log(`${kind}: ${size.toFixed(1)} of ${String(budget)} KiB`);
  if (size === 0 || size > budget) process.exitCode = 1;
}
