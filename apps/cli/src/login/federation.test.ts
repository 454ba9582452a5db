import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { commandLine, type Typed } from "../testing/command-line.ts";

let served: Served;
let folder: string;
beforeAll(async () => {
  served = await serveHouse();
  const { caller } = await served.house.tenant("acme");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  await caller.federation.create({
    name: "ci",
    issuer: served.house.issuer.url,
    audience: served.url,
    claims: { sub: "repo:acme/app" },
  });
});
afterAll(() => served.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-ci-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const idToken = (claims: object = {}) => served.house.issuer.sign({ aud: served.url, ...claims });
const keyfold = (words: string[], env: Record<string, string>, given: Typed = {}) =>
  commandLine(words, {
    cwd: folder,
    ...given,
    env: {
      XDG_CONFIG_HOME: join(folder, "config"),
      KEYFOLD_KEYRING: "off",
      KEYFOLD_URL: served.url,
      KEYFOLD_TENANT: "acme",
      PATH: process.env.PATH!,
      ...env,
    },
  });

test("with a token of its own in the environment or a file, a workload reads, and nothing is kept", async () => {
  const given = await idToken();
  const inFile = join(folder, "token");
  await writeFile(inFile, `${given}\n`);
  for (const env of [{ KEYFOLD_ID_TOKEN: given }, { KEYFOLD_ID_TOKEN_FILE: inFile }]) {
    const said = await keyfold(["get", "K"], env as Record<string, string>);
    expect(said).toMatchObject({ exit: 0, out: "not a real value" });
    expect(said.err).not.toContain(given);
  }
  expect(await readdir(folder)).toEqual(["token"]);
});

test("in GitHub Actions the job's token is asked for with this server as its audience, and run gives the values", async () => {
  const asked: string[] = [];
  const github = createServer(async (request, response) => {
    asked.push(`${request.headers.authorization} ${request.url}`);
    response.end(JSON.stringify({ value: await idToken() }));
  });
  await new Promise<void>((done) => github.listen(0, "127.0.0.1", done));
  const { port } = github.address() as AddressInfo;
  try {
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${port}/token?api-version=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "not-a-real-request-token",
    };
    const who = await keyfold(["whoami"], env);
    expect(who.out).toMatch(/^token +ci, until /m);
    expect(asked).toEqual([
      `Bearer not-a-real-request-token /token?api-version=2&audience=${encodeURIComponent(served.url)}`,
    ]);
    expect((await keyfold(["get", "K"], env)).out).toBe("not a real value");
  } finally {
    await new Promise((done) => github.close(done));
  }
});

test("login --oidc keeps the token of minutes for the commands that follow", async () => {
  const said = await keyfold(["login", "--oidc"], { KEYFOLD_ID_TOKEN: await idToken() });
  expect(said).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/^Signed in to .* by the rule ci, until /),
  });
  expect((await keyfold(["get", "K"], {})).out).toBe("not a real value");
});

test("what does not work says why and what to do, and shows no token", async () => {
  const wrong = await idToken({ sub: "repo:evil/app" });
  const refused = await keyfold(["get", "K"], { KEYFOLD_ID_TOKEN: wrong });
  expect(refused).toMatchObject({ exit: 1, out: "", err: expect.stringContaining("audit log") });
  expect(refused.err).not.toContain(wrong);
  expect(await keyfold(["login", "--oidc"], {})).toMatchObject({
    exit: 2,
    err: expect.stringContaining("id-token: write"),
  });
  expect(
    await keyfold(["get", "K"], { KEYFOLD_ID_TOKEN: await idToken(), KEYFOLD_TENANT: "" }),
  ).toMatchObject({ exit: 2, err: expect.stringContaining("Name the tenant") });
  expect(await keyfold(["get", "K"], { KEYFOLD_ID_TOKEN_FILE: join(folder, "none") })).toMatchObject({
    exit: 2,
    err: expect.stringContaining("ENOENT"),
  });
  expect(
    await keyfold(["get", "K"], {
      ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:1/",
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: "x",
    }),
  ).toMatchObject({ exit: 3, err: expect.stringContaining("GitHub gave this job no token") });
});
