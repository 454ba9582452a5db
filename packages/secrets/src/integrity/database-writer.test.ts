import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type House, openHouse } from "../testing/house.ts";
import { codeOf } from "../testing/refusal.ts";

/*
 * Someone who may write anything to the database, with triggers, policies and foreign keys out of the way, and who holds
 * no key. What they change is refused by its own name, in the process that has keys cached and in a fresh one; it is
 * never answered as "not found", and no value comes out. (A process that read the true rows a moment ago may go on giving
 * the true value while nothing changes: a test below. Here each tenant's epoch is raised, so that both read anew.)
 */

const VALUES = ["canary value one, not real", "canary value two, not real"] as const;

let house: House;
let sequence = 0;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

/** A tenant of its own for each test, with a secret of two versions, both open. */
async function victim() {
  const slug = `victim-${++sequence}`;
  const tenant = await house.tenant(slug);
  const { caller } = tenant;
  const { id } = await caller.secrets.create({ name: "K", value: VALUES[0] });
  await caller.secrets.rotate({ id, value: VALUES[1] });
  await caller.secrets.reveal({ id });
  return { ...tenant, t: tenant.id, secret: id };
}

/** As a change by any other process would: whatever was read before is stale. */
async function raiseEpochs(): Promise<void> {
  await house.sql(
    `SELECT control_plane.append_events(id, gen_random_uuid(), 1, sha256('leaf'), sha256('leaf'), NULL, NULL, true) FROM control_plane.tenants`,
  );
}

/** What a call comes to, in this process and in one that has cached nothing; a value in its answer is never allowed. */
async function outcomes(
  token: string,
  ask: (invoke: House["server"]["invoke"], request: ReturnType<typeof requestInfo>) => Promise<unknown>,
): Promise<string[]> {
  const codes: string[] = [];
  await raiseEpochs();
  for (const server of [house.server, await house.another()]) {
    let answer = "";
    codes.push(
      await codeOf(
        ask(server.invoke, requestInfo({ token })).then((value) => {
          answer = JSON.stringify(value);
        }),
      ),
    );
    for (const value of VALUES) expect(answer).not.toContain(value);
  }
  return codes;
}

const BROKEN = ["integrity_failed", "integrity_failed"];
const SEALED = ["decryption_failed", "decryption_failed"];

const reveal = (id: string, version?: number) => (invoke: House["server"]["invoke"], request: never) =>
  version === undefined
    ? invoke(verbs.secrets.reveal, request, { id })
    : invoke(verbs.versions.reveal, request, { id, version });

test("moves the current pointer to an older version", async () => {
  const { t, token, secret } = await victim();
  await house.tamper(
    "UPDATE control_plane.secrets SET current_version = 1 WHERE tenant_id = $1 AND id = $2",
    [t, secret],
  );
  expect(await outcomes(token, reveal(secret) as never)).toEqual(BROKEN);
  expect(await outcomes(token, (invoke, request) => invoke(verbs.secrets.list, request, {}))).toEqual(BROKEN);
});

test("moves pointer and states together", async () => {
  const { t, token, secret } = await victim();
  for (const [state, number] of [
    ["grace", 2],
    ["current", 1],
  ])
    await house.tamper(
      "UPDATE control_plane.versions SET state = $2::control_plane.version_state, open_until = now() + interval '1 day' WHERE tenant_id = $1 AND number = $3",
      [t, state, number],
    );
  await house.tamper(
    "UPDATE control_plane.secrets SET current_version = 1 WHERE tenant_id = $1 AND id = $2",
    [t, secret],
  );
  expect(await outcomes(token, reveal(secret) as never)).toEqual(BROKEN);
  expect(await outcomes(token, reveal(secret, 1) as never)).toEqual(BROKEN);
});

test("un-revokes a version", async () => {
  const { t, token, secret, caller } = await victim();
  await caller.versions.revoke({ id: secret, version: 1, reason: "leaked" });
  await house.tamper(
    "UPDATE control_plane.versions SET state = 'grace', revoked_at = NULL WHERE tenant_id = $1 AND number = 1",
    [t],
  );
  expect(await outcomes(token, reveal(secret, 1) as never)).toEqual(BROKEN);
  expect(
    await outcomes(token, (invoke, request) => invoke(verbs.versions.list, request, { id: secret })),
  ).toEqual(BROKEN);
  expect(
    await outcomes(token, (invoke, request) =>
      invoke(verbs.secrets.rollBack, request, { id: secret, to: 1 }),
    ),
  ).toEqual(BROKEN);
});

test("extends a grace", async () => {
  const { t, token, secret } = await victim();
  await house.tamper(
    "UPDATE control_plane.versions SET open_until = open_until + interval '1 year' WHERE tenant_id = $1 AND number = 1",
    [t],
  );
  expect(await outcomes(token, reveal(secret, 1) as never)).toEqual(BROKEN);
});

test("lets a version's row vanish", async () => {
  const { t, token, secret } = await victim();
  await house.tamper("DELETE FROM control_plane.versions WHERE tenant_id = $1 AND number = 1", [t]);
  expect(await outcomes(token, reveal(secret, 1) as never)).toEqual(BROKEN);
  await house.tamper("DELETE FROM control_plane.versions WHERE tenant_id = $1", [t]);
  expect(await outcomes(token, reveal(secret) as never)).toEqual(BROKEN);
});

test("widens a token's scope, renews its time, or brings it back to life", async () => {
  const { t, caller } = await victim();
  const made = async (input: object) => await caller.tokens.create({ name: "t", preset: "reader", ...input });
  const list = (invoke: House["server"]["invoke"], request: never) => invoke(verbs.secrets.list, request, {});
  const change = (set: string, id: string) =>
    house.tamper(`UPDATE control_plane.service_tokens SET ${set} WHERE tenant_id = $1 AND id = $2`, [t, id]);
  const narrow = await made({ projects: ["default"], environments: ["staging"] });
  await change(
    `scope = jsonb_set(jsonb_set(scope, '{projects}', 'null'), '{environments}', 'null')`,
    narrow.details.id,
  );
  expect(await outcomes(narrow.token!, list as never)).toEqual(BROKEN);
  const weak = await made({});
  await change(
    `scope = jsonb_set(scope, '{actions}', scope->'actions' || '["secret.delete"]')`,
    weak.details.id,
  );
  expect(await outcomes(weak.token!, list as never)).toEqual(BROKEN);
  const short = await made({ expiresInSeconds: 60 });
  await change("expires_at = NULL", short.details.id);
  expect(await outcomes(short.token!, list as never)).toEqual(BROKEN);
  const revoked = await made({});
  await caller.tokens.revoke({ id: revoked.details.id });
  await change("revoked_at = NULL", revoked.details.id);
  expect(await outcomes(revoked.token!, list as never)).toEqual(BROKEN);
});

test("puts a token's digest onto a wider token's row, or onto another tenant's, or onto an operator's", async () => {
  const { t, caller } = await victim();
  const other = await victim();
  const list = (invoke: House["server"]["invoke"], request: never) => invoke(verbs.secrets.list, request, {});
  const steal = async (table: string, where: string) => {
    const { token, details } = await caller.tokens.create({
      name: "t",
      preset: "reader",
      projects: ["default"],
      environments: ["staging"],
    });
    const [{ digest }] = (await house.sql("SELECT digest FROM control_plane.service_tokens WHERE id = $1", [
      details.id,
    ])) as [{ digest: Buffer }];
    await house.tamper("UPDATE control_plane.service_tokens SET digest = $2 WHERE id = $1", [
      details.id,
      randomBytes(32),
    ]);
    const [{ digest: old }] = (await house.sql(
      `SELECT digest FROM control_plane.${table} WHERE ${where}`,
    )) as [{ digest: Buffer }];
    await house.tamper(`UPDATE control_plane.${table} SET digest = $1 WHERE ${where}`, [digest]);
    const codes = await outcomes(token!, list as never);
    await house.tamper(`UPDATE control_plane.${table} SET digest = $1 WHERE ${where}`, [old]);
    return codes;
  };
  expect(await steal("service_tokens", `tenant_id = '${t}' AND name = 'first'`)).toEqual(BROKEN);
  expect(await steal("service_tokens", `tenant_id = '${other.t}' AND name = 'first'`)).toEqual(BROKEN);
  expect(await steal("operator_tokens", "name = 'test operator'")).toEqual(BROKEN);
});

test("moves a token to another tenant", async () => {
  const { caller, t } = await victim();
  const other = await victim();
  const { token, details } = await caller.tokens.create({ name: "t", preset: "reader" });
  await house.tamper(
    "UPDATE control_plane.service_tokens SET tenant_id = $1 WHERE tenant_id = $2 AND id = $3",
    [other.t, t, details.id],
  );
  expect(await outcomes(token!, reveal(other.secret) as never)).toEqual(BROKEN);
});

test("un-deletes a secret, a project, an environment, a tenant", async () => {
  const { t, token, secret, caller, slug } = await victim();
  const { id: environment } = await caller.environments.create({ name: "old" });
  const held = await caller.secrets.create({ environment, name: "HELD", value: VALUES[0] });
  await caller.secrets.delete({ id: held.id });
  await caller.environments.delete({ environment });
  await house.tamper(
    "UPDATE control_plane.environments SET deleted_at = NULL WHERE tenant_id = $1 AND id = $2",
    [t, environment],
  );
  expect(
    await outcomes(token, (invoke, request) => invoke(verbs.secrets.restore, request, { id: held.id })),
  ).toEqual(BROKEN);
  await caller.secrets.delete({ id: secret });
  await house.tamper(
    "UPDATE control_plane.secrets SET state = 'live', deleted_at = NULL, purge_after = NULL WHERE tenant_id = $1 AND id = $2",
    [t, secret],
  );
  expect(await outcomes(token, reveal(secret) as never)).toEqual(BROKEN);
  await house.as(house.operatorToken).tenants.delete({ tenant: slug });
  await house.tamper("UPDATE control_plane.tenants SET deleted_at = NULL WHERE id = $1", [t]);
  expect(await outcomes(token, reveal(secret) as never)).toEqual(BROKEN);
});

test("gives a deleted secret more days", async () => {
  const { t, token, secret, caller } = await victim();
  await caller.secrets.delete({ id: secret });
  await house.tamper(
    "UPDATE control_plane.secrets SET purge_after = purge_after + interval '1 year' WHERE tenant_id = $1",
    [t],
  );
  expect(
    await outcomes(token, (invoke, request) => invoke(verbs.secrets.restore, request, { id: secret })),
  ).toEqual(BROKEN);
});

test("swaps the names of two secrets, or of two environments", async () => {
  const { t, token, caller, secret } = await victim();
  await caller.secrets.create({ name: "L", value: VALUES[0] });
  await caller.secrets.create({ environment: "prod", name: "K", value: VALUES[0] });
  const swap = (table: string, a: string, b: string) =>
    house.tamper(
      `UPDATE control_plane.${table} SET name = CASE name WHEN '${a}' THEN '${b}' ELSE '${a}' END WHERE tenant_id = $1 AND name IN ('${a}', '${b}')`,
      [t],
    );
  await house.tamper("DROP INDEX control_plane.secrets_live_name");
  await house.tamper("DROP INDEX control_plane.environments_live_name");
  await swap("secrets", "K", "L");
  const byName = (input: object) => (invoke: House["server"]["invoke"], request: never) =>
    invoke(verbs.secrets.reveal, request, input);
  expect(await outcomes(token, byName({ name: "K" }) as never)).toEqual(BROKEN);
  await swap("secrets", "K", "L");
  await swap("environments", "dev", "prod");
  expect(await outcomes(token, byName({ environment: "dev", name: "K" }) as never)).toEqual(BROKEN);
  expect(await outcomes(token, reveal(secret) as never)).toEqual(BROKEN);
  expect(
    await outcomes(token, (invoke, request) => invoke(verbs.secrets.set, request, { name: "K", value: "x" })),
  ).toEqual(BROKEN);
  expect(await outcomes(token, (invoke, request) => invoke(verbs.environments.list, request, {}))).toEqual(
    BROKEN,
  );
  expect(
    await outcomes(token, (invoke, request) =>
      invoke(verbs.tokens.create, request, { name: "t", environments: ["dev"], projects: ["default"] }),
    ),
  ).toEqual(BROKEN);
  expect(await outcomes(token, (invoke, request) => invoke(verbs.secrets.list, request, {}))).toEqual(BROKEN);
});

test("renames a tenant to another's slug", async () => {
  const [one, two] = [await victim(), await victim()];
  await house.tamper("UPDATE control_plane.tenants SET slug = slug || '-moved' WHERE id = $1", [two.t]);
  await house.tamper("UPDATE control_plane.tenants SET slug = $2 WHERE id = $1", [one.t, two.slug]);
  expect(await outcomes(one.token, reveal(one.secret) as never)).toEqual(BROKEN);
  expect(
    await outcomes(house.operatorToken, (invoke, request) =>
      invoke(verbs.tenants.delete, request, { tenant: two.slug }),
    ),
  ).toEqual(BROKEN);
  await house.tamper("DELETE FROM control_plane.tenants WHERE id = ANY ($1)", [[one.t, two.t]]);
});

const SEALED_COLUMNS = "term, sealed, dek_wrap, digest, generation";

test("swaps sealed bytes between versions, secrets and tenants", async () => {
  const [one, two] = [await victim(), await victim()];
  const { id: second } = await one.caller.secrets.create({ name: "L", value: VALUES[0] });
  const copy = (from: string, fromNumber: number, to: string, toNumber: number) =>
    house.tamper(
      `UPDATE control_plane.sealed_values d SET (${SEALED_COLUMNS}) = (SELECT ${SEALED_COLUMNS.split(", ")
        .map((c) => `s.${c}`)
        .join(", ")}
         FROM control_plane.sealed_values s WHERE s.secret_id = $1 AND s.number = $2) WHERE d.secret_id = $3 AND d.number = $4`,
      [from, fromNumber, to, toNumber],
    );
  await copy(one.secret, 1, one.secret, 2);
  expect(await outcomes(one.token, reveal(one.secret) as never)).toEqual(SEALED);
  await copy(one.secret, 1, second, 1);
  expect(await outcomes(one.token, reveal(second) as never)).toEqual(SEALED);
  expect(
    await outcomes(one.token, (invoke, request) =>
      invoke(verbs.secrets.revealMany, request, { names: ["L"] }),
    ),
  ).toEqual(SEALED);
  await copy(one.secret, 1, two.secret, 2);
  expect(await outcomes(two.token, reveal(two.secret) as never)).toEqual(SEALED);
  const { events } = await one.caller.audit.list({ outcome: "decryption_failed" });
  expect(events.length).toBeGreaterThan(0);
});

test("swaps wrapped DEKs, changes a term, flips a bit, cuts bytes, or takes them away", async () => {
  const changes = [
    "dek_wrap = (SELECT dek_wrap FROM control_plane.sealed_values o WHERE o.secret_id = d.secret_id AND o.number = 1)",
    "sealed = (SELECT sealed FROM control_plane.sealed_values o WHERE o.secret_id = d.secret_id AND o.number = 1)",
    "term = 2",
    "sealed = set_byte(sealed, octet_length(sealed) - 1, get_byte(sealed, octet_length(sealed) - 1) # 1)",
    "sealed = set_byte(sealed, 0, get_byte(sealed, 0) # 1)",
    "sealed = substring(sealed FROM 1 FOR octet_length(sealed) - 1)",
    "sealed = ''::bytea",
    "dek_wrap = ''::bytea",
    "sealed = NULL, dek_wrap = NULL, digest = NULL",
  ];
  for (const change of changes) {
    const { token, secret } = await victim();
    await house.tamper(
      `UPDATE control_plane.sealed_values d SET ${change} WHERE secret_id = $1 AND number = 2`,
      [secret],
    );
    expect(await outcomes(token, reveal(secret) as never), change).toEqual(SEALED);
  }
  const { token, secret } = await victim();
  await house.tamper("DELETE FROM control_plane.sealed_values WHERE secret_id = $1", [secret]);
  expect(await outcomes(token, reveal(secret) as never)).toEqual(SEALED);
});

test("moves a secret, bytes and all, into another environment", async () => {
  const { t, token, secret } = await victim();
  await house.tamper(
    `UPDATE control_plane.secrets SET environment_id = (SELECT id FROM control_plane.environments WHERE tenant_id = $1 AND name = 'prod')
      WHERE tenant_id = $1 AND id = $2`,
    [t, secret],
  );
  expect(await outcomes(token, reveal(secret) as never)).toEqual(BROKEN);
});

test("moves a version's digest, so that a rotation would do nothing", async () => {
  const { token, secret, caller } = await victim();
  await house.tamper(
    `UPDATE control_plane.sealed_values d SET digest = (SELECT digest FROM control_plane.sealed_values o WHERE o.secret_id = d.secret_id AND o.number = 1)
      WHERE secret_id = $1 AND number = 2`,
    [secret],
  );
  expect(
    await outcomes(token, (invoke, request) =>
      invoke(verbs.secrets.rotate, request, { id: secret, value: VALUES[0] }),
    ),
  ).toEqual(BROKEN);
  expect((await caller.secrets.get({ id: secret })).version).toBe(2);
});

test("swaps the wraps of tenant keys, replaces tenant keys, or swaps their purposes", async () => {
  const fresh = async (token: string, secret: string) => {
    const server = await house.another();
    return await codeOf(server.invoke(verbs.secrets.reveal, requestInfo({ token }), { id: secret }));
  };
  const [one, two] = [await victim(), await victim()];
  const columns = "wrapped, opener, provider, suite, generation, created_at, mac";
  await house.tamper(
    `UPDATE control_plane.key_wraps d SET (${columns}) = (SELECT ${columns} FROM control_plane.key_wraps s WHERE s.tenant_id = $2 AND s.purpose = d.purpose)
      WHERE tenant_id = $1`,
    [one.t, two.t],
  );
  expect(await fresh(one.token, one.secret)).toBe("integrity_failed");

  const three = await victim();
  await house.tamper("UPDATE control_plane.tenant_keys SET check_value = $2 WHERE tenant_id = $1", [
    three.t,
    randomBytes(32),
  ]);
  expect(await fresh(three.token, three.secret)).toBe("integrity_failed");

  const four = await victim();
  await house.tamper(
    "UPDATE control_plane.key_wraps d SET wrapped = (SELECT wrapped FROM control_plane.key_wraps s WHERE s.tenant_id = $1 AND s.purpose = 'digest') WHERE tenant_id = $1 AND purpose = 'value'",
    [four.t],
  );
  expect(await fresh(four.token, four.secret)).toBe("integrity_failed");

  const five = await victim();
  await house.tamper("DELETE FROM control_plane.key_wraps WHERE tenant_id = $1", [five.t]);
  expect(await fresh(five.token, five.secret)).toBe("decryption_failed");
  const six = await victim();
  await house.tamper("DELETE FROM control_plane.tenant_keys WHERE tenant_id = $1", [six.t]);
  expect(await fresh(six.token, six.secret)).toBe("decryption_failed");
});

test("brings an ended session back, lengthens one, or hangs it on another's token", async () => {
  const { t, token, caller } = await victim();
  const other = await victim();
  const narrow = await caller.tokens.create({ name: "t", preset: "reader", expiresInSeconds: 60 });
  const use = (secret: string) =>
    codeOf(house.server.invoke(verbs.secrets.list, requestInfo({ session: secret }), {}));
  const ended = await house.server.startSession(requestInfo({ token }));
  await house.server.endSession(requestInfo({ session: ended.secret }));
  await house.tamper("UPDATE control_plane.sessions SET ended_at = NULL WHERE tenant_id = $1", [t]);
  expect(await use(ended.secret)).toBe("integrity_failed");
  const long = await house.server.startSession(requestInfo({ token: narrow.token }));
  await house.tamper(
    "UPDATE control_plane.sessions SET expires_at = expires_at + interval '1 year' WHERE token_id = $1",
    [narrow.details.id],
  );
  expect(await use(long.secret)).toBe("integrity_failed");
  const hung = await house.server.startSession(requestInfo({ token: narrow.token }));
  await house.tamper(
    `UPDATE control_plane.sessions SET token_id = (SELECT id FROM control_plane.service_tokens WHERE tenant_id = $1 AND name = 'first')
      WHERE token_id = $2 AND expires_at < now() + interval '1 day'`,
    [t, narrow.details.id],
  );
  expect(await use(hung.secret)).toBe("integrity_failed");
  const moved = await house.server.startSession(requestInfo({ token }));
  await house.tamper(
    `UPDATE control_plane.sessions SET tenant_id = $2, token_id = (SELECT id FROM control_plane.service_tokens WHERE tenant_id = $2 AND name = 'first')
      WHERE tenant_id = $1 AND ended_at IS NULL`,
    [t, other.t],
  );
  expect(await use(moved.secret)).toBe("integrity_failed");
});

test("finds a process that remembers the true rows giving the true value, and never another", async () => {
  const { t, secret, caller } = await victim();
  await house.tamper(
    "UPDATE control_plane.secrets SET current_version = 1 WHERE tenant_id = $1 AND id = $2",
    [t, secret],
  );
  const warm = await caller.secrets.reveal({ id: secret }).catch(() => null);
  expect([undefined, VALUES[1]]).toContain(warm?.value);
});

test("edits an audit event, so that it cannot be read, and the list says so", async () => {
  const { t, token } = await victim();
  await house.tamper(
    "UPDATE control_plane.audit_batches SET bodies = set_byte(bodies, 4, 65) WHERE chain_id = $1 AND number = 1",
    [t],
  );
  expect(await outcomes(token, (invoke, request) => invoke(verbs.audit.list, request, {}))).toEqual(BROKEN);
  await expect(house.verify()).rejects.toThrow("was edited");
  await house.tamper(
    "UPDATE control_plane.audit_batches SET bodies = set_byte(bodies, 4, 123) WHERE chain_id = $1 AND number = 1",
    [t],
  );
  await house.verify();
});

test("is told of in the operator's log, by table and row and never by value, and in the tenant's chain", async () => {
  const { t, token, secret, caller } = await victim();
  await house.tamper("UPDATE control_plane.secrets SET name = 'OTHER' WHERE tenant_id = $1 AND id = $2", [
    t,
    secret,
  ]);
  await raiseEpochs();
  const before = house.logged.length;
  expect(await codeOf(caller.secrets.reveal({ id: secret }))).toBe("integrity_failed");
  const [line] = house.logged.slice(before);
  expect(line).toContain(`the MAC of a row in secrets (${secret}) does not match`);
  const { events } = await house.as(token).audit.list({ action: "secret.accessed", outcome: "error" });
  expect(events[0]).toMatchObject({ details: { code: "integrity_failed", row: "secrets", rowId: secret } });
  // Of a token's own row nobody knows whose call it is: the deployment's chain hears of it.
  const wider = await caller.tokens.create({ name: "t", preset: "reader" });
  await house.tamper("UPDATE control_plane.service_tokens SET name = 'other' WHERE id = $1", [
    wider.details.id,
  ]);
  const named = "A_NAME_THAT_NOBODY_KNOWN_CHOSE";
  expect(await codeOf(house.as(wider.token).secrets.reveal({ name: named }))).toBe("integrity_failed");
  const operator = house.as(house.operatorToken);
  const told = await operator.audit.list({ deployment: true, action: "secret.accessed", limit: 1 });
  expect(told.events).toMatchObject([
    {
      outcome: "error",
      actor: { type: "anonymous" },
      // Of who nobody is, nothing that they wrote, and they are counted together whatever they ask for.
      target: null,
      details: { code: "integrity_failed", row: "serviceTokens", rowId: wider.details.id },
    },
  ]);
  for (const value of VALUES) expect(house.logged.join("\n")).not.toContain(value);
});
