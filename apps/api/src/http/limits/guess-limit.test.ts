import { expect, test } from "vitest";
import { GuessLimit } from "./guess-limit.ts";

test("an address that guesses too often waits for the rest of the minute, and others do not", () => {
  let now = 0;
  const limit = new GuessLimit({ most: 3, windowMs: 60_000, clock: () => now });
  for (let i = 0; i < 3; i++) {
    expect(limit.waitOf("192.0.2.1", `guess ${i}`)).toBe(0);
    limit.failed("192.0.2.1", `guess ${i}`);
    now += 1000;
  }
  expect(limit.waitOf("192.0.2.1", "guess 4")).toBe(57);
  expect(limit.waitOf("192.0.2.2", "guess 4")).toBe(0);
  now = 60_000;
  expect(limit.waitOf("192.0.2.1", "guess 5")).toBe(0);
});

test("a credential that was good passes on from an address where someone else guesses, until it fails", () => {
  const limit = new GuessLimit({ most: 1, clock: () => 0 });
  limit.succeeded("a good token");
  limit.failed("192.0.2.1", "a guess");
  expect(limit.waitOf("192.0.2.1", "a good token")).toBe(0);
  expect(limit.waitOf("192.0.2.1", "another guess")).toBe(60);
  limit.failed("192.0.2.1", "a good token");
  expect(limit.waitOf("192.0.2.1", "a good token")).toBe(60);
});
