import type { Letter } from "@keyfold/secrets";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GuessLimit } from "./http/limits/guess-limit.ts";
import { canary, findCanaries } from "./testing/canaries.ts";
import { type Answer, type Served, serveHouse } from "./testing/index.ts";
import { asSuperuser } from "./testing/superuser.ts";
import { trpcCall } from "./testing/trpc-call.ts";
import { listenAtWaysOut } from "./testing/ways-out.ts";

let served: Served;
let token: string;
const letters: Letter[] = [];
beforeAll(async () => {
  served = await serveHouse({
    guesses: new GuessLimit({ most: 1000 }),
    house: {
      streams: { restMs: 10 },
      mail: { linkTo: (secret) => `#${secret}`, send: async (letter) => void letters.push(letter) },
    },
  });
  token = (await served.house.tenant("acme")).token;
});
afterAll(() => served.close());

test("H11: values written in every way there is are found in no answer but a reveal's, no log, no row and no event", async () => {
  const values: string[] = [];
  const next = () => {
    const value = canary(values.length);
    values.push(value);
    return value;
  };
  const answers: Answer[] = [];
  const reveals: Answer[] = [];
  const rest = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => {
    const answer = await served.call(path, {
      method,
      token,
      body,
      ...(headers === undefined ? {} : { headers }),
    });
    answers.push(answer);
    return answer;
  };
  const trpc = async (kind: "query" | "mutation", path: string, input: unknown) => {
    const answer = await trpcCall(served, kind, path, input, token);
    answers.push(answer);
    return answer;
  };

  const out = await listenAtWaysOut(served, token, letters);

  // Written, by every way in.
  const created = await rest("POST", "/api/secrets", { name: "REST", value: next(), reason: "test" });
  const { id } = created.json;
  await rest("POST", `/api/secrets/${id}/rotate`, { value: next(), reason: "test" });
  await rest("PUT", "/api/secrets", { name: "REST", value: next() });
  await rest("PUT", "/api/secrets", {
    name: "B64",
    value: Buffer.from(next()).toString("base64"),
    encoding: "base64",
  });
  const once = { "idempotency-key": "canary-once-0001" };
  const idempotent = { name: "IDEMPOTENT", value: next() };
  await rest("POST", "/api/secrets", idempotent, once);
  await rest("POST", "/api/secrets", idempotent, once);
  await rest("POST", "/api/secrets", { name: "IDEMPOTENT", value: next() }, once);
  await rest("PUT", "/api/secrets/bulk", {
    items: [
      { name: "BULK/1", value: next() },
      { name: "BULK/2", value: next() },
    ],
  });
  await trpc("mutation", "secrets.create", { name: "TRPC", value: next() });
  await trpc("mutation", "secrets.set", { name: "TRPC", value: next() });
  await trpc("mutation", "secrets.rotate", { name: "TRPC", value: next() });
  await trpc("mutation", "secrets.setMany", { items: [{ name: "BULK/1", value: next() }] });
  await rest("POST", `/api/secrets/${id}/roll-back`, { to: 1, reason: "test" });

  // Refused, in every way that holds one.
  await rest("POST", "/api/secrets", { name: "REST", value: next() });
  await rest("POST", "/api/secrets", { name: "TOO LARGE", value: next().repeat(40_000) });
  await rest("POST", "/api/secrets", { name: "x".repeat(256), value: next() });
  await rest("POST", "/api/secrets", { name: "FIELD", value: next(), [next()]: next() });
  await rest("POST", "/api/secrets", { name: "TAG", value: next(), tags: { [next()]: next().repeat(9) } });
  await rest("POST", "/api/secrets", { name: "NUL", value: next(), description: `${next()}\0` });
  await rest("POST", "/api/secrets", `{"name":"CUT","value":${JSON.stringify(next())}`);
  await rest("POST", "/api/secrets", `{"name":"DEEP","value":${"[".repeat(60)}${JSON.stringify(next())}`);
  await rest("POST", "/api/secrets", next(), { "content-type": "text/plain" });
  await rest("POST", `/api/secrets/${id}/rotate`, { value: next(), reason: "test", expected_version: 99 });
  await rest("POST", `/api/secrets/${encodeURIComponent(next())}/rotate`, { value: next(), reason: "test" });
  await rest("PUT", "/api/secrets/bulk", {
    items: [
      { name: "X", value: next() },
      { name: "X", value: next() },
    ],
  });
  await rest("GET", `/api/secrets?prefix=${encodeURIComponent(next())}&limit=${encodeURIComponent(next())}`);
  await rest("GET", `/${encodeURIComponent(next())}`);
  await trpc("mutation", "secrets.set", { name: "A", value: next(), encoding: next() });
  await trpc("query", next(), { value: next() });
  await trpc("query", "secrets.reveal", { name: "NONE", value: next() });
  await served
    .call("/api/identity", { token: `${Buffer.from(next()).toString("base64url")}` })
    .then((a) => answers.push(a));
  await served
    .call("/session", {
      method: "POST",
      headers: { "x-keyfold": "panel" },
      body: { token: next(), value: next() },
    })
    .then((a) => answers.push(a));
  await asSuperuser(
    served.house,
    `CREATE FUNCTION public.loud() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'row: %', NEW::text USING ERRCODE = '22000', DETAIL = NEW::text; END $$;
     CREATE TRIGGER loud BEFORE INSERT ON control_plane.versions FOR EACH ROW EXECUTE FUNCTION public.loud()`,
  );
  const internal = await rest("PUT", "/api/secrets", { name: "LOUD", value: next(), reason: "test" });
  expect([internal.status, internal.json.code]).toEqual([500, "internal"]);
  await asSuperuser(served.house, "DROP TRIGGER loud ON control_plane.versions; DROP FUNCTION public.loud()");

  // Handed in and shared by links, by whoever holds them.
  const PANEL = { "x-keyfold": "panel" };
  const link = async (path: string, body: object, headers: Record<string, string> = PANEL) => {
    const answer = await served.callLinks(path, { body, headers });
    answers.push(answer);
    return answer;
  };
  const held = ({ json }: Answer) => ({
    id: new URL(json.url).pathname.split("/")[2],
    secret: new URL(json.url).hash.slice(1),
  });
  const asks = held(await rest("POST", "/api/links/requests", { name: "HANDED/IN", label: "A key" }));
  const elsewhere = { ...PANEL, origin: "https://evil.example.com" };
  await link("/links/hand-in", { ...asks, value: next() }, elsewhere);
  await link("/links/hand-in", { ...asks, secret: "A".repeat(43), value: next() });
  await link("/links/hand-in", { ...asks, value: next(), [next()]: next() });
  await link("/links/look", { ...asks, value: next() });
  expect((await link("/links/hand-in", { ...asks, value: next() })).status).toBe(200);
  expect((await link("/links/hand-in", { ...asks, value: next() })).status).toBe(410);
  // It is for no person to read: no link shows it.
  expect((await rest("POST", "/api/links/shares", { name: "HANDED/IN" })).status).toBeGreaterThanOrEqual(400);
  for (const what of [{ value: next(), label: "Once" }, { id }]) {
    const shows = held(await rest("POST", "/api/links/shares", what));
    await link("/links/look", shows);
    await served.callLinks(`/l/${shows.id}`).then((a) => answers.push(a));
    reveals.push(await served.callLinks("/links/open", { body: shows, headers: PANEL }));
    await link("/links/open", shows);
  }

  // What people type where it belongs, and where it does not; and what they are sent.
  const person = async (path: string, body: object, cookie = "") => {
    const answer = await served.call(path, { body, headers: { ...PANEL, ...(cookie && { cookie }) } });
    answers.push(answer);
    return answer;
  };
  const email = "ada@example.com";
  await rest("POST", "/api/invitations", { email, grants: [{ role: "owner" }] });
  const password = next();
  await out.untilNamed("HANDED/IN");
  const secret = /#([A-Za-z0-9_-]{43})$/m.exec(letters[0]!.text)![1]!;
  await person("/people/links/accept", { secret, name: "Ada", password: next(), [next()]: 1 });
  const joined = await person("/people/links/accept", { secret, name: "Ada", password });
  expect(joined.status).toBe(200);
  const cookie = joined.headers.get("set-cookie")!.split(";")[0]!;
  await person("/session", { email, password: next() });
  await person("/session", { email: next(), password: next() });
  await person("/session", { email, password, code: next() });
  await person("/people/me/password", { current: next(), password: next() }, cookie);
  await person("/people/me/totp", { current: password }, cookie);
  await person("/people/me/totp/confirm", { code: next() }, cookie);
  await person("/people/forgot", { email });
  await served.call("/people/me", { headers: { ...PANEL, cookie } }).then((a) => answers.push(a));

  // Read, and listed.
  for (const path of [
    `/api/secrets/${id}`,
    `/api/secrets/${id}/versions/1`,
    "/api/reveal?name=B64",
    "/api/reveal?name=TRPC",
  ])
    reveals.push(await served.call(path, { token }));
  reveals.push(await served.call("/api/secrets/bulk-get", { token, body: { names: ["BULK/1", "BULK/2"] } }));
  for (const path of [
    "/api/secrets",
    `/api/secrets/${id}/versions`,
    `/api/secrets/${id}/metadata`,
    "/api/audit?limit=500",
    "/api/audit/export",
    "/api/audit/counts?since=2026-01-01T00:00:00.000Z",
    "/api/links",
    "/api/webhooks",
    "/metrics",
  ])
    await rest("GET", path);
  for (const path of ["secrets.list", "audit.list", "audit.export"]) await trpc("query", path, {});
  for (const path of ["/api/audit?deployment=true&limit=500", "/api/audit/export?deployment=true"])
    answers.push(await served.call(path, { token: served.house.operatorToken }));
  await rest("PUT", "/api/secrets", { name: "THE/LAST", value: next() });
  const left = await out.untilNamed("THE/LAST");
  await out.stop();

  expect(values.length).toBeGreaterThan(40);
  expect(reveals.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200, 200, 200]);
  expect(findCanaries(reveals.map((answer) => answer.text).join(""), values).length).toBeGreaterThanOrEqual(
    5,
  );
  expect(
    findCanaries(answers.map((a) => a.text + JSON.stringify([...a.headers])).join("\n"), values),
  ).toEqual([]);
  expect(letters.length).toBe(2);
  for (const [way, text] of Object.entries(left)) {
    expect(text.length, way).toBeGreaterThan(200);
    expect(findCanaries(text, values), way).toEqual([]);
  }
  expect(served.lines.length).toBeGreaterThan(40);
  expect(findCanaries(served.lines.join("\n"), values)).toEqual([]);
  expect(findCanaries(await dump(), values)).toEqual([]);
});

/** Every row of every table, as text, with bytes in hex (and so as they are), base64 and UTF-8 where they are that. */
async function dump(): Promise<string> {
  const tables = await asSuperuser<{ name: string }>(
    served.house,
    "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')",
  );
  expect(tables.length).toBeGreaterThan(15);
  const texts: string[] = [];
  for (const { name } of tables) {
    const rows = await asSuperuser<{ row: Record<string, unknown> }>(
      served.house,
      `SELECT to_jsonb(t) AS row FROM ${name} t`,
    );
    for (const { row } of rows) {
      texts.push(JSON.stringify(row));
      for (const field of Object.values(row)) {
        if (typeof field !== "string" || !field.startsWith("\\x")) continue;
        const bytes = Buffer.from(field.slice(2), "hex");
        texts.push(bytes.toString("utf8"), bytes.toString("base64"));
      }
    }
  }
  return texts.join("\n");
}

test("the search itself finds a value that is there, in each spelling", () => {
  const value = canary(0);
  const bytes = Buffer.from(value);
  for (const text of [
    value,
    bytes.toString("hex").toUpperCase(),
    Buffer.from(`{"value":"${value}"}`).toString("base64"),
    Buffer.from(`x${value}y`).toString("base64url"),
    encodeURIComponent(value),
    JSON.stringify({ value }),
  ])
    expect(findCanaries(text, [value]), text).not.toEqual([]);
});
