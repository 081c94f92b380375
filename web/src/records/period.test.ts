import { expect, test } from "vitest";
import { NOW } from "../test/calls";
import { lastDays } from "./period";

test("a comparison covers whole days of queues and leaves out what is too young", () => {
  expect(lastDays(1, NOW + 250)).toEqual({
    from: "2026-11-19T00:00:00Z",
    to: "2026-11-20T12:55:00Z",
  });
  expect(lastDays(7, NOW).from).toBe("2026-11-13T00:00:00Z");
  // Just after midnight the young hour reaches back into the day before.
  expect(lastDays(1, Date.parse("2026-11-20T00:10:00Z"))).toEqual({
    from: "2026-11-19T00:00:00Z",
    to: "2026-11-19T23:05:00Z",
  });
});
