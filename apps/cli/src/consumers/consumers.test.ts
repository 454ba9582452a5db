import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commandLine } from "../testing/command-line.ts";

let served: Served;
let token: string;
let worker: string;
beforeAll(async () => {
  served = await serveHouse();
  const acme = await served.house.tenant("acme");
  token = acme.token;
  await acme.caller.secrets.set({ name: "DB_URL", value: "not real" });
  const made = await acme.caller.tokens.create({
    name: "w",
    preset: "reader",
    consumerName: "mailer",
    consumerKind: "worker",
  });
  worker = made.token!;
});
afterAll(() => served.close());

const keyfold = (line: string, KEYFOLD_TOKEN = token) =>
  commandLine(line.split(" "), { env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN } });

test("who reads a secret is declared, acknowledged, listed before a change, and removed", async () => {
  expect((await keyfold("consumers list DB_URL")).out).toBe(
    "DB_URL: version 1 is current; 0 consumers, 0 use it, 0 are behind, 0 gone, 0 never seen.\n",
  );
  expect((await keyfold("consumers declare DB_URL nightly --kind ci")).out).toBe(
    "nightly is a consumer of DB_URL.\n",
  );
  expect((await keyfold("consumers ack DB_URL --version 1 --instance a", worker)).out).toBe(
    "mailer uses version 1 of DB_URL.\n",
  );
  await keyfold("rotate DB_URL --force-argument next,not,real");
  expect(await keyfold("consumers ack DB_URL --version 1 --instance b", worker)).toMatchObject({
    exit: 0,
    err: "Version 2 is current: take it, and say so.\n",
  });
  const { out } = await keyfold("consumers list DB_URL");
  expect(out).toMatch(/^CONSUMER +KIND +STATE +USES +LAST READ\n/);
  expect(out).toMatch(/^mailer +worker +behind +v1 ×2/m);
  expect(out).toMatch(/^nightly +ci +never seen$/m);
  expect(out).toMatch(
    /^DB_URL: version 2 is current; 2 consumers, 0 use it, 1 are behind, 0 gone, 1 never seen\.$/m,
  );
  expect(JSON.parse((await keyfold("consumers list DB_URL --state behind --json")).out)).toMatchObject({
    version: 2,
    behind: 1,
    consumers: [{ name: "mailer" }],
  });
  expect((await keyfold("consumers remove DB_URL nightly --reason gone")).out).toBe(
    "nightly is no consumer of DB_URL any more.\n",
  );
  expect(await keyfold("consumers list NONE")).toMatchObject({ exit: 1, out: "" });
  expect((await keyfold("consumers declare DB_URL x --kind toaster")).exit).toBe(2);
});

test("what consumers still use is deleted with --force and a reason only", async () => {
  await keyfold("set OTHER --force-argument not-real");
  await keyfold("consumers ack OTHER --version 1", worker);
  const refused = await keyfold("delete OTHER");
  expect(refused).toMatchObject({
    exit: 1,
    err: expect.stringMatching(/^One consumer still uses this secret\./),
  });
  expect(await keyfold("delete OTHER --force --reason leaked")).toMatchObject({ exit: 0 });
});
