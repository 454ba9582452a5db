import { makeOperator, PASSWORD } from "@keyfold/secrets/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GuessLimit } from "../http/limits/guess-limit.ts";
import { type Served, serveHouse } from "../testing/index.ts";
import { toldTo } from "../testing/told.ts";
import { PEOPLE_ROUTES } from "./routes.ts";

const PANEL = { "x-keyfold": "panel" };
const EMAIL = "ada@example.com";

let served: Served;
beforeAll(async () => {
  served = await serveHouse({ guesses: new GuessLimit({ most: 1000 }) });
  await makeOperator(served.house.server, EMAIL);
});
afterAll(() => served.close());

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  served.call(path, { body, headers: { ...PANEL, ...headers } });
const cookieIn = (answer: { headers: Headers }) => answer.headers.get("set-cookie")!.split(";")[0]!;
const signIn = (email = EMAIL, password = PASSWORD) => post("/session", { email, password });

test("an address and a password become a cookie that no script reads; it does what its person may, and ends", async () => {
  const answer = await signIn();
  expect(answer.status).toBe(204);
  expect(answer.headers.get("set-cookie")).toMatch(
    /^keyfold=[A-Za-z0-9_-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Strict$/,
  );
  const cookie = cookieIn(answer);
  const headers = { ...PANEL, cookie };
  expect((await served.call("/api/identity", { headers })).json).toMatchObject({
    type: "operator",
    via: "session",
  });
  expect((await served.call("/api/tenants", { headers })).status).toBe(200);
  const { json } = await served.call("/people/me/sessions", { headers });
  expect(json.sessions.some((one: { current: boolean }) => one.current)).toBe(true);
  const out = await served.call("/session", { method: "DELETE", headers });
  expect(out.status).toBe(204);
  expect((await served.call("/api/identity", { headers })).json.code).toBe("unauthenticated");
});

test("a session that was planted before somebody signs in, or chooses a tenant, is never the one they get", async () => {
  const planted = "A".repeat(43);
  const signed = await post(
    "/session",
    { email: EMAIL, password: PASSWORD },
    { cookie: `keyfold=${planted}` },
  );
  const first = cookieIn(signed);
  expect([signed.status, first === `keyfold=${planted}`]).toEqual([204, false]);
  const at = (cookie: string) => served.call("/api/identity", { headers: { ...PANEL, cookie } });
  expect((await at(`keyfold=${planted}`)).json.code).toBe("unauthenticated");
  // Whoever had this one before it could do more, has nothing afterwards.
  const chosen = await post("/session/tenant", { tenant: null }, { cookie: first });
  expect(chosen.status).toBe(204);
  expect((await at(first)).json.code).toBe("unauthenticated");
  expect((await at(cookieIn(chosen))).json.type).toBe("operator");
});

test("the first operator's link signs in whoever opens it first, and nobody after", async () => {
  const { secret } = await served.house.server.people.host.firstOperatorLink();
  expect((await post("/people/links/look", { secret })).json).toMatchObject({
    kind: "operator",
    known: false,
  });
  const form = { secret, email: "grace@example.com", name: "Grace", password: PASSWORD };
  const accepted = await post("/people/links/accept", form);
  expect([accepted.status, accepted.json]).toEqual([200, { signedIn: true }]);
  const headers = { ...PANEL, cookie: cookieIn(accepted) };
  expect((await served.call("/api/identity", { headers })).json).toMatchObject({
    type: "operator",
    name: "Grace",
  });
  const again = await post("/people/links/accept", form);
  expect([again.status, again.json.code]).toEqual([410, "link_ended"]);
  expect(again.headers.get("set-cookie")).toBe(null);
});

test("to a stranger, somebody who is here and somebody who is not look the same, byte for byte", async () => {
  const [known, unknown] = [await signIn(EMAIL, "wrong, and not real"), await signIn("no-one@example.com")];
  const shape = (answer: typeof known) => {
    const { correlation_id: _, ...rest } = answer.json;
    const headers = [...answer.headers].filter(
      ([name]) => !["date", "x-correlation-id", "keyfold-correlation-id"].includes(name),
    );
    return [answer.status, rest, headers.map(([name]) => name)];
  };
  expect(shape(known)).toEqual(shape(unknown));
  expect(known.status).toBe(401);
  // And a thousand more tries get no further.
  for (let i = 0; i < 9; i++) await signIn(EMAIL, "wrong, and not real");
  const late = await signIn();
  expect([late.status, late.json.code, late.headers.get("retry-after")]).toEqual([
    429,
    "too_many_attempts",
    "900",
  ]);
  await served.house.sql("DELETE FROM control_plane.sign_in_failures");
});

const at = (path: string) => path.replace(":id", "5b0f3c1e-0000-4000-8000-000000000000");

test.each(PEOPLE_ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))(
  "%s is for the panel's own page only",
  async (_, { method, path, who }) => {
    const cookie = cookieIn(await signIn());
    const body = method === "POST" ? {} : undefined;
    for (const headers of [
      { cookie },
      { ...PANEL, cookie, "sec-fetch-site": "cross-site" },
      { ...PANEL, cookie, "sec-fetch-site": "same-site" },
      { ...PANEL, cookie, origin: "https://evil.example" },
      { ...PANEL, cookie, origin: "null" },
    ] as Record<string, string>[]) {
      const answer = await served.call(at(path), { method, body, headers });
      expect([answer.status, answer.json.code]).toEqual([403, "cross_site"]);
    }
    if (who !== "person") return;
    const { operatorToken } = served.house;
    const tokens = await served.call("/session", { body: { token: operatorToken }, headers: PANEL });
    // Nobody, a made-up session, and the session of a token, which is no person.
    for (const other of [{}, { cookie: `keyfold=${"A".repeat(43)}` }, { cookie: cookieIn(tokens) }]) {
      const answer = await served.call(at(path), {
        method,
        body: method === "POST" ? EXAMPLES[path] : undefined,
        headers: { ...PANEL, ...other },
      });
      expect([answer.status, answer.json.code], JSON.stringify(other)).toEqual([401, "unauthenticated"]);
    }
  },
);

/** A body that each route would take from a person. */
const EXAMPLES: Record<string, unknown> = {
  "/session/factor": { code: "000000" },
  "/session/tenant": { tenant: null },
  "/people/me/passkeys": {},
  "/people/me/passkeys/confirm": {
    name: "Key",
    response: {
      id: "AA",
      rawId: "AA",
      type: "public-key",
      response: { clientDataJSON: "AA", attestationObject: "AA" },
    },
  },
  "/people/me/totp": {},
  "/people/me/totp/confirm": { code: "000000" },
  "/people/me/password": { password: "a new one of 24 letters" },
  "/people/me/recovery-codes": {},
};

test("another method is refused by name, and so is a body that is no JSON or too large", async () => {
  const put = await served.call("/people/links/look", { method: "PUT", body: {}, headers: PANEL });
  expect([put.status, put.headers.get("allow")]).toEqual([405, "POST"]);
  expect((await post("/people/links/look", "{")).status).toBe(400);
  expect((await post("/people/links/look", { secret: "x".repeat(20_000) })).status).toBe(413);
  expect((await post("/session", { email: EMAIL, password: 7 })).json).toMatchObject({ code: "bad_input" });
});

test("neither the log nor an answer repeats a password, a link's secret or a session", async () => {
  const { secret } = await served.house.server.people.host.firstOperatorLink();
  const answers = [
    await signIn("ada2@example.com", `${PASSWORD} more`),
    await post("/people/links/accept", { secret, email: "x", name: "X", password: PASSWORD }),
    await signIn(),
  ];
  const told = served.lines.join("") + answers.map((answer) => answer.text).join("");
  for (const given of [PASSWORD, secret, cookieIn(answers[2]!).split("=")[1]!])
    expect(told).not.toContain(given);
});

test("who asks for new passwords of ever other addresses waits: each asking leaves an event and a row", async () => {
  const mail = { linkTo: (secret: string) => `#${secret}`, send: async () => {} };
  const strict = await serveHouse({ guesses: new GuessLimit({ most: 3 }), house: { mail } });
  try {
    const ask = (n: number) =>
      strict.call("/people/forgot", { body: { email: `no-one-${n}@example.com` }, headers: PANEL });
    const answers = [];
    for (let n = 0; n < 5; n++) answers.push(await ask(n));
    expect(answers.map(({ status }) => status)).toEqual([204, 204, 204, 429, 429]);
    expect(answers[4]!.json.code).toBe("too_many_guesses");
    const told = toldTo(strict.house, { deployment: strict.house.server.deployment.id });
    expect((await told()).filter((line) => line.includes("person.reset_asked"))).toHaveLength(3);
  } finally {
    await strict.close();
  }
});
