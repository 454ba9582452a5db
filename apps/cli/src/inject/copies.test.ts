import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-fallback-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("run --fallback starts with the last copies while the server is away, and says so; what was never kept is missing", async () => {
  const served = await serveHouse();
  const { caller } = await served.house.tenant("acme");
  const { token } = await caller.tokens.create({ name: "ci", preset: "reader" });
  for (const name of ["DB_URL", "OTHER"]) await caller.secrets.set({ name, value: `${name}, not real` });
  const out = join(folder, "out");
  const script = `require("fs").writeFileSync(${JSON.stringify(out)}, process.env.DB_URL + process.env.OTHER)`;
  const env = (url: string) => ({
    KEYFOLD_URL: url,
    KEYFOLD_TOKEN: token!,
    XDG_STATE_HOME: join(folder, "state"),
    PATH: process.env.PATH,
  });
  const run = (url: string, ...options: string[]) =>
    commandLine(["run", ...options, "--", process.execPath, "-e", script], { env: env(url) });
  const copies = () => readdir(join(folder, "state", "keyfold", "copies"));

  expect(await run(served.url, "--fallback")).toMatchObject({
    exit: 2,
    err: expect.stringMatching(/^--fallback keeps copies of what --only names/),
  });
  expect(await run(served.url, "--fallback", "--only", "DB_URL")).toMatchObject({ exit: 0, err: "" });
  expect(await readFile(out, "utf8")).toBe("DB_URL, not realundefined");
  expect(await copies()).toHaveLength(1);

  // The server goes, and its address stays.
  await served.close();
  const away = await run(served.url, "--fallback", "--only", "DB_URL");
  expect(away.exit).toBe(0);
  expect(away.err).toMatch(
    /^keyfold: the server does not answer: DB_URL is the copy of \d{4}-.* UTC \(version 1\), good until \d{4}-.* UTC\.\n$/,
  );
  expect(await readFile(out, "utf8")).toBe("DB_URL, not realundefined");
  expect((await run(served.url, "--fallback", "--only", "DB_URL,OTHER")).exit).toBe(3);
  expect((await run(served.url, "--only", "DB_URL")).exit).toBe(3);
});
