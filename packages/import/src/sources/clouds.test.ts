import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { Source } from "../entry.ts";
import { awsSecretsManagerSource } from "./aws-secrets-manager.ts";
import { dopplerSource } from "./doppler.ts";
import { googleSecretManagerSource } from "./google-secret-manager.ts";

const VALUE = "sk_test_not_a_real_key";
let server: Server | undefined;
afterEach(() => server?.close().closeAllConnections());

interface Asked {
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage["headers"];
  // biome-ignore lint/suspicious/noExplicitAny: what a client sent, looked into as the API's documents say.
  body: any;
}
type Answer = { status?: number; json?: unknown; headers?: Record<string, string> };

async function serve(answer: (asked: Asked) => Answer): Promise<{ url: string; asked: Asked[] }> {
  const asked: Asked[] = [];
  server = createServer(async (request, response) => {
    let text = "";
    for await (const chunk of request) text += chunk;
    const url = new URL(request.url!, "http://localhost");
    const path = decodeURIComponent(url.pathname);
    const body = text === "" ? {} : JSON.parse(text);
    const one = { path, query: url.searchParams, headers: request.headers, body };
    asked.push(one);
    const said = answer(one);
    response.writeHead(said.status ?? 200, { "content-type": "application/json", ...said.headers });
    response.end(JSON.stringify(said.json ?? {}));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => server!.once("listening", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked };
}

async function all(source: Source) {
  const found = [];
  for await (const { tenant, environment, name, value } of source.read())
    found.push([tenant, environment, name, value.toString("latin1")]);
  return found;
}
const failure = (source: Source) =>
  all(source).then(
    () => "none",
    (error: Error) => `${error.name}: ${error.message}`,
  );

const AWS: Record<string, string | Uint8Array> = {
  "tenants/acme/STRIPE_KEY": VALUE,
  "tenants/acme/api/KEY": '{"user":"a","password":"not real"}',
  "tenants/globex/BYTES": Uint8Array.of(0, 255),
  "tenants/BESIDE": "no",
  elsewhere: "no",
};
for (let i = 0; i < 45; i++) AWS[`tenants/many/K${String(i).padStart(2, "0")}`] = `value ${i}`;

/** JSON 1.1 as https://docs.aws.amazon.com/secretsmanager/latest/apireference/ has it. */
function awsApi({ headers, body }: Asked): Answer {
  if (
    !/^AWS4-HMAC-SHA256 Credential=AKIDFAKE\/\d{8}\/eu-central-1\/secretsmanager\/aws4_request, /.test(
      headers.authorization ?? "",
    )
  )
    return { status: 400, json: { __type: "UnrecognizedClientException", message: VALUE } };
  const names = Object.keys(AWS).sort();
  const target = String(headers["x-amz-target"]);
  if (target === "secretsmanager.ListSecrets") {
    const from = Number(body.NextToken ?? 0);
    const next = from + 30 < names.length ? { NextToken: String(from + 30) } : {};
    return { json: { SecretList: names.slice(from, from + 30).map((Name) => ({ Name })), ...next } };
  }
  if (target !== "secretsmanager.BatchGetSecretValue" || body.SecretIdList.length > 20)
    return { status: 400, json: { __type: "InvalidParameterException", message: "no" } };
  const SecretValues = body.SecretIdList.map((Name: string) => {
    const value = AWS[Name]!;
    return typeof value === "string"
      ? { Name, SecretString: value }
      : { Name, SecretBinary: Buffer.from(value).toString("base64") };
  });
  return { json: { SecretValues, Errors: [] } };
}
const aws = (url: string, more = {}) =>
  awsSecretsManagerSource({
    url,
    region: "eu-central-1",
    path: "/tenants/",
    credentials: { accessKeyId: "AKIDFAKE", secretAccessKey: "not a real key" },
    ...more,
  });

test("AWS Secrets Manager is read by its SDK, page by page, twenty values at once, bytes as bytes", async () => {
  const { url, asked } = await serve(awsApi);
  const found = await all(aws(url));
  expect(found.filter(([tenant]) => tenant !== "many")).toEqual([
    ["acme", null, "STRIPE_KEY", VALUE],
    ["acme", null, "api/KEY", '{"user":"a","password":"not real"}'],
    ["globex", null, "BYTES", "\0ÿ"],
  ]);
  expect(found.filter(([tenant]) => tenant === "many")).toHaveLength(45);
  expect(
    asked.filter(({ headers }) => headers["x-amz-target"] === "secretsmanager.ListSecrets"),
  ).toHaveLength(2);
  const one = await all(aws(url, { tenantFolders: false, path: "tenants/acme" }));
  expect(one.map(([tenant, , name]) => [tenant, name])).toEqual([
    [null, "STRIPE_KEY"],
    [null, "api/KEY"],
  ]);
});

test("AWS that refuses credentials, rights or one value is said in words that quote nothing", async () => {
  const { url } = await serve(awsApi);
  const wrong = { accessKeyId: "AKIDWRONG", secretAccessKey: "not a real key" };
  expect(await failure(aws(url, { credentials: wrong }))).toMatch(
    /^SourceError: AWS does not know these credentials\./,
  );
  server!.close();
  const denied = await serve(() => ({
    status: 400,
    json: { __type: "AccessDeniedException", message: VALUE },
  }));
  expect(await failure(aws(denied.url))).toMatch(
    /^SourceError: AWS does not let these credentials list secrets/,
  );
  server!.close();
  const partly = await serve((asked) =>
    String(asked.headers["x-amz-target"]).endsWith("ListSecrets")
      ? awsApi(asked)
      : {
          json: {
            SecretValues: [],
            Errors: [{ SecretId: "tenants/acme/STRIPE_KEY", ErrorCode: "DecryptionFailure", Message: VALUE }],
          },
        },
  );
  expect(await failure(aws(partly.url))).toBe(
    "SourceError: AWS Secrets Manager does not give the value of tenants/acme/STRIPE_KEY (DecryptionFailure).",
  );
});

/** As https://cloud.google.com/secret-manager/docs/reference/rest has it. */
function googleApi({ path, query, headers }: Asked): Answer {
  if (headers.authorization !== "Bearer ya29.fake")
    return { status: 401, json: { error: { code: 401, status: "UNAUTHENTICATED", message: VALUE } } };
  const secret = (id: string, tenant?: string) => ({
    name: `projects/123/secrets/${id}`,
    ...(tenant === undefined ? {} : { labels: { tenant } }),
  });
  if (path === "/v1/projects/shop/secrets")
    return query.get("pageToken") === "2"
      ? { json: { secrets: [secret("STRIPE_KEY_globex", "globex"), secret("EMPTY", "acme")] } }
      : {
          json: {
            secrets: [secret("STRIPE_KEY", "acme"), secret("NOBODYS"), secret("OFF", "acme")],
            nextPageToken: "2",
          },
        };
  const id = /^\/v1\/projects\/shop\/secrets\/(\w+)\/versions\/latest:access$/.exec(path)?.[1];
  if (id === "OFF")
    return {
      status: 400,
      json: { error: { code: 400, status: "FAILED_PRECONDITION", message: "is in DISABLED state" } },
    };
  if (id === undefined || id === "EMPTY")
    return { status: 404, json: { error: { code: 404, status: "NOT_FOUND", message: "not found" } } };
  return { json: { name: id, payload: { data: Buffer.from(`${VALUE} ${id}`).toString("base64") } } };
}
const google = (url: string, more = {}) =>
  googleSecretManagerSource({
    url,
    token: "ya29.fake",
    projectId: "shop",
    tenantLabel: "tenant",
    wait: async () => {},
    ...more,
  });

test("Google Secret Manager is read page by page, a label the tenant, what has no value left out", async () => {
  const { url } = await serve(googleApi);
  expect(await all(google(url))).toEqual([
    ["acme", null, "STRIPE_KEY", `${VALUE} STRIPE_KEY`],
    ["globex", null, "STRIPE_KEY_globex", `${VALUE} STRIPE_KEY_globex`],
  ]);
  expect((await all(google(url, { tenantLabel: null }))).map(([tenant, , name]) => [tenant, name])).toEqual([
    [null, "STRIPE_KEY"],
    [null, "NOBODYS"],
    [null, "STRIPE_KEY_globex"],
  ]);
  expect(await failure(google(url, { token: "expired" }))).toMatch(
    /^SourceError: Google does not take this access token/,
  );
  server!.close();
  const denied = await serve(() => ({
    status: 403,
    json: { error: { status: "PERMISSION_DENIED", message: VALUE } },
  }));
  expect(await failure(google(denied.url))).toMatch(
    /^SourceError: Google does not let this account list the secrets of shop/,
  );
});

/** As https://docs.doppler.com/reference/secrets-list has it. */
function dopplerApi({ path, query, headers }: Asked): Answer {
  if (headers.authorization !== "Bearer dp.st.fake")
    return { status: 401, json: { messages: ["Invalid"], success: false } };
  if (path !== "/v3/configs/config/secrets" || query.get("project") !== "shop")
    return { status: 404, json: { messages: ["Could not find"], success: false } };
  const of = (computed: string | null) => ({ raw: "a reference", computed, note: "" });
  if (query.get("config") === "prd") return { json: { secrets: { HIDDEN: of(null) } } };
  if (query.get("config") !== "dev") return { status: 404, json: { success: false } };
  return { json: { secrets: { DOPPLER_CONFIG: of("dev"), STRIPE_KEY: of(VALUE), EMPTY: of("") } } };
}
const doppler = (url: string, more = {}) =>
  dopplerSource({
    url,
    token: "dp.st.fake",
    project: "shop",
    configs: ["dev"],
    wait: async () => {},
    ...more,
  });

test("Doppler's configs are environments, values as the product reads them, and its own variables left out", async () => {
  const { url } = await serve(dopplerApi);
  expect(await all(doppler(url))).toEqual([
    [null, "dev", "STRIPE_KEY", VALUE],
    [null, "dev", "EMPTY", ""],
  ]);
  expect(await failure(doppler(url, { configs: ["prd"] }))).toMatch(
    /^SourceError: Doppler hides the value of prd\/HIDDEN/,
  );
  expect(await failure(doppler(url, { configs: ["none"] }))).toBe(
    "SourceError: Doppler has no config none here that this token may read.",
  );
  expect(await failure(doppler(url, { token: "dp.st.wrong" }))).toBe(
    "SourceError: Doppler does not take this token.",
  );
});
