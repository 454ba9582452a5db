import { randomBytes } from "node:crypto";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { describe, expect, test } from "vitest";
import { providerConformance } from "./conformance.ts";

const rootKey = randomBytes(32);
const good = localRootKey(Buffer.from(rootKey));
const { id } = await good.current();
const noAad = Buffer.alloc(0);

/** The names of the checks that a provider fails. */
async function failing(fault: Partial<RootKeyProvider>): Promise<string[]> {
  const checks = providerConformance({ name: "it", make: () => ({ ...good, ...fault }) });
  const failed: string[] = [];
  for (const { name, run } of checks)
    await run().catch(() => {
      failed.push(name);
    });
  return failed;
}

describe("the conformance suite notices a provider that", () => {
  test("is as it should be, by silence", async () => {
    expect(await failing({})).toEqual([]);
  });

  test.each<[string, Partial<RootKeyProvider>, RegExp]>([
    [
      "does not bind the AAD",
      { wrap: (key) => good.wrap(key, noAad, id), unwrap: (wrapped) => good.unwrap(wrapped, noAad, id) },
      /binds the AAD/,
    ],
    [
      "binds the AAD's first 32 bytes only",
      {
        wrap: (key, aad) => good.wrap(key, aad.subarray(0, 32), id),
        unwrap: (wrapped, aad) => good.unwrap(wrapped, aad.subarray(0, 32), id),
      },
      /binds the AAD/,
    ],
    [
      "takes any opener",
      {
        wrap: (key, aad) => good.wrap(key, aad, id),
        unwrap: (wrapped, aad) => good.unwrap(wrapped, aad, id),
      },
      /refuses an opener/,
    ],
    [
      "ignores what stands behind a wrap",
      { unwrap: (wrapped, aad, opener) => good.unwrap(wrapped.subarray(0, 60), aad, opener) },
      /cut, longer/,
    ],
    [
      "only hides the key",
      { wrap: async (key) => Buffer.from(key), unwrap: async (wrapped) => Buffer.from(wrapped) },
      /gives back the key/,
    ],
    [
      "wraps anything",
      {
        wrap: async (key, aad, opener) =>
          good.wrap(key.length === 32 ? key : Buffer.alloc(32, 1), aad, opener),
      },
      /wraps 32 bytes/,
    ],
    [
      "quotes the key in an error",
      {
        unwrap: (wrapped, aad, opener) =>
          good.unwrap(wrapped, aad, opener).catch((error: Error) => {
            throw Object.assign(error, { cause: new Error("request: …") });
          }),
      },
      /binds the AAD/,
    ],
    [
      "names another key each time",
      { current: async () => ({ id: `x:${Math.random()}`, provider: "local", keyVersion: "1" }) },
      /names one root key/,
    ],
    ["is not well", { health: async () => ({ ok: false, reason: "It is tired." }) }, /is healthy/],
  ])("%s", async (_, fault, name) => {
    const failed = await failing(fault);
    expect(failed.join("\n")).toMatch(name);
  });
});

test("the conformance suite notices a provider that prints what it must not", async () => {
  const checks = providerConformance({
    name: "it",
    make: () => Object.assign({ ...good }, { pin: "1234567890-not-a-real-pin" }),
    secrets: ["1234567890-not-a-real-pin"],
  });
  const check = checks.find(({ name }) => name.endsWith("prints nothing secret of itself"))!;
  await expect(check.run()).rejects.toThrow("was printed");
});
