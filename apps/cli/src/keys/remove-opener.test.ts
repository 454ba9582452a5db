import { randomBytes } from "node:crypto";
import { type Served, serveHouse } from "@keyfold/api/testing";
import { localRootKey } from "@keyfold/envelope";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "../run.ts";

const extra = localRootKey(randomBytes(32));
let served: Served;
let opener: string;
beforeEach(async () => {
  served = await serveHouse({ house: { also: [extra] }, server: (house) => house.another({ also: [] }) });
  opener = (await extra.current()).id;
});
afterEach(() => served.close());

async function keyfold(...argv: string[]) {
  const said = { out: "", err: "" };
  const exit = await run(argv, {
    env: { KEYFOLD_URL: served.url, KEYFOLD_TOKEN: served.house.operatorToken },
    out: (text) => {
      said.out += text;
    },
    err: (text) => {
      said.err += text;
    },
    isTerminal: false,
    columns: 80,
  });
  return { exit, ...said };
}

test("an opener is removed by one command, which lists the values that it could open", async () => {
  const { caller } = await served.house.tenant("acme");
  const { id } = await caller.secrets.create({ name: "STRIPE", value: "sk_test_not_a_real_key" });
  const { exit, out, err } = await keyfold("keys", "remove-opener", opener);
  expect([exit, err]).toEqual([0, ""]);
  const [removed, sentence, listed, webhooks, again] = out.trimEnd().split("\n");
  expect(removed).toBe(`${opener} opens nothing any more.`);
  expect(sentence).toBe("It could open these values until now. Rotate them where they are used:");
  expect(listed).toBe(`acme  STRIPE  version 1 (current)  ${id}`);
  expect(webhooks).toBe("So it could the secrets that sign these tenants' webhooks. Rotate those, too.");
  const job = /^List them again: keyfold keys exposed (.+)$/.exec(again!)![1]!;
  expect((await keyfold("keys", "exposed", job)).out).toBe(`${listed}\n`);
  expect(JSON.parse((await keyfold("keys", "exposed", job, "--json")).out)).toMatchObject({
    tenant: "acme",
    name: "STRIPE",
    version: 1,
  });
  expect((await caller.secrets.reveal({ id })).value).toBe("sk_test_not_a_real_key");
  expect((await keyfold("keys", "remove-opener", opener)).exit).toBe(1);
});

test("an opener that new keys are still wrapped under is not removed, and the sentence says what to do", async () => {
  const { id } = await served.house.provider.current();
  expect(await keyfold("keys", "remove-opener", id)).toEqual({
    exit: 1,
    out: "",
    err: `New keys are wrapped under ${id} here. Start the server without it, and then remove it.\n`,
  });
});
