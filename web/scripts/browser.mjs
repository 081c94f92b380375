// The one way this package starts a browser, for tests and screenshots alike.

import { chromium } from "playwright-core";

/** Debian's Chromium, or the one that CHROMIUM names. */
export const launch = () =>
  chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });

/**
 * The server to test: OFFHOOK_URL, or Offhook's default address. `OFFHOOK_URL=mock` starts the
 * mock, whose calls last seconds.
 */
export async function target(pace) {
  const url = process.env.OFFHOOK_URL ?? "http://127.0.0.1:8080";
  if (url !== "mock") return { url, close: async () => {} };
  const { startMock } = await import("../mock/server.mjs");
  return startMock({ pace });
}
