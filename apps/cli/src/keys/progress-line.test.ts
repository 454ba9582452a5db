import { expect, test } from "vitest";
import { progressLine } from "./progress-line.ts";

const job = { done: 250, total: 1000, rate: 123.4, seconds_left: 6 };

test("a line shows how far, how fast and how long still", () => {
  expect(progressLine("Rotating", job, 80).trimEnd()).toBe(
    "Rotating [########----------------------] 25 %  250/1000 keys  123/s  6 s left",
  );
});

test("it never reaches the terminal's last column, however narrow", () => {
  for (let columns = 1; columns < 100; columns++)
    expect(progressLine("Rotating", job, columns).length).toBe(columns - 1);
});

test("nothing to do is all done, and what is not known is not shown", () => {
  expect(progressLine("Verifying", { done: 0, total: 0, rate: null, seconds_left: null }, 60).trimEnd()).toBe(
    "Verifying [##############################] 100 %  0/0 keys",
  );
});
