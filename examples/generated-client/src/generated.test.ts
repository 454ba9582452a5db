import { execFile } from "node:child_process";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import openapi, { astToString } from "openapi-typescript";
import { afterAll, beforeAll, expect, test } from "vitest";

// Beside node_modules, where openapi-fetch is found, and in a folder that is never committed.
const folder = fileURLToPath(new URL("../dist/generated", import.meta.url));
let served: Served;
beforeAll(async () => {
  served = await serveHouse();
  await rm(folder, { recursive: true, force: true });
  await mkdir(folder, { recursive: true });
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

test("a client that is generated from the OpenAPI document compiles, holds its types, and works", async () => {
  const { json } = await served.call("/api/openapi.json");
  await writeFile(join(folder, "schema.d.ts"), astToString(await openapi(json)));
  await copyFile(new URL("../outsider/use.ts", import.meta.url), join(folder, "use.ts"));
  const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--module", "nodenext"];
  const lib = ["--target", "es2024", "--lib", "es2024,dom,dom.iterable", "--types", "node"];
  const more = ["--allowImportingTsExtensions", "--skipLibCheck", "false"];
  const compiled = await promisify(execFile)("tsc", [
    "--ignoreConfig",
    ...options,
    ...lib,
    ...more,
    join(folder, "use.ts"),
  ]).catch((error: { stdout: string }) => error);
  expect(compiled.stdout).toBe("");

  const { token } = await served.house.tenant("generated");
  const { use } = await import(pathToFileURL(join(folder, "use.ts")).href);
  expect(await use(served.url, token)).toEqual({
    version: 1,
    value: "sk_test_not_a_real_key",
    names: ["STRIPE_KEY"],
    code: "not_found",
  });
});
