import { inspect } from "node:util";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import {
  createKeyfold,
  defineSecrets,
  isKeyfoldError,
  json,
  type Keyfold,
  type KeyfoldClientError,
} from "./index.ts";

let served: Served;
beforeAll(async () => {
  served = await serveHouse();
});
afterAll(() => served.close());

/** A tenant of a test's own, and clients with its token: one as anyone makes it, one without a cache. */
async function open(slug: string): Promise<{ keyfold: Keyfold; direct: Keyfold; token: string }> {
  const { token } = await served.house.tenant(slug);
  const { url } = served;
  return {
    token,
    keyfold: createKeyfold({ url, token }),
    direct: createKeyfold({ url, token, cache: false }),
  };
}

const failure = async (call: PromiseLike<unknown>): Promise<KeyfoldClientError> => {
  try {
    await call;
  } catch (error) {
    if (isKeyfoldError(error)) return error;
    throw error;
  }
  throw new Error("the call was expected to fail");
};

test("a secret is set, read, rotated, rolled back, deleted and restored, in one line each", async () => {
  const acme = (await open("one-line-each")).keyfold.tenant("one-line-each");
  const { changed } = await acme.set("STRIPE_SECRET_KEY", "sk_test_not_a_real_key");
  expect(changed).toBe(true);
  expect(await acme.get("STRIPE_SECRET_KEY")).toBe("sk_test_not_a_real_key");
  expect((await acme.set("STRIPE_SECRET_KEY", "sk_test_not_a_real_key")).changed).toBe(false);
  const rotated = await acme.rotate("STRIPE_SECRET_KEY", "sk_test_second", { reason: "quarterly" });
  expect(rotated.secret.version).toBe(2);
  expect(await acme.get("STRIPE_SECRET_KEY")).toBe("sk_test_second");
  await acme.rollBack("STRIPE_SECRET_KEY", 1, { reason: "broke the shop" });
  expect(await acme.get("STRIPE_SECRET_KEY")).toBe("sk_test_not_a_real_key");
  const versions = await acme.versions("STRIPE_SECRET_KEY");
  expect(versions.map(({ version, reason }) => [version, reason])).toEqual([
    [3, "broke the shop"],
    [2, "quarterly"],
    [1, null],
  ]);
  const { id } = await acme.delete("STRIPE_SECRET_KEY");
  expect((await failure(acme.get("STRIPE_SECRET_KEY"))).code).toBe("not_found");
  await acme.restore(id, { name: "STRIPE_OLD" });
  expect(await acme.get("STRIPE_OLD")).toBe("sk_test_not_a_real_key");
  expect((await acme.metadata("STRIPE_OLD")).id).toBe(id);
});

test("a token's own tenant needs no naming", async () => {
  const { keyfold } = await open("own-tenant");
  await keyfold.tenant().set("KEY", "not a real value");
  expect(await keyfold.tenant("own-tenant").get("KEY")).toBe("not a real value");
});

test("many are set and read in one call, and names like __proto__ come back as they are", async () => {
  const { direct } = await open("many");
  const many = direct.tenant("many");
  const results = await many.setMany({ A: "1", constructor: "2", ["__proto__"]: "3" });
  expect(results.map(({ secret }) => secret.name).sort()).toEqual(["A", "__proto__", "constructor"]);
  const values = await many.getMany(["A", "constructor", "__proto__", "A"]);
  expect(Object.entries(values).sort()).toEqual([
    ["A", "1"],
    ["__proto__", "3"],
    ["constructor", "2"],
  ]);
  expect((await failure(many.getMany(["A", "NOT_THERE"]))).code).toBe("not_found");
});

test("more names than a URL holds are read in one call", async () => {
  const { direct } = await open("long");
  const names = Array.from({ length: 300 }, (_, index) => `FOLDER/${"x".repeat(60)}/${index}`);
  const values = Object.fromEntries(names.map((name) => [name, `value of ${name}`]));
  await direct.tenant("long").setMany(values);
  expect(await direct.tenant("long").getMany(names)).toEqual(values);
});

test("bytes come back as bytes, and text that was sent as bytes as text", async () => {
  const { direct } = await open("bytes");
  const tenant = direct.tenant("bytes");
  const all = Uint8Array.from({ length: 20_000 }, (_, index) => index % 256);
  await tenant.set("KEYSTORE", all);
  expect(await tenant.getBytes("KEYSTORE")).toEqual(all);
  const error = await failure(tenant.get("KEYSTORE"));
  expect(error.code).toBe("value_invalid");
  expect(error.message).toBe("The value of KEYSTORE is bytes and not text: read it with getBytes.");
  await tenant.set("PEM", new TextEncoder().encode("\ufeffnot a real key ü\0"));
  expect(await tenant.get("PEM")).toBe("\ufeffnot a real key ü\0");
  await tenant.set("TEXT", "ü");
  expect(await tenant.getBytes("TEXT")).toEqual(new Uint8Array([0xc3, 0xbc]));
});

test("a project and an environment scope every call", async () => {
  const { keyfold, token } = await open("scoped");
  const dev = keyfold.tenant("scoped");
  await dev.set("KEY", "dev value");
  await dev.environment("prod").set("KEY", "prod value");
  expect(await dev.get("KEY")).toBe("dev value");
  expect(await dev.environment("prod").get("KEY")).toBe("prod value");
  const inProd = createKeyfold({ url: served.url, token, project: "default", environment: "prod" });
  expect(await inProd.tenant("scoped").get("KEY")).toBe("prod value");
  expect((await failure(dev.project("nowhere").get("KEY"))).code).toBe("not_found");
  expect(await dev.list()).toHaveLength(2);
  expect(await dev.environment("prod").list()).toHaveLength(1);
});

test("a list is awaited whole, or walked page by page, and holds no values", async () => {
  const { direct } = await open("listed");
  const tenant = direct.tenant("listed");
  const names = Array.from({ length: 230 }, (_, index) => `stripe/${String(index).padStart(3, "0")}`);
  await tenant.setMany(Object.fromEntries(names.map((name) => [name, "not_a_real_value"])));
  await tenant.set("other", "not_a_real_value");
  const all = await tenant.list({ prefix: "stripe/" });
  expect(all.map(({ name }) => name)).toEqual(names);
  expect(JSON.stringify(all)).not.toContain("not_a_real_value");
  const walked: string[] = [];
  for await (const { name } of tenant.list()) {
    walked.push(name);
    if (walked.length === 3) break;
  }
  expect(walked).toEqual(["other", "stripe/000", "stripe/001"]);
});

test("the server's refusals keep their code, status, correlation id and issues", async () => {
  const { keyfold, token } = await open("refused");
  const missing = await failure(keyfold.tenant("refused").get("NOT_THERE"));
  expect(missing).toMatchObject({
    code: "not_found",
    status: 404,
    correlationId: expect.stringMatching(/./),
  });
  expect(missing.message).toBe("There is no such thing here, or this token may not see it.");
  const bad = await failure(keyfold.tenant("refused").set("a//b", "sk_test_not_a_real_key"));
  expect(bad).toMatchObject({ code: "bad_input", status: 400 });
  expect(bad.issues).toEqual([{ path: "name", message: 'has an empty, "." or ".." folder in it' }]);
  const clash = await failure(keyfold.tenant("refused").set("KEY", "x", { expectedVersion: 7 }));
  expect(clash.code).toBe("version_mismatch");
  expect((await failure(keyfold.trpc.tenants.create.mutate({ slug: "other" }))).code).toBe("forbidden");
  expect((await failure(keyfold.tenant("somebody-elses").get("KEY"))).code).toBe("not_found");
  const stranger = createKeyfold({ url: served.url, token: `${token.slice(0, -1)}_` });
  expect((await failure(stranger.tenant("refused").get("KEY"))).code).toBe("unauthenticated");
});

test("everything else is there through the typed router", async () => {
  const { keyfold } = await open("everything-else");
  expect((await keyfold.trpc.identity.get.query()).tenant?.slug).toBe("everything-else");
  const { environments } = await keyfold.trpc.environments.list.query({});
  expect(environments.map(({ name }) => name)).toContain("prod");
});

const declared = defineSecrets({
  STRIPE_SECRET_KEY: z.string().startsWith("sk_"),
  PORT: z.coerce.number().int().max(65535),
  OAUTH: json(z.object({ client: z.string(), scopes: z.array(z.string()) })),
});

test("declared secrets come with their schemas' types, one by one or all at once", async () => {
  const { keyfold } = await open("declared");
  const tenant = keyfold.tenant("declared", declared);
  await tenant.setMany({
    STRIPE_SECRET_KEY: "sk_test_not_a_real_key",
    PORT: "4400",
    OAUTH: '{"client":"c","scopes":["read"]}',
  });
  const port: number = await tenant.get("PORT");
  expect(port).toBe(4400);
  const { scopes } = await tenant.get("OAUTH");
  expect(scopes).toEqual(["read"]);
  expect(await tenant.getAll()).toEqual({
    STRIPE_SECRET_KEY: "sk_test_not_a_real_key",
    PORT: 4400,
    OAUTH: { client: "c", scopes: ["read"] },
  });
});

test("getAll names every declared secret that is missing, empty or does not match, and no value", async () => {
  const { keyfold } = await open("unusable");
  await keyfold.tenant("unusable").set("PORT", "not_a_real_port_value");
  await keyfold.tenant("unusable").set("OAUTH", '{"client":"not_a_real_client"}');
  const error = await failure(keyfold.tenant("unusable", declared).getAll());
  expect(error.code).toBe("not_found");
  expect(error.issues).toEqual([
    { path: "STRIPE_SECRET_KEY", message: "not_found" },
    { path: "PORT", message: "does not match its declaration (invalid_type)" },
    { path: "OAUTH", message: "does not match its declaration (invalid_type)" },
  ]);
  expect(error.message).toContain(
    "3 of 3 declared secrets cannot be used: STRIPE_SECRET_KEY (not_found), PORT",
  );
  expect(inspect(error, { depth: null })).not.toContain("not_a_real");
});

test("a value that its declaration refuses is not even sent", async () => {
  const { keyfold } = await open("refused-write");
  const tenant = keyfold.tenant("refused-write", declared);
  const error = await failure(tenant.set("STRIPE_SECRET_KEY", "pk_not_a_real_key"));
  expect(error.code).toBe("value_invalid");
  expect((await failure(tenant.get("STRIPE_SECRET_KEY"))).code).toBe("not_found");
});

test("a read within the cache's age is one audited access, and a fresh one another", async () => {
  const { keyfold } = await open("audited");
  const tenant = keyfold.tenant("audited");
  await tenant.set("KEY", "not a real value");
  await tenant.get("KEY");
  await tenant.get("KEY");
  await tenant.getMany(["KEY"]);
  const accesses = async () =>
    (await keyfold.trpc.audit.list.query({ action: "secret.accessed" })).events.length;
  expect(await accesses()).toBe(1);
  await tenant.get("KEY", { fresh: true });
  expect(await accesses()).toBe(2);
});

test("neither the client nor a tenant prints its token or a value", async () => {
  const { keyfold, token } = await open("printed");
  const tenant = keyfold.tenant("printed");
  await tenant.set("KEY", "sk_test_not_a_real_key");
  await tenant.get("KEY");
  for (const thing of [keyfold, keyfold.trpc, tenant]) {
    const printed = inspect(thing, { depth: null, showHidden: true }) + (JSON.stringify(thing) ?? "");
    expect(printed).not.toContain(token);
    expect(printed).not.toContain("sk_test_not_a_real_key");
  }
});
