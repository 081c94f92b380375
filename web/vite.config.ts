import { svelte } from "@sveltejs/vite-plugin-svelte";
import { loadEnv } from "vite";
import { defineConfig } from "vitest/config";

export default defineConfig(({ mode }) => {
  /** The Offhook (or mock) server that `npm run dev` forwards API requests to. */
  const api = loadEnv(mode, ".", "OFFHOOK_")["OFFHOOK_URL"] ?? "http://127.0.0.1:8080";
  return {
    plugins: [svelte()],
    build: {
      // Baseline 2024: `light-dark()`, subgrid and cascade layers are used as they are.
      target: ["chrome123", "edge123", "firefox121", "safari17.5"],
      // The server's policy allows no inline script, so nothing may be inlined or polyfilled.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
    },
    server: { proxy: { "/api": api } },
    test: { include: ["src/**/*.test.ts"] },
  };
});
