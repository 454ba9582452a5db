import { afterEach, expect, test } from "vitest";
import type { Source } from "../entry.ts";
import { awsApi, dopplerApi, googleApi } from "../testing/clouds.ts";
import { type Answer, type Asked, serveApi } from "../testing/service.ts";
import { awsSecretsManagerSource } from "./aws-secrets-manager.ts";
import { dopplerSource } from "./doppler.ts";
import { googleSecretManagerSource } from "./google-secret-manager.ts";

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
  for await (const { tenant, environment, name, value } of source.read())
    found.push([tenant, environment, name, value.unsafelyBytes().toString("latin1")]);
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

const aws = (url: string, more = {}) =>
  awsSecretsManagerSource({
    url,
    region: "eu-central-1",
    path: "/tenants/",
    credentials: { accessKeyId: "AKIDFAKE", secretAccessKey: "not a real key" },
    ...more,
  });

test("AWS Secrets Manager is read by its SDK, page by page, twenty values at once, bytes as bytes", async () => {
  const { url, asked } = await serve(awsApi(AWS));
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
  const { url } = await serve(awsApi(AWS));
  const wrong = { accessKeyId: "AKIDWRONG", secretAccessKey: "not a real key" };
  expect(await failure(aws(url, { credentials: wrong }))).toMatch(
    /^SourceError: AWS does not know these credentials\./,
  );
  const denied = await serve(() => ({
    status: 400,
    json: { __type: "AccessDeniedException", message: VALUE },
  }));
  expect(await failure(aws(denied.url))).toMatch(
    /^SourceError: AWS does not let these credentials list secrets/,
  );
  const partly = await serve((asked) =>
    String(asked.headers["x-amz-target"]).endsWith("ListSecrets")
      ? awsApi(AWS)(asked)
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

const GOOGLE = [
  { id: "STRIPE_KEY", tenant: "acme", value: `${VALUE} STRIPE_KEY` },
  { id: "NOBODYS", value: VALUE },
  { id: "OFF", tenant: "acme", disabled: true },
  { id: "STRIPE_KEY_globex", tenant: "globex", value: `${VALUE} STRIPE_KEY_globex` },
  { id: "EMPTY", tenant: "acme" },
];
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
  const { url } = await serve(googleApi(GOOGLE));
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
  const denied = await serve(() => ({
    status: 403,
    json: { error: { status: "PERMISSION_DENIED", message: VALUE } },
  }));
  expect(await failure(google(denied.url))).toMatch(
    /^SourceError: Google does not let this account list the secrets of shop/,
  );
});

const DOPPLER = {
  dev: { DOPPLER_CONFIG: "dev", STRIPE_KEY: VALUE, EMPTY: "" },
  prd: { HIDDEN: null },
};
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
  const { url } = await serve(dopplerApi(DOPPLER));
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
