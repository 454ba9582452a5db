import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Source } from "../entry.ts";
import { infisicalSource } from "./infisical.ts";
import { vaultKvSource } from "./vault-kv.ts";

const VALUE = "sk_test_not_a_real_key";
let server: Server | undefined;
afterEach(() => server?.close());

interface Asked {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: Record<string, unknown>;
}
type Answer = { status?: number; json?: unknown; text?: string; headers?: Record<string, string> } | "hang";

/** A server that answers as the documented API does. */
async function serve(answer: (asked: Asked) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  server = createServer(async (request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, "http://localhost");
    const one = {
      method: request.method!,
      path: decodeURIComponent(url.pathname),
      query: url.searchParams,
      headers: request.headers,
      body: text === "" ? {} : JSON.parse(text),
    };
    asked.push(one);
    const said = answer(one);
    if (said === "hang") return;
    response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers });
    response.end(said.text ?? JSON.stringify(said.json ?? {}));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server!.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function all(source: Source) {
  const found = [];
  for await (const { value, ...entry } of source.read()) found.push({ ...entry, value: value.toString() });
  return found;
}
const failure = (source: Source) =>
  all(source).then(
    () => "none",
    (error: Error) => `${error.name}: ${error.message}`,
  );

const secret = (secretPath: string, secretKey: string, more = {}) => ({
  id: "1",
  workspace: "p",
  secretPath,
  secretKey,
  secretValue: VALUE,
  secretValueHidden: false,
  type: "shared",
  version: 1,
  ...more,
});
const SECRETS = [
  secret("/tenants/acme", "STRIPE_KEY"),
  secret("/tenants/acme/api", "URL"),
  secret("/tenants/globex", "STRIPE_KEY", { secretValue: "other" }),
  secret("/tenants", "BESIDE"),
  secret("/tenants/acme", "STRIPE_KEY", { type: "personal", secretValue: "mine" }),
];

/** Infisical's API, as https://infisical.com/docs/api-reference has it: v4, or only the version before. */
const infisicalApi =
  (versions: readonly string[]) =>
  ({ path, body, headers, query }: Asked): Answer => {
    if (path === "/api/v1/auth/universal-auth/login")
      return body.clientSecret === "client secret"
        ? { json: { accessToken: "token", expiresIn: 7200, accessTokenMaxTTL: 43200, tokenType: "Bearer" } }
        : {
            status: 401,
            json: { statusCode: 401, message: "Invalid credentials", error: "UnauthorizedError" },
          };
    if (!versions.includes(path))
      return {
        status: 404,
        json: { message: `Route GET:${path} not found`, error: "Not Found", statusCode: 404 },
      };
    if (headers.authorization !== "Bearer token") return { status: 401, json: { message: "Token missing" } };
    const project = query.get(path === "/api/v4/secrets" ? "projectId" : "workspaceId");
    if (project !== "project" || query.get("recursive") !== "true") return { status: 400, json: {} };
    if (query.get("environment") !== "prod")
      return { status: 404, json: { message: "Folder with path '/tenants' not found", statusCode: 404 } };
    return { json: { secrets: SECRETS, imports: [] } };
  };

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
    const { url } = await serve(infisicalApi([version]));
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
  const { url } = await serve(infisicalApi(["/api/v4/secrets"]));
  expect(await failure(infisical(url, { clientSecret: "wrong" }))).toMatch(
    /^SourceError: Infisical refused this identity\./,
  );
  expect(await failure(infisical(url, { environments: ["qa"] }))).toBe(
    "SourceError: Infisical has no folder /tenants in the environment qa of this project.",
  );
  server!.close();
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
  const api = infisicalApi(["/api/v4/secrets"]);
  const one = await serve((asked) =>
    busy-- > 0
      ? { status: busy === 0 ? 503 : 429, headers: { "retry-after": "7" }, text: "slow down" }
      : api(asked),
  );
  expect(await all(infisical(one.url, { wait: async (ms: number) => waits.push(ms) }))).toHaveLength(3);
  expect(waits).toEqual([7000, 7000, 7000]);
  server!.close();
  const html = await serve(() => ({ text: `<html>${VALUE}</html>` }));
  expect(await failure(infisical(html.url))).toBe(
    `SourceError: What answers at ${html.url} is no Infisical: it does not speak JSON.`,
  );
  server!.close();
  const away = await serve(() => ({ status: 302, headers: { location: "https://elsewhere.example" } }));
  expect(await failure(infisical(away.url))).toMatch(/answers that it is elsewhere/);
  expect(away.asked).toHaveLength(1);
  server!.close();
  const silent = await serve(() => "hang");
  expect(await failure(infisical(silent.url, { timeoutMs: 20, retries: 1 }))).toBe(
    `SourceError: Infisical at ${silent.url} does not answer in time.`,
  );
  server!.closeAllConnections();
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

/** KV version 2 as https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 has it. */
function vaultApi({ path, headers, query }: Asked): Answer {
  if (headers["x-vault-token"] !== "hvs.fake")
    return { status: 403, json: { errors: ["permission denied"] } };
  const [, kind, rest] = /^\/v1\/kv\/(metadata|data)\/?(.*)$/.exec(path) ?? [];
  if (kind === "metadata" && query.get("list") === "true") {
    const below = Object.keys(FIELDS).filter((name) => rest === "" || name.startsWith(`${rest}/`));
    const keys = new Set(
      below.map((name) => (rest === "" ? name : name.slice(rest!.length + 1)).replace(/\/.*/, "/")),
    );
    return keys.size === 0 ? { status: 404, json: { errors: [] } } : { json: { data: { keys: [...keys] } } };
  }
  const fields = kind === "data" ? FIELDS[rest!] : undefined;
  if (fields === null)
    return {
      status: 404,
      json: { data: { data: null, metadata: { deletion_time: "2026-01-01T00:00:00Z", version: 3 } } },
    };
  return fields === undefined
    ? { status: 404, json: { errors: [] } }
    : { json: { data: { data: fields, metadata: { version: 2 } } } };
}

const vault = (url: string, more = {}) =>
  vaultKvSource({ url, token: "hvs.fake", mount: "kv", path: "/tenants/", wait: async () => {}, ...more });

test("Vault's KV version 2 is walked folder by folder, each field a secret, what was deleted left out", async () => {
  const { url } = await serve(vaultApi);
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
    if (one.path !== "/v1/kv/data/tenants/acme/db") return vaultApi(one);
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
      found[entry.name] = ((await entry.older?.()) ?? []).map(String);
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
    server!.close();
  }
});

test.each(["/api/v4/secrets", "/api/v3/secrets/raw"])(
  "Infisical's older values come along by %s, where it gives them",
  async (route) => {
    const api = infisicalApi([route]);
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
      found[entry.name] = ((await entry.older?.()) ?? []).map(String);
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
  server = createServer((request, response) => {
    request.resume();
    response.writeHead(200, { "content-type": "application/json" });
    const piece = "x".repeat(1024 * 1024);
    const more = () => {
      while (!response.destroyed && response.write(piece));
    };
    response.on("drain", more);
    more();
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server!.once("listening", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  expect(await failure(vault(url))).toBe("SourceError: Vault answers more than can be read at once.");
});

test("Vault that refuses, or is another engine, is said in words that quote nothing", async () => {
  const { url } = await serve(vaultApi);
  expect(await failure(vault(url, { token: "hvs.wrong" }))).toBe(
    "SourceError: Vault does not let this token read tenants.",
  );
  server!.close();
  const other = await serve(() => ({ json: { data: { ttl: 1, value: VALUE } } }));
  expect(await failure(vault(other.url))).toBe(
    "SourceError: Vault's list of tenants is not known here. Is kv a KV version 2 engine?",
  );
});
