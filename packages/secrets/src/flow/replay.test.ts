import { SecretKey } from "@keyfold/envelope";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { GivenValue } from "../input/value.ts";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";
import type { Unit } from "./change.ts";
import { onceFor } from "./replay.ts";

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterEach(() => house.moveClock("0"));
afterAll(() => house.close());

const key = { idempotencyKey: "the-same-key-again" };
const value = "not a real value";

test("the same key with the same request answers the same, once done", async () => {
  const { caller } = await house.tenant("same");
  const create = () => caller.secrets.create({ name: "K", value, ...key });
  expect(await create()).toEqual(await create());
  const rotate = () => caller.secrets.rotate({ name: "K", value: "second", ...key });
  expect(await rotate()).toEqual(await rotate());
  const set = () => caller.secrets.set({ name: "S", value, ...key });
  expect([await set(), await set()].map((a) => [a.changed, a.secret.version])).toEqual([
    [true, 1],
    [true, 1],
  ]);
  const many = { items: [{ name: "M", value }], idempotencyKey: "the-key-of-many" };
  expect(await caller.secrets.setMany(many)).toEqual(await caller.secrets.setMany(many));
  const project = () => caller.projects.create({ name: "shop", ...key });
  expect(await project()).toEqual(await project());
  const environment = () => caller.environments.create({ name: "qa", ...key });
  expect(await environment()).toEqual(await environment());
  const { secrets } = await caller.secrets.list({});
  expect(secrets.map((s) => [s.name, s.version])).toEqual([
    ["K", 2],
    ["M", 1],
    ["S", 1],
  ]);
  const { events } = await caller.audit.list({ action: "secret.created", outcome: "success" });
  expect(events.filter((e) => e.target?.name === "K").length).toBe(1);
});

test("the same key with another request is refused, also where only the value differs", async () => {
  const { caller } = await house.tenant("other");
  await caller.secrets.create({ name: "K", value, ...key });
  expect(await codeOf(caller.secrets.create({ name: "L", value, ...key }))).toBe("idempotency_mismatch");
  expect(await codeOf(caller.secrets.create({ name: "K", value: "another", ...key }))).toBe(
    "idempotency_mismatch",
  );
  expect((await caller.secrets.list({})).secrets.length).toBe(1);
});

test("calls at once with one key do it once", async () => {
  const { caller } = await house.tenant("at-once");
  const answers = await Promise.all(
    Array.from({ length: 6 }, () => caller.secrets.create({ name: "K", value, ...key })),
  );
  expect(new Set(answers.map((a) => a.id)).size).toBe(1);
  const tokens = await Promise.all(
    Array.from({ length: 4 }, () => caller.tokens.create({ name: "t", ...key })),
  );
  expect(new Set(tokens.map((t) => t.details.id)).size).toBe(1);
  expect(tokens.filter((t) => t.token !== null).length).toBe(1);
});

test("a token is never replayed, nor stored with the answer", async () => {
  const { id, caller } = await house.tenant("token");
  const first = await caller.tokens.create({ name: "t", ...key });
  expect(first.token).toMatch(/^kf_/);
  expect(await caller.tokens.create({ name: "t", ...key })).toEqual({ token: null, details: first.details });
  const [row] = await house.sql<{ text: string }>(
    "SELECT i::text AS text FROM control_plane.idempotency_keys i WHERE tenant_id = $1",
    [id],
  );
  expect(row!.text).not.toContain(first.token);
  expect(row!.text).not.toContain("the-same-key-again");
});

test("after 24 hours by the database's clock the key is new again", async () => {
  const { id, caller } = await house.tenant("day");
  const first = await caller.tokens.create({ name: "t", ...key });
  await house.moveClock("23 hours");
  expect((await caller.tokens.create({ name: "t", ...key })).details.id).toBe(first.details.id);
  await house.moveClock("25 hours");
  const second = await caller.tokens.create({ name: "t", ...key });
  expect([second.details.id === first.details.id, second.token !== null]).toEqual([false, true]);
  expect(
    (await house.sql("SELECT 1 FROM control_plane.idempotency_keys WHERE tenant_id = $1", [id])).length,
  ).toBe(1);
});

test("another actor's key is another key", async () => {
  const { caller } = await house.tenant("actors");
  const second = house.as((await caller.tokens.create({ name: "second", preset: "admin" })).token);
  const { id } = await caller.secrets.create({ name: "K", value, ...key });
  expect(await codeOf(second.secrets.create({ name: "K", value, ...key }))).toBe("name_taken");
  expect((await second.secrets.create({ name: "L", value, ...key })).id).not.toBe(id);
  const other = await house.tenant("actors-2");
  expect((await other.caller.secrets.create({ name: "K", value, ...key })).id).not.toBe(id);
});

test("who may no longer do it is refused before anything is replayed", async () => {
  const { caller } = await house.tenant("refused");
  const { token, details } = await caller.tokens.create({ name: "writer", preset: "writer" });
  const writer = house.as(token);
  const { id, environment } = await writer.secrets.create({ name: "K", value, ...key });
  await writer.secrets.rotate({ id, value: "second", ...key });
  await caller.secrets.delete({ id });
  expect(await codeOf(writer.secrets.rotate({ id, value: "second", ...key }))).toBe("not_found");
  await caller.environments.delete({ environment: environment.id });
  expect(await codeOf(writer.secrets.create({ name: "K", value, ...key }))).toBe("not_found");
  await caller.tokens.revoke({ id: details.id });
  expect(await codeOf(writer.secrets.create({ name: "K", value, ...key }))).toBe("unauthenticated");
});

test("a call that failed leaves its key unused", async () => {
  const { caller } = await house.tenant("failed");
  await caller.secrets.create({ name: "TAKEN", value });
  expect(await codeOf(caller.secrets.create({ name: "TAKEN", value, ...key }))).toBe("name_taken");
  expect(await codeOf(caller.secrets.create({ name: "FREE", value, ...key }))).toBe("allowed");
});

test("a key is 8 to 255 printable ASCII characters", async () => {
  const { caller } = await house.tenant("keys");
  for (const idempotencyKey of ["short", "with space", "x".repeat(256), "schlüssel", "", "new\nline"])
    expect(await codeOf(caller.secrets.create({ name: "K", value, idempotencyKey }))).toBe("bad_input");
});

test("a stored answer that somebody edited in the database is refused, and not repeated", async () => {
  const { id, caller } = await house.tenant("forged");
  const input = { name: "KEY", value: "x", idempotencyKey: "forged-answer" };
  await caller.secrets.set(input);
  await house.tamper(
    `UPDATE control_plane.idempotency_keys SET answer = jsonb_set(answer, '{text}', to_jsonb(replace(answer->>'text', '"changed":true', '"changed":false')))
      WHERE tenant_id = $1`,
    [id],
  );
  expect(await codeOf(caller.secrets.set(input))).toBe("integrity_failed");
});

test("a value that nobody spelt is refused: as [redacted] all would be the same", async () => {
  const tokenKey = SecretKey.generate();
  const call = { services: { tokenKey }, actor: { type: "service_token", id: "t" }, action: "secret.set" };
  const request = { items: [{ value: new GivenValue(value) }] };
  const once = onceFor({ call, tenantId: "t" } as unknown as Unit, "a-key", request, async () => ({}));
  await expect(once).rejects.toThrow(TypeError);
});
