import { expect, it } from "vitest";
import { timeLeft } from "./time-left.ts";

it.each([
  [0, ""],
  [-5_000, ""],
  [999, ""],
  [1_000, "1 s"],
  [61_000, "1 min 1 s"],
  [3_600_000, "1 h"],
  [86_399_000, "23 h 59 min"],
  [90 * 86_400_000 + 5_000, "90 d"],
])("%d milliseconds are said as people say them", (ms, said) => expect(timeLeft(ms)).toBe(said));
