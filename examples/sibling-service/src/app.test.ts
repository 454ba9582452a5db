import { createHmac } from "node:crypto";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { createKeyfold } from "@keyfold/client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createApp } from "./app.ts";

let served: Served;
beforeAll(async () => {
  served = await serveHouse();
});
afterAll(() => served.close());

const FIRST = `whsec_${Buffer.from("not a real key 1").toString("base64")}`;
const SECOND = `whsec_${Buffer.from("not a real key 2").toString("base64")}`;

async function open(slug: string) {
  const { token } = await served.house.tenant(slug);
  const keyfold = createKeyfold({ url: served.url, token, cache: false });
  const app = createApp(keyfold, slug, () => new Date("2026-01-01T00:00:00Z"));
  return { app, tenant: keyfold.tenant(slug) };
}

async function deliver(app: ReturnType<typeof createApp>, body: string) {
  const response = await app.request("/deliveries", { method: "POST", body });
  expect(response.status).toBe(200);
  const delivery = (await response.json()) as {
    headers: Record<string, string>;
    body: string;
    validUntil: string;
  };
  const { "webhook-id": id, "webhook-timestamp": seconds, "webhook-signature": signature } = delivery.headers;
  const signedWith = (secret: string) => {
    const hmac = createHmac("sha256", Buffer.from(secret.slice(6), "base64"));
    return signature === `v1,${hmac.update(`${id}.${seconds}.${body}`).digest("base64")}`;
  };
  return { ...delivery, signedWith };
}

test("a webhook is signed with the tenant's secret, and after a rotation with the new one", async () => {
  const { app, tenant } = await open("signing");
  await tenant.setMany({ WEBHOOK_SIGNING_SECRET: FIRST, WEBHOOK_TOLERANCE_SECONDS: "300" });
  const before = await deliver(app, '{"type":"invoice.paid"}');
  expect(before.signedWith(FIRST)).toBe(true);
  expect(before.validUntil).toBe("2026-01-01T00:05:00.000Z");
  await tenant.rotate("WEBHOOK_SIGNING_SECRET", SECOND, { reason: "quarterly" });
  const after = await deliver(app, '{"type":"invoice.paid"}');
  expect([after.signedWith(FIRST), after.signedWith(SECOND)]).toEqual([false, true]);
});

test("it says that it is not ready, and names what is missing or wrong without a value", async () => {
  const { app, tenant } = await open("not-ready");
  await tenant.set("WEBHOOK_SIGNING_SECRET", "not_a_real_signing_secret");
  const response = await app.request("/readyz");
  expect(response.status).toBe(503);
  const text = await response.text();
  expect(text).toContain("WEBHOOK_SIGNING_SECRET (does not match its declaration (invalid_format))");
  expect(text).toContain("WEBHOOK_TOLERANCE_SECONDS (not_found)");
  expect(text).not.toContain("not_a_real_signing_secret");
  await tenant.setMany({ WEBHOOK_SIGNING_SECRET: FIRST, WEBHOOK_TOLERANCE_SECONDS: "300" });
  expect((await app.request("/readyz")).status).toBe(200);
});
