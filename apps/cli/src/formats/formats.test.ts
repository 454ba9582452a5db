import { execFile } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { parse } from "dotenv";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";
import { parseDotenv } from "./dotenv.ts";
import { FORMATS } from "./formats.ts";

let served: Served;
let token: string;
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-formats-"));
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
  await served.house.as(token).secrets.set({ name: "A", value: "it's # $HOME\nand `more`" });
  await served.house.as(token).secrets.set({ name: "b/C", value: "plain" });
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});
const keyfold = (...argv: string[]) =>
  commandLine(argv, { env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token } });

test("what dotenv can hold reads back as it was; what it cannot is refused by name", () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.constantFrom("'", '"', "`", "$", "#", "\\", "\n", " ", "=", "\\n", "é", "😀"),
          fc.string(),
        ),
      ),
      (parts) => {
        const value = parts.join("").replaceAll("\0", "");
        let text: string;
        try {
          text = FORMATS.dotenv([["A", value]]);
        } catch (error) {
          expect((error as Error).message).toMatch(/^A has /);
          expect(/['"`\r]/.test(value)).toBe(true);
          return;
        }
        expect(parse(text)).toEqual({ A: value });
        expect(parseDotenv(Buffer.from(`\uFEFF${text}`))).toEqual({ A: value });
      },
    ),
    { numRuns: 2000 },
  );
});

test("a shell reads every value of the shell format back, whatever is in it", async () => {
  for (const value of ["it's", "$(touch nothing)", "`x`", "a\nb\n", "\\", '"', "", "é 😀", "!x"]) {
    const path = join(folder, "shell");
    await writeFile(path, FORMATS.shell([["A", value]]));
    const { stdout } = await promisify(execFile)("sh", ["-c", '. "$0"; printf %s "$A"', path]);
    expect(stdout).toBe(value);
  }
});

test("yaml, json and kubernetes hold any text; docker refuses lines by the secret's name", () => {
  const all = [["A", 'x: "y"\n#é']] as const;
  expect(JSON.parse(FORMATS.json(all))).toEqual({ A: 'x: "y"\n#é' });
  expect(FORMATS.yaml(all)).toBe('A: "x: \\"y\\"\\n#é"\n');
  expect(FORMATS.k8s(all)).toContain(`  A: ${Buffer.from('x: "y"\n#é').toString("base64")}\n`);
  expect(FORMATS.k8s([])).toContain("data: {}\n");
  expect(() => FORMATS.docker(all)).toThrow("A has more than one line, which the docker format cannot hold.");
});

test("export writes into a pipe or a new closed file, and on a screen only where that is asked for", async () => {
  expect(JSON.parse((await keyfold("export", "--format", "json")).out)).toEqual({
    A: "it's # $HOME\nand `more`",
    b_C: "plain",
  });
  expect((await keyfold("export", "--path", "b")).out).toBe("C=plain\n");
  const path = join(folder, "out.json");
  expect((await keyfold("export", "--format", "json", "--file", path)).out).toBe("");
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect(await keyfold("export", "--format", "json", "--file", path)).toMatchObject({
    exit: 1,
    err: `${path} is there already, and is not overwritten.\n`,
  });
  expect((await keyfold("export", "--format", "xml")).exit).toBe(2);
});
