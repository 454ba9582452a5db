import { afterAll, beforeAll, expect, test } from "vitest";
import type { SERVICE_ACTIONS } from "../access/actions.ts";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

let house: House;
let operator: Caller;
beforeAll(async () => {
  house = await openHouse();
  operator = house.as(house.operatorToken);
});
afterAll(() => house.close());

test("a token gives away no action that it does not hold", async () => {
  const { caller } = await house.tenant("actions");
  const made = await caller.tokens.create({ name: "maker", actions: ["token.create", "secret.get"] });
  const maker = house.as(made.token);
  expect(await codeOf(maker.tokens.create({ name: "same", actions: ["secret.get", "token.create"] }))).toBe(
    "allowed",
  );
  expect(await codeOf(maker.tokens.create({ name: "more", actions: ["secret.get", "secret.reveal"] }))).toBe(
    "forbidden",
  );
  expect(await codeOf(maker.tokens.create({ name: "more", preset: "admin" }))).toBe("forbidden");
  // The default set of actions is not held either.
  expect(await codeOf(maker.tokens.create({ name: "more" }))).toBe("forbidden");
});

test("a token gives away no place that it does not reach", async () => {
  const { caller } = await house.tenant("places");
  await caller.projects.create({ name: "shop" });
  const project = house.as(
    (await caller.tokens.create({ name: "p", preset: "admin", projects: ["shop"] })).token,
  );
  const environment = house.as(
    (await caller.tokens.create({ name: "e", preset: "admin", projects: ["shop"], environments: ["dev"] }))
      .token,
  );
  expect(await codeOf(project.tokens.create({ name: "t" }))).toBe("forbidden");
  expect(await codeOf(project.tokens.create({ name: "t", projects: ["shop", "default"] }))).toBe("not_found");
  expect(
    await codeOf(project.tokens.create({ name: "t", projects: ["shop"], environments: ["dev", "prod"] })),
  ).toBe("allowed");
  expect(await codeOf(environment.tokens.create({ name: "t" }))).toBe("forbidden");
  expect(await codeOf(environment.tokens.create({ name: "t", projects: ["shop"] }))).toBe("forbidden");
  expect(
    await codeOf(environment.tokens.create({ name: "t", projects: ["shop"], environments: ["prod"] })),
  ).toBe("not_found");
  expect(
    await codeOf(environment.tokens.create({ name: "t", projects: ["shop"], environments: ["dev"] })),
  ).toBe("allowed");
});

test("a token gives away no more time than it has, by token and by session alike", async () => {
  const { caller } = await house.tenant("time");
  const short = (await caller.tokens.create({ name: "hour", preset: "admin", expiresInSeconds: 3600 }))
    .token!;
  const session = requestInfo({
    session: (await house.server.startSession(requestInfo({ token: short }))).secret,
  });
  const create = verbs.tokens.create;
  for (const make of [
    (input: object) => house.as(short).tokens.create({ name: "t", ...input }),
    (input: object) => house.server.invoke(create, session, { name: "t", ...input }),
  ]) {
    expect(await codeOf(make({}))).toBe("forbidden");
    expect(await codeOf(make({ expiresInSeconds: 7200 }))).toBe("forbidden");
    expect(await codeOf(make({ expiresInSeconds: 600 }))).toBe("allowed");
  }
});

test("a session of an endless token may make an endless one: it outlives the session, as the token does", async () => {
  const { token } = await house.tenant("endless");
  const { secret } = await house.server.startSession(requestInfo({ token }));
  const made = await house.server.invoke(verbs.tokens.create, requestInfo({ session: secret }), {
    name: "t",
  });
  expect(made.details.expiresAt).toBeNull();
  await house.server.endSession(requestInfo({ session: secret }));
  expect(await codeOf(house.as(made.token).secrets.list({}))).toBe("allowed");
});

test("the operator makes a tenant's first token and no second, and the tenant's audit shows it", async () => {
  const { id } = await operator.tenants.create({ slug: "first" });
  const first = await operator.tokens.create({ tenant: "first", name: "first", preset: "admin" });
  expect(await codeOf(operator.tokens.create({ tenant: "first", name: "second", preset: "reader" }))).toBe(
    "forbidden",
  );
  const { events } = await house.as(first.token).audit.list({ action: "token.created" });
  expect(events.map((e) => [e.actor.type, e.actor.name, e.outcome, e.target?.id])).toEqual([
    ["operator", "test operator", "success", first.details.id],
  ]);
  expect(
    (await house.sql("SELECT id FROM control_plane.service_tokens WHERE tenant_id = $1", [id])).length,
  ).toBe(1);
});

test("an operator who ends all of a tenant's tokens gets no other; the host makes one, and both chains show it", async () => {
  const { id, slug, caller } = await house.tenant("locked-out");
  await caller.secrets.create({ name: "KEY", value: "sk_test_kept" });
  const { tokens } = await operator.tokens.list({ tenant: slug });
  for (const token of tokens) await operator.tokens.revoke({ tenant: slug, id: token.id });
  expect(await codeOf(operator.tokens.create({ tenant: slug, name: "mine", preset: "reader" }))).toBe(
    "forbidden",
  );

  const recovered = house.as(await house.server.recoverTenant(slug));
  expect(await recovered.secrets.reveal({ name: "KEY" })).toMatchObject({ value: "sk_test_kept" });
  const told = { action: "token.recovered", actor: { type: "job", name: "host", via: "host" } };
  expect((await recovered.audit.list({ action: "token.recovered" })).events).toMatchObject([told]);
  const { events } = await operator.audit.list({ deployment: true, action: "token.recovered" });
  expect(events).toMatchObject([{ ...told, details: { tenant: id } }]);
  expect(await codeOf(house.server.recoverTenant("nobody"))).toBe("not_found");
});

test("two operators at once make one first token", async () => {
  const second = house.as(await house.server.createOperatorToken("second operator"));
  for (let round = 0; round < 3; round++) {
    const slug = `contested-${round}`;
    const { id } = await operator.tenants.create({ slug });
    const outcomes = await Promise.all(
      [operator, second, operator, second].map((by) =>
        codeOf(by.tokens.create({ tenant: slug, name: "first", preset: "admin" })),
      ),
    );
    expect(outcomes.sort()).toEqual(["allowed", "forbidden", "forbidden", "forbidden"]);
    expect(
      (await house.sql("SELECT id FROM control_plane.service_tokens WHERE tenant_id = $1", [id])).length,
    ).toBe(1);
  }
});

test("an operator's call that is sent twice under one key is answered twice, without the token", async () => {
  await operator.tenants.create({ slug: "retried" });
  const input = { tenant: "retried", name: "first", preset: "admin", idempotencyKey: "first-token" } as const;
  const first = await operator.tokens.create(input);
  const again = await operator.tokens.create(input);
  expect(first.token).toMatch(/^kf_/);
  expect(again).toEqual({ token: null, details: first.details });
});

test("a token cannot be given what no service token holds", async () => {
  const { caller } = await house.tenant("service-only");
  const actions = ["tenant.create"] as unknown as (typeof SERVICE_ACTIONS)[number][];
  expect(await codeOf(caller.tokens.create({ name: "t", actions: actions as never }))).toBe("bad_input");
  expect(await codeOf(caller.tokens.create({ name: "t", actions: [] }))).toBe("bad_input");
  expect(await codeOf(caller.tokens.create({ name: "t", projects: [] }))).toBe("bad_input");
});

test("a revoked token is refused at once by every process, and revoking it twice is refused", async () => {
  const { caller } = await house.tenant("revoked");
  const other = await house.another();
  const made = await caller.tokens.create({ name: "t", preset: "reader" });
  const request = requestInfo({ token: made.token });
  expect(await codeOf(other.invoke(verbs.secrets.list, request, {}))).toBe("allowed");
  await caller.tokens.revoke({ id: made.details.id });
  expect(await codeOf(other.invoke(verbs.secrets.list, request, {}))).toBe("unauthenticated");
  expect(await codeOf(caller.tokens.revoke({ id: made.details.id }))).toBe("illegal_state");
});

test("a token may revoke itself", async () => {
  const { caller } = await house.tenant("suicide");
  const made = await caller.tokens.create({ name: "t", actions: ["token.revoke"] });
  const self = house.as(made.token);
  expect(await codeOf(self.tokens.revoke({ id: made.details.id }))).toBe("allowed");
  expect(await codeOf(self.tokens.revoke({ id: made.details.id }))).toBe("unauthenticated");
});

test("of a token nothing is stored but a keyed digest and its last four characters", async () => {
  const { id, token } = await house.tenant("stored");
  const [row] = await house.sql<{ text: string }>(
    "SELECT t::text AS text FROM control_plane.service_tokens t WHERE tenant_id = $1",
    [id],
  );
  for (const part of [token, token.slice(3), token.slice(3, 20)]) {
    expect(row!.text).not.toContain(part);
    expect(row!.text).not.toContain(Buffer.from(part).toString("hex"));
  }
});
