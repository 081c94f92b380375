import svelte from "eslint-plugin-svelte";
import ts from "typescript-eslint";
import svelteConfig from "./svelte.config.js";

export default ts.config(
  { ignores: ["dist", "node_modules", "screenshots", "test-results"] },
  ...ts.configs.strict,
  ...svelte.configs.recommended,
  {
    files: ["**/*.svelte", "**/*.svelte.ts"],
    languageOptions: {
      parserOptions: { parser: ts.parser, svelteConfig, extraFileExtensions: [".svelte"] },
    },
  },
  {
    rules: {
      "no-console": "error",
      eqeqeq: ["error", "always"],
      // The router intercepts plain links; SvelteKit's `resolve()` does not exist here.
      "svelte/no-navigation-without-resolve": "off",
      // `{" "}` keeps a space that the compiler would otherwise trim.
      "svelte/no-useless-mustaches": "off",
    },
  },
  {
    files: ["scripts/**", "mock/**", "e2e/**"],
    rules: { "no-console": "off" },
  },
);
