import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Served, serveHouse } from "@keyfold/api/testing";
import {
  type Answer,
  type Asked,
  awsApi,
  dopplerApi,
  googleApi,
  infisicalApi,
  infisicalSecret,
  type Service,
  serveApi,
  vaultApi,
} from "@keyfold/import/testing";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { typePage } from "../testing/page.ts";

const PAGES = new URL("../../../../docs/migrate/", import.meta.url);
const VALUE = "sk_test_not_a_real_key";
let served: Served;
let folder: string;
let slug: string;
let token: string;
let service: Service | undefined;
let count = 0;
beforeAll(async () => {
  served = await serveHouse();
  folder = await mkdtemp(join(tmpdir(), "keyfold-service-pages-"));
});
afterAll(async () => {
  await served.close();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  slug = `page-${++count}`;
  token = (await served.house.tenant(slug)).token!;
});
afterEach(() => {
  service?.close();
  vi.unstubAllGlobals();
  vi.unstubAllEnvs();
});

/** Where a service lives by its page, this machine answers, in the way that its API is documented. */
async function instead(of: string, answer: (asked: Asked) => Answer): Promise<void> {
  service = await serveApi(answer);
  const { url } = service;
  const real = globalThis.fetch;
  vi.stubGlobal("fetch", (input: string, init: RequestInit) => {
    const { origin, pathname, search } = new URL(input);
    expect(origin).toBe(of);
    return real(`${url}${pathname}${search}`, init);
  });
}
const typed = (page: string) =>
  typePage(new URL(page, PAGES), {
    folder,
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: token },
    set: {
      INFISICAL_CLIENT_ID: "client id",
      INFISICAL_CLIENT_SECRET: "client secret",
      VAULT_TOKEN: "hvs.fake",
      AWS_ACCESS_KEY_ID: "AKIDFAKE",
      AWS_SECRET_ACCESS_KEY: "not a real key",
      GOOGLE_ACCESS_TOKEN: "ya29.fake",
      DOPPLER_TOKEN: "dp.st.fake",
    },
  });
const file = (name: string, ...documents: object[]) =>
  writeFile(join(folder, name), documents.map((one) => `${JSON.stringify(one, null, 4)}\n`).join(""));
const value = async (name: string, environment = "dev") =>
  (await served.house.as(token).secrets.reveal({ name, environment })).value;
/** A look, and then the import: everything came. */
const LOOK_AND_IMPORT = [
  [0, expect.stringContaining("this was a dry run")],
  [0, expect.stringContaining("Everything came.")],
];
const ends = (said: { exit: number; out: string; err: string }[]) =>
  said.map(({ exit, out, err }) => [exit, out + err]);

test("docs/migrate/infisical.md goes word for word", async () => {
  const of = (secretValue: string) => [infisicalSecret(`/tenants/${slug}/api`, "KEY", secretValue)];
  await instead(
    "https://app.infisical.com",
    infisicalApi(["/api/v4/secrets"], "PROJECT", { dev: of(VALUE), prod: of("live, not real") }),
  );
  expect(ends(await typed("infisical.md"))).toEqual(LOOK_AND_IMPORT);
  expect([await value("api/KEY"), await value("api/KEY", "prod")]).toEqual([VALUE, "live, not real"]);
});

test("docs/migrate/vault.md goes word for word", async () => {
  await instead(
    "https://vault.example.com",
    vaultApi({ [`tenants/${slug}/stripe`]: { value: VALUE }, [`tenants/${slug}/db`]: { url: "not real" } }),
  );
  expect(ends(await typed("vault.md"))).toEqual(LOOK_AND_IMPORT);
  expect([await value("stripe"), await value("db/url")]).toEqual([VALUE, "not real"]);
});

test("docs/migrate/aws-secrets-manager.md goes word for word, through the API and from a file", async () => {
  service = await serveApi(awsApi({ [`tenants/${slug}/api/KEY`]: VALUE, elsewhere: "no" }));
  // AWS's SDK itself asks another address where this is set.
  vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", service.url);
  const names = [`tenants/${slug}/api/KEY`, `tenants/${slug}/FROM_FILE`];
  await file(
    "aws.json",
    { SecretList: names.map((Name) => ({ Name })) },
    ...names.map((Name) => ({ Name, SecretString: VALUE })),
  );
  expect(ends(await typed("aws-secrets-manager.md"))).toEqual([...LOOK_AND_IMPORT, ...LOOK_AND_IMPORT]);
  expect([await value("api/KEY"), await value("FROM_FILE")]).toEqual([VALUE, VALUE]);
});

test("docs/migrate/google-secret-manager.md goes word for word, through the API and from a file", async () => {
  await instead(
    "https://secretmanager.googleapis.com",
    googleApi([
      { id: "KEY", tenant: slug, value: VALUE },
      { id: "NOBODYS", value: "no" },
    ]),
  );
  const name = "projects/123/secrets/FROM_FILE";
  await file("google.json", [{ name, labels: { tenant: slug } }] as object, {
    name: `${name}/versions/1`,
    payload: { data: Buffer.from(VALUE).toString("base64url") },
  });
  expect(ends(await typed("google-secret-manager.md"))).toEqual([...LOOK_AND_IMPORT, ...LOOK_AND_IMPORT]);
  expect([await value("KEY"), await value("FROM_FILE")]).toEqual([VALUE, VALUE]);
});

test("docs/migrate/doppler.md goes word for word, through the API and from a file", async () => {
  await instead(
    "https://api.doppler.com",
    dopplerApi({ dev: { KEY: VALUE }, prd: { KEY: "live, not real" } }),
  );
  await file("map.json", { environments: { prd: "prod" } });
  await file(
    "doppler.json",
    { DOPPLER_CONFIG: "dev", FROM_FILE: VALUE },
    { DOPPLER_CONFIG: "prd", FROM_FILE: "live" },
  );
  expect(ends(await typed("doppler.md"))).toEqual([...LOOK_AND_IMPORT, ...LOOK_AND_IMPORT]);
  expect([await value("KEY", "prod"), await value("FROM_FILE", "prod")]).toEqual(["live, not real", "live"]);
});

test("a service that turns away, answers HTML or is busy without end stops the command with a sentence, and nothing is written", async () => {
  for (const [answer, sentence] of [
    [
      { status: 403, json: { errors: ["permission denied"] } },
      /^Vault does not let this token read tenants\.\n$/,
    ],
    [{ text: `<html>${VALUE}</html>` }, /^What answers at .* is no Vault: it does not speak JSON\.\n$/],
    [{ status: 302, headers: { location: "https://elsewhere.example" } }, /answers that it is elsewhere/],
    [{ status: 429, headers: { "retry-after": "0" } }, /^Vault at .* answered 429 again and again\.\n$/],
  ] as const) {
    await instead("https://vault.example.com", () => answer as Answer);
    for (const { exit, out, err } of await typed("vault.md"))
      expect([exit, out, err]).toEqual([1, "", expect.stringMatching(sentence)]);
    service!.close();
    vi.unstubAllGlobals();
  }
  expect((await served.house.as(token).secrets.list({ limit: 10 })).secrets).toEqual([]);
});
