import { randomBytes } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { localRootKey } from "@keyfold/envelope";
import { requestInfo } from "@keyfold/secrets";
import { type House, makeOperator, openHouse, PASSWORD } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

const bytes = randomBytes(32);
let house: House;
beforeAll(async () => {
  house = await openHouse({ provider: localRootKey(Buffer.from(bytes)) });
});
afterAll(() => house.close());

const reset = (...more: string[]) =>
  commandLine(["operator", "reset", ...more], {
    env: {
      DATABASE_URL: house.database.url,
      KEYFOLD_ROOT_KEY: bytes.toString("base64"),
      KEYFOLD_PUBLIC_URL: "https://keyfold.example",
    },
    cwd: "/",
  });
const newest = async () =>
  (await house.as(house.operatorToken).audit.list({ deployment: true, action: "operator", limit: 1 }))
    .events[0]!;
const secretIn = (out: string) =>
  /^https:\/\/keyfold\.example\/[^#\s]*#([A-Za-z0-9_-]{43})\n$/.exec(out)![1]!;

test("`keyfold operator reset` prints a link that gives an operator a new password, and nothing else; the audit log has it", async () => {
  const { people } = house.server;
  const session = await makeOperator(house.server, "ada@example.com");
  const said = await reset("ada@example.com");
  expect(said).toMatchObject({
    exit: 0,
    err: expect.stringMatching(/^Opened before .*, once, it sets a new/),
  });
  expect(await newest()).toMatchObject({
    action: "operator.reset",
    outcome: "success",
    actor: { type: "job", name: "host" },
    target: { type: "person", name: "ada" },
  });
  const secret = secretIn(said.out);
  const password = "another copper lantern 7, not real";
  await people.acceptLink(requestInfo({}), { secret, password });
  await expect(people.me(requestInfo({ session }))).rejects.toMatchObject({ code: "unauthenticated" });
  await people.signIn(requestInfo({}), { email: "ada@example.com", password });
  await expect(people.acceptLink(requestInfo({}), { secret, password })).rejects.toMatchObject({
    code: "link_ended",
  });
  const kept = await house.sql<{ text: string }>("SELECT l::text AS text FROM control_plane.person_links l");
  expect(JSON.stringify(kept) + said.err).not.toContain(secret);
});

test("for an address that nobody has, its link makes an operator; what is no address is refused in a sentence", async () => {
  const said = await reset("grace@example.com");
  expect(said).toMatchObject({ exit: 0, err: expect.stringMatching(/^Nobody of this address runs/) });
  expect(await newest()).toMatchObject({ action: "operator.invited", target: { type: "link" } });
  const started = await house.server.people.acceptLink(requestInfo({}), {
    secret: secretIn(said.out),
    name: "Grace",
    password: PASSWORD,
  });
  expect(await house.server.people.me(requestInfo({ session: started!.secret }))).toMatchObject({
    email: "grace@example.com",
    operator: true,
  });
  expect(await reset("no address")).toEqual(
    expect.objectContaining({
      exit: 2,
      out: "",
      err: "This is no e-mail address. Give one such as ada@example.com.\n",
    }),
  );
  expect(await reset()).toMatchObject({ exit: 2, out: "" });
});

/** Where a command opens the deployment or its database itself, and the event that it leaves, as these tests show. */
const ON_THE_HOST = {
  "operator/reset.ts": "operator.reset, operator.invited: here",
  "keys/backup.ts": "key.backup_made, key.backup_confirmed: keys/recovery.test.ts",
  "backup/make.ts": "deployment.backup_begun: backup/rehearsal.test.ts",
  "backup/restore.ts": "deployment.restored: backup/rehearsal.test.ts",
  "host/on-host.ts": "opens it for the others",
};

test("no command opens the deployment by itself but those whose events are known", async () => {
  const src = new URL("..", import.meta.url).pathname;
  const found: string[] = [];
  for (const name of await readdir(src, { recursive: true }))
    if (
      name.endsWith(".ts") &&
      !name.endsWith(".test.ts") &&
      /\b(onHost|openHost|openRestored|reachDatabase)\(/.test(await readFile(join(src, name), "utf8"))
    )
      found.push(name);
  expect(found.sort()).toEqual(Object.keys(ON_THE_HOST).sort());
});
