import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { createEnvelope, type EnvelopeOperation } from "./envelope.ts";
import { SecretKey } from "./key.ts";
import { localRootKey } from "./local-provider.ts";
import { dekPlace, keyPlace, valuePlace } from "./testing/places.ts";
import { asyncRefusalOf, refusalOf } from "./testing/refusal.ts";
import { KeptValue } from "./value.ts";

/** An envelope on a clock that moves 250 ms each time it is looked at. */
function setUp() {
  const observed: [EnvelopeOperation, number][] = [];
  let now = 0;
  const envelope = createEnvelope({
    observe: (operation, seconds) => observed.push([operation, seconds]),
    clock: () => (now += 250),
  });
  return { envelope, observed };
}

test("each operation is reported once, with its seconds, and works as the plain function does", async () => {
  const { envelope, observed } = setUp();
  const provider = localRootKey(randomBytes(32));
  const tenantKey = SecretKey.generate();
  const { opener, wrapped } = await envelope.wrapKey(provider, tenantKey, keyPlace);
  const unwrapped = await envelope.unwrapKey(provider, wrapped, { ...keyPlace, opener });
  const { sealed, dek } = envelope.sealValue(Buffer.from("value"), valuePlace);
  const itsDek = envelope.unwrapDek(envelope.wrapDek(dek, tenantKey, dekPlace), unwrapped, dekPlace);
  expect(envelope.openValue(sealed, itsDek, valuePlace).toString()).toBe("value");
  const valueKey = envelope.deriveValueKey(itsDek, sealed);
  expect(envelope.openWithValueKey(sealed, valueKey, valuePlace).toString()).toBe("value");
  expect(envelope.openKept(new KeptValue(sealed, valueKey, valuePlace)).toString()).toBe("value");
  const operations = ["wrap", "unwrap", "seal", "wrap", "unwrap", "open", "open", "open", "open"];
  expect(observed).toEqual(operations.map((operation) => [operation, 0.25]));
});

test("an operation that fails is reported too, and its error comes through", async () => {
  const { envelope, observed } = setUp();
  const key = SecretKey.generate();
  const provider = localRootKey(randomBytes(32));
  expect(refusalOf(() => envelope.openValue(Buffer.alloc(0), key, valuePlace))).toBe("malformed");
  const place = { ...keyPlace, opener: "local:0000000000000000" };
  expect(await asyncRefusalOf(() => envelope.unwrapKey(provider, Buffer.of(1, 1, 1), place))).toBe(
    "unknown_opener",
  );
  expect(observed).toEqual([
    ["open", 0.25],
    ["unwrap", 0.25],
  ]);
});

test("without an observer nothing is timed", () => {
  let looked = 0;
  const envelope = createEnvelope({ clock: () => ++looked });
  envelope.sealValue(Buffer.from("value"), valuePlace);
  expect(looked).toBe(0);
});
