import { chmod, mkdtemp, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createKeyfold, isKeyfoldError, type KeptUse } from "../index.ts";
import { lastKnownGoodFiles, localKey } from "./index.ts";

let directory: string;
let served: Served | undefined;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "keyfold-kept-"));
});
afterEach(async () => {
  await served?.close();
  served = undefined;
  await rm(directory, { recursive: true });
});

test("a service starts while Keyfold is down, with the file of its last run; a token that was revoked leaves none", async () => {
  served = await serveHouse();
  const { url } = served;
  const { caller } = await served.house.tenant("acme");
  await caller.secrets.set({ name: "DB_URL", value: "postgres://not.real" });
  const { token, details } = await caller.tokens.create({ name: "api", preset: "reader" });
  let away = false;
  const uses: KeptUse[] = [];
  const start = async () =>
    createKeyfold({
      url,
      token: token!,
      retries: 0,
      fetch: (address, init) => (away ? Promise.reject(new TypeError("fetch failed")) : fetch(address, init)),
      lastKnownGood: await lastKnownGoodFiles({
        directory,
        secrets: ["DB_URL"],
        onUse: (use) => uses.push(use),
      }),
    });
  const first = await start();
  await first.tenant().get("DB_URL");
  await first.settled();
  away = true;
  expect(await (await start()).tenant().get("DB_URL")).toBe("postgres://not.real");
  expect(uses.map(({ name, version, because }) => [name, version, because])).toEqual([
    ["DB_URL", 1, "network"],
  ]);

  const [copy, ...others] = await readdir(join(directory, "copies"));
  expect(others).toEqual([]);
  expect((await stat(join(directory, "copies", copy!))).mode & 0o777).toBe(0o600);
  expect((await stat(join(directory, "copies"))).mode & 0o777).toBe(0o700);
  expect((await stat(join(directory, "key"))).mode & 0o777).toBe(0o600);

  away = false;
  await caller.tokens.revoke({ id: details.id });
  const refused = await (await start())
    .tenant()
    .get("DB_URL")
    .catch((error: unknown) => error);
  expect(isKeyfoldError(refused, "unauthenticated")).toBe(true);
  expect(await readdir(join(directory, "copies"))).toEqual([]);
});

test("a key is made once, and one that others may read, or that is none, is refused", async () => {
  const path = join(directory, "deep", "key");
  const key = await localKey(path);
  expect(key).toHaveLength(32);
  expect(await localKey(path)).toEqual(key);
  await chmod(path, 0o640);
  await expect(localKey(path)).rejects.toThrow(/^Others may read the key at .*\. Close it: chmod 600 /);
  await writeFile(join(directory, "short"), "short", { mode: 0o600 });
  await expect(localKey(join(directory, "short"))).rejects.toThrow(/no key: it has not 32 bytes/);
});
