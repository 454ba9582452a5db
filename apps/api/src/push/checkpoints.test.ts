import { CheckpointReader, decodeNoteKey } from "@keyfold/ledger";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMetrics } from "../observe/metrics.ts";
import { pushRound } from "./checkpoints.ts";

let house: House;
beforeEach(async () => {
  house = await openHouse();
});
afterEach(() => house.close());

function pushing(fail: () => boolean = () => false) {
  const lines: string[] = [];
  const errors: string[] = [];
  const metrics = createMetrics({ process: false });
  const push = pushRound({
    keyfold: house.server,
    file: {
      append: async (line) => {
        if (fail()) throw Object.assign(new Error("no space"), { code: "ENOSPC" });
        lines.push(line);
      },
    },
    log: { error: (_facts: unknown, message?: string) => void errors.push(message!) } as never,
    metrics,
  });
  const round = async () => {
    await house.server.makeCheckpoint();
    await push();
  };
  return { lines, errors, metrics, round };
}

test("what is pushed verifies line by line, holds every chain, and is pushed once", async () => {
  const { lines, round } = pushing();
  await round();
  await round();
  expect(lines).toHaveLength(1);
  const { id } = await house.tenant("acme");
  await round();
  const reader = new CheckpointReader([decodeNoteKey(house.server.publicKey)]);
  expect(lines.map((line) => reader.add(line)?.size)).toEqual([1, 2]);
  expect(reader.newest!.heads.includes(Buffer.from(id.replaceAll("-", ""), "hex"))).toBe(true);
});

test("a disk that is full is told, and what comes after stands on its own", async () => {
  let full = false;
  const { lines, errors, metrics, round } = pushing(() => full);
  await round();
  await house.tenant("acme");
  full = true;
  await round();
  expect(errors).toEqual(["a checkpoint could not be pushed off this machine"]);
  expect((await metrics.page()).text).toContain('keyfold_push_failures_total{what="checkpoint"} 1');
  full = false;
  await round();
  const reader = new CheckpointReader([decodeNoteKey(house.server.publicKey)]);
  expect(reader.add(lines.at(-1)!)).toMatchObject({ size: 2 });
});
