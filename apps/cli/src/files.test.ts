import { chmod, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { append, writeNew, writeOpen, writeWhole } from "./files.ts";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-files-"));
  path = join(folder, "file");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const modeOf = async () => (await stat(path)).mode & 0o777;

test("a new file is closed to others, and one that is there stays as it is", async () => {
  await writeNew(path, "one");
  expect(await modeOf()).toBe(0o600);
  await expect(writeNew(path, "two")).rejects.toThrow(`${path} is there already, and is not overwritten.`);
  expect(await readFile(path, "utf8")).toBe("one");
});

test("a file that is written whole replaces the one before it, and one that fails leaves that and nothing else", async () => {
  await writeFile(path, "before", { mode: 0o644 });
  const broken = writeWhole(path, async (file) => {
    await file.writeFile("half");
    throw new Error("the network is gone");
  });
  await expect(broken).rejects.toThrow("the network is gone");
  expect(await readdir(folder)).toEqual(["file"]);
  expect(await readFile(path, "utf8")).toBe("before");
  await writeWhole(path, (file) => file.writeFile("after"));
  expect([await readFile(path, "utf8"), await modeOf()]).toEqual(["after", 0o600]);
});

test("what is appended comes after what is there", async () => {
  await append(path, "one\n");
  await append(path, "two\n");
  expect([await readFile(path, "utf8"), await modeOf()]).toEqual(["one\ntwo\n", 0o600]);
});

test("a link where a file shall be written is not followed: it may lead anywhere", async () => {
  const elsewhere = join(folder, "somebody's .bashrc");
  await writeFile(elsewhere, "untouched");
  await symlink(elsewhere, path);
  for (const write of [writeOpen, append])
    await expect(write(path, "x")).rejects.toMatchObject({
      exit: 1,
      message: `${path} is a link to another file. Remove it, or name the file itself.`,
    });
  await expect(writeNew(path, "x")).rejects.toThrow("is there already");
  await writeWhole(path, (file) => file.writeFile("whole")); // takes the link's place
  expect([await readFile(elsewhere, "utf8"), await readFile(path, "utf8")]).toEqual(["untouched", "whole"]);
});

test("a file that secrets are added to is closed to others, also where it was open", async () => {
  await writeFile(path, "before\n");
  await chmod(path, 0o644);
  await append(path, "one\n");
  expect([await readFile(path, "utf8"), await modeOf()]).toEqual(["before\none\n", 0o600]);
});

test("where nothing can be written, the sentence names the path and the system's code", async () => {
  const nowhere = join(folder, "missing", "file");
  const writes = [
    () => writeOpen(nowhere, "x"),
    () => writeNew(nowhere, "x"),
    () => append(nowhere, "x"),
    () => writeWhole(nowhere, async () => {}),
  ];
  for (const write of writes)
    await expect(write()).rejects.toMatchObject({
      exit: 1,
      message: `${nowhere} cannot be written (ENOENT).`,
    });
});
