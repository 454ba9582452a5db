import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "../testing/index.ts";

let served: Served;
let token: string;
let names = 0;
beforeAll(async () => {
  served = await serveHouse();
  ({ token } = await served.house.tenant("acme"));
});
afterAll(() => served.close());

async function create(): Promise<string> {
  const body = { name: `SECRET_${names++}`, value: "sk_test_not_a_real_key" };
  return (await served.call("/api/secrets", { token, body })).json.id;
}
async function reader(consumer_name: string, consumer_kind: string): Promise<string> {
  const body = { name: "reader", preset: "reader", consumer_name, consumer_kind };
  const made = await served.call("/api/tokens", { token, body });
  expect(made.json.details.consumer).toEqual({ name: consumer_name, kind: consumer_kind });
  return made.json.token;
}

test("H2: GET /api/secrets/:id/consumers and /blast-radius say who reads it, which version and who has not moved", async () => {
  const id = await create();
  const declared = await served.call(`/api/secrets/${id}/consumers`, {
    token,
    body: { consumer: "nightly report", kind: "ci" },
  });
  expect([declared.status, declared.json.state]).toEqual([201, "never_seen"]);
  const worker = await reader("billing", "worker");
  const headers = { "keyfold-instance": "pod-1" };
  await served.call(`/api/secrets/${id}`, { token: worker, headers });
  await served.house.server.flush();
  await served.call(`/api/secrets/${id}/rotate`, { token, body: { value: "sk_test_another_one" } });

  const { json } = await served.call(`/api/secrets/${id}/blast-radius`, { token });
  expect(json).toMatchObject({ secret_id: id, version: 2, total: 2, behind: 1, never_seen: 1, current: 0 });
  expect(json.consumers[0]).toMatchObject({
    name: "billing",
    kind: "worker",
    state: "behind",
    last_version: 1,
    uses: [{ version: 1, instances: 1, acknowledged: 0 }],
  });
  const acked = await served.call(`/api/secrets/${id}/acks`, {
    token: worker,
    headers,
    body: { version: 2, lease_seconds: 600 },
  });
  expect(acked.json).toMatchObject({
    consumer: "billing",
    instance: "pod-1",
    version: 2,
    current_version: 2,
  });
  const behind = await served.call(`/api/secrets/${id}/consumers?state=behind`, { token });
  expect(behind.json).toEqual({ consumers: [], next_cursor: null });
  const removed = await served.call(`/api/secrets/${id}/consumers/nightly%20report`, {
    token,
    method: "DELETE",
  });
  expect(removed.json).toEqual({ secret_id: id, consumer: "nightly report" });
  const { json: left } = await served.call(`/api/secrets/${id}/consumers`, { token });
  expect(left.consumers.map((one: { name: string }) => one.name)).toEqual(["billing"]);
});

test("an instance that cannot be one is a named 400, and a header names no consumer", async () => {
  const id = await create();
  const worker = await reader("worker", "worker");
  for (const name of ["a b", "x".repeat(65), "ä", "a/b"]) {
    const answer = await served.call(`/api/secrets/${id}`, {
      token: worker,
      headers: { "keyfold-instance": name },
    });
    expect([answer.status, answer.json.code, answer.json.errors[0].path]).toEqual([
      400,
      "bad_input",
      "keyfold-instance",
    ]);
  }
  await served.call(`/api/secrets/${id}`, {
    token: worker,
    headers: { "keyfold-instance": "somebody-else", "keyfold-consumer": "somebody-else" },
  });
  await served.house.server.flush();
  const { json } = await served.call(`/api/secrets/${id}/consumers`, { token });
  expect(json.consumers.map((one: { name: string }) => one.name)).toEqual(["worker"]);
});
