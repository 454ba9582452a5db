import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { AFewAtATime } from "./a-few-at-a-time.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function queue(count: number): { later: AFewAtATime; done: number[] } {
  const later = new AFewAtATime();
  const done: number[] = [];
  for (let n = 0; n < count; n++) later.add(() => done.push(n));
  return { later, done };
}

test("work is put off and done a few pieces at a time, in its order, and nothing is left", () => {
  const { later, done } = queue(20);
  expect(done).toEqual([]);
  const after: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    vi.advanceTimersToNextTimer();
    after.push(done.length);
  }
  expect(after).toEqual([8, 16, 20]);
  expect(done).toEqual(Array.from({ length: 20 }, (_, n) => n));
  expect(vi.getTimerCount()).toBe(0);
  later.add(() => done.push(20));
  vi.advanceTimersToNextTimer();
  expect(done.at(-1)).toBe(20);
});

test("of a crowd more go each time: the last of ten thousand waits for about half a second", () => {
  const { later, done } = queue(10_000);
  let theirs = 0;
  later.add(() => {
    theirs = Date.now();
  });
  const asked = Date.now();
  vi.runAllTimers();
  expect(done.length).toBe(10_000);
  // On a clock that the test moves.
  expect(theirs - asked).toBeLessThanOrEqual(600);
});
