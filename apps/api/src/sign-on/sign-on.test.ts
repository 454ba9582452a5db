import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { requestInfo } from "@keyfold/secrets";
import { PASSWORD } from "@keyfold/secrets/testing";
import { exportJWK, exportSPKI, generateKeyPair, SignJWT } from "jose";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { GuessLimit } from "../http/limits/guess-limit.ts";
import { type Served, serveHouse } from "../testing/index.ts";
import { oidcProvider } from "./oidc.ts";

const PANEL = { "x-keyfold": "panel" };
const CLIENT = { clientId: "keyfold", clientSecret: "fake client secret, not real" };
const ADA = "ada@acme.example";

/** A provider whose every answer a test can bend. */
interface Bent {
  claims: Record<string, unknown>;
  header: Record<string, unknown>;
  /** Signs the ID token, in the provider's stead. */
  sign: ((claims: Record<string, unknown>) => Promise<string>) | null;
}
const straight = (): Bent => ({ claims: {}, header: {}, sign: null });

let provider: { url: string; server: Server };
let bent = straight();
let pair: Awaited<ReturnType<typeof generateKeyPair>>;
const codes = new Map<string, { nonce: string; challenge: string; redirect: string }>();
let served: Served;
let acme: Awaited<ReturnType<Served["house"]["tenant"]>>;

beforeAll(async () => {
  pair = await generateKeyPair("RS256", { extractable: true });
  provider = await listenAsProvider();
  served = await serveHouse({
    guesses: new GuessLimit({ most: 1000 }),
    house: {
      signOn: [
        oidcProvider(
          { tenant: "acme", issuer: provider.url, domains: ["acme.example"], ...CLIENT },
          { insecure: true },
        ),
      ],
    },
  });
  acme = await served.house.tenant("acme");
  await joins(ADA, "owner");
});
afterAll(async () => {
  await served.close();
  provider.server.close();
});
beforeEach(() => {
  bent = straight();
});

async function joins(email: string, role = "developer"): Promise<string> {
  const { secret } = await acme.caller.invitations.create({ email, grants: [{ role }] });
  const given = { secret, name: email.split("@")[0], password: PASSWORD };
  return (await served.house.server.people.acceptLink(requestInfo({}), given))!.secret;
}

async function listenAsProvider() {
  const server = createServer((request, response) => {
    const at = new URL(request.url!, "http://provider");
    const answer = (json: unknown, status = 200) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(json));
    };
    const body: Buffer[] = [];
    request.on("data", (part) => body.push(part));
    request.on("end", async () => {
      if (at.pathname === "/.well-known/openid-configuration")
        return answer({
          issuer: url,
          authorization_endpoint: `${url}/auth`,
          token_endpoint: `${url}/token`,
          jwks_uri: `${url}/jwks`,
          id_token_signing_alg_values_supported: ["RS256", "HS256", "none"],
          code_challenge_methods_supported: ["S256"],
        });
      if (at.pathname === "/jwks")
        return answer({
          keys: [{ ...(await exportJWK(pair.publicKey)), kid: "k", alg: "RS256", use: "sig" }],
        });
      const form = new URLSearchParams(Buffer.concat(body).toString());
      const asked = codes.get(form.get("code") ?? "");
      codes.delete(form.get("code") ?? "");
      const digest = Buffer.from(
        await crypto.subtle.digest("SHA-256", Buffer.from(form.get("code_verifier") ?? "")),
      ).toString("base64url");
      if (asked === undefined || asked.challenge !== digest || asked.redirect !== form.get("redirect_uri"))
        return answer({ error: "invalid_grant" }, 400);
      const now = Math.floor(Date.now() / 1000);
      const claims = JSON.parse(
        JSON.stringify({
          iss: url,
          aud: CLIENT.clientId,
          sub: "sub-of-ada",
          nonce: asked.nonce,
          iat: now,
          exp: now + 300,
          email: ADA,
          email_verified: true,
          ...bent.claims,
        }),
      );
      const token =
        bent.sign === null
          ? await new SignJWT(claims)
              .setProtectedHeader({ alg: "RS256", kid: "k", ...bent.header })
              .sign(pair.privateKey)
          : await bent.sign(claims);
      return answer({ access_token: "fake", token_type: "Bearer", id_token: token });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, server };
}

const post = (path: string, body: unknown, cookie = "") =>
  served.call(path, { body, headers: { ...PANEL, ...(cookie === "" ? {} : { cookie }) } });
const cookiesIn = (answer: { headers: Headers }) =>
  answer.headers.getSetCookie().map((one) => one.split(";")[0]!);

/** Asks, and is sent back by the provider: what the browser then holds. */
async function goes(email = ADA) {
  const begun = await post("/session/sign-on", { email });
  expect(begun.status).toBe(200);
  const at = new URL(begun.json.url);
  const get = (name: string) => at.searchParams.get(name)!;
  expect([get("response_type"), get("code_challenge_method"), get("scope")]).toEqual([
    "code",
    "S256",
    "openid email",
  ]);
  const code = `code-${codes.size}-${get("state")}`;
  codes.set(code, { nonce: get("nonce"), challenge: get("code_challenge"), redirect: get("redirect_uri") });
  const answer = new URLSearchParams({ code, state: get("state") }).toString();
  return { answer, cookie: cookiesIn(begun)[0]!, state: get("state") };
}

const confirm = ({ answer, cookie }: { answer: string; cookie: string }) =>
  post("/session/sign-on/confirm", { answer }, cookie);
const signs = async () => confirm(await goes());

async function whyRefused(): Promise<unknown> {
  const operator = served.house.as(served.house.operatorToken);
  const { events } = await operator.audit.list({ deployment: true, action: "person.signed_in", limit: 1 });
  expect(events[0]).toMatchObject({ outcome: "denied" });
  return events[0]!.details.why;
}

test("somebody whose address the provider has verified is signed in, in its tenant, and known by its id from then on", async () => {
  const before = await joins("bob@acme.example");
  bent.claims = { email: "bob@acme.example", sub: "sub-of-bob" };
  const answer = await signs();
  expect(answer.status).toBe(204);
  const [session, gone] = cookiesIn(answer);
  expect(gone).toBe("keyfold-sign-on=");
  const identity = await served.call("/api/identity", { headers: { ...PANEL, cookie: session! } });
  expect(identity.json).toMatchObject({ type: "user", email: "bob@acme.example", tenant: { slug: "acme" } });
  // Another way to sign in ended what was signed in before.
  const old = await served.call("/api/identity", { headers: { ...PANEL, cookie: `keyfold=${before}` } });
  expect(old.json.code).toBe("unauthenticated");
  // Their address changes over there: they are who they were.
  bent.claims = { email: "robert@acme.example", sub: "sub-of-bob" };
  expect((await signs()).status).toBe(204);
  // Somebody else is given it: they are nobody here.
  bent.claims = { email: "bob@acme.example", sub: "sub-of-somebody-else" };
  expect((await signs()).json.code).toBe("unauthenticated");
  expect(await whyRefused()).toBe("somebody else's address");
});

const seconds = (from: number) => Math.floor(Date.now() / 1000) + from;
test.each<[string, () => Partial<Bent> | Promise<Partial<Bent>>, string?]>([
  ["alg none", () => ({ sign: async (claims) => unsigned({ alg: "none" }, claims) })],
  [
    "HS256 with the RSA public key",
    () => ({
      sign: async (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256", kid: "k" })
          .sign(Buffer.from(await exportSPKI(pair.publicKey))),
    }),
  ],
  [
    "HS256 with the client's secret",
    () => ({
      sign: async (claims) =>
        new SignJWT(claims)
          .setProtectedHeader({ alg: "HS256", kid: "k" })
          .sign(Buffer.from(CLIENT.clientSecret.padEnd(32, "."))),
    }),
  ],
  [
    "another's key",
    async () => {
      const other = await generateKeyPair("RS256");
      return {
        sign: (claims) =>
          new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid: "k" }).sign(other.privateKey),
      };
    },
  ],
  ["another issuer", () => ({ claims: { iss: "https://evil.example" } })],
  ["another audience", () => ({ claims: { aud: "another-client" } })],
  ["several audiences and another's azp", () => ({ claims: { aud: ["keyfold", "x"], azp: "x" } })],
  ["an end that has passed", () => ({ claims: { iat: seconds(-900), exp: seconds(-300) } })],
  ["a beginning to come", () => ({ claims: { nbf: seconds(600) } })],
  ["another nonce", () => ({ claims: { nonce: "another" } })],
  ["no nonce", () => ({ claims: { nonce: undefined } })],
  [
    "an address that is not verified",
    () => ({ claims: { email_verified: false, sub: "new" } }),
    "an address that is not verified",
  ],
  [
    "an address verified in words only",
    () => ({ claims: { email_verified: "true", sub: "new" } }),
    "an address that is not verified",
  ],
  ["no address", () => ({ claims: { email: undefined, sub: "new" } }), "no address"],
  [
    "an address of a domain that it does not speak for",
    () => ({ claims: { email: "ada@globex.example", sub: "new" } }),
    "an address of another domain",
  ],
  [
    "a domain that only ends like its own",
    () => ({ claims: { email: "ada@evil-acme.example", sub: "new" } }),
    "an address of another domain",
  ],
  [
    "an address that nobody here has",
    () => ({ claims: { email: "eve@acme.example", sub: "new" } }),
    "nobody",
  ],
])("%s does not sign in, and the answer is the same as for everything else", async (_, bend, why) => {
  Object.assign(bent, await bend());
  const answer = await signs();
  expect([answer.status, answer.json.code]).toEqual([401, "unauthenticated"]);
  expect(answer.json.detail).toMatch(/^This did not sign you in/);
  expect(answer.headers.getSetCookie()).toEqual([]);
  // Of the token itself the library says what is wrong, in a code of its own.
  expect(await whyRefused()).toEqual(why ?? expect.stringMatching(/^OAUTH_/));
});

const unsigned = (header: unknown, claims: unknown) =>
  `${[header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".")}.`;

test("an answer counts once, in the browser that asked, and not for long", async () => {
  const once = await goes();
  expect((await confirm({ ...once, cookie: "" })).json.code).toBe("unauthenticated");
  const other = await goes();
  expect((await confirm({ answer: once.answer, cookie: other.cookie })).json.code).toBe("unauthenticated");
  // Two cookies of the name: one of them could be somebody else's.
  expect((await confirm({ answer: once.answer, cookie: `${other.cookie}; ${once.cookie}` })).json.code).toBe(
    "unauthenticated",
  );
  expect((await confirm({ ...once, answer: `${once.answer}&state=x` })).json.code).toBe("unauthenticated");
  expect((await confirm(once)).status).toBe(204);
  expect((await confirm(once)).json.code).toBe("unauthenticated");
  // A code that was stolen is of no use with another's PKCE.
  const [mine, theirs] = [await goes(), await goes()];
  const stolen = new URLSearchParams({
    code: new URLSearchParams(theirs.answer).get("code")!,
    state: mine.state,
  }).toString();
  expect((await confirm({ answer: stolen, cookie: mine.cookie })).json.code).toBe("unauthenticated");
  const late = await goes();
  try {
    await served.house.moveClock("6 minutes");
    expect((await confirm(late)).json.code).toBe("unauthenticated");
  } finally {
    await served.house.moveClock("0");
  }
  const denied = await goes();
  const no = new URLSearchParams({ error: "access_denied", state: denied.state }).toString();
  expect((await confirm({ answer: no, cookie: denied.cookie })).json.code).toBe("unauthenticated");
  expect(await whyRefused()).toBe("the provider said no");
});

test("an operator, somebody suspended and somebody who left the tenant do not come in by it", async () => {
  const { server } = served.house;
  const sub = async (email: string) => {
    bent.claims = { email, sub: `sub of ${email}` };
    const answer = await signs();
    return answer.status === 204 ? "in" : await whyRefused();
  };
  await joins("carl@acme.example");
  expect(await sub("carl@acme.example")).toBe("in");
  const { members } = await acme.caller.members.list({ limit: 200 });
  const carl = members.find(({ name }) => name === "carl")!;
  await acme.caller.members.remove({ personId: carl.personId });
  expect(await sub("carl@acme.example")).toBe("no member of the tenant");
  await joins("dan@acme.example");
  const dan = (await acme.caller.members.list({ limit: 200 })).members.find(({ name }) => name === "dan")!;
  await server.people.host.suspend(dan.personId);
  expect(await sub("dan@acme.example")).toBe("somebody suspended");
  const { secret } = await server.people.host.resetOperator("root@acme.example");
  await server.people.acceptLink(requestInfo({}), { secret, name: "Root", password: PASSWORD });
  expect(await sub("root@acme.example")).toBe("an operator");
});

test("who has a second factor is asked for it after the provider, and a wrong code is not the end of it", async () => {
  const session = await joins("fay@acme.example");
  const { people } = served.house.server;
  const begun = await people.beginTotp(requestInfo({ session }), { current: PASSWORD });
  const { Secret, TOTP } = await import("otpauth");
  const app = new TOTP({ secret: Secret.fromBase32(begun.secret) });
  const enrolled = await people.confirmTotp(requestInfo({ session }), { code: app.generate() });
  bent.claims = { email: "fay@acme.example", sub: "sub-of-fay" };
  const gone = await goes();
  const asked = await confirm(gone);
  expect([asked.json.code, asked.headers.getSetCookie()]).toEqual(["factor_required", []]);
  const code = (given: string, cookie = gone.cookie) =>
    post("/session/sign-on/confirm", { code: given }, cookie);
  expect((await code(enrolled.recoveryCodes![0]!, (await goes()).cookie)).json.code).toBe("unauthenticated");
  expect((await code("000000")).json.code).toBe("bad_input");
  const signed = await code(enrolled.recoveryCodes![0]!);
  expect(signed.status).toBe(204);
  expect((await code(enrolled.recoveryCodes![1]!)).json.code).toBe("unauthenticated");
  const me = await served.call("/people/me", { headers: { ...PANEL, cookie: cookiesIn(signed)[0]! } });
  expect(me.json.factors.map(({ kind }: { kind: string }) => kind)).toEqual(["totp"]);
  expect(me.json.factorAt).not.toBe(null);
});

test("a domain that nobody speaks for is told so, and a provider that is down is no crash", async () => {
  const nobody = await post("/session/sign-on", { email: "ada@globex.example" });
  expect([nobody.status, nobody.json.code]).toEqual([404, "not_found"]);
  expect((await post("/session/sign-on", { email: 7 })).json.code).toBe("bad_input");
  const gone = await goes();
  const listening = provider.server.listening;
  expect(listening).toBe(true);
  codes.clear();
  const answer = await confirm(gone);
  expect(answer.json.code).toBe("unauthenticated");
  expect(await whyRefused()).toBe("the code was not taken");
});

test("no secret of it stands in the log", () => {
  expect(served.lines.join("")).not.toContain(CLIENT.clientSecret);
});
