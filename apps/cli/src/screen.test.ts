import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine, type Typed } from "./testing/command-line.ts";

/*
 * Names, descriptions, reasons, paths and a server's sentences are what others wrote. On a screen, a sequence in them could
 * colour, hide or overwrite what stands there, set the window's title, or type an answer into some terminals.
 */
const VALUE = "sk_test_not_a_real_key";
const EVIL = "\u001b]0;title\u0007\u001b[2J\rover\u009b31m";
/** Moves or turns text, or is seen by nobody. */
const MARKS = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const marksIn = (text: string): boolean => MARKS.test(text.replace(/\n|\r(?!over)/g, ""));

let served: Served;
let token: string;
let folder: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
  folder = await mkdtemp(join(tmpdir(), "keyfold-screen-"));
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});
const keyfold = (argv: string[], given: Typed = {}) =>
  commandLine(argv, {
    outIsTerminal: true,
    isTerminal: true,
    ...given,
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token, ...given.env },
  });

test("what others chose reaches the screen without anything that moves its cursor, from every command that names it", async () => {
  const { secrets } = served.house.as(token);
  // A name may hold no control characters, but marks that turn the direction of what is read.
  const name = "A\u202eYEK\u2066/B";
  await secrets.set({ name, value: VALUE, reason: `because ${EVIL}` });
  await secrets.update({ name, description: `colours ${EVIL}` });
  await writeFile(join(folder, `config${EVIL.replaceAll("/", "")}.txt`), VALUE);
  await writeFile(join(folder, "import.csv"), `name,value\n${name},other\n"B${EVIL}",x\n`);
  await writeFile(join(folder, ".env"), `OTHER=x\n`);
  for (const argv of [
    ["list"],
    ["list", "--json"],
    ["history", name],
    ["set", name],
    ["rotate", name, "--reason", "again"],
    ["rollback", name, "--to", "1"],
    ["diff", "prod"],
    ["diff", join(folder, ".env")],
    ["diff", name, "--versions", "1,2"],
    ["promote", "prod", "--dry-run"],
    ["scan", folder],
    ["import", "csv", join(folder, "import.csv")],
    ["consumers", "list", name],
    ["generate-types"],
    ["generate-example-env"],
    ["delete", name],
    ["list", "--deleted"],
    ["get", name],
    ["run", "--only", `X${EVIL}`, "--", "true"],
    ["get", `X${EVIL}`, "--plain"],
    ["restore", `X${EVIL}`],
    ["whoami"],
  ]) {
    const { out, err } = await keyfold(argv, { piped: "sk_test_the_next_one" });
    expect([argv[0], out + err, marksIn(out + err)]).toEqual([argv[0], expect.stringMatching(/\w/), false]);
  }
});

test("a server's own sentences, and an address in a cloned folder's keyfold.json, cannot either", async () => {
  const server = createServer((_, response) => {
    response.writeHead(403, { "content-type": "application/json" });
    const error = {
      message: `no ${EVIL}`,
      code: -32003,
      data: { code: "FORBIDDEN", keyfold: { code: "forbidden" } },
    };
    response.end(JSON.stringify({ detail: `no ${EVIL}`, title: EVIL, code: "forbidden", error }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const KEYFOLD_URL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    for (const argv of [["keys", "status"], ["get", "K", "--plain"], ["doctor"]]) {
      const { exit, out, err } = await keyfold(argv, { env: { KEYFOLD_URL } });
      expect([argv, exit, marksIn(out + err)]).toEqual([argv, expect.not.stringMatching("0"), false]);
    }
    expect((await keyfold(["keys", "status"], { env: { KEYFOLD_URL } })).err).toContain(
      "no �]0;title��[2J�over�31m",
    );
    await writeFile(join(folder, "keyfold.json"), JSON.stringify({ url: `http://x/${EVIL}` }));
    const { err } = await keyfold(["list"], { cwd: folder, env: { KEYFOLD_URL: "" } });
    expect([err, marksIn(err)]).toEqual([expect.stringMatching(/\w/), false]);
  } finally {
    server.close();
  }
});

test("a value that a person asks to see is shown as it is", async () => {
  const value = `\ttwo\nlines ${EVIL}`;
  await served.house.as(token).secrets.set({ name: "AS_IT_IS", value });
  expect((await keyfold(["get", "AS_IT_IS", "--plain"])).out).toBe(`${value}\n`);
  const exported = await keyfold(["export", "--only", "AS_IT_IS", "--plain", "--format", "shell"]);
  expect(exported.out).toContain(EVIL);
});
