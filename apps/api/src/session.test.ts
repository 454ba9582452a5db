import { afterAll, beforeAll, expect, test } from "vitest";
import { GuessLimit } from "./http/limits/guess-limit.ts";
import { type Served, serveHouse } from "./testing/index.ts";

const PANEL = { "x-keyfold": "panel" };

let served: Served;
let token: string;
beforeAll(async () => {
  served = await serveHouse({ guesses: new GuessLimit({ most: 1000 }) });
  token = (await served.house.tenant("acme")).token;
});
afterAll(() => served.close());

const signIn = (headers: Record<string, string> = PANEL, body: unknown = { token }) =>
  served.call("/session", { method: "POST", body, headers });

async function cookieOf(): Promise<string> {
  const answer = await signIn();
  expect(answer.status).toBe(204);
  return answer.headers.get("set-cookie")!.split(";")[0]!;
}

test("a pasted token becomes a cookie that scripts cannot read and other sites cannot send", async () => {
  const answer = await signIn();
  expect(answer.status).toBe(204);
  expect(answer.headers.get("set-cookie")).toMatch(
    /^keyfold=[A-Za-z0-9_-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );
  expect(answer.text).toBe("");
});

test("over https the cookie is bound to the host, and secure", async () => {
  const https = await serveHouse({ publicUrl: new URL("https://keyfold.example.com") });
  const { token: other } = await https.house.tenant("acme");
  const port = Number(new URL(https.url).port);
  // fetch sets Host by itself; the name that a browser used is what a proxy passes on.
  const { request } = await import("node:http");
  const cookie = await new Promise<string>((resolve, reject) => {
    const body = JSON.stringify({ token: other });
    request(
      {
        port,
        host: "127.0.0.1",
        path: "/session",
        method: "POST",
        headers: {
          ...PANEL,
          host: "keyfold.example.com",
          origin: "https://keyfold.example.com",
          "content-type": "application/json",
          "content-length": body.length,
        },
      },
      (answer) => {
        answer.resume();
        expect(answer.headers["strict-transport-security"]).toBe("max-age=31536000");
        resolve(String(answer.headers["set-cookie"]));
      },
    )
      .on("error", reject)
      .end(body);
  });
  await https.close();
  expect(cookie).toMatch(/^__Host-keyfold=[^;]+; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict; Secure$/);
});

test("the session reads by tRPC and REST, and ends with DELETE /session", async () => {
  const cookie = await cookieOf();
  const who = await served.call("/api/identity", { headers: { ...PANEL, cookie } });
  expect(who.json).toMatchObject({ type: "service_token", via: "session" });
  const trpc = await served.call("/trpc/identity.get", { headers: { ...PANEL, cookie } });
  expect(trpc.json.result.data.json.via).toBe("session");
  const out = await served.call("/session", { method: "DELETE", headers: { ...PANEL, cookie } });
  expect(out.status).toBe(204);
  expect(out.headers.get("set-cookie")).toMatch(/^keyfold=; Path=\/; Expires=Thu, 01 Jan 1970/);
  const after = await served.call("/api/identity", { headers: { ...PANEL, cookie } });
  expect([after.status, after.json.code]).toEqual([401, "unauthenticated"]);
});

test.each([
  ["without the panel's header", {}],
  ["from another site, as the browser says", { ...PANEL, "sec-fetch-site": "cross-site" }],
  ["from another host of the same site", { ...PANEL, "sec-fetch-site": "same-site" }],
  ["from another origin", { ...PANEL, origin: "https://evil.example" }],
  ["from no origin at all", { ...PANEL, origin: "null" }],
])("a cookie that comes %s is refused, and so is signing in and out", async (_, headers) => {
  const cookie = await cookieOf();
  for (const answer of [
    await served.call("/api/identity", { headers: { cookie, ...headers } }),
    await served.call("/api/secrets", { headers: { cookie, ...headers }, body: { name: "A", value: "v" } }),
    await served.call("/session", { method: "DELETE", headers: { cookie, ...headers } }),
    await signIn(headers),
  ])
    expect([answer.status, answer.json.code]).toEqual([403, "cross_site"]);
  const trpc = await served.call("/trpc/identity.get", { headers: { cookie, ...headers } });
  expect([trpc.status, trpc.json.error.json.data.keyfold.code]).toEqual([403, "cross_site"]);
});

test("the panel's own origin is taken, and what a bearer token does needs no header", async () => {
  const cookie = await cookieOf();
  const own = { ...PANEL, cookie, origin: served.url, "sec-fetch-site": "same-origin" };
  expect((await served.call("/api/identity", { headers: own })).status).toBe(200);
  const bearer = await served.call("/api/identity", { token, headers: { origin: "https://other.example" } });
  expect(bearer.status).toBe(200);
});

test("a wrong token signs nobody in, and a wrong Authorization header is not rescued by a cookie", async () => {
  const wrong = await signIn(PANEL, { token: `${token}x` });
  expect([wrong.status, wrong.json.code]).toEqual([401, "unauthenticated"]);
  expect(wrong.headers.get("set-cookie")).toBe(null);
  const cookie = await cookieOf();
  const mixed = await served.call("/api/identity", {
    headers: { ...PANEL, cookie, authorization: "Basic bm9ib2R5" },
  });
  expect([mixed.status, mixed.json.code]).toEqual([401, "unauthenticated"]);
});

test("a body that is no token is refused without a word of what it held", async () => {
  for (const body of [{}, { token: 1 }, { token: "x".repeat(601) }, { token, more: "not_a_real_value" }]) {
    const answer = await signIn(PANEL, body);
    expect(answer.json).toMatchObject({
      code: "bad_input",
      errors: [{ path: "token", message: "is not a token" }],
    });
    expect(answer.text).not.toContain("not_a_real");
  }
  expect((await signIn(PANEL, "x".repeat(5000))).status).toBe(413);
});

test("a session ends with its token", async () => {
  const { json } = await served.call("/api/tokens", { token, body: { name: "short" } });
  const answer = await signIn(PANEL, { token: json.token });
  const cookie = answer.headers.get("set-cookie")!.split(";")[0]!;
  await served.call(`/api/tokens/${json.details.id}`, { method: "DELETE", token });
  expect((await served.call("/api/identity", { headers: { ...PANEL, cookie } })).json.code).toBe(
    "unauthenticated",
  );
});

test("regression: a page on another port could plant a session cookie that was taken for the panel's own", async () => {
  const cookie = await cookieOf();
  for (const both of [
    `keyfold=planted_not_real; ${cookie}`,
    `${cookie}; keyfold=planted_not_real`,
    `keyfold=;${cookie}`,
  ]) {
    const headers = { ...PANEL, cookie: both };
    for (const answer of [
      await served.call("/api/identity", { headers }),
      await served.call("/session", { method: "DELETE", headers }),
    ]) {
      expect([answer.status, answer.json.code]).toEqual([401, "unauthenticated"]);
      expect(answer.json.detail).toContain("Two session cookies");
      expect(answer.text).not.toContain("planted");
    }
  }
  expect((await served.call("/api/identity", { headers: { ...PANEL, cookie } })).status).toBe(200);
});
