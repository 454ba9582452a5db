import { expect, test } from "vitest";
import { together } from "./together.ts";

/** Lots that are answered by hand. */
function byHand(options: { lots?: number; most?: number }) {
  const lots: { of: readonly number[]; answer(): void; fail(error: Error): void }[] = [];
  const ask = together<number, number>(
    (of) =>
      new Promise((resolve, reject) => {
        lots.push({ of, answer: () => resolve(of.map((n) => n * 10)), fail: reject });
      }),
    options,
  );
  return { ask, lots };
}
const breath = () => new Promise((resolve) => setImmediate(resolve));

test("what comes at once goes together, and each gets its own answer", async () => {
  const { ask, lots } = byHand({ lots: 1 });
  const answers = Promise.all([1, 2, 3].map(ask));
  await breath();
  expect(lots.map(({ of }) => of)).toEqual([[1, 2, 3]]);
  lots[0]!.answer();
  expect(await answers).toEqual([10, 20, 30]);
});

test("while lots are under way the others wait, and are the next one, up to so many", async () => {
  const { ask, lots } = byHand({ lots: 1, most: 2 });
  const answers = Promise.all([1, 2, 3, 4, 5].map(ask));
  for (let i = 0; i < 3; i++) {
    await breath();
    expect(lots).toHaveLength(i + 1);
    lots[i]!.answer();
  }
  expect(await answers).toEqual([10, 20, 30, 40, 50]);
  expect(lots.map(({ of }) => of)).toEqual([[1, 2], [3, 4], [5]]);
});

test("a lot that fails fails its own, and the next one goes on", async () => {
  const { ask, lots } = byHand({ lots: 1, most: 1 });
  const [first, second] = [ask(1), ask(2)];
  await breath();
  lots[0]!.fail(new Error("the database is away"));
  await expect(first).rejects.toThrow("the database is away");
  await breath();
  lots[1]!.answer();
  expect(await second).toBe(20);
});
