import { setTimeout as delay } from "node:timers/promises";
import { createOutbound, type Outbound, parseAllow } from "@keyfold/outbound";
import { type Receiver, receiver } from "@keyfold/outbound/testing";
import { type House, openHouse } from "@keyfold/secrets/testing";
import { afterEach, beforeEach, expect, test } from "vitest";
import { httpTransport } from "./transport.ts";

/*
 * Webhooks to real receivers on this machine, with the real client: what strangers' servers can do, none of it reaches
 * where it should not, and none of it is felt by anybody else.
 */

let house: House;
let outbound: Outbound;
const receivers: Receiver[] = [];
/** Where the name that moves leads, look-up by look-up. */
let rebinding: string[];

beforeEach(async () => {
  rebinding = ["10.0.0.1", "::1", "100.64.0.1"];
  const resolve = async () => [{ address: rebinding.shift() ?? "169.254.169.254", family: 4 as const }];
  outbound = createOutbound({
    allow: parseAllow("http://127.0.0.1"),
    timeoutMs: 5_000, // so that on a busy machine only those who hang are given up
    resolvers: { public: resolve, named: resolve },
  });
  house = await openHouse({ webhooks: httpTransport(outbound) });
});
afterEach(async () => {
  await outbound.close();
  for (const one of receivers.splice(0)) await one.close();
  await house.verify().finally(() => house.close());
});

async function opened(): Promise<Receiver> {
  const one = await receiver();
  receivers.push(one);
  return one;
}

test("receivers that hang, redirect, flood or move their name: none reached, none felt", async () => {
  const { caller } = await house.tenant("acme");
  const [well, hanging, redirecting, flooding, metadata] = [
    await opened(),
    await opened(),
    await opened(),
    await opened(),
    await opened(),
  ];
  hanging.answer(() => {});
  redirecting.answer((response) =>
    response.writeHead(307, { location: `${metadata.url}/latest/meta-data/` }).end(),
  );
  flooding.answer((response) => {
    response.writeHead(200);
    const flood = () => {
      while (response.write(Buffer.alloc(65_536)));
      response.once("drain", flood);
    };
    response.on("error", () => {});
    flood();
  });
  const ids: Record<string, string> = {};
  for (const [name, url] of Object.entries({
    well: `${well.url}/hooks`,
    hanging: hanging.url,
    redirecting: redirecting.url,
    flooding: flooding.url,
    rebinding: `https://moved.example.com:${metadata.port}/`,
  }))
    ids[name] = (await caller.webhooks.create({ url })).endpoint.id;
  const dispatcher = house.server.dispatchWebhooks({ pollMs: 20 })!;
  const names = Array.from({ length: 50 }, (_, i) => `K${i}`);
  await caller.secrets.setMany({ items: names.map((name) => ({ name, value: "sk_test_not_a_real_key" })) });

  for (const name of ["well", "flooding"]) await untilLogged(ids[name]!, 50);
  for (const name of ["redirecting", "hanging", "rebinding"]) await untilLogged(ids[name]!, 1);
  await dispatcher.stop();
  const logOf = async (name: string) => {
    const { deliveries } = await caller.webhooks.deliveries({ id: ids[name]! });
    return deliveries
      .flatMap(({ log }) => log)
      .filter(({ failure }) => failure !== "stopped") // what was under way when the test ended
      .map(({ status, failure }) => failure ?? status);
  };
  expect(await logOf("well")).toEqual(names.map(() => 204));
  // A machine that has other work may give some of them up before the status is read.
  const flooded = (await logOf("flooding")).filter((said) => said !== "timeout");
  expect(new Set(flooded)).toEqual(new Set([200]));
  expect(new Set(await logOf("redirecting"))).toEqual(new Set(["redirect"]));
  expect(await logOf("hanging")).toContain("timeout");
  expect(new Set(await logOf("rebinding"))).toEqual(new Set(["refused_target"]));
  // The target of the redirect was never connected to.
  expect(metadata.connections).toBe(0);
  expect(new Set(well.received.map(({ headers }) => headers["webhook-id"])).size).toBe(50);
  expect(JSON.stringify(well.received)).not.toContain("sk_test_not_a_real_key");
});

async function untilLogged(endpoint: string, count: number): Promise<void> {
  for (;;) {
    const rows = await house.sql(
      "SELECT 1 FROM control_plane.webhook_deliveries WHERE endpoint_id = $1 AND log <> '[]'",
      [endpoint],
    );
    if (rows.length >= count) return;
    await delay(25); // each look is work for the very machine that is waited for
  }
}

test("an address that nothing is sent to is refused when it is configured, in a sentence", async () => {
  const { caller } = await house.tenant("acme");
  for (const [url, sentence] of [
    ["http://hooks.example.com/", "Only https is allowed here"],
    ["https://169.254.169.254/latest/meta-data/", "not one of the public internet"],
    ["https://[::ffff:10.0.0.1]/", "not one of the public internet"],
    ["https://user:word@hooks.example.com/", "holds a user or a password"],
  ] as const)
    await expect(caller.webhooks.create({ url }), url).rejects.toMatchObject({
      cause: { code: "bad_input", issues: [{ path: "url", message: expect.stringContaining(sentence) }] },
    });
});
