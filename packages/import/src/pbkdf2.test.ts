import { expect, test } from "vitest";
import { keyByPbkdf2, parsePbkdf2 } from "./pbkdf2.ts";

test("PBKDF2 agrees with another implementation, and zeroes the passphrase", async () => {
  const salt = Buffer.from(Uint8Array.from({ length: 16 }, (_, i) => i)).toString("hex");
  // From Python: hashlib.pbkdf2_hmac("sha512", b"old fake passphrase", bytes(range(16)), 100000, 32).hex()
  const passphrase = Buffer.from("old fake passphrase");
  const key = await keyByPbkdf2(passphrase, parsePbkdf2(`sha512:100000:${salt}`));
  expect(key.toString("hex")).toBe("80be8e06869f4159853e95b4fb7ec671afb8e852df8a465d01332d9214d468b8");
  expect(passphrase.every((byte) => byte === 0)).toBe(true);
  // RFC 7914, section 11, whose vectors of PBKDF2-HMAC-SHA-256 have 64 bytes: these are the first 32.
  const vector = { hash: "sha256", iterations: 80_000, salt: Buffer.from("NaCl") } as const;
  expect((await keyByPbkdf2(Buffer.from("Password"), vector)).toString("hex")).toBe(
    "4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56",
  );
});

test.each([
  "",
  "sha1:100000:0011223344556677",
  "sha512:999:0011223344556677",
  "sha512:10000001:0011223344556677",
  "sha512:1000.5:0011223344556677",
  "sha512:-1000:0011223344556677",
  "sha512:100000:00112233445566",
  "sha512:100000:0011223344556677 ",
  "sha512:100000:zz11223344556677",
  `sha512:100000:${"00".repeat(65)}`,
])("the parameters %j are refused, with how they are written", (text) => {
  expect(() => parsePbkdf2(text)).toThrow(/^PBKDF2's parameters are HASH:ITERATIONS:SALT/);
});
