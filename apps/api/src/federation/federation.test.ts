import { createOutbound, parseAllow } from "@keyfold/outbound";
import { receiver } from "@keyfold/outbound/testing";
import { FakeIssuer } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";
import { httpIssuerFetch } from "./issuer-fetch.ts";

let served: Served;
let issuer: FakeIssuer;
let remote: Awaited<ReturnType<typeof receiver>>;
let outbound: ReturnType<typeof createOutbound>;
const PATH = "/api/federation/token";

beforeAll(async () => {
  remote = await receiver();
  issuer = new FakeIssuer(remote.url);
  remote.answer(async (response, { path }) => {
    const { status, body } = (await issuer.get(`${remote.url}${path}`)) as { status: number; body: Buffer };
    response.writeHead(status).end(body);
  });
  outbound = createOutbound({ allow: parseAllow("http://127.0.0.1") });
  served = await serveHouse({ house: { issuers: httpIssuerFetch(outbound) } });
});
afterAll(async () => {
  await served.close();
  await outbound.close();
  await remote.close();
});

async function ruled(slug: string) {
  const tenant = await served.house.tenant(slug);
  const rule = await served.call("/api/federation/rules", {
    token: tenant.token,
    body: { name: "ci", issuer: issuer.url, audience: served.url, claims: { sub: "repo:acme/app" } },
  });
  expect(rule.status).toBe(201);
  return { ...tenant, rule: rule.json };
}
const sign = (claims: object = {}) => issuer.sign({ aud: served.url, ...claims });

test("a rule is made and a token exchanged over HTTP, with keys that were fetched over HTTP; what was sent stands in no log", async () => {
  const { slug, token, caller, rule } = await ruled("acme");
  await caller.secrets.create({ name: "K", value: "not a real value" });
  const subject = await sign();
  const answer = await served.call(PATH, {
    body: {
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
      subject_token: subject,
      tenant: slug,
    },
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.json).toEqual({
    access_token: expect.stringMatching(/^kf_/),
    issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
    token_type: "Bearer",
    expires_in: 900,
    expires_at: expect.any(String),
    rule: { id: rule.id, name: "ci" },
  });
  const read = await served.call("/api/secrets/by-name/reveal", { token: answer.json.access_token });
  expect([200, 404, 405]).toContain(read.status);
  const who = await served.call("/api/identity", { token: answer.json.access_token });
  expect(who.json).toMatchObject({ name: "ci", tenant: { slug } });
  for (const secret of [subject, subject.split(".")[2]!, answer.json.access_token])
    expect(served.lines.join("")).not.toContain(secret);
  const list = await served.call("/api/federation/rules", { token });
  expect(list.json.rules).toHaveLength(1);
  expect((await served.call(`/api/federation/rules/${rule.id}`, { method: "DELETE", token })).status).toBe(
    200,
  );
});

test("whatever does not fit is one refusal, counted like a guessed token", async () => {
  const { slug } = await ruled("refusals");
  const bodies = [
    { subject_token: await sign({ aud: "other" }), tenant: slug },
    { subject_token: await sign({ sub: "repo:evil/app" }), tenant: slug },
    { subject_token: "not a token", tenant: slug },
    { subject_token: await sign(), tenant: "nobody" },
    { subject_token: await sign(), tenant: slug, rule: "none" },
  ];
  const answers = [];
  for (const body of bodies) {
    const { status, json } = await served.call(PATH, { body });
    const { correlation_id: _, ...rest } = json;
    answers.push(JSON.stringify([status, rest]));
  }
  expect(new Set(answers).size).toBe(1);
  expect(answers[0]).toContain('[401,{"type":"urn:keyfold:problem:unauthenticated"');
});

test("a bad request is told what is bad, and never what it held", async () => {
  const subject_token = await sign();
  for (const body of [
    {},
    { subject_token },
    { subject_token, tenant: "acme", extra: 1 },
    { subject_token, tenant: "acme", grant_type: "password" },
    { subject_token, tenant: "acme", subject_token_type: "urn:ietf:params:oauth:token-type:saml2" },
    { subject_token: "x".repeat(16_385), tenant: "acme" },
    { subject_token: [subject_token], tenant: "acme" },
    { subject_token, tenant: "x".repeat(64) },
    [],
    "{",
  ]) {
    const { status, json, text } = await served.call(PATH, { body });
    expect([status, json.code]).toEqual([400, "bad_input"]);
    expect(text).not.toContain(subject_token);
  }
  const large = await served.call(PATH, { body: { subject_token: "x".repeat(30_000), tenant: "acme" } });
  expect([large.status, large.json.code]).toEqual([413, "too_large"]);
  expect((await served.call(PATH)).status).toBe(405);
});

test("an issuer's address inside the network is refused where nobody allowed it", async () => {
  const guarded = createOutbound();
  const fetch = httpIssuerFetch(guarded);
  for (const url of [`${remote.url}/jwks`, "https://127.0.0.1/jwks", "https://169.254.169.254/"])
    expect(fetch.refusal(url), url).toEqual(expect.any(String));
  expect(await fetch.get(`${remote.url}/jwks`, 1000)).toEqual({ failure: "refused_target" });
  expect(await httpIssuerFetch(outbound).get(`${remote.url}/jwks`, 10)).toEqual({ failure: "broken" });
  await guarded.close();
});
