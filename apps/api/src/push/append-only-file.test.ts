import { appendFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openAppendOnlyFile } from "./append-only-file.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-push-"));
  path = join(folder, "lines");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

test("lines are added in the order of the calls, to what is there", async () => {
  const one = await openAppendOnlyFile(path);
  await Promise.all(["1\n", "2\n", "3\n"].map((line) => one.append(line)));
  await one.close();
  const two = await openAppendOnlyFile(path);
  await two.append("4\n");
  await two.close();
  expect(await readFile(path, "utf8")).toBe("1\n2\n3\n4\n");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

test("a line that a crash cut off does not spoil the next one", async () => {
  await appendFile(path, "whole\nhal");
  const file = await openAppendOnlyFile(path);
  await file.append("next\n");
  await file.close();
  expect(await readFile(path, "utf8")).toBe("whole\nhal\nnext\n");
});

test("a write that fails fails its call, and the next one begins a line of its own", async () => {
  const full = await openAppendOnlyFile("/dev/full");
  await expect(full.append("lost\n")).rejects.toMatchObject({ code: "ENOSPC" });
  await expect(full.append("lost too\n")).rejects.toMatchObject({ code: "ENOSPC" });
  await full.close();
});
