import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { commandLine, type Typed } from "../testing/command-line.ts";

const VALUE = "sk_test_not_a_real_key";
let folder: string;
let served: Served;
let token: string;
let count = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-cli-"));
  served = await serveHouse();
});
beforeEach(async () => {
  token = (await served.house.tenant(`team-${++count}`)).token;
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});

const keyfold = (line: string, given: Typed = {}) =>
  commandLine(line.split(" "), {
    ...given,
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token, ...given.env },
  });

test("a value is set from a pipe, read into a pipe, rotated, rolled back, deleted and restored", async () => {
  expect(await keyfold("set STRIPE_KEY", { piped: `${VALUE}\n` })).toMatchObject({
    exit: 0,
    out: "Set STRIPE_KEY (version 1).\n",
    err: "",
  });
  expect(await keyfold("get STRIPE_KEY")).toMatchObject({ exit: 0, out: VALUE, err: "" });
  expect((await keyfold("set STRIPE_KEY", { piped: VALUE })).out).toBe(
    "STRIPE_KEY has this value already (version 1).\n",
  );
  expect(
    (await keyfold("rotate STRIPE_KEY --grace 1h --reason quarterly", { piped: "sk_test_second" })).out,
  ).toBe("Rotated STRIPE_KEY to version 2 from 1.\n");
  expect((await keyfold("get STRIPE_KEY --version 1")).out).toBe(VALUE);
  expect((await keyfold("rollback STRIPE_KEY --to 1")).out).toBe(
    "STRIPE_KEY has the value of version 1 again, as version 3.\n",
  );
  const history = await keyfold("history STRIPE_KEY");
  expect(history.out).toMatch(/^VERSION {2}STATE/);
  expect(history.out).toMatch(/^v3 +current/m);
  expect(history.out).toMatch(/^v2 +grace until .* quarterly$/m);

  expect((await keyfold("delete STRIPE_KEY")).out).toMatch(
    /^Deleted STRIPE_KEY\. Until \d{4}-\d\d-\d\d it can be restored: keyfold restore [0-9a-f-]{36}\n$/,
  );
  expect(await keyfold("get STRIPE_KEY")).toMatchObject({ exit: 1, out: "" });
  expect((await keyfold("list --deleted")).out).toContain("STRIPE_KEY");
  expect((await keyfold("restore STRIPE_KEY")).out).toBe("Restored STRIPE_KEY (version 3).\n");
  expect((await keyfold("get STRIPE_KEY")).out).toBe(VALUE);
});

test("a value on the command line is refused unless it is insisted on, and the refusal does not repeat it", async () => {
  const refused = await keyfold(`set K ${VALUE}`);
  expect(refused).toMatchObject({ exit: 2, out: "" });
  expect(refused.err).toContain("stays in the shell's history");
  expect(refused.err).not.toContain(VALUE);
  expect((await keyfold(`set K ${VALUE} --force-argument`)).exit).toBe(0);
  expect((await keyfold("get K")).out).toBe(VALUE);
});

test("a person types a value that is not shown, and typing nothing changes nothing", async () => {
  const typed = await keyfold("set K", { typed: VALUE });
  expect(typed).toMatchObject({
    exit: 0,
    out: "Set K (version 1).\n",
    err: "Value of K (it is not shown): \n",
  });
  expect(await keyfold("set K", { typed: "" })).toMatchObject({ exit: 2, out: "" });
  expect((await keyfold("get K")).out).toBe(VALUE);
});

test("a screen shows a value only where that is asked for", async () => {
  await keyfold("set K", { piped: VALUE });
  const refused = await keyfold("get K", { outIsTerminal: true });
  expect(refused).toMatchObject({ exit: 2, out: "" });
  expect(refused.err).toContain("--plain");
  expect((await keyfold("get K --plain", { outIsTerminal: true })).out).toBe(`${VALUE}\n`);
});

test("a file's bytes come back as they were, also where they are no text", async () => {
  const bytes = Buffer.from([0, 255, 254, 10, 13, 0]);
  await writeFile(join(folder, "bytes"), bytes);
  expect((await keyfold(`set CERT --file ${join(folder, "bytes")}`)).exit).toBe(0);
  expect((await keyfold("get CERT")).bytes).toEqual(bytes);
  expect((await keyfold(`set CERT --file ${join(folder, "nothing")}`)).err).toBe(
    `${join(folder, "nothing")} cannot be read (ENOENT).\n`,
  );
});

test("one line's end is a pipe's own; --raw keeps it", async () => {
  await keyfold("set K", { piped: "a\n\n" });
  expect((await keyfold("get K")).out).toBe("a\n");
  await keyfold("set K --raw", { piped: "b\r\n" });
  expect((await keyfold("get K")).out).toBe("b\r\n");
});

test("lists show names, versions and descriptions as plain text, never values", async () => {
  await keyfold("set A/ONE", { piped: VALUE });
  await keyfold("set B", { piped: VALUE });
  await served.house.as(token).secrets.update({ name: "B", description: "red \u001b[31m\u202e text" });
  const { out } = await keyfold("list");
  expect(out.split("\n")[0]).toMatch(/^NAME +PLACE +VERSION +CHANGED +DESCRIPTION$/);
  expect(out).toMatch(/^A\/ONE +default\/dev +v1/m);
  expect(out).not.toContain(VALUE);
  for (const mark of ["\u001b", "\u202e"]) expect(out).not.toContain(mark);
  expect((await keyfold("list --path A/")).out).not.toContain("\nB ");
  expect(JSON.parse((await keyfold("list --json")).out)).toMatchObject([{ name: "A/ONE" }, { name: "B" }]);
});

test("what differs between two environments or from a file is named, and no value is shown", async () => {
  for (const [name, value] of Object.entries({ SAME: "1", OTHER: "sk_left_value", LEFT: "2" }))
    await keyfold(`set ${name}`, { piped: value });
  for (const [name, value] of Object.entries({ SAME: "1", OTHER: "sk_right_value", RIGHT: "3" }))
    await keyfold(`set ${name} --env prod`, { piped: value });
  const { exit, out } = await keyfold("diff prod --env dev");
  expect(exit).toBe(1);
  expect(out).toBe(
    "~ OTHER  (differs)\n- LEFT  (only in dev)\n+ RIGHT  (only in prod)\n1 the same, 1 differ, 1 only in dev, 1 only in prod.\n",
  );
  const path = join(folder, ".env");
  await writeFile(path, "SAME=1\nOTHER='sk_left_value'\nLEFT=2\n");
  expect(await keyfold(`diff ${path}`)).toMatchObject({ exit: 0 });
});

test("two versions of a secret are compared, and neither is shown", async () => {
  for (const piped of ["sk_one_value", "sk_two_value", "sk_one_value"]) await keyfold("set K", { piped });
  const different = await keyfold("diff K --versions 1,2");
  expect(different).toMatchObject({ exit: 1, out: "~ K  (versions 1 and 2 differ)\n" });
  expect(await keyfold("diff K --versions v1,3")).toMatchObject({
    exit: 0,
    out: "= K  (versions 1 and 3 have the same value)\n",
  });
  expect(JSON.parse((await keyfold("diff K --versions 1,2 --json")).out)).toEqual({
    name: "K",
    versions: [1, 2],
    same: false,
  });
  for (const line of [
    "diff --versions 1,2",
    "diff K --versions 1",
    "diff K --versions 1,2,3",
    "diff K --versions 0,1",
  ])
    expect([line, (await keyfold(line)).exit]).toEqual([line, 2]);
  expect((await keyfold("diff K --versions 1,9")).exit).toBe(1);
});

test("promoting sets what another environment lacks or has otherwise, and a dry run changes nothing", async () => {
  for (const [name, value] of Object.entries({ SAME: "1", NEW: "2" }))
    await keyfold(`set ${name}`, { piped: value });
  await keyfold("set SAME --env prod", { piped: "1" });
  expect((await keyfold("promote prod --dry-run")).out).toBe("+ NEW\n~ SAME\n");
  expect((await keyfold("get NEW --env prod")).exit).toBe(1);
  expect((await keyfold("promote prod")).out).toBe(
    "Promoted 1 of 2 secrets to prod; the others had the same value there.\n",
  );
  expect((await keyfold("get NEW --env prod")).out).toBe("2");
  expect((await keyfold("promote dev --env dev")).exit).toBe(2);
});

test("what the server refuses is said in its own sentence, and a server that is away has an exit code of its own", async () => {
  expect(await keyfold("get NOTHING")).toMatchObject({ exit: 1, out: "" });
  expect(
    (await keyfold("get K", { env: { KEYFOLD_TOKEN: "kf_no_such_token_at_all_0000000000" } })).err,
  ).toContain("keyfold login");
  expect(await keyfold("get K", { env: { KEYFOLD_URL: "http://127.0.0.1:1" } })).toMatchObject({
    exit: 3,
    err: "The server at http://127.0.0.1:1 does not answer.\n",
  });
  expect((await keyfold("rotate NAME --grace soon", { piped: "x" })).exit).toBe(2);
  expect((await keyfold("rollback NAME --to 0")).exit).toBe(2);
});
