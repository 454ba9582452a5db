import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { openHouse } from "../testing/house.ts";
import { refusalOf } from "../testing/refusal.ts";
import { breachedIn } from "./breached.ts";

const leaked = (i: number) => `leaked lantern number ${i}, not real`;
const sha1 = (password: string) => createHash("sha1").update(password).digest("hex").toUpperCase();

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-breached-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function listOf(count: number, end = "\r\n"): Promise<string> {
  const path = join(folder, `${count}${end.length}.txt`);
  const lines = Array.from({ length: count }, (_, i) => `${sha1(leaked(i))}:${i * 37 + 1}`).sort();
  await writeFile(path, lines.map((line) => line + end).join(""));
  return path;
}

test.each([
  [0, "\n"],
  [1, "\n"],
  [2, "\r\n"],
  [500, "\r\n"],
  [501, "\n"],
])("in a list of %i, each is found and no other is", async (count, end) => {
  const breached = breachedIn(await listOf(count, end));
  for (let i = 0; i < count; i++) expect(await breached(leaked(i)), `${i}`).toBe(true);
  for (let i = 0; i < 50; i++) expect(await breached(leaked(1_000_000 + i)), `${i}`).toBe(false);
});

test("a new password that was leaked is refused, and one that was not is taken", async () => {
  const house = await openHouse({ breached: breachedIn(await listOf(20)) });
  try {
    const { people } = house.server;
    const { secret } = await people.host.firstOperatorLink();
    const form = { secret, email: "ada@example.com", name: "Ada" };
    const error = await refusalOf(people.acceptLink(requestInfo({}), { ...form, password: leaked(7) }));
    expect(error.issues).toEqual([
      { path: "password", message: "is known to thieves: it was in a leak somewhere. Take another one" },
    ]);
    expect(await people.acceptLink(requestInfo({}), { ...form, password: leaked(77) })).not.toBe(null);
  } finally {
    await house.close();
  }
});
