import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Upstream } from "@keyfold/secrets";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createMetrics } from "../observe/metrics.ts";
import { serveHouse } from "../testing/index.ts";
import { upstreamsFrom } from "./from-file.ts";

const VALUE = "sk_test_not_a_real_key";
let folder: string;
const servers: Server[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-upstreams-"));
});
afterEach(async () => {
  for (const server of servers.splice(0)) server.close().closeAllConnections();
  await rm(folder, { recursive: true });
});

interface Asked {
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  body: Record<string, unknown>;
}
type Said = { status?: number; json?: unknown; text?: string; headers?: Record<string, string> } | "hang";

/** A server that answers as a documented API does. */
async function serve(answer: (asked: Asked) => Said): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  const server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, "http://localhost");
    const body = text === "" ? {} : JSON.parse(text);
    const one = { path: url.pathname, query: url.searchParams, headers: request.headers, body };
    asked.push(one);
    const said = answer(one);
    if (said === "hang") return;
    response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers });
    response.end(said.text ?? JSON.stringify(said.json ?? {}));
  }).listen(0, "127.0.0.1");
  servers.push(server);
  await new Promise((resolve) => server.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function configured(settings: object | object[]): Promise<Upstream[]> {
  await writeFile(join(folder, "secret"), "not a real credential\n");
  const file = join(folder, "upstreams.json");
  await writeFile(file, JSON.stringify(Array.isArray(settings) ? settings : [settings]));
  return upstreamsFrom(file);
}

const place = {
  tenant: { id: "0195f0c4-0000-7000-8000-000000000001", slug: "acme" },
  project: { id: "0195f0c4-0000-7000-8000-000000000002", name: "default" },
  environment: { id: "0195f0c4-0000-7000-8000-000000000003", name: "dev" },
};
const read = async (upstream: Upstream, name: string, at = place): Promise<string | null> => {
  const value = await upstream.read({ ...at, name }, AbortSignal.timeout(20_000));
  return value === null ? null : Buffer.from(value).toString();
};

/** Infisical's API as https://infisical.com/docs/api-reference/endpoints/secrets/read has it, or the version before. */
const infisicalApi =
  (version: "v3" | "v4", tokens: Set<string>) =>
  ({ path, body, query, headers }: Asked): Said => {
    if (path === "/api/v1/auth/universal-auth/login") {
      if (body.clientSecret !== "not a real credential")
        return { status: 401, json: { message: "Invalid credentials" } };
      const accessToken = `token-${tokens.size}`;
      tokens.add(accessToken);
      return { json: { accessToken, expiresIn: 7200, tokenType: "Bearer" } };
    }
    const route = version === "v4" ? "/api/v4/secrets/" : "/api/v3/secrets/raw/";
    if (!path.startsWith(route)) return { status: 404, json: { message: `Route GET:${path} not found` } };
    if (!tokens.has(String(headers.authorization).slice(7)))
      return { status: 401, json: { message: "Your token has expired" } };
    if (query.get(version === "v4" ? "projectId" : "workspaceId") !== "p") return { status: 400, json: {} };
    const at = `${query.get("environment")}:${query.get("secretPath")}/${path.slice(route.length)}`;
    const known: Record<string, string> = {
      "development:/tenants/acme/STRIPE_KEY": VALUE,
      "development:/tenants/acme/api/URL": "https://not.real",
      "development:/tenants/globex/STRIPE_KEY": "another tenant's, not real",
    };
    const secretValue = known[decodeURIComponent(at)];
    return secretValue === undefined
      ? { status: 404, json: { message: "Secret with name not found" } }
      : { json: { secret: { secretKey: "k", secretValue, secretValueHidden: false } } };
  };

const infisical = (url: string, more = {}) => ({
  kind: "infisical",
  name: "old",
  url,
  clientId: "id",
  clientSecretFile: "secret",
  projectId: "p",
  environments: { dev: "development" },
  ...more,
});

test.each(["v4", "v3"] as const)("Infisical is asked for one secret through its API, %s", async (version) => {
  const tokens = new Set<string>();
  const { url, asked } = await serve(infisicalApi(version, tokens));
  const [upstream] = await configured(infisical(url));
  expect(await read(upstream!, "STRIPE_KEY")).toBe(VALUE);
  expect(await read(upstream!, "api/URL")).toBe("https://not.real");
  expect(await read(upstream!, "NONE")).toBeNull();
  expect(asked.filter(({ path }) => path.endsWith("/login"))).toHaveLength(1);
  tokens.clear(); // it has forgotten the session: one more login, and no more than one
  expect(await read(upstream!, "STRIPE_KEY")).toBe(VALUE);
  expect(asked.filter(({ path }) => path.endsWith("/login"))).toHaveLength(2);
});

/** Vault's API as https://developer.hashicorp.com/vault/api-docs/secret/kv/kv-v2 has it. */
const vaultApi = ({ path, headers }: Asked): Said => {
  if (headers["x-vault-token"] !== "not a real credential")
    return { status: 403, json: { errors: ["permission denied"] } };
  const known: Record<string, object | null> = {
    "/v1/secret/data/tenants/acme/STRIPE_KEY": { value: VALUE },
    "/v1/secret/data/tenants/acme/db": { URL: "postgres://not.real", PORT: 5432 },
    "/v1/secret/data/tenants/globex/STRIPE_KEY": { value: "another tenant's, not real" },
    "/v1/secret/data/tenants/acme": { STRIPE_KEY: "beside the folder, not real" },
  };
  const data = known[decodeURIComponent(path)];
  return data === undefined
    ? { status: 404, json: { errors: [] } }
    : { json: { data: { data, metadata: { version: 3 } } } };
};
const vault = (url: string, more = {}) => ({
  kind: "vault-kv",
  name: "old",
  url,
  tokenFile: "secret",
  ...more,
});

test("Vault is asked for a secret by its path, or for a field of the one above", async () => {
  const { url } = await serve(vaultApi);
  const [upstream] = await configured(vault(url));
  expect(await read(upstream!, "STRIPE_KEY")).toBe(VALUE);
  expect(await read(upstream!, "db/URL")).toBe("postgres://not.real");
  expect(await read(upstream!, "db/PORT")).toBe("5432");
  expect(await read(upstream!, "db/toString")).toBeNull();
  expect(await read(upstream!, "NONE")).toBeNull();
});

/** GetSecretValue, as https://docs.aws.amazon.com/secretsmanager/latest/apireference/ has it. */
function awsApi({ headers, body }: Asked): Said {
  const refused = (__type: string) => ({ status: 400, json: { __type, message: VALUE } });
  if (!/^AWS4-HMAC-SHA256 Credential=AKIDFAKE\//.test(headers.authorization ?? ""))
    return refused("UnrecognizedClientException");
  if (headers["x-amz-target"] !== "secretsmanager.GetSecretValue") return refused("InvalidAction");
  switch (body.SecretId) {
    case "tenants/acme/dev/STRIPE_KEY":
      return { json: { Name: body.SecretId, SecretString: VALUE } };
    case "tenants/acme/dev/api/BYTES":
      return { json: { Name: body.SecretId, SecretBinary: Buffer.from([0, 255]).toString("base64") } };
    case "tenants/acme/dev/GOING":
      return refused("InvalidRequestException");
    case "tenants/acme/dev/BUSY":
      return refused("ThrottlingException");
    default:
      return refused("ResourceNotFoundException");
  }
}
const aws = (url: string) => ({
  kind: "aws-secrets-manager",
  name: "old-aws",
  url,
  region: "eu-central-1",
  accessKeyId: "AKIDFAKE",
  secretAccessKeyFile: "secret",
  path: "tenants/{tenant}/{environment}",
});

test("AWS Secrets Manager gives the current version, text or bytes; what is not there or going is none, what fails has failed", async () => {
  const { url, asked } = await serve(awsApi);
  const [upstream] = await configured(aws(url));
  expect(await read(upstream!, "STRIPE_KEY")).toBe(VALUE);
  expect(await upstream!.read({ ...place, name: "api/BYTES" }, AbortSignal.timeout(20_000))).toEqual(
    Uint8Array.of(0, 255),
  );
  for (const name of ["NONE", "GOING"]) expect(await read(upstream!, name)).toBeNull();
  await expect(read(upstream!, "BUSY")).rejects.toThrow(/^AWS Secrets Manager did not give a value$/);
  const before = asked.length;
  for (const name of ["../globex/STRIPE_KEY", "a//b", "%2e%2e/globex/K"])
    expect(await read(upstream!, name)).toBeNull();
  expect(asked.length).toBe(before);
  const [stranger] = await configured({ ...aws(url), accessKeyId: "AKIDWRONG" });
  await expect(read(stranger!, "STRIPE_KEY")).rejects.toThrow("did not give a value");
});

test("a module of the operator's own is an upstream; one that is none stops the start", async () => {
  await writeFile(
    join(folder, "old-manager.mjs"),
    `export default { async read({ tenant, environment, name }) {
       if (name === "BYTES") return Uint8Array.of(1, 2);
       if (name === "BROKEN") return undefined;
       return name === "K" ? \`\${tenant.slug}/\${environment.name}, not real\` : null;
     } };`,
  );
  const [upstream] = await configured({ kind: "module", name: "mine", module: "old-manager.mjs" });
  expect(await read(upstream!, "K")).toBe("acme/dev, not real");
  expect(await upstream!.read({ ...place, name: "BYTES" }, AbortSignal.timeout(20_000))).toEqual(
    Uint8Array.of(1, 2),
  );
  expect(await read(upstream!, "NONE")).toBeNull();
  await expect(read(upstream!, "BROKEN")).rejects.toThrow("no value");
  await writeFile(join(folder, "other.mjs"), "export default 3;");
  for (const module of ["other.mjs", "nothing.mjs"])
    await expect(configured({ kind: "module", name: "mine", module })).rejects.toThrow(
      /whose default export is no SecretSource with a read function\./,
    );
});

test("no name leads out of the tenant's own folder, however it is written", async () => {
  const old = await serve(infisicalApi("v4", new Set()));
  const hashicorp = await serve(vaultApi);
  const upstreams = [...(await configured(infisical(old.url))), ...(await configured(vault(hashicorp.url)))];
  for (const upstream of upstreams)
    for (const name of [
      "../globex/STRIPE_KEY",
      "x/../../globex/STRIPE_KEY",
      "%2e%2e/globex/STRIPE_KEY",
      ".%2E/globex/STRIPE_KEY",
      "./STRIPE_KEY",
      "..\\globex/STRIPE_KEY",
      "/STRIPE_KEY",
      "a//STRIPE_KEY",
    ])
      expect([name, await read(upstream, name)]).toEqual([name, null]);
  for (const upstream of upstreams)
    expect(
      await read(upstream, "STRIPE_KEY", { ...place, tenant: { ...place.tenant, slug: ".." } }),
    ).toBeNull();
  expect([...old.asked, ...hashicorp.asked]).toEqual([]);
});

test.each<[string, Said]>([
  ["429", { status: 429, json: {} }],
  ["a page of HTML", { text: "<html>not real</html>" }],
  ["a redirect", { status: 302, headers: { location: "http://127.0.0.1:1/" } }],
  ["another shape", { json: { data: "not real" } }],
  ["a refusal", { status: 403, json: { errors: ["permission denied"] } }],
])("an upstream that answers with %s has failed, and not said that there is none", async (_, said) => {
  const { url } = await serve(() => said);
  for (const setting of [vault(url), infisical(url)]) {
    const [upstream] = await configured(setting);
    await expect(read(upstream!, "K")).rejects.toThrow();
  }
});

test("a Keyfold with an upstream in its settings reads through it over HTTP, and counts", async () => {
  let hangs = false;
  const { url } = await serve((asked) => (hangs ? "hang" : vaultApi(asked)));
  const upstreams = await configured(vault(url, { tenants: ["acme"], timeoutMs: 200, compare: true }));
  const served = await serveHouse({ house: { upstreams } });
  try {
    const { token, caller } = await served.house.tenant("acme");
    const other = await served.house.tenant("globex");
    await caller.secrets.set({ name: "HERE", value: "not real" });
    const path = "/api/reveal?tenant=acme&name=STRIPE_KEY";
    expect((await served.call(path, { token })).json).toMatchObject({ value: VALUE, upstream: "old" });
    const theirs = await served.call("/api/reveal?name=STRIPE_KEY", { token: other.token });
    expect(theirs.json.code).toBe("not_found");
    expect((await served.call("/api/secrets/compare", { token })).json).toMatchObject({
      upstream: "old",
      secrets: [{ name: "HERE", state: "absent" }],
    });
    hangs = true;
    const slow = await served.call("/api/reveal?name=db/URL", { token });
    expect([slow.status, slow.json.code]).toEqual([503, "upstream_unavailable"]);
    expect((await served.call("/api/reveal?name=HERE", { token })).json.value).toBe("not real");
    const metrics = createMetrics({ process: false });
    metrics.watchUpstreams(() => served.house.server.upstreamFacts());
    const { text } = await metrics.page();
    expect(text).toContain('keyfold_upstream_reads{upstream="old",outcome="answered"} 1');
    expect(text).toContain('keyfold_upstream_compared{upstream="old",outcome="different"} 0');
    expect(served.lines.join("\n")).not.toContain(VALUE);
  } finally {
    await served.close();
  }
});

test("what docs/migrate/side-by-side.md shows is a file that is taken", async () => {
  const doc = await readFile(new URL("../../../../docs/migrate/side-by-side.md", import.meta.url), "utf8");
  const json = /```json\n([\s\S]*?)```/.exec(doc)![1]!;
  for (const name of ["infisical-secret", "vault-token"])
    await writeFile(join(folder, name), "not a real credential");
  await writeFile(join(folder, "doc.json"), json);
  const upstreams = await upstreamsFrom(join(folder, "doc.json"));
  expect(upstreams.map(({ name, keeps, compares, timeoutMs }) => [name, keeps, compares, timeoutMs])).toEqual(
    [
      ["old-infisical", true, false, 2000],
      ["old-vault", false, true, 2000],
      ["old-aws", false, false, 2000],
    ],
  );
  expect(
    upstreams.map((upstream) => upstream.serves({ ...place, project: { id: "", name: "shop" } })),
  ).toEqual([false, true, true]);
});

test.each<[string, unknown, RegExp]>([
  ["no JSON", "{", /which is no JSON\. See /],
  ["no list", {}, /is not right/],
  [
    "a path without the tenant",
    [vault("https://vault.example", { path: "shared" })],
    /"0\.path" is not right/,
  ],
  ["an unknown setting", [vault("https://vault.example", { token: "kept here, not real" })], /is not right/],
  ["another scheme", [vault("file:///etc/passwd")], /"0\.url" is not right/],
  [
    "a credential's file that is not there",
    [vault("https://v.example", { tokenFile: "none" })],
    /cannot be read\. See /,
  ],
  ["one name twice", [vault("https://v.example"), vault("https://v.example")], /have one name\./],
])("a file with %s stops the start in a sentence", async (_, content, sentence) => {
  const file = join(folder, "upstreams.json");
  await writeFile(join(folder, "secret"), "x");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  const error = await upstreamsFrom(file).catch((error: Error) => error);
  expect(String(error)).toMatch(sentence);
  expect(String(error)).not.toContain("not real");
});
