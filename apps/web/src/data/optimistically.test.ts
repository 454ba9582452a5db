import { afterEach, expect, it } from "vitest";
import { guess, optimistically } from "./optimistically.ts";
import { queries } from "./queries.ts";

const names = { queryKey: ["names"] };
const add = guess<string[]>(names, (data) => [...data, "new"]);

afterEach(() => queries.clear());

it("what a call will do is shown at once, and stays when it is done", async () => {
  queries.setQueryData(["names", 1], ["old"]);
  let finish = () => {};
  const done = optimistically([add], () => new Promise<void>((resolve) => (finish = resolve)));
  await expect.poll(() => queries.getQueryData(["names", 1])).toEqual(["old", "new"]);
  finish();
  await done;
  expect(queries.getQueryData(["names", 1])).toEqual(["old", "new"]);
  expect(queries.getQueryState(["names", 1])?.isInvalidated).toBe(true);
});

it("what was there before comes back when the call fails, and its error goes on", async () => {
  queries.setQueryData(["names", 1], ["old"]);
  const failed = optimistically([add], () => Promise.reject(new Error("refused")));
  await expect(failed).rejects.toThrow("refused");
  expect(queries.getQueryData(["names", 1])).toEqual(["old"]);
  expect(queries.getQueryState(["names", 1])?.isInvalidated).toBe(true);
});

it("what was never read is not made up", async () => {
  await optimistically([add], async () => {});
  expect(queries.getQueriesData(names)).toEqual([]);
});
