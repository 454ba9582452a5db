import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";
import { doctor } from "./doctor.ts";

let served: Served;
let token: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
});
afterAll(() => served.close());
const keyfold = (argv: string[], env: Record<string, string> = {}) =>
  commandLine(argv, {
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token, KEYFOLD_KEYRING: "off", ...env },
  });

test("where all is well, every check says so", async () => {
  const { exit, out } = await keyfold(["doctor"]);
  expect(exit).toBe(0);
  expect(out.match(/^ok /gm)).toHaveLength(6);
  expect(out).toMatch(/^ok {5}version {3} keyfold 0\.0\.0 on Node 24\./m);
  expect(out).toMatch(/^ok {5}token .*tenant acme/m);
  expect(out).not.toContain(token);
});

test("the version is said alone, too", async () => {
  expect(await keyfold(["--version"])).toMatchObject({ exit: 0, out: "0.0.0\n" });
});

test("what is wrong is named with what to do", async () => {
  expect((await keyfold(["doctor"], { KEYFOLD_URL: "http://127.0.0.1:1" })).out).toMatch(
    /^WRONG {2}address {4}Nothing answers there\./m,
  );
  expect((await keyfold(["doctor"], { KEYFOLD_TOKEN: "" })).out).toMatch(
    /^WRONG {2}settings .*keyfold login/m,
  );
  const stranger = await keyfold(["doctor"], { KEYFOLD_TOKEN: "kf_nobody_has_such_a_token_000000000000" });
  expect(stranger).toMatchObject({ exit: 1 });
  expect(stranger.out).toMatch(/^WRONG {2}token .*keyfold login$/m);
});

test("a clock that is off is said, by how much and in which direction", async () => {
  let out = "";
  const terminal = {
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token },
    out: (text: string) => {
      out += text;
    },
    err() {},
    isTerminal: false,
    columns: 80,
  };
  expect(await doctor(terminal, {}, () => Date.now() + 3_600_000)).toBe(1);
  expect(out).toMatch(/^WRONG {2}clock {6}It is 3(59|60)\d s ahead of the server's\./m);
});
