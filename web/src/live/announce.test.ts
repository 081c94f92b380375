import { expect, it } from "vitest";
import { announce, silent } from "./announce";

it("speaks at most every ten seconds, and then only what is still true", () => {
  let a = announce(silent, "one", 1_000);
  expect(a.said).toBe("one");
  a = announce(a, "two", 5_000);
  expect(a.said).toBe("one");
  a = announce(a, "three", 11_000);
  expect(a.said).toBe("three");
});

it("says nothing twice", () => {
  const a = announce(silent, "one", 0);
  expect(announce(a, "one", 60_000)).toBe(a);
});
