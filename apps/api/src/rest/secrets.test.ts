import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";

const VALUE = "sk_test_not_a_real_key";
const SECOND = "sk_test_not_a_real_key_either";

let served: Served;
let token: string;
let projectId: string;
beforeAll(async () => {
  served = await serveHouse();
  token = (await served.house.tenant("acme")).token;
  const { json } = await served.call("/api/projects", { token });
  projectId = json.projects[0].id;
});
afterAll(() => served.close());

let names = 0;
async function create(body: Record<string, unknown> = {}) {
  const name = `SECRET_${names++}`;
  const answer = await served.call("/api/secrets", {
    token,
    body: { project_id: projectId, name, value: VALUE, ...body },
  });
  expect(answer.status).toBe(201);
  return answer.json as { id: string; name: string };
}

test("H4: POST /api/secrets {project_id, name, value} makes version 1, active, with no value in the answer", async () => {
  const answer = await served.call("/api/secrets", {
    token,
    body: { project_id: projectId, name: "STRIPE_SECRET_KEY", value: VALUE },
  });
  expect(answer.status).toBe(201);
  expect(answer.json).toMatchObject({
    name: "STRIPE_SECRET_KEY",
    project: { id: projectId, name: "default" },
    environment: { name: "dev" },
    version: 1,
    active: true,
    rotated_from: null,
  });
  expect(answer.text).not.toContain("sk_test");
  expect(answer.json).not.toHaveProperty("value");
});

test("H5: POST /api/secrets/:id/rotate {value, reason} makes the next version, linked to the one before, which is no longer active; no value in the answer", async () => {
  const { id } = await create();
  const answer = await served.call(`/api/secrets/${id}/rotate`, {
    token,
    body: { value: SECOND, reason: "quarterly" },
  });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({ id, version: 2, rotated_from: 1, active: true, changed: true });
  expect(answer.text).not.toContain("sk_test");
  const { json } = await served.call(`/api/secrets/${id}/versions`, { token });
  expect(json.versions).toMatchObject([
    { version: 2, active: true, state: "current", rotated_from: 1, reason: "quarterly" },
    { version: 1, active: false, state: "grace", rotated_from: null },
  ]);
});

test("H8: DELETE /api/secrets/:id hides it at once, says until when it can be restored, and frees its name", async () => {
  const { id, name } = await create();
  const answer = await served.call(`/api/secrets/${id}?reason=unused&expected_version=1`, {
    method: "DELETE",
    token,
  });
  expect(answer.status).toBe(200);
  expect(answer.json.state).toBe("deleted");
  const days = (Date.parse(answer.json.purge_after) - Date.parse(answer.json.deleted_at)) / 86_400_000;
  expect(days).toBe(30);
  expect((await served.call(`/api/secrets/${id}`, { token })).json.code).toBe("not_found");
  await create({ name });
});

test("H9: GET /api/secrets?project_id= lists metadata of that project only, and no value", async () => {
  const { json: other } = await served.call("/api/projects", { token, body: { name: "billing" } });
  const { name } = await create({ project_id: other.id });
  const answer = await served.call(`/api/secrets?project_id=${other.id}`, { token });
  expect(answer.status).toBe(200);
  expect(answer.json.secrets).toMatchObject([{ name, version: 1, project: { id: other.id } }]);
  expect(answer.json.next_cursor).toBe(null);
  expect(answer.text).not.toContain("sk_test");
});

test("H9: GET /api/secrets/:id and GET /api/secrets/:id/versions/:version return the value, audited; the list of versions does not", async () => {
  const { id, name } = await create();
  await served.call(`/api/secrets/${id}/rotate`, { token, body: { value: SECOND, reason: "test" } });
  const current = await served.call(`/api/secrets/${id}`, {
    token,
    headers: { "x-correlation-id": "current-0001" },
  });
  expect(current.json).toMatchObject({
    id,
    name,
    version: 2,
    value: SECOND,
    encoding: "utf8",
    open_until: null,
  });
  const first = await served.call(`/api/secrets/${id}/versions/1`, { token });
  expect(first.json).toMatchObject({ id, version: 1, value: VALUE });
  expect(Date.parse(first.json.open_until)).toBeGreaterThan(Date.parse(first.json.created_at));
  expect((await served.call(`/api/secrets/${id}/versions`, { token })).text).not.toContain("sk_test");
  const { json } = await served.call(`/api/audit?target=${id}&action=secret.accessed`, { token });
  expect(json.events.map((e: { target: { version: number } }) => e.target.version)).toEqual([1, 2]);
  expect(json.events[1].correlation_id).toBe("current-0001");
});

test("B1: tenant slug, environment and key give the value, also for a name in a folder", async () => {
  await served.call("/api/secrets", {
    token,
    method: "PUT",
    body: { environment: "prod", name: "stripe/key", value: VALUE },
  });
  const path = "/api/reveal?tenant=acme&project=default&environment=prod&name=stripe%2Fkey";
  expect((await served.call(path, { token })).json).toMatchObject({ name: "stripe/key", value: VALUE });
});

test("metadata has an address of its own, which an operator may read while values are refused", async () => {
  const { id } = await create();
  const operator = served.house.operatorToken;
  const metadata = await served.call(`/api/secrets/${id}/metadata?tenant=acme`, { token: operator });
  expect(metadata.json).toMatchObject({ id, version: 1, state: "live" });
  expect(metadata.text).not.toContain("sk_test");
  const value = await served.call(`/api/secrets/${id}?tenant=acme`, { token: operator });
  expect([value.status, value.json.code]).toEqual([403, "forbidden"]);
});

test("PUT /api/secrets sets by name: first a secret, then a version, and the identical value changes nothing", async () => {
  const put = (value: string) =>
    served.call("/api/secrets", { method: "PUT", token, body: { name: "SET_BY_NAME", value } });
  expect((await put(VALUE)).json).toMatchObject({ version: 1, changed: true, rotated_from: null });
  expect((await put(SECOND)).json).toMatchObject({ version: 2, changed: true, rotated_from: 1 });
  expect((await put(SECOND)).json).toMatchObject({ version: 2, changed: false });
});

test("PATCH /api/secrets/:id changes metadata and name; tag keys stay as they were written", async () => {
  const { id } = await create();
  const tags = { costCentre: "a", cost_centre: "b", constructor: "c", toString: "d" };
  const answer = await served.call(`/api/secrets/${id}`, {
    method: "PATCH",
    token,
    body: { name: `RENAMED_${id}`, description: "for tests", tags, grace_seconds: 60 },
  });
  expect(answer.json).toMatchObject({ name: `RENAMED_${id}`, description: "for tests", grace_seconds: 60 });
  expect(answer.json.tags).toEqual(tags);
  const { text } = await served.call("/api/secrets?prefix=RENAMED_", { token });
  expect(text).toContain('"constructor":"c"');
});

test("roll back, revoke, destroy and restore go by their own addresses", async () => {
  const { id } = await create();
  await served.call(`/api/secrets/${id}/rotate`, { token, body: { value: SECOND, reason: "test" } });
  const back = await served.call(`/api/secrets/${id}/roll-back`, {
    token,
    body: { to: 1, reason: "broken" },
  });
  expect(back.json).toMatchObject({ version: 3, rotated_from: 2 });
  expect((await served.call(`/api/secrets/${id}`, { token })).json.value).toBe(VALUE);
  const revoked = await served.call(`/api/secrets/${id}/versions/2/revoke`, {
    token,
    body: { reason: "leaked" },
  });
  expect(revoked.json).toMatchObject({ version: 2, state: "revoked" });
  const gone = await served.call(`/api/secrets/${id}/versions/2`, { token });
  expect([gone.status, gone.json.code]).toEqual([410, "version_revoked"]);
  const destroyed = await served.call(`/api/secrets/${id}/versions/2/destroy`, {
    token,
    body: { reason: "leaked" },
  });
  expect(destroyed.json.state).toBe("destroyed");
  await served.call(`/api/secrets/${id}`, { method: "DELETE", token });
  const restored = await served.call(`/api/secrets/${id}/restore`, { method: "POST", token });
  expect(restored.json).toMatchObject({ id, state: "live", version: 3 });
});

test("C2: hundreds are set and read in one call, all or nothing", async () => {
  const items = Array.from({ length: 200 }, (_, i) => ({ name: `BULK_${i}`, value: `${VALUE}_${i}` }));
  const set = await served.call("/api/secrets/bulk", {
    method: "PUT",
    token,
    body: { environment: "staging", items },
  });
  expect(set.status).toBe(200);
  expect(set.json.results).toHaveLength(200);
  expect(set.text).not.toContain("sk_test");
  const names = items.map((item) => item.name);
  const got = await served.call("/api/secrets/bulk-get", { token, body: { environment: "staging", names } });
  expect(got.json.secrets.map((s: { value: string }) => s.value)).toEqual(items.map((item) => item.value));
  const refused = await served.call("/api/secrets/bulk", {
    method: "PUT",
    token,
    body: {
      environment: "staging",
      items: [
        { name: "BULK_NEW", value: VALUE },
        { name: "BULK_0", value: SECOND, expected_version: 9 },
      ],
    },
  });
  expect([refused.status, refused.json.code]).toEqual([409, "version_mismatch"]);
  const missing = await served.call("/api/reveal?environment=staging&name=BULK_NEW", { token });
  expect(missing.json.code).toBe("not_found");
});

test("lists go by pages, and the prefix narrows them", async () => {
  for (const name of ["PAGE/1", "PAGE/2", "PAGE/3"]) await create({ name });
  const first = await served.call("/api/secrets?prefix=PAGE/&limit=2", { token });
  expect(first.json.secrets.map((s: { name: string }) => s.name)).toEqual(["PAGE/1", "PAGE/2"]);
  const rest = await served.call(`/api/secrets?prefix=PAGE/&limit=2&cursor=${first.json.next_cursor}`, {
    token,
  });
  expect(rest.json.secrets.map((s: { name: string }) => s.name)).toEqual(["PAGE/3"]);
  expect(rest.json.next_cursor).toBe(null);
});

test("the same Idempotency-Key with the same request makes one secret, and with another is refused", async () => {
  const headers = { "idempotency-key": "create-once-0001" };
  const body = { name: "ONCE", value: VALUE };
  const first = await served.call("/api/secrets", { token, body, headers });
  const again = await served.call("/api/secrets", { token, body, headers });
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.json.id).toBe(first.json.id);
  const other = await served.call("/api/secrets", { token, body: { ...body, value: SECOND }, headers });
  expect([other.status, other.json.code]).toEqual([422, "idempotency_mismatch"]);
  const untaken = await served.call(`/api/secrets/${first.json.id}`, { method: "DELETE", token, headers });
  expect(untaken.json).toMatchObject({ code: "bad_input", errors: [{ path: "idempotency_key" }] });
});

test("to another tenant's token, a secret that exists and one that does not look the same", async () => {
  const { id } = await create();
  const other = await served.house.tenant("other");
  const ask = async (secret: string) => {
    const { status, json } = await served.call(`/api/secrets/${secret}`, {
      token: other.token,
      headers: { "x-correlation-id": "same-words-0001" },
    });
    return { status, json };
  };
  const absent = await ask("00000000-0000-4000-8000-000000000000");
  expect(absent).toMatchObject({ status: 404, json: { code: "not_found" } });
  expect(await ask(id)).toEqual(absent);
});

test("a secret's algorithm is said, told and taken back; one that there is not is refused, and hybrid-quantum where there is no seed", async () => {
  const { id } = await create({ algorithm: "aes-256-gcm" });
  const patch = (algorithm: unknown) =>
    served.call(`/api/secrets/${id}`, { token, method: "PATCH", body: { algorithm } });
  expect((await served.call(`/api/secrets/${id}/metadata`, { token })).json.algorithm).toBe("aes-256-gcm");
  expect((await patch(null)).json.algorithm).toBe(null);
  expect((await patch("rot13")).status).toBe(400);
  const refused = await served.call("/api/secrets", {
    token,
    body: { project_id: projectId, name: "HYBRID", value: VALUE, algorithm: "hybrid-quantum" },
  });
  expect([refused.status, refused.json.code]).toEqual([409, "illegal_state"]);
});
