import { createHmac } from "node:crypto";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { FakeIssuer } from "../testing/issuer.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
/** Of the issuers' keys, in milliseconds. */
let steady = 1_000_000;
beforeAll(async () => {
  house = await openHouse({ issuerClock: () => steady });
});
afterAll(() => house.close());
afterEach(async () => {
  house.issuer.broken = null;
  steady += 24 * 3600_000; // what was fetched for one test is old in the next
  await house.moveClock("0");
});

let sequence = 0;
type RuleInput = Parameters<Caller["federation"]["create"]>[0];
async function tenantWithRule(over: Partial<RuleInput> = {}) {
  const tenant = await house.tenant(`federated-${++sequence}`);
  const rule = await tenant.caller.federation.create({
    name: "deploys",
    issuer: house.issuer.url,
    audience: "keyfold",
    claims: { sub: "repo:acme/*" },
    ...over,
  });
  return { ...tenant, rule };
}
const exchange = (tenant: string, subjectToken: string, more: object = {}, ip: string | null = null) =>
  house.server.exchangeToken(requestInfo({ ip }), { tenant, subjectToken, ...more });

test("a workload's token is exchanged for one of minutes, which does what the rule says, counts as its consumer, and ends by itself", async () => {
  const { slug, id, caller, rule } = await tenantWithRule({ lifeSeconds: 600 });
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const made = await exchange(slug, await house.issuer.sign({ jti: "run-1" }));
  expect(made).toMatchObject({ expiresInSeconds: 600, rule: { id: rule.id, name: "deploys" } });
  const workload = house.as(made.token);
  expect(await workload.secrets.reveal({ name: "K" })).toMatchObject({ value: "not a real value" });
  expect(await codeOf(workload.secrets.create({ name: "L", value: "x" }))).toBe("forbidden");
  // By the tenant's id too, as often as the workload's own token lives.
  expect(await codeOf(exchange(id, await house.issuer.sign()))).toBe("allowed");

  const { events } = await caller.audit.list({ action: "token.federated" });
  expect(events.at(-1)).toMatchObject({
    outcome: "success",
    actor: {
      type: "service_token",
      id: (await workload.identity.get()).id,
      name: "deploys",
      via: "federation",
    },
    details: { rule: rule.id, issuer: house.issuer.url, subject: "repo:acme/app", jti: "run-1" },
  });
  await house.server.flush();
  const [read] = (await caller.consumers.list({ name: "K" })).consumers;
  expect(read).toMatchObject({ name: "deploys", kind: "ci" });
  await house.moveClock("601 seconds");
  expect(await codeOf(workload.secrets.reveal({ name: "K" }))).toBe("unauthenticated");
});

test("a token lives no longer than its rule, and a rule no longer than who made it; nobody's rule gives more than they hold", async () => {
  const { caller, slug } = await house.tenant("bounded");
  const short = house.as(
    (
      await caller.tokens.create({
        name: "s",
        preset: "admin",
        expiresInSeconds: 1800,
        projects: ["default"],
      })
    ).token,
  );
  const base = { name: "r", issuer: house.issuer.url, audience: "keyfold", claims: { sub: "repo:acme/app" } };
  const at = { ...base, projects: ["default"], expiresInSeconds: 1200 };
  expect(await codeOf(short.federation.create({ ...at, expiresInSeconds: null }))).toBe("forbidden");
  expect(await codeOf(short.federation.create({ ...at, expiresInSeconds: 3600 }))).toBe("forbidden");
  expect(await codeOf(short.federation.create({ ...at, projects: null }))).toBe("forbidden");
  const narrow = house.as(
    (await caller.tokens.create({ name: "n", actions: ["federation.create", "secret.get"] })).token,
  );
  expect(await codeOf(narrow.federation.create({ ...base, actions: ["secret.reveal"] }))).toBe("forbidden");
  expect(await codeOf(narrow.federation.create({ ...base, name: "n", actions: ["secret.get"] }))).toBe(
    "allowed",
  );

  await short.federation.create(at);
  const made = await exchange(slug, await house.issuer.sign(), { rule: "r" });
  expect(made.expiresInSeconds).toBe(900);
  await house.moveClock("15 minutes");
  const late = await house.issuer.sign({}, { now: new Date(Date.now() + 900_000) });
  expect((await exchange(slug, late, { rule: "r" })).expiresInSeconds).toBeLessThanOrEqual(300);
  await house.moveClock("21 minutes");
  const later = await house.issuer.sign({}, { now: new Date(Date.now() + 1260_000) });
  expect(await codeOf(exchange(slug, later, { rule: "r" }))).toBe("unauthenticated");
});

test("of several rules the oldest that fits is taken, or the one that is named", async () => {
  const { slug, caller } = await tenantWithRule({ claims: { sub: "repo:acme/other" } });
  for (const name of ["second", "third"])
    await caller.federation.create({
      name,
      issuer: house.issuer.url,
      audience: name === "third" ? "third" : "keyfold",
      claims: { sub: "repo:acme/app" },
    });
  expect((await exchange(slug, await house.issuer.sign())).rule.name).toBe("second");
  const both = await house.issuer.sign({ aud: ["keyfold", "third"] });
  expect((await exchange(slug, both, { rule: "third" })).rule.name).toBe("third");
  expect(await codeOf(exchange(slug, both, { rule: "deploys" }))).toBe("unauthenticated");
  expect(await codeOf(exchange(slug, both, { rule: "none" }))).toBe("unauthenticated");
});

/** Each is refused, in the same words. */
async function refused(slug: string, token: string, ip: string | null = null): Promise<void> {
  const error = await exchange(slug, token, {}, ip).then(
    () => null,
    (e: Error) => e,
  );
  expect(error).toMatchObject({
    code: "unauthenticated",
    message: expect.stringMatching(/^This token is not exchanged here/),
  });
}

test("expired, future, foreign and misaddressed tokens are refused, and the tenant's log says why of those that the issuer signed", async () => {
  const { slug, caller } = await tenantWithRule({ ipRanges: ["10.0.0.0/8"] });
  const { issuer } = house;
  const now = Math.floor(Date.now() / 1000);
  const signed: [string, Record<string, unknown>][] = [
    ["expired", { exp: now - 60 }],
    ["expired", { iat: now - 25 * 3600, exp: now + 300 }], // signed yesterday, whatever end it names
    ["not_yet", { nbf: now + 120 }],
    ["not_yet", { iat: now + 120 }],
    ["claims", { exp: undefined }],
    ["claims", { iat: undefined }],
    ["claims", { exp: "soon" }],
    ["audience", { aud: "somebody-else" }],
    ["audience", { aud: ["somebody-else", "keyfold2"] }],
    ["audience", { aud: undefined }],
    ["audience", { aud: { keyfold: true } }],
    ["claims", { sub: "repo:evil/app" }],
    ["claims", { sub: "repo:acme/app:ref:refs/heads/main" }],
    ["claims", { sub: undefined }],
    ["address", {}],
  ];
  for (const [, claims] of signed) await refused(slug, await issuer.sign(claims), "192.0.2.1");
  const { events } = await caller.audit.list({ action: "token.federated", limit: 100 });
  expect(events.reverse().map((e) => [e.outcome, e.actor.type, e.details.code])).toEqual(
    signed.map(([why]) => ["denied", "anonymous", why]),
  );
  // Signed by someone else under this issuer's name, or by this one for another's.
  const other = new FakeIssuer(issuer.url);
  await refused(slug, await other.sign(), "10.0.0.1");
  await refused(slug, await issuer.sign({ iss: "https://other.example.com" }), "10.0.0.1");
  await refused(slug, await issuer.sign({ iss: `${issuer.url}/` }), "10.0.0.1");
  await refused(slug, await issuer.sign({ iss: [issuer.url] }), "10.0.0.1");
  expect(await codeOf(exchange(slug, await issuer.sign(), {}, "10.0.0.1"))).toBe("allowed");
  expect((await caller.audit.list({ action: "token.federated", limit: 100 })).events.length).toBe(
    signed.length + 1,
  );
});

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

test("alg none, an HMAC with the public key, a key brought along, and edited or cut tokens are refused", async () => {
  const rsa = await generateKeyPair("RS256", { extractable: true });
  const jwk = { ...(await exportJWK(rsa.publicKey)), kid: "rsa" } as { kty: "RSA"; n: string; e: string };
  const { slug } = await tenantWithRule({ keys: { from: "given", jwks: { keys: [jwk] } } });
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: house.issuer.url, aud: "keyfold", sub: "repo:acme/app", iat: now, exp: now + 300 };
  const sign = (header: object) =>
    new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "rsa", ...header }).sign(rsa.privateKey);
  const good = await sign({});
  expect(await codeOf(exchange(slug, good))).toBe("allowed");

  const hmac = (secret: string | Buffer, alg: string) => {
    const head = `${base64({ alg, kid: "rsa", typ: "JWT" })}.${base64(claims)}`;
    return `${head}.${createHmac("sha256", secret).update(head).digest("base64url")}`;
  };
  const [header, payload, signature] = good.split(".") as [string, string, string];
  const attacker = await generateKeyPair("RS256", { extractable: true });
  const brought = await new SignJWT(claims)
    .setProtectedHeader({
      alg: "RS256",
      jwk: await exportJWK(attacker.publicKey),
      jku: "https://evil.example.com",
    })
    .sign(attacker.privateKey);
  for (const token of [
    `${base64({ alg: "none" })}.${payload}.`,
    `${base64({ alg: "NONE", kid: "rsa" })}.${payload}.${signature}`,
    `${base64({ alg: "none", kid: "rsa" })}.${payload}.${signature}`,
    hmac(await exportSPKI(rsa.publicKey), "HS256"),
    hmac(Buffer.from(jwk.n, "base64url"), "HS256"),
    hmac(JSON.stringify(jwk), "HS256"),
    hmac("", "RS256"),
    brought,
    await sign({ kid: "another" }),
    `${header}.${base64({ ...claims, sub: "repo:acme/admin" })}.${signature}`,
    `${header}.${payload}.`,
    `${header}.${payload}`,
    `${header}.${payload}.${signature.slice(0, -4)}`,
    `${header}.${payload}.${signature}.${signature}`,
    "...",
    "not a token",
    good.replaceAll(".", ".."),
  ])
    await refused(slug, token);
  for (const subjectToken of ["", "x".repeat(16_385)])
    expect(await codeOf(exchange(slug, subjectToken))).toBe("bad_input");
});

test("keys are fetched once, and again for a key that is new, at most every half minute", async () => {
  const { slug } = await tenantWithRule();
  const { issuer } = house;
  const before = issuer.fetched.length;
  const asked = () => issuer.fetched.length - before;
  for (let i = 0; i < 3; i++) await exchange(slug, await issuer.sign());
  expect(asked()).toBe(2); // the discovery document and the keys
  await issuer.rotate(`next-${sequence}`, true);
  const fresh = await issuer.sign();
  await refused(slug, fresh); // asked a moment ago
  expect(asked()).toBe(2);
  steady += 31_000;
  expect(await codeOf(exchange(slug, fresh))).toBe("allowed");
  expect(asked()).toBe(4);
  for (let i = 0; i < 5; i++) await refused(slug, await issuer.sign({}, { header: { kid: `made-up-${i}` } }));
  expect(asked()).toBe(4);
});

test("a key that the issuer took back is taken no more once its keys are asked for again", async () => {
  const { slug } = await tenantWithRule();
  const { issuer } = house;
  const leaked = await issuer.sign();
  await exchange(slug, leaked);
  await issuer.rotate(`after-${sequence}`, false);
  steady += 10 * 60_000;
  await refused(slug, leaked);
  expect(await codeOf(exchange(slug, await issuer.sign()))).toBe("allowed");
});

test("an issuer that is down is served from what is remembered for an hour, and refused after; the operator hears of it", async () => {
  const { slug } = await tenantWithRule();
  const { issuer } = house;
  const sign = () => issuer.sign();
  await exchange(slug, await sign());
  issuer.broken = { failure: "connect" };
  steady += 30 * 60_000;
  expect(await codeOf(exchange(slug, await sign()))).toBe("allowed");
  steady += 31 * 60_000;
  await refused(slug, await sign());
  expect(house.logged.at(-1)).toContain('"why":"connect"');
  issuer.broken = null;
  await refused(slug, await sign()); // asked seconds ago
  steady += 11_000;
  expect(await codeOf(exchange(slug, await sign()))).toBe("allowed");
});

test.each([
  [
    "another issuer's document",
    { status: 200, text: '{"issuer":"https://evil.example.com","jwks_uri":"https://evil.example.com/jwks"}' },
  ],
  [
    "keys at an address that is not asked",
    { status: 200, text: '{"issuer":"https://issuer.example.com","jwks_uri":"http://127.0.0.1/jwks"}' },
  ],
  ["no JSON", { status: 200, text: "<html>" }],
  ["an error", { status: 500, text: "{}" }],
  ["a redirect", { status: 302, text: "" }],
  ["nothing in time", { failure: "timeout" }],
])("an issuer that answers with %s is not believed", async (_, broken) => {
  const { slug } = await tenantWithRule();
  house.issuer.broken = broken;
  await refused(slug, await house.issuer.sign());
});

test.each([
  ["no set", "[]"],
  ["no keys", '{"keys":[]}'],
  ["a secret key", '{"keys":[{"kty":"oct","k":"c2VjcmV0","alg":"HS256","kid":"key-1"}]}'],
  ["keys for encryption", '{"keys":[{"kty":"EC","crv":"P-256","x":"x","y":"y","use":"enc"}]}'],
  ["broken keys", '{"keys":[{"kty":"EC","crv":"P-256","x":"AA","y":"AA"},{"kty":"RSA"},3,null]}'],
])("a key set that holds %s opens nothing", async (_, text) => {
  const { slug } = await tenantWithRule({ keys: { from: "url", url: "https://issuer.example.com/keys" } });
  house.issuer.broken = { status: 200, text };
  await refused(slug, await house.issuer.sign({}, { header: { kid: undefined } }));
});

test("no tenant, another tenant, a deleted one, and one without rules are one refusal", async () => {
  const { slug, caller } = await tenantWithRule();
  const { slug: bare } = await house.tenant(`bare-${sequence}`);
  const token = await house.issuer.sign();
  for (const tenant of ["nobody", bare, "00000000-0000-4000-8000-000000000000", "Not A Slug"])
    await refused(tenant, token);
  await house.as(house.operatorToken).tenants.delete({ tenant: slug });
  await refused(slug, token);
  expect(await codeOf(caller.federation.list({}))).toBe("unauthenticated");
});

test("a deleted rule exchanges nothing, and its tokens end with it", async () => {
  const { slug, caller, rule, id } = await tenantWithRule();
  const { token } = await exchange(slug, await house.issuer.sign());
  expect(await codeOf(house.as(token).secrets.list({}))).toBe("allowed");
  const other = await house.another();
  await caller.federation.delete({ id: rule.id });
  expect(await codeOf(other.invoke(verbs.secrets.list, requestInfo({ token }), {}))).toBe("unauthenticated");
  await refused(slug, await house.issuer.sign());
  expect((await caller.federation.list({})).rules).toEqual([]);
  expect(await codeOf(caller.federation.delete({ id: rule.id }))).toBe("not_found");
  expect(
    (await house.sql("SELECT 1 FROM control_plane.federation_rules WHERE tenant_id = $1", [id])).length,
  ).toBe(1);
});

test("a rule that is deleted while its token is made leaves no token behind", async () => {
  const { slug, id } = await tenantWithRule();
  const token = await house.issuer.sign();
  const making = await house.whileChainIsHeld(
    id,
    () => [exchange(slug, token)] as const,
    1,
    `SELECT 1`, // the exchange holds the rule's row by now: a deletion waits for it, and revokes what it made
  );
  expect(await codeOf(making[0])).toBe("allowed");
});

test("a federated token is not rotated, and starts nothing that outlives it", async () => {
  const { slug, caller } = await tenantWithRule({ preset: "admin" });
  const { token } = await exchange(slug, await house.issuer.sign());
  const workload = house.as(token);
  const { id } = await workload.identity.get();
  expect(await codeOf(workload.tokens.rotate({ id }))).toBe("illegal_state");
  expect(await codeOf(workload.tokens.create({ name: "long" }))).toBe("forbidden");
  expect(await codeOf(workload.tokens.create({ name: "short", expiresInSeconds: 60 }))).toBe("allowed");
  expect(
    await codeOf(
      workload.federation.create({
        name: "mine",
        issuer: house.issuer.url,
        audience: "a",
        claims: { sub: "x" },
      }),
    ),
  ).toBe("forbidden");
  const before = (await caller.tokens.list({})).tokens.length;
  await house.moveClock("8 days");
  const job = house.server.jobs.find(({ name }) => name === "tokens.clean")!;
  await job.run(new AbortController().signal);
  expect((await caller.tokens.list({})).tokens.length).toBe(before - 1);
});

test.each([
  ["claims", '\'{"sub": ["**p"]}\''],
  ["scope", '\'{"actions": ["secret.set"], "projects": null, "environments": null}\''],
  ["issuer", "'https://evil.example.com'"],
  ["audience", "'any'"],
  ["keys", '\'{"from": "url", "url": "https://evil.example.com/keys"}\''],
  ["life_seconds", "3600"],
  ["expires_at", "now() + interval '1 year'"],
  ["ip_ranges", "'[\"0.0.0.0/0\"]'"],
])("a rule whose %s somebody changed in the database exchanges nothing, by name", async (column, to) => {
  const { slug, rule, caller } = await tenantWithRule();
  await house.tamper(`UPDATE control_plane.federation_rules SET ${column} = ${to} WHERE id = $1`, [rule.id]);
  const token = await house.issuer.sign(
    column === "issuer" ? { iss: "https://evil.example.com" } : column === "audience" ? { aud: "any" } : {},
  );
  expect(await codeOf(exchange(slug, token))).toBe("integrity_failed");
  expect(await codeOf(caller.federation.list({}))).toBe("integrity_failed");
});

test("bad rules are refused", async () => {
  const { caller } = await house.tenant("bad-rules");
  const base = { name: "r", issuer: house.issuer.url, audience: "keyfold", claims: { sub: "repo:acme/app" } };
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const secret = await exportJWK(privateKey);
  for (const bad of [
    { issuer: "issuer.example.com" },
    { issuer: "https://issuer.example.com?x=1" },
    { issuer: "http://127.0.0.1" },
    { issuer: "ftp://issuer.example.com" },
    { issuer: "" },
    { audience: "" },
    { claims: {} },
    { claims: { sub: "**" } },
    { issuer: "https://token.actions.githubusercontent.com", claims: { ref: "refs/heads/main" } },
    { issuer: "https://gitlab.com", claims: { sub: "project_path:*/app:**" } },
    { lifeSeconds: 59 },
    { lifeSeconds: 3601 },
    { expiresInSeconds: 0 },
    { actions: ["tenant.create"] },
    { keys: { from: "url", url: "http://127.0.0.1/jwks" } },
    { keys: { from: "given", jwks: { keys: [] } } },
    { keys: { from: "given", jwks: { keys: [secret] } } },
    { keys: { from: "given", jwks: { keys: [{ kty: "oct", k: "c2VjcmV0" }] } } },
    { keys: { from: "file", path: "/etc/passwd" } },
    { ipRanges: [] },
    { extra: 1 },
  ])
    expect(
      await codeOf(caller.federation.create({ ...base, ...bad } as RuleInput)),
      JSON.stringify(bad),
    ).toBe("bad_input");
  expect(await codeOf(caller.federation.create(base))).toBe("allowed");
  expect(await codeOf(caller.federation.create(base))).toBe("name_taken");
});

test("without a way to fetch keys no rule is made, and no token exchanged", async () => {
  const { slug, token } = await tenantWithRule();
  const { createKeyfoldServer } = await import("../server.ts");
  const bare = await createKeyfoldServer({
    db: house.db,
    provider: house.provider,
    process: false,
    consumers: { everyMs: null },
  });
  const rule = { name: "x", issuer: house.issuer.url, audience: "a", claims: { sub: "x" } };
  expect(await codeOf(bare.invoke(verbs.federation.create, requestInfo({ token }), rule))).toBe(
    "illegal_state",
  );
  const subjectToken = await house.issuer.sign();
  expect(await codeOf(bare.exchangeToken(requestInfo({}), { tenant: slug, subjectToken }))).toBe(
    "unauthenticated",
  );
  await bare.close();
});
