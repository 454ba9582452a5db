import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";

let served: Served;
let operator: string;
beforeAll(async () => {
  served = await serveHouse();
  operator = served.house.operatorToken;
});
afterAll(() => served.close());

test("an operator makes a tenant and its first token, which then says who it is", async () => {
  const tenant = await served.call("/api/tenants", {
    token: operator,
    body: { slug: "initech", name: "Initech" },
  });
  expect([tenant.status, tenant.json.slug]).toEqual([201, "initech"]);
  const made = await served.call("/api/tokens?tenant=initech", {
    token: operator,
    body: { name: "first", preset: "admin", expires_in_seconds: 3600 },
  });
  expect(made.status).toBe(201);
  expect(made.json.details.expires_at).toMatch(/Z$/);
  const identity = await served.call("/api/identity", { token: made.json.token });
  expect(identity.json).toMatchObject({ type: "service_token", via: "token", tenant: { slug: "initech" } });
  const revoked = await served.call(`/api/tokens/${made.json.details.id}`, {
    method: "DELETE",
    token: made.json.token,
  });
  expect(revoked.json.revoked_at).toMatch(/Z$/);
  const after = await served.call("/api/identity", { token: made.json.token });
  expect([after.status, after.json.code]).toEqual([401, "unauthenticated"]);
  expect(after.headers.get("www-authenticate")).toBe("Bearer");
});

test("tenants are listed, renamed, deleted and purged by their slug", async () => {
  const { id } = await served.house.tenant("shortlived");
  const list = await served.call("/api/tenants", { token: operator });
  expect(list.json.tenants.map((t: { slug: string }) => t.slug)).toContain("shortlived");
  const renamed = await served.call("/api/tenants/shortlived", {
    method: "PATCH",
    token: operator,
    body: { slug: "brief" },
  });
  expect(renamed.json).toMatchObject({ id, slug: "brief" });
  expect((await served.call("/api/tenants/brief", { token: operator })).json.id).toBe(id);
  const deleted = await served.call("/api/tenants/brief", { method: "DELETE", token: operator });
  expect(deleted.json.deleted_at).toMatch(/Z$/);
  const purged = await served.call(`/api/tenants/${id}/purge`, {
    token: operator,
    body: { confirm: "brief" },
  });
  expect(purged.json).toMatchObject({ id, last_hash: expect.stringMatching(/^[0-9a-f]{64}$/) });
});

test("projects and environments are made, listed, renamed and deleted", async () => {
  const { token } = await served.house.tenant("places");
  const project = await served.call("/api/projects", {
    token,
    body: { name: "web shop", environments: ["dev"] },
  });
  expect(project.status).toBe(201);
  const renamed = await served.call("/api/projects/web%20shop", {
    method: "PATCH",
    token,
    body: { name: "shop" },
  });
  expect(renamed.json).toMatchObject({ id: project.json.id, name: "shop" });
  const made = await served.call("/api/environments", {
    token,
    body: { project_id: project.json.id, name: "qa" },
  });
  expect(made.json).toMatchObject({ name: "qa", project_id: project.json.id });
  const list = await served.call("/api/environments?project=shop", { token });
  expect(list.json.environments.map((e: { name: string }) => e.name).sort()).toEqual(["dev", "qa"]);
  expect((await served.call(`/api/environments/${made.json.id}`, { method: "DELETE", token })).status).toBe(
    200,
  );
  expect((await served.call("/api/projects/shop", { method: "DELETE", token })).status).toBe(200);
});

test("the audit log is read by filters; the deployment's own chain is for operators", async () => {
  const { token } = await served.house.tenant("audited");
  await served.call("/api/secrets", { token, body: { name: "A", value: "not_a_real_value" } });
  const tenant = await served.call("/api/audit?action=secret&outcome=success&limit=5", { token });
  expect(tenant.json.events).toMatchObject([{ action: "secret.created", target: { name: "A", version: 1 } }]);
  const deployment = await served.call("/api/audit?deployment=true&action=tenant", { token: operator });
  expect(deployment.json.events[0]).toMatchObject({ action: "tenant.created", actor: { type: "operator" } });
  const refused = await served.call("/api/audit?deployment=true", { token });
  expect([refused.status, refused.json.code]).toEqual([403, "forbidden"]);
});

test("regression: the fleet's project and environment are names, and were offered as ids, which it refused", async () => {
  const document = (await served.call("/api/openapi.json")).json;
  const { schema } = document.paths["/api/fleet"].post.requestBody.content["application/json"];
  expect(Object.keys(schema.properties).sort()).toEqual([
    "cursor",
    "environment",
    "lacking",
    "limit",
    "names",
    "project",
  ]);
  const body = { names: ["K"], project_id: "00000000-0000-4000-8000-000000000000" };
  const answer = await served.call("/api/fleet", { token: operator, body });
  expect([answer.status, answer.json.errors]).toEqual([
    400,
    [{ path: "", message: "holds a field that is not known here" }],
  ]);
});

test("what is wrong with a request is said field by field, in the names that REST uses", async () => {
  const { token } = await served.house.tenant("wrong");
  const ask = async (path: string, body?: unknown, method?: string) => {
    const { status, json } = await served.call(path, {
      token,
      body,
      ...(method === undefined ? {} : { method }),
    });
    return [status, json.code, json.errors];
  };
  expect(await ask("/api/secrets", { name: "A", value: "v", expiresAt: 1 })).toEqual([
    400,
    "bad_input",
    [{ path: "", message: "holds a field that is not known here" }],
  ]);
  expect(await ask("/api/secrets", { name: "A", value: "v", project_id: "default" })).toEqual([
    400,
    "bad_input",
    [{ path: "project_id", message: "is not an id" }],
  ]);
  expect(
    await ask("/api/secrets", {
      name: "A",
      value: "v",
      project: "a",
      project_id: "00000000-0000-4000-8000-000000000000",
    }),
  ).toEqual([400, "bad_input", [{ path: "project_id", message: "is given twice" }]]);
  expect(await ask("/api/secrets", { name: "A", value: "v", grace_seconds: -1 })).toEqual([
    400,
    "bad_input",
    [{ path: "grace_seconds", message: "is below the least allowed, 0" }],
  ]);
  expect(await ask("/api/secrets?limit=many")).toEqual([
    400,
    "bad_input",
    [{ path: "limit", message: "is not number" }],
  ]);
  expect(await ask("/api/secrets?limit=1&limit=2")).toEqual([
    400,
    "bad_input",
    [{ path: "limit", message: "is given twice" }],
  ]);
  expect(await ask("/api/secrets?cursor=x")).toEqual([
    400,
    "bad_input",
    [{ path: "cursor", message: "is not a cursor of this list" }],
  ]);
  expect(await ask("/api/secrets/not-an-id")).toEqual([
    400,
    "bad_input",
    [{ path: "id", message: "is not an id" }],
  ]);
  expect(await ask("/api/secrets", [])).toEqual([
    400,
    "bad_input",
    [{ path: "body", message: "is not a JSON object" }],
  ]);
  expect(await ask("/api/secrets?value=not_a_real_value", { name: "A" })).toEqual([
    400,
    "bad_input",
    [{ path: "", message: "holds a field that is not known here" }],
  ]);
});

test("a body that is not JSON by its type, its charset or its encoding is 415", async () => {
  const { token } = await served.house.tenant("types");
  for (const headers of [
    { "content-type": "text/plain" },
    { "content-type": "application/json; charset=utf-16" },
    { "content-type": "application/json", "content-encoding": "gzip" },
  ] as Record<string, string>[]) {
    const answer = await served.call("/api/secrets", { token, body: '{"name":"A","value":"v"}', headers });
    expect([answer.status, answer.json.code]).toEqual([415, "not_json"]);
  }
});
