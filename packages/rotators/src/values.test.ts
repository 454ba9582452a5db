import { createPrivateKey } from "node:crypto";
import { SecretValue } from "@keyfold/envelope";
import { describe, expect, test } from "vitest";
import { apiKeyRotator } from "./api-key.ts";
import { jwtKeysRotator } from "./keys/jwt-keys.ts";
import { thumbprint } from "./keys/key-pair.ts";
import { ed25519Rotator, rsaRotator } from "./keys/key-pair-rotator.ts";
import { passwordRotator } from "./password.ts";
import type { Rotator } from "./rotator.ts";
import { rotatorConformance } from "./testing/conformance.ts";
import { Rehearsal } from "./testing/rehearsal.ts";
import { uuidRotator, uuidV7 } from "./uuid.ts";

const subjects: [string, Rotator, unknown, unknown[]][] = [
  ["api-key", apiKeyRotator, {}, [{ bytes: 15 }, { bytes: 65 }, { format: "base32" }, { prefix: "a b" }]],
  ["api-key in hex with a prefix", apiKeyRotator, { format: "hex", prefix: "acme_test_" }, [{ bytes: 32.5 }]],
  ["password", passwordRotator, {}, [{ length: 7 }, { length: 257 }, { symbolSet: "ab" }]],
  ["password of digits", passwordRotator, { length: 40, lower: false, upper: false, symbols: false }, []],
  ["uuid v4", uuidRotator, {}, [{ version: 1 }]],
  ["uuid v7", uuidRotator, { version: 7 }, [{ version: "7" }]],
  ["ed25519 as PEM", ed25519Rotator, {}, [{ format: "der" }]],
  ["ed25519 as JWK", ed25519Rotator, { format: "jwk" }, []],
  ["rsa as PEM", rsaRotator, { bits: 2048 }, [{ bits: 1024 }, { bits: 2047 }]],
  ["rsa as JWK", rsaRotator, { bits: 2048, format: "jwk" }, []],
  ["jwt keys", jwtKeysRotator, {}, [{ algorithm: "none" }, { overlapSeconds: -1 }, { algorithm: "HS256" }]],
  ["jwt keys of P-256", jwtKeysRotator, { algorithm: "ES256" }, []],
];
for (const [name, rotator, config, badConfigs] of subjects)
  for (const check of rotatorConformance({ name, rotator, config, badConfigs })) test(check.name, check.run);

async function madeBy(rotator: Rotator, config: unknown, now?: Date): Promise<string> {
  const rehearsal = new Rehearsal({ rotator, config, ...(now ? { now: () => now } : {}) });
  expect(await rehearsal.rotate()).toBe("done");
  return rehearsal.current!.unsafelyText();
}

test("an API key has 32 random bytes behind its prefix", async () => {
  expect(await madeBy(apiKeyRotator, {})).toMatch(/^[\w-]{43}$/);
  expect(await madeBy(apiKeyRotator, { format: "hex" })).toMatch(/^[0-9a-f]{64}$/);
  expect(await madeBy(apiKeyRotator, { bytes: 16, prefix: "acme_test_" })).toMatch(/^acme_test_[\w-]{22}$/);
});

test("a UUID of version 7 is that of RFC 9562's example", () => {
  const random = Buffer.from("0cc3018c4dc0c0c07398".slice(0, 20), "hex");
  random.writeUInt16BE(0x0cc3, 0);
  random.set(Buffer.from("18c4dc0c0c07398f", "hex"), 2);
  expect(uuidV7(0x017f22e279b0, random)).toBe("017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
});

test("a UUID of version 7 begins with the time of its rotation", async () => {
  const now = new Date("2026-11-22T03:00:00.123Z");
  const hex = (await madeBy(uuidRotator, { version: 7 }, now)).replaceAll("-", "");
  expect(Number.parseInt(hex.slice(0, 12), 16)).toBe(now.getTime());
});

test("a JWK is named by its thumbprint, as RFC 7638's and RFC 8037's examples are", async () => {
  expect(thumbprint({ kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" })).toBe(
    "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
  );
  const { kid, ...key } = JSON.parse(await madeBy(ed25519Rotator, { format: "jwk" }));
  expect(kid).toBe(thumbprint(key));
  expect(createPrivateKey({ key, format: "jwk" }).asymmetricKeyType).toBe("ed25519");
});

describe("jwt signing keys", () => {
  const day = 86_400_000;
  const at = (days: number) => new Date(Date.parse("2026-01-01T00:00:00Z") + days * day);
  interface Keys {
    signing: { kid: string };
    next: { kid: string };
    jwks: { keys: { kid: string; alg: string; use: string }[] };
  }

  test("the next key is published a rotation ahead, and the old one through the overlap", async () => {
    let now = at(0);
    const config = { overlapSeconds: 36 * 3600 };
    const rehearsal = new Rehearsal({ rotator: jwtKeysRotator, config, now: () => now });
    const rounds: Keys[] = [];
    for (const days of [0, 1, 2, 4, 5]) {
      now = at(days);
      await rehearsal.rotate();
      rounds.push(JSON.parse(rehearsal.current!.unsafelyText()));
    }
    const published = rounds.map(({ jwks }) => jwks.keys.map(({ kid }) => kid));
    rounds.forEach((round, n) => {
      expect(published[n]!.slice(0, 2)).toEqual([round.signing.kid, round.next.kid]);
      if (n > 0) {
        expect(round.signing.kid).toBe(rounds[n - 1]!.next.kid);
        expect(published[n]).toContain(rounds[n - 1]!.signing.kid);
      }
    });
    // Days 0 and 1 were retired on days 1 and 2, and have gone by day 4; day 1's still stood on day 2.
    expect(published.map((kids) => kids.length)).toEqual([2, 3, 4, 3, 4]);
    expect(published[3]).not.toContain(rounds[1]!.signing.kid);
  });

  test("what is published has no private member", async () => {
    for (const algorithm of ["EdDSA", "ES256", "RS256"]) {
      const { jwks } = JSON.parse(await madeBy(jwtKeysRotator, { algorithm })) as Keys;
      for (const key of jwks.keys) {
        expect(key).toMatchObject({ alg: algorithm, use: "sig" });
        expect(Object.keys(key)).not.toContain("d");
        expect(Object.keys(key)).not.toContain("p");
      }
    }
  });

  test("a value of another form is not overwritten unless told to start over", async () => {
    const current = () => SecretValue.ofText("not a set of keys");
    const refused = new Rehearsal({ rotator: jwtKeysRotator, config: {}, current: current() });
    expect(await refused.rotate()).toBe("failed");
    expect(refused.progress.cause).toBe("bad_current_value");
    expect(refused.current!.unsafelyText()).toBe("not a set of keys");
    const config = { startOver: true };
    expect(await new Rehearsal({ rotator: jwtKeysRotator, config, current: current() }).rotate()).toBe(
      "done",
    );
  });
});
