import { afterAll, beforeAll, expect, test } from "vitest";
import { type Served, serveHouse } from "./testing/index.ts";

let served: Served;
beforeAll(async () => {
  served = await serveHouse();
});
afterAll(() => served.close());

test("what does not exist is a problem with a code, a correlation id and the security headers", async () => {
  const answer = await served.call("/api/nothing", { headers: { "x-correlation-id": "caller-0001" } });
  expect(answer.status).toBe(404);
  expect(answer.headers.get("content-type")).toBe("application/problem+json");
  expect(answer.json).toMatchObject({ code: "no_route", status: 404, correlation_id: "caller-0001" });
  expect(answer.headers.get("x-correlation-id")).toBe("caller-0001");
  expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
  expect(answer.headers.get("cache-control")).toBe("no-store");
  expect(answer.headers.get("content-security-policy")).toBe("default-src 'none'; frame-ancestors 'none'");
  expect(answer.headers.get("cross-origin-resource-policy")).toBe("same-origin");
  expect(answer.headers.get("x-frame-options")).toBe("DENY");
});

test("a correlation id that is none is replaced", async () => {
  const answer = await served.call("/api/nothing", { headers: { "x-correlation-id": "no good id" } });
  expect(answer.json.correlation_id).toMatch(/^[0-9a-f-]{36}$/);
});

test("a known address with another method says which methods it takes", async () => {
  const answer = await served.call("/api/secrets", { method: "DELETE" });
  expect(answer.status).toBe(405);
  expect(answer.json.code).toBe("method_not_allowed");
  expect(answer.headers.get("allow")).toBe("POST, PUT, GET, HEAD");
});

test("without a panel, the front page says how to build it", async () => {
  const answer = await served.call("/");
  expect(answer.status).toBe(200);
  expect(answer.text).toContain("pnpm --filter @keyfold/web build");
  const policy = answer.headers.get("content-security-policy");
  expect(policy).toContain("script-src 'self';");
  expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
});
