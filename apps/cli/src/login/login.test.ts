import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { codeOf, sealFor } from "@keyfold/client/handover";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { browse } from "../browse.ts";
import { commandLine, type Typed } from "../testing/command-line.ts";
import { tokenFromBrowser } from "./browser.ts";

let served: Served;
let token: string;
let folder: string;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
});
afterAll(() => served.close());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-login-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const keyfold = (line: string, given: Typed = {}) =>
  commandLine(line.split(" "), {
    cwd: folder,
    ...given,
    env: { XDG_CONFIG_HOME: join(folder, "config"), KEYFOLD_KEYRING: "off", ...given.env },
  });
const kept = () => join(folder, "config", "keyfold", "credentials.json");

test("a token that works is kept in a closed file, used by later commands, and forgotten by logout", async () => {
  const said = await keyfold(`login --url ${served.url}`, { typed: token });
  expect(said).toMatchObject({
    exit: 0,
    out: expect.stringMatching(/^Signed in to .* \(tenant acme\)\.\n$/),
  });
  expect(said.out + said.err).not.toContain(token);
  expect((await stat(kept())).mode & 0o777).toBe(0o600);
  expect((await stat(join(folder, "config", "keyfold"))).mode & 0o777).toBe(0o700);

  const who = await keyfold(`whoami --url ${served.url}`);
  expect(who).toMatchObject({ exit: 0 });
  expect(who.out).toMatch(/^tenant +acme$/m);
  expect(who.out).not.toContain(token);

  expect((await keyfold(`logout --url ${served.url}`)).out).toContain("Forgot the token");
  await expect(stat(kept())).rejects.toThrow();
  expect(await keyfold(`whoami --url ${served.url}`)).toMatchObject({
    exit: 2,
    err: `There is no token for ${served.url}. Run: keyfold login (or set KEYFOLD_TOKEN)\n`,
  });
});

/** The panel, as far as the command sees it: makes a token, and sends the browser where the page's address says. */
async function confirm(page: string, sealedFor = new URL(page).origin): Promise<Response> {
  const facts = new URLSearchParams(new URL(page).hash.slice(1));
  const made = await served.house.as(token).tokens.create({ name: "from the panel", preset: "reader" });
  const sealed = await sealFor(facts.get("key")!, made.token!, sealedFor);
  return fetch(`http://127.0.0.1:${facts.get("port")}/?sealed=${sealed}`);
}

test("a person confirms in the panel the code that the terminal shows, and the token comes sealed", async () => {
  const pages: string[] = [];
  let answers: Promise<number[]> | undefined;
  const said = await keyfold(`login --browser --url ${served.url}`, {
    browse: (page) => {
      pages.push(page);
      // What was sealed for another server, or is none, is not taken; the next one is.
      answers = (async () => [
        (await confirm(page, "https://evil.example")).status,
        (
          await fetch(
            `http://127.0.0.1:${new URLSearchParams(new URL(page).hash.slice(1)).get("port")}/?sealed=x`,
          )
        ).status,
        (await confirm(page)).status,
      ])();
    },
  });
  expect(await answers).toEqual([400, 400, 200]);
  expect(said).toMatchObject({
    exit: 0,
    out: `Signed in to ${served.url} as from the panel (tenant acme).\n`,
  });
  const key = new URLSearchParams(new URL(pages[0]!).hash.slice(1)).get("key")!;
  expect(said.err).toContain(`confirm the code ${await codeOf(key, served.url)} there:\n  ${pages[0]}\n`);
  const [stored] = Object.values(JSON.parse(await readFile(kept(), "utf8"))) as string[];
  expect(said.out + said.err + pages.join()).not.toContain(stored);
  expect((await keyfold(`whoami --url ${served.url}`)).out).toMatch(/^token +from the panel$/m);
});

test("where the browser is on another machine, what the panel shows is pasted; Enter alone asks for the browser", async () => {
  let asked = "";
  const said = await commandLine(["login", "--url", served.url], {
    cwd: folder,
    env: {
      XDG_CONFIG_HOME: join(folder, "config"),
      KEYFOLD_KEYRING: "off",
      SSH_CONNECTION: "10.0.0.1 1 10.0.0.2 22",
    },
    answer: async (question, before) => {
      asked += question;
      if (question.startsWith("A token")) return "";
      const key = new URLSearchParams(/#(\S+)/.exec(before)![1]!).get("key")!;
      const made = await served.house.as(token).tokens.create({ name: "pasted", preset: "reader" });
      return sealFor(key, made.token!, served.url);
    },
  });
  expect(asked).toContain("or Enter to use the browser");
  expect(said).toMatchObject({ exit: 0, out: expect.stringContaining("as pasted (tenant acme)") });
  const wrong = await commandLine(["login", "--browser", "--url", served.url], {
    cwd: folder,
    env: { XDG_CONFIG_HOME: join(folder, "other") },
    typed: "kf_a_token_instead_of_what_the_panel_shows",
  });
  expect(wrong).toMatchObject({ exit: 1, out: "" });
  expect(wrong.err).toContain("That is not what the panel shows for this code.");
});

test("a panel that nobody answers in is not waited for without end", async () => {
  const terminal = { env: {}, out() {}, err() {}, isTerminal: false, columns: 80, browse() {} };
  await expect(tokenFromBrowser(terminal, served.url, 1)).rejects.toMatchObject({
    exit: 1,
    message: "Nobody confirmed it in the panel in time. Run keyfold login again.",
  });
});

test("the system shows the page without a shell and without our settings", () => {
  const started: unknown[] = [];
  const start = ((...call: unknown[]) => {
    started.push(call);
    return { once() {}, unref() {} };
  }) as never;
  const url = "https://secrets.example.com/connect#key=x&host=$(id)";
  for (const platform of ["linux", "darwin", "win32"])
    browse(url, platform, { PATH: "/bin", KEYFOLD_TOKEN: "kf_fake" }, start);
  const options = { stdio: "ignore", detached: true, env: { PATH: "/bin" } };
  expect(started).toEqual([
    ["xdg-open", [url], options],
    ["open", [url], options],
    ["rundll32", ["url.dll,FileProtocolHandler", url], options],
  ]);
});

test("a token that does not work is not kept", async () => {
  const said = await keyfold(`login --url ${served.url}`, {
    piped: "kf_not_a_token_of_anybody_000000000000\n",
  });
  expect(said).toMatchObject({ exit: 1, out: "" });
  await expect(stat(kept())).rejects.toThrow();
  expect((await keyfold(`login --url ${served.url}`, { piped: "\n" })).exit).toBe(2);
});

test("init writes where the secrets are, and commands below read it, each folder only what is its own", async () => {
  await mkdir(join(folder, ".git"));
  await mkdir(join(folder, "apps", "web"), { recursive: true });
  await keyfold(`login --url ${served.url}`, { piped: token });
  const env = {};
  expect((await keyfold(`init --url ${served.url} --env dev`, { env })).exit).toBe(0);
  expect(JSON.parse(await readFile(join(folder, "keyfold.json"), "utf8"))).toEqual({
    url: served.url,
    environment: "dev",
  });
  const below = join(folder, "apps", "web");
  await keyfold(`init --env prod`, { env, cwd: below });
  expect(JSON.parse(await readFile(join(below, "keyfold.json"), "utf8"))).toEqual({ environment: "prod" });

  await keyfold("set K", { env, cwd: below, piped: "of prod" });
  expect((await keyfold("get K --env prod", { env })).out).toBe("of prod");
  expect((await keyfold("get K", { env })).exit).toBe(1);
  expect((await keyfold("init", { env })).err).toContain("--force");
});

test("a keyfold.json that somebody else wrote gets no token sent to the server that it names", async () => {
  const asked: string[] = [];
  const theirs = createServer((request, response) => {
    asked.push(`${request.url} ${request.headers.authorization}`);
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(theirs, "listening");
  try {
    const url = `http://127.0.0.1:${(theirs.address() as AddressInfo).port}`;
    await writeFile(join(folder, "keyfold.json"), JSON.stringify({ url, tenant: "acme" }));
    await keyfold(`login --url ${served.url}`, { piped: token });
    const refusal = `Only keyfold.json says that the server is ${url}, and whoever wrote it could name their own: no token is sent there. If it is right, set KEYFOLD_URL or give --url.\n`;
    const given: Record<string, string>[] = [
      { KEYFOLD_TOKEN: token },
      { KEYFOLD_ID_TOKEN: "a.jwt.fake" },
      { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: "fake" },
    ];
    for (const env of given)
      for (const line of ["whoami", "list", "get K", "run -- true", "scan .", "doctor"]) {
        const said = await keyfold(line, { env });
        expect([line, said.exit === 0, (said.err + said.out).includes(refusal.trim())]).toEqual([
          line,
          false,
          true,
        ]);
      }
    expect(await keyfold("login", { piped: token })).toMatchObject({ exit: 2, err: refusal });
    expect(await keyfold("login --oidc", { env: given[1]! })).toMatchObject({ exit: 2, err: refusal });
    // What is kept for another server goes to that one only.
    expect((await keyfold("whoami")).err).toMatch(/^There is no token for /);
    expect(asked).toEqual([]);
    // Whoever types a token is asked for it by the address.
    expect((await keyfold("login", { typed: "kf_fake_for_them_000000000000000000" })).err).toContain(
      `A token for ${url} `,
    );
  } finally {
    theirs.close();
  }
});

test("a server that answers with a redirect is told nothing more, and no token is kept for it", async () => {
  const asked: (string | undefined)[] = [];
  const elsewhere = createServer((request, response) => {
    asked.push(request.headers.authorization);
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(elsewhere, "listening");
  const away = createServer((_, response) => {
    const { port } = elsewhere.address() as AddressInfo;
    response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end();
  }).listen(0, "127.0.0.1");
  await once(away, "listening");
  try {
    const said = await keyfold(`login --url http://127.0.0.1:${(away.address() as AddressInfo).port}`, {
      piped: token,
    });
    expect(said).toMatchObject({ exit: expect.toSatisfy((exit) => exit !== 0), out: "" });
    expect(said.err).not.toContain(token);
    expect(asked).toEqual([]);
    await expect(stat(kept())).rejects.toThrow();
  } finally {
    away.close();
    elsewhere.close();
  }
});

test("nothing above the repository's root is read", async () => {
  await mkdir(join(folder, "repository", ".git"), { recursive: true });
  await writeFile(join(folder, "keyfold.json"), JSON.stringify({ url: "http://127.0.0.1:1" }));
  const said = await keyfold("whoami", { cwd: join(folder, "repository"), env: { KEYFOLD_TOKEN: token } });
  expect(said).toMatchObject({ exit: 2 });
  expect(said.err).toContain("keyfold init");
});

test.each([
  ["not JSON", "{", /is not JSON\.$/],
  ["no object", "[]", /is not an object of settings\.$/],
  [
    "a token",
    JSON.stringify({ token: "kf_secret" }),
    /It takes url, tenant, project, environment, and no secret\.$/,
  ],
  ["a number", JSON.stringify({ project: 3 }), /project is not text\.$/],
])("a keyfold.json that holds %s is refused by its path, and not quoted", async (_, text, sentence) => {
  await writeFile(join(folder, "keyfold.json"), text);
  const said = await keyfold("whoami", { env: { KEYFOLD_TOKEN: token } });
  expect(said.exit).toBe(2);
  expect(said.err.trim()).toMatch(sentence);
  expect(said.err).toContain(join(folder, "keyfold.json"));
  expect(said.err).not.toContain("kf_secret");
});
