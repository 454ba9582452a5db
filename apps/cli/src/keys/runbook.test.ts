import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Program, shellBlocks, typed } from "../testing/runbook.ts";

const token = randomBytes(24).toString("hex");
let folder: string;
let program: Program;
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-runbook-"));
  database = await createTestDatabase();
  program = new Program(folder, database);
});
afterEach(async () => {
  await program.stop();
  await database.drop();
  await rm(folder, { recursive: true, force: true });
});

/** Starts the real program with these root keys, or answers what it said when it ended. */
const restart = (rootKeys: Record<string, string>): Promise<string | null> =>
  program.restart({ KEYFOLD_BOOTSTRAP_TOKEN: token, ...rootKeys }).then(
    () => null,
    (error: Error) => error.message,
  );

const keyfold = (line: string) => typed(line, { KEYFOLD_URL: program.url, KEYFOLD_TOKEN: token });

test("the runbook's commands and settings, in its order and word for word, change the root key", async () => {
  const made = await keyfold(`keyfold keys generate --file ${folder}/root-key`);
  const old = made.out.trim();
  expect(await restart({ KEYFOLD_ROOT_KEY_FILE: `${folder}/root-key` })).toBeNull();
  const { token: reader } = await program.furnish(token);
  const steps = (await shellBlocks("rotate-root-key.md")).map((lines) =>
    lines.map((line) => line.replaceAll("/etc/keyfold", folder).replaceAll("local:OLD_FINGERPRINT", old)),
  );
  const done: string[] = [];
  for (const lines of steps) {
    const settings = lines.filter((line) => /^KEYFOLD_\w+=/.test(line));
    if (settings.length > 0) {
      const rootKeys = Object.fromEntries(settings.map((line) => line.split("=") as [string, string]));
      expect(await restart(rootKeys), settings.join(" ")).toBeNull();
      done.push(`restart with ${settings.length}`);
    }
    for (const line of lines.filter((one) => one.startsWith("keyfold "))) {
      const said = await keyfold(line);
      expect(said, line).toMatchObject({ exit: 0 });
      done.push(line.split(" ")[2]!);
    }
    expect((await program.call("GET", "/reveal?name=K", reader)).value).toBe("not a real value");
  }
  expect(done).toEqual([
    "status",
    "generate",
    "restart with 2",
    "restart with 2",
    "rotate",
    "verify",
    "retire",
    "restart with 1",
    "status",
  ]);
  const { out } = await keyfold("keyfold keys status");
  expect(out).toMatch(new RegExp(`^${old} .* wraps 0 of 5 keys +retired`, "m"));
  // The processes before it were stopped, and are gone from the list.
  expect(out).toMatch(/^Running:\n {2}\S+\/\d+ +release \d\S* +wraps under local:[0-9a-f]{16}\nThe next/m);
  expect(await restart({ KEYFOLD_ROOT_KEY_FILE: `${folder}/root-key` })).toMatch(
    new RegExp(`This database needs the root key local:[0-9a-f]{16}, but the one given is ${old}\\.`),
  );
}, 600_000);
