import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Source } from "../entry.ts";
import { infisicalApi, infisicalSecret } from "../testing/infisical.ts";
import { type Answer, type Asked, serveApi } from "../testing/service.ts";
import { vaultApi } from "../testing/vault.ts";
import { infisicalSource } from "./infisical.ts";
import { vaultKvSource } from "./vault-kv.ts";

const VALUE = "sk_test_not_a_real_key";
const services: { close(): void }[] = [];
afterEach(() => {
  for (const service of services.splice(0)) service.close();
});
async function serve(answer: (asked: Asked) => Answer) {
  const service = await serveApi(answer);
  services.push(service);
  return service;
}

async function all(source: Source) {
  const found = [];
  for await (const { value, ...entry } of source.read())
    found.push({ ...entry, value: value.unsafelyText() });
  return found;
}
const failure = (source: Source) =>
  all(source).then(
    () => "none",
    (error: Error) => `${error.name}: ${error.message}`,
  );

const secret = (path: string, name: string, more = {}) => infisicalSecret(path, name, VALUE, more);
const SECRETS = [
  secret("/tenants/acme", "STRIPE_KEY"),
  secret("/tenants/acme/api", "URL"),
  secret("/tenants/globex", "STRIPE_KEY", { secretValue: "other" }),
  secret("/tenants", "BESIDE"),
  secret("/tenants/acme", "STRIPE_KEY", { type: "personal", secretValue: "mine" }),
];

const PROD = { prod: SECRETS };

const infisical = (url: string, more = {}) =>
  infisicalSource({
    url,
    clientId: "client id",
    clientSecret: "client secret",
    projectId: "project",
    environments: ["prod"],
    wait: async () => {},
    ...more,
  });

test.each([["/api/v4/secrets"], ["/api/v3/secrets/raw"]])(
  "B2: a project's tenants are read from Infisical by %s",
  async (version) => {
    const { url } = await serve(infisicalApi([version], "project", PROD));
    expect(await all(infisical(url))).toEqual([
      {
        from: "prod:/tenants/acme/STRIPE_KEY",
        tenant: "acme",
        project: null,
        environment: "prod",
        name: "STRIPE_KEY",
        value: VALUE,
      },
      {
        from: "prod:/tenants/acme/api/URL",
        tenant: "acme",
        project: null,
        environment: "prod",
        name: "api/URL",
        value: VALUE,
      },
      {
        from: "prod:/tenants/globex/STRIPE_KEY",
        tenant: "globex",
        project: null,
        environment: "prod",
        name: "STRIPE_KEY",
        value: "other",
      },
    ]);
    expect((await all(infisical(url, { tenants: ["globex"] }))).map(({ tenant }) => tenant)).toEqual([
      "globex",
    ]);
  },
);

test("Infisical that refuses, hides values, or has no such folder is said in words that quote nothing", async () => {
  const { url } = await serve(infisicalApi(["/api/v4/secrets"], "project", PROD));
  expect(await failure(infisical(url, { clientSecret: "wrong" }))).toMatch(
    /^SourceError: Infisical refused this identity\./,
  );
  expect(await failure(infisical(url, { environments: ["qa"] }))).toBe(
    "SourceError: Infisical has no folder /tenants in the environment qa of this project.",
  );
  const hidden = await serve(({ path }) =>
    path.endsWith("/login")
      ? { json: { accessToken: "t" } }
      : { json: { secrets: [secret("/tenants/acme", "K", { secretValueHidden: true })] } },
  );
  expect(await failure(infisical(hidden.url))).toMatch(
    /^SourceError: Infisical hides the value of prod:\/tenants\/acme\/K/,
  );
});

test("a service that is busy is asked again when it says, one that answers HTML, hangs or redirects is given up", async () => {
  let busy = 3;
  const waits: number[] = [];
  const api = infisicalApi(["/api/v4/secrets"], "project", PROD);
  const one = await serve((asked) =>
    busy-- > 0
      ? { status: busy === 0 ? 503 : 429, headers: { "retry-after": "7" }, text: "slow down" }
      : api(asked),
  );
  expect(await all(infisical(one.url, { wait: async (ms: number) => waits.push(ms) }))).toHaveLength(3);
  expect(waits).toEqual([7000, 7000, 7000]);
  const html = await serve(() => ({ text: `<html>${VALUE}</html>` }));
  expect(await failure(infisical(html.url))).toBe(
    `SourceError: What answers at ${html.url} is no Infisical: it does not speak JSON.`,
  );
  const away = await serve(() => ({ status: 302, headers: { location: "https://elsewhere.example" } }));
  expect(await failure(infisical(away.url))).toMatch(/answers that it is elsewhere/);
  expect(away.asked).toHaveLength(1);
  const silent = await serve(() => "hang");
  expect(await failure(infisical(silent.url, { timeoutMs: 20, retries: 1 }))).toBe(
    `SourceError: Infisical at ${silent.url} does not answer in time.`,
  );
  expect(await failure(infisical("http://127.0.0.1:1", { retries: 0 }))).toBe(
    "SourceError: Infisical at http://127.0.0.1:1 cannot be reached.",
  );
});

const FIELDS: Record<string, Record<string, unknown> | null> = {
  "tenants/acme/stripe": { value: VALUE },
  "tenants/acme/db": { url: "postgres://fake", port: 5432 },
  "tenants/globex/deep er/key": { value: "é" },
  "tenants/beside": { value: "no" },
  "tenants/acme/gone": null,
};

const vault = (url: string, more = {}) =>
  vaultKvSource({ url, token: "hvs.fake", mount: "kv", path: "/tenants/", wait: async () => {}, ...more });

test("Vault's KV version 2 is walked folder by folder, each field a secret, what was deleted left out", async () => {
  const { url } = await serve(vaultApi(FIELDS));
  expect((await all(vault(url))).map(({ tenant, name, value, from }) => [tenant, name, value, from])).toEqual(
    [
      ["acme", "stripe", VALUE, "tenants/acme/stripe#value"],
      ["acme", "db/url", "postgres://fake", "tenants/acme/db#url"],
      ["acme", "db/port", "5432", "tenants/acme/db#port"],
      ["globex", "deep er/key", "é", "tenants/globex/deep er/key#value"],
    ],
  );
  expect(
    (await all(vault(url, { tenantFolders: false }))).map(({ tenant, name }) => [tenant, name]),
  ).toContainEqual([null, "acme/stripe"]);
});

test("Vault's older versions come along, oldest first, as many as are asked for; deleted and destroyed ones do not", async () => {
  const versions: Record<string, Record<string, unknown> | null> = {
    1: { url: "one", gone: "x" },
    2: { url: "two" },
    3: null,
    4: { url: "four" },
    5: { url: "five", fresh: "y" },
  };
  const { url, asked } = await serve((one) => {
    if (one.path !== "/v1/kv/data/tenants/acme/db") return vaultApi(FIELDS)(one);
    const version = Number(one.query.get("version") ?? 5);
    const data = versions[version]!;
    return {
      status: data === null ? 404 : 200,
      json: { data: { data, metadata: { version, deletion_time: "" } } },
    };
  });
  const older = async (more: object) => {
    const found: Record<string, string[]> = {};
    for await (const entry of vault(url, more).read())
      found[entry.name] = ((await entry.older?.()) ?? []).map((one) => one.unsafelyText());
    return found;
  };
  expect(await older({ versions: 10 })).toMatchObject({ "db/url": ["one", "two", "four"], "db/fresh": [] });
  expect((await older({ versions: 2 }))["db/url"]).toEqual(["four"]);
  const before = asked.length;
  expect((await older({}))["db/url"]).toEqual([]);
  expect(asked.slice(before).some(({ query }) => query.has("version"))).toBe(false);
});

test("a Vault that lists names of dots leads nowhere else", async () => {
  for (const key of ["..", "../", "%2e%2E/"]) {
    const { url } = await serve(() => ({ json: { data: { keys: [key] } } }));
    expect(await failure(vault(url))).toBe("SourceError: Vault lists a name of dots in tenants.");
  }
});

test.each(["/api/v4/secrets", "/api/v3/secrets/raw"])(
  "Infisical's older values come along by %s, where it gives them",
  async (route) => {
    const api = infisicalApi([route], "project", PROD);
    const { url, asked } = await serve((one) => {
      if (one.path === route && one.query.get("environment") === "prod")
        return {
          json: {
            secrets: [secret("/tenants/acme/api", "URL", { version: 4 }), secret("/tenants/acme", "ONE")],
          },
        };
      if (one.path !== `${route}/URL`) return api(one);
      const version = one.query.get("version");
      if (version === "2") return { status: 404, json: { message: "Secret version not found" } };
      return {
        json: { secret: { secretKey: "URL", version: Number(version), secretValue: `value ${version}` } },
      };
    });
    const found: Record<string, string[]> = {};
    for await (const entry of infisical(url, { versions: 10 }).read())
      found[entry.name] = ((await entry.older?.()) ?? []).map((one) => one.unsafelyText());
    expect(found).toEqual({ "api/URL": ["value 1", "value 3"], ONE: [] });
    const one = asked.find(({ path }) => path === `${route}/URL`)!;
    expect([one.query.get("secretPath"), one.headers.authorization]).toEqual([
      "/tenants/acme/api",
      "Bearer token",
    ]);
    expect(one.query.get(route === "/api/v4/secrets" ? "projectId" : "workspaceId")).toBe("project");
  },
);

test("an answer that does not end is given up, whatever its head says of it", async () => {
  const server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/json" });
    const piece = "x".repeat(1024 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more);
    more();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  services.push({ close: () => void server.close().closeAllConnections() });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await failure(vault(url))).toBe("SourceError: Vault answers more than can be read at once.");
});

test("Vault that refuses, or is another engine, is said in words that quote nothing", async () => {
  const { url } = await serve(vaultApi(FIELDS));
  expect(await failure(vault(url, { token: "hvs.wrong" }))).toBe(
    "SourceError: Vault does not let this token read tenants.",
  );
  const other = await serve(() => ({ json: { data: { ttl: 1, value: VALUE } } }));
  expect(await failure(vault(other.url))).toBe(
    "SourceError: Vault's list of tenants is not known here. Is kv a KV version 2 engine?",
  );
});
