import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase } from "@keyfold/db/testing";
import { expect, test } from "vitest";
import { whatRemains } from "./testing/remains/remains.ts";

test.skipIf(process.platform !== "linux")(
  "when its callers have left, nothing in the process holds a value that they sent or read",
  async () => {
    const folder = await mkdtemp(join(tmpdir(), "keyfold-heap-"));
    const database = await createTestDatabase();
    try {
      const { sent, held, memory } = await whatRemains(folder, { databaseUrl: database.url });
      expect(held.map(({ text, path }) => [/kfcanary\.([a-z-]+)/.exec(text)?.[1], path.slice(-6)])).toEqual(
        [],
      );
      expect(sent.length).toBe(12);
      // What nobody holds any more is there until it is collected, and the search sees it.
      expect(memory.asTheyLeft.length).toBeGreaterThan(0);
    } finally {
      await database.drop();
      await rm(folder, { recursive: true, force: true });
    }
  },
);
