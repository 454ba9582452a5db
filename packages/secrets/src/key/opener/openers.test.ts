import { randomBytes, randomUUID } from "node:crypto";
import {
  createEnvelope,
  EnvelopeError,
  localRootKey,
  type RootKeyProvider,
  SecretKey,
  type WrappedKey,
} from "@keyfold/envelope";
import { beforeEach, expect, test } from "vitest";
import { Openers } from "./openers.ts";

const envelope = createEnvelope();
const id = randomUUID();
const place = { deployment: id, tenant: randomUUID(), purpose: "value" as const, term: 1 };
const [one, two, three] = [1, 2, 3].map(() => localRootKey(randomBytes(32))) as [
  RootKeyProvider,
  RootKeyProvider,
  RootKeyProvider,
];
const key = SecretKey.generate();
let wraps: WrappedKey[];
beforeEach(async () => {
  wraps = [await envelope.wrapKey(one, key, place), await envelope.wrapKey(two, key, place)];
});

const away = (provider: RootKeyProvider, what: "current" | "unwrap"): RootKeyProvider => ({
  ...provider,
  [what]: () => Promise.reject(new EnvelopeError("provider_unavailable")),
});
const code = (opening: Promise<SecretKey>) =>
  opening.then(
    (opened) => (opened.checkValue().equals(key.checkValue()) ? "opened" : "another key"),
    (error: EnvelopeError) => error.code,
  );

test("a key opens with whichever of its root keys is held, the current one first", async () => {
  const used: string[] = [];
  const use = ({ opener }: WrappedKey) => void used.push(opener);
  expect(await code(new Openers(envelope, two, [one]).unwrap(wraps, place, use))).toBe("opened");
  expect(await code(new Openers(envelope, three, [one]).unwrap(wraps, place, use))).toBe("opened");
  expect(used).toEqual([(await two.current()).id, (await one.current()).id]);
});

test("a new wrap is made under the current root key only", async () => {
  const openers = new Openers(envelope, two, [one]);
  expect((await openers.wrap(key, place)).opener).toBe((await two.current()).id);
  expect(await openers.held()).toEqual([(await two.current()).id, (await one.current()).id]);
});

test("where none of its root keys is held, needed and held ones are named", async () => {
  const error = await new Openers(envelope, three).unwrap(wraps, place).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: "unknown_opener" });
  for (const provider of [one, two, three])
    expect((error as Error).message).toContain((await provider.current()).id);
});

test("a root key that cannot be asked is passed over while another one can, and named where none can", async () => {
  for (const what of ["current", "unwrap"] as const) {
    expect(await code(new Openers(envelope, away(one, what), [two]).unwrap(wraps, place))).toBe("opened");
    expect(await code(new Openers(envelope, away(one, what), [three]).unwrap(wraps, place))).toBe(
      "provider_unavailable",
    );
  }
});

test("a wrap that refuses is not passed over, even where another one would open", async () => {
  wraps[0]!.wrapped[20]! ^= 1;
  expect(await code(new Openers(envelope, one, [two]).unwrap(wraps, place))).toBe("not_authentic");
});

test("a key service that moved on to another key still opens what its earlier one wrapped", async () => {
  const moved: RootKeyProvider = {
    ...three,
    unwrap: (wrapped, aad, opener) =>
      three.unwrap(wrapped, aad, opener).catch(() => one.unwrap(wrapped, aad, opener)),
  };
  expect(await code(new Openers(envelope, moved).unwrap(wraps, place))).toBe("opened");
});
