import { expect, test } from "vitest";
import { BulkGate } from "./bulk-gate.ts";

/** Work that goes on until it is told to end, and a count of how much of it runs. */
function works(gate: BulkGate) {
  const ends: (() => void)[] = [];
  let running = 0;
  const start = () =>
    gate.pass(async () => {
      running++;
      await new Promise<void>((end) => ends.push(end));
      running--;
    });
  return { start, ends, running: () => running };
}

const settled = () => new Promise((done) => setImmediate(done));

test("so many run at once, the others wait, and those for whom there is no room to wait are told that it is busy", async () => {
  const gate = new BulkGate({ atOnce: 2, mostWaiting: 1 });
  const { start, ends, running } = works(gate);
  const all = [start(), start(), start()];
  await expect(start()).rejects.toMatchObject({ code: "busy" });
  await settled();
  expect(running()).toBe(2);
  ends[0]!();
  await settled();
  expect([running(), ends.length]).toEqual([2, 3]);
  ends[1]!();
  ends[2]!();
  await Promise.all(all);
  expect(await gate.pass(async () => "free again")).toBe("free again");
});

test("work that fails makes room, too", async () => {
  const gate = new BulkGate({ atOnce: 1, mostWaiting: 1 });
  const failing = gate.pass(() => Promise.reject(new Error("not real")));
  const waiting = gate.pass(async () => "next");
  await expect(failing).rejects.toThrow("not real");
  expect(await waiting).toBe("next");
  expect(await gate.pass(async () => "free again")).toBe("free again");
});
