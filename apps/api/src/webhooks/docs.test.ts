import { readFile } from "node:fs/promises";
import { MESSAGE_KINDS } from "@keyfold/secrets";
import { openHouse, type Posted } from "@keyfold/secrets/testing";
import { expect, test } from "vitest";

const docs = new URL("../../../../docs/webhooks.md", import.meta.url);

type Verify = (headers: Posted["headers"], body: string, secret: string, now?: number) => boolean;

/** The function that the docs give to receivers, as it stands there. */
async function documented(): Promise<Verify> {
  const [, code] = /```js\n([\s\S]*?)```/.exec(await readFile(docs, "utf8")) ?? [];
  const module = (await import(`data:text/javascript,${encodeURIComponent(code!)}`)) as {
    isFromKeyfold: Verify;
  };
  return module.isFromKeyfold;
}

test("the docs' own code accepts what Keyfold sends, and nothing that was changed, is old or is another's", async () => {
  const isFromKeyfold = await documented();
  const house = await openHouse();
  try {
    const { caller } = await house.tenant("acme");
    const { endpoint, secret } = await caller.webhooks.create({ url: "https://hooks.example.com/" });
    const { secret: next } = await caller.webhooks.rotateSecret({ id: endpoint.id });
    const dispatcher = house.server.dispatchWebhooks()!;
    await caller.secrets.set({ name: "K", value: "sk_test_not_a_real_key" });
    await house.transport.count(1);
    await dispatcher.stop();
    const { headers, body } = house.transport.posted[0]!;
    expect(isFromKeyfold(headers, body, secret!)).toBe(true);
    expect(isFromKeyfold(headers, body, next)).toBe(true);
    expect(isFromKeyfold(headers, `${body} `, secret!)).toBe(false);
    expect(isFromKeyfold(headers, body, `whsec_${Buffer.alloc(32).toString("base64")}`)).toBe(false);
    expect(isFromKeyfold(headers, body, secret!, Date.now() + 600_000)).toBe(false);
    for (const name of Object.keys(headers).filter((one) => one.startsWith("webhook-")))
      expect(isFromKeyfold({ ...headers, [name]: "v1,x" }, body, secret!), name).toBe(false);
  } finally {
    await house.close();
  }
});

test("every kind of message stands in the docs", async () => {
  const text = await readFile(docs, "utf8");
  for (const kind of Object.keys(MESSAGE_KINDS)) expect(text).toContain(`\`${kind}\``);
});
