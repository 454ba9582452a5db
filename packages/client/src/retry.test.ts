import { expect, test } from "vitest";
import { createKeyfold, type KeyfoldOptions } from "./index.ts";
import { answer, fakeFetch, refusal, revealed } from "./testing/answers.ts";
import { HandClock } from "./testing/hand-clock.ts";

type Answers = Parameters<typeof fakeFetch>[0];

function client(answers: Answers, options: Partial<KeyfoldOptions> = {}) {
  const { fetch, requests } = fakeFetch(answers);
  const clock = new HandClock();
  const keyfold = createKeyfold({
    url: "https://keyfold.test",
    token: "kf_not_real",
    fetch,
    clock,
    ...options,
  });
  return { acme: keyfold.tenant("acme"), requests, waited: clock.waited, clock };
}

const value = () => answer(revealed("KEY", "not a real value"));
const unreachable = () => Promise.reject(new TypeError("fetch failed"));
const changed = () => answer({ secret: { id: "0195f0c4-0000-7000-8000-000000000001" }, changed: true });

test("a read that failed in passing is sent again, after a growing wait with jitter", async () => {
  const { acme, requests, waited } = client([unreachable, () => refusal("database_slow", 503), value]);
  expect(await acme.get("KEY")).toBe("not a real value");
  expect(requests).toHaveLength(3);
  expect(waited).toHaveLength(2);
  expect(waited[0]).toBeLessThanOrEqual(200);
  expect(waited[1]).toBeLessThanOrEqual(400);
});

test("it gives up after its retries, with the last error", async () => {
  const { acme, requests } = client([unreachable, unreachable, () => refusal("busy", 503), value]);
  await expect(acme.get("KEY")).rejects.toMatchObject({ code: "busy" });
  expect(requests).toHaveLength(3);
});

test("none is sent again when retries are off", async () => {
  const { acme, requests } = client([unreachable, value], { retries: 0 });
  await expect(acme.get("KEY")).rejects.toMatchObject({ code: "network" });
  expect(requests).toHaveLength(1);
});

test("what will not be otherwise a moment later is not sent again", async () => {
  for (const [code, status] of [
    ["not_found", 404],
    ["unauthenticated", 401],
    ["forbidden", 403],
    ["decryption_failed", 500],
    ["database_full", 503],
  ] as const) {
    const { acme, requests } = client([() => refusal(code, status), value]);
    await expect(acme.get("KEY")).rejects.toMatchObject({ code });
    expect(requests).toHaveLength(1);
  }
});

test("who calls too often waits as long as it is told, and is heard then", async () => {
  const { acme, requests, waited } = client([
    () => refusal("too_many_calls", 429, { "retry-after": "3" }),
    value,
  ]);
  expect(await acme.get("KEY")).toBe("not a real value");
  expect([requests.length, waited]).toEqual([2, [3000]]);
});

test("Retry-After is honoured, in seconds or as a date", async () => {
  const date = new Date(1_003_000).toUTCString();
  const { acme, waited } = client([
    () => refusal("busy", 503, { "retry-after": "2" }),
    () => refusal("busy", 503, { "retry-after": date }),
    value,
  ]);
  await acme.get("KEY");
  expect(waited).toEqual([2000, 3000]);
});

test("a server that asks for more than ten seconds is not waited for, and the caller learns how long", async () => {
  const { acme, requests } = client([() => refusal("busy", 503, { "retry-after": "60" }), value]);
  await expect(acme.get("KEY")).rejects.toMatchObject({ code: "busy", retryAfterMs: 60_000 });
  expect(requests).toHaveLength(1);
});

test("setting and rotating carry one idempotency key through all attempts, so they are sent again", async () => {
  const { acme, requests } = client([unreachable, changed, unreachable, changed]);
  await acme.set("KEY", "not a real value");
  await acme.rotate("KEY", "not a real value");
  const keys = requests.map(({ input }) => input.idempotencyKey);
  expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
  expect(keys[1]).toBe(keys[0]);
  expect(keys[3]).toBe(keys[2]);
  expect(keys[2]).not.toBe(keys[0]);
});

test("a caller's own idempotency key is used", async () => {
  const { acme, requests } = client([changed]);
  await acme.set("KEY", "not a real value", { idempotencyKey: "my-own-key" });
  expect(requests[0]!.input.idempotencyKey).toBe("my-own-key");
});

test("a change without an idempotency key is never sent twice", async () => {
  const { acme, requests } = client([unreachable, changed]);
  await expect(acme.delete("KEY")).rejects.toMatchObject({ code: "network" });
  expect(requests).toHaveLength(1);
});
