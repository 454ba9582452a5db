import { randomBytes, randomUUID } from "node:crypto";
import { EnvelopeError, SecretKey, unwrapKey, wrapKey } from "@keyfold/envelope";
import {
  Decrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { beforeAll, describe, expect, test } from "vitest";
import { rootKeyFromSetting } from "./from-setting.ts";
import { identityRootKey, sealedRootKey } from "./sealed.ts";
import { conform } from "./testing/conform.ts";

const id = randomUUID();
const place = { deployment: id, tenant: randomUUID(), purpose: "value" as const, term: 1 };
const code = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: EnvelopeError) => error.code,
  );

describe.each([
  ["age1", generateX25519Identity],
  ["age1pq1", generateHybridIdentity],
] as const)("an opener in two halves (%s)", (beginning, generate) => {
  let identity: string;
  let recipient: string;
  beforeAll(async () => {
    identity = await generate();
    recipient = await identityToRecipient(identity);
    expect(recipient.startsWith(beginning)).toBe(true);
  });

  test("the public half seals and opens nothing; the other half opens it, in its place only", async () => {
    const key = SecretKey.generate();
    const [sealed, opened] = [sealedRootKey(recipient), await identityRootKey(identity)];
    const { opener, wrapped } = await wrapKey(sealed, key, place);
    expect(opener).toBe((await opened.current()).id);
    expect(sealed.onlySeals).toBe(opener);
    expect([sealed.anybodySeals, opened.anybodySeals]).toEqual([opener, opener]);
    expect(await code(unwrapKey(sealed, wrapped, { ...place, opener }))).toBe("unknown_opener");
    const back = await unwrapKey(opened, wrapped, { ...place, opener });
    expect(back.checkValue()).toEqual(key.checkValue());
    for (const other of [{ tenant: randomUUID() }, { term: 2 }, { purpose: "digest" as const }])
      expect(await code(unwrapKey(opened, wrapped, { ...place, ...other, opener }))).toBe("not_authentic");
    for (const at of [2, 40, wrapped.length - 1]) {
      const flipped = Buffer.from(wrapped);
      flipped[at]! ^= 1;
      expect(await code(unwrapKey(opened, flipped, { ...place, opener })), `byte ${at}`).toBe(
        "not_authentic",
      );
    }
    expect(await code(unwrapKey(opened, wrapped.subarray(0, -1), { ...place, opener }))).toBe(
      "not_authentic",
    );
    const stranger = await identityRootKey(await generate());
    expect(await code(unwrapKey(stranger, wrapped, { ...place, opener }))).toBe("unknown_opener");
  });

  test("what is sealed is age, with the digest of its place before the key", async () => {
    const sealed = sealedRootKey(recipient);
    const { id: opener } = await sealed.current();
    const body = await sealed.wrap(randomBytes(32), Buffer.from("a place"), opener);
    const decrypter = new Decrypter();
    decrypter.addIdentity(identity);
    expect((await decrypter.decrypt(body)).length).toBe(64);
    expect(body.length).toBeLessThan(8192);
    expect(body.toString("latin1").startsWith("age-encryption.org/v1\n")).toBe(true);
  });
});

test("what is no recipient or identity is refused by name", async () => {
  expect(() => sealedRootKey("age1nonsense")).toThrow(EnvelopeError);
  expect(await code(identityRootKey("AGE-SECRET-KEY-1NONSENSE"))).toBe("bad_root_key");
  expect(await code(rootKeyFromSetting("sealed:nobody"))).toBe("bad_root_key");
});

const pair = await generateX25519Identity();
conform({ name: "age identity", make: () => identityRootKey(pair), secrets: [pair] });
