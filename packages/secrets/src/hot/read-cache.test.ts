import { deriveValueKey, KeptValue, sealValue } from "@keyfold/envelope";
import { expect, test } from "vitest";
import type { ServiceActor } from "../access/actor.ts";
import { ReadCache } from "./read-cache.ts";

const TENANT = "0b7f7c1e-5f0e-4a0a-9d5e-000000000001";
const OTHER = "0b7f7c1e-5f0e-4a0a-9d5e-000000000002";

function warmValue(tenantId: string, epoch = 1n) {
  const place = {
    deployment: OTHER,
    tenant: tenantId,
    project: OTHER,
    environment: OTHER,
    secret: OTHER,
    version: 1,
  };
  const { sealed, dek } = sealValue(Buffer.from("sk_test_not_a_real_key"), place);
  return {
    tenantId,
    secret: { id: OTHER, name: "KEY", projectId: OTHER, environmentId: OTHER, accessPolicy: null },
    encoding: "utf8" as const,
    openUntil: null,
    facts: { id: OTHER, name: "KEY", version: 1, createdAt: new Date(0).toISOString(), openUntil: null },
    kept: new KeptValue(sealed, deriveValueKey(dek, sealed), place),
    bytes: sealed.length,
    epoch,
    given: null,
  };
}

const actor = (epoch: bigint, session: string | null = null) =>
  ({
    type: "service_token",
    tenantId: TENANT,
    epoch,
    session,
    grants: [{ actions: ["secret.reveal"] }],
  }) as unknown as ServiceActor;

test("what is too old leaves memory when it is swept, though nobody asks for it again", () => {
  let now = 0;
  const cache = new ReadCache({ ttlMs: 1000, clock: () => now });
  cache.keepValue("a", warmValue(TENANT));
  cache.keepActor("digest", actor(1n));
  now = 999;
  cache.sweep();
  expect(cache.size).toEqual({ actors: 1, values: 1, answers: 0 });
  now = 1001;
  cache.sweep();
  expect(cache.size).toEqual({ actors: 0, values: 0, answers: 0 });
});

test("a tenant that is purged takes its values along, and leaves the others'", () => {
  const cache = new ReadCache();
  cache.keepValue("mine", warmValue(TENANT));
  cache.keepValue("theirs", warmValue(OTHER));
  cache.dropTenant(TENANT);
  expect(cache.value(TENANT, "mine")).toBeUndefined();
  expect(cache.value(OTHER, "theirs")).toBeDefined();
});

test("a value is given to its own tenant only, whoever knows its name", () => {
  const cache = new ReadCache();
  cache.keepValue("mine", warmValue(TENANT));
  expect(cache.value(OTHER, "mine")).toBeUndefined();
  expect(cache.value(TENANT, "mine")).toBeDefined();
});

test("a hint makes older memory stale, and what was read from the database since goes before it", () => {
  const cache = new ReadCache();
  cache.keepActor("digest", actor(5n));
  cache.noteEpoch(TENANT, 9n);
  expect(cache.actor("digest", "secret.reveal")).toBeUndefined();
  // After a failover the database may be at a lower epoch than the last hint said.
  cache.keepActor("digest", actor(7n));
  expect(cache.actor("digest", "secret.reveal")).toMatchObject({ actor: { epoch: 7n } });
});

test("a remembered token is given for what it may, however often it was asked for, and for nothing else", () => {
  const cache = new ReadCache();
  cache.keepActor("digest", actor(1n));
  for (let i = 0; i < 2; i++) {
    expect(cache.actor("digest", "secret.reveal")).toBeDefined();
    expect(cache.actor("digest", "version.reveal")).toBeUndefined();
  }
});

test("who stands behind a session is not remembered, and neither is a value too large", () => {
  const cache = new ReadCache();
  cache.keepActor("digest", actor(1n, OTHER));
  cache.keepValue("large", { ...warmValue(TENANT), bytes: 300 * 1024 });
  expect(cache.size).toEqual({ actors: 0, values: 0, answers: 0 });
});

test("answers are bounded together and each, and go with their tenant", () => {
  const cache = new ReadCache({ maxAnswerBytes: 40_000 });
  const answer = (bytes: number) => ({ tenantId: TENANT, epoch: 1n, answer: {}, bytes });
  for (let i = 0; i < 100; i++) cache.keepAnswer(`list-${i}`, answer(9_000));
  expect(cache.size.answers).toBe(3);
  cache.keepAnswer("large", answer(2 * 1024 * 1024 + 1));
  expect(cache.answer("large")).toBe(undefined);
  cache.dropTenant(TENANT);
  expect(cache.size.answers).toBe(0);
});
