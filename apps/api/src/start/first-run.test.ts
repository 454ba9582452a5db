import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@keyfold/db";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { localRootKey } from "@keyfold/envelope";
import { createKeyfoldServer, type KeyfoldServer, requestInfo, verbs } from "@keyfold/secrets";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Sensitive } from "../config/sensitive.ts";
import { makeFirstRun } from "./first-run.ts";

let dataDir: string;
let database: TestDatabase;
let close: () => Promise<void>;
let keyfold: KeyfoldServer;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "keyfold-first-run-"));
  database = await createTestDatabase();
  const db = connect({ url: database.url });
  close = db.close;
  keyfold = await createKeyfoldServer({ db, provider: localRootKey(randomBytes(32)), mayCreate: true });
});
afterEach(async () => {
  await close();
  await database.drop();
  await rm(dataDir, { recursive: true });
});

const development = () => ({ mode: "development" as const, dataDir, bootstrapToken: null });
const who = (token: string) => keyfold.invoke(verbs.identity.get, requestInfo({ token }), undefined);

test("a first run makes an operator and a token for demo, and no later run makes anything", async () => {
  const first = (await makeFirstRun(development(), keyfold))!;
  expect(await who(first.operatorToken!)).toMatchObject({ type: "operator" });
  expect(await who(first.demoToken!)).toMatchObject({ type: "service_token", tenant: { slug: "demo" } });
  expect(await keyfold.people.lookAtLink(requestInfo({}), { secret: first.operatorLink })).toMatchObject({
    kind: "operator",
  });
  await first.done();
  expect(await readdir(dataDir)).toEqual([]);
  expect(await makeFirstRun(development(), keyfold)).toBe(null);
});

test("a first run that was cut short before it showed its tokens is taken up again", async () => {
  const unseen = (await makeFirstRun(development(), keyfold))!;
  expect((await stat(join(dataDir, "first-run.json"))).mode & 0o777).toBe(0o600);
  const seen = (await makeFirstRun(development(), keyfold))!;
  expect(seen.operatorToken).toBe(unseen.operatorToken);
  expect(await who(seen.demoToken!)).toMatchObject({ tenant: { slug: "demo" } });
  await expect(who(unseen.demoToken!)).rejects.toMatchObject({ code: "unauthenticated" });
});

test("the bootstrap token is the operator's, is not shown, and makes nothing else in production", async () => {
  const token = "not-a-real-bootstrap-token-0123456789";
  const config = { mode: "production" as const, dataDir, bootstrapToken: new Sensitive(token) };
  expect(await makeFirstRun(config, keyfold)).toMatchObject({ operatorToken: null, demoToken: null });
  expect(await who(token)).toMatchObject({ type: "operator" });
  const { tenants } = await keyfold.invoke(verbs.tenants.list, requestInfo({ token }), {});
  expect(tenants).toEqual([]);
  expect(await readdir(dataDir)).toEqual([]);
  expect(await makeFirstRun(config, keyfold)).toBe(null);
});
