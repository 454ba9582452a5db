import { type RootKeyProvider, type SecretKey, unsafelyExportKey } from "@keyfold/envelope";
import { beforeAll, describe, expect, test } from "vitest";
import { argon2id, newPassphraseRootKey, passphraseRootKey, rootKeyFromPassphrase } from "./passphrase.ts";
import { conform } from "./testing/conform.ts";

const passphrase = "seven fake otters juggle grey lanterns";
let made: { rootKey: SecretKey; parameters: string };
// Argon2id is slow on purpose: two derivations serve all checks in turn.
let providers: RootKeyProvider[];
let turn = 0;

beforeAll(async () => {
  made = await newPassphraseRootKey(passphrase);
  providers = [
    await passphraseRootKey(passphrase, made.parameters),
    await passphraseRootKey(Buffer.from(passphrase), made.parameters),
  ];
});

conform({
  name: "passphrase",
  make: () => providers[turn++ % 2]!,
  secrets: [passphrase],
});

/** From another implementation: Argon2id of Python's cryptography, with the parameters of the frozen vector. */
const FROZEN_KEY = "4396d08dcda145efa6aa4d763541c57e415d0ea609d4dae1fe0cd94ee459e835";
const FROZEN_ID = "local:2d7e7e187aa2c381";

const hexOf = (key: SecretKey) => unsafelyExportKey(key).toString("hex");
const withParameters = (change: object) => JSON.stringify({ ...JSON.parse(made.parameters), ...change });

// RFC 9106, 5.3.
test("Argon2id agrees with RFC 9106", async () => {
  const tag = await argon2id({
    message: Buffer.alloc(32, 1),
    nonce: Buffer.alloc(16, 2),
    secret: Buffer.alloc(8, 3),
    associatedData: Buffer.alloc(12, 4),
    parallelism: 4,
    tagLength: 32,
    memory: 32,
    passes: 3,
  });
  expect(tag.toString("hex")).toBe("0d640df58d78766c08c037a34a8b53c9d01ef0452d75b65eb52520e96b01e659");
});

describe("a root key from a passphrase", () => {
  test("comes out the same from the parameters kept beside it, which hold nothing secret", async () => {
    expect(hexOf(await rootKeyFromPassphrase(passphrase, made.parameters))).toBe(hexOf(made.rootKey));
    expect(JSON.parse(made.parameters)).toEqual({
      format: "keyfold-passphrase-v1",
      algorithm: "argon2id",
      memoryKiB: 65536,
      passes: 3,
      parallelism: 1,
      salt: expect.stringMatching(/^[A-Za-z0-9+/]{22}==$/),
      rootKey: expect.stringMatching(/^local:[0-9a-f]{16}$/),
    });
    expect(made.parameters).not.toContain(hexOf(made.rootKey));
  });

  // What this release derives, every later one must: else an install is bricked by an upgrade.
  test("keeps to its frozen vector", async () => {
    const frozen = JSON.stringify({
      format: "keyfold-passphrase-v1",
      algorithm: "argon2id",
      memoryKiB: 65536,
      passes: 3,
      parallelism: 1,
      salt: "AAECAwQFBgcICQoLDA0ODw==",
      rootKey: FROZEN_ID,
    });
    expect(hexOf(await rootKeyFromPassphrase("keyfold test vector: Überfluß", frozen))).toBe(FROZEN_KEY);
    const decomposed = "keyfold test vector: Überfluß".normalize("NFD");
    expect(hexOf(await rootKeyFromPassphrase(Buffer.from(decomposed), frozen))).toBe(FROZEN_KEY);
  });

  test("refuses another passphrase by name, and quotes neither", async () => {
    const refusal = await rootKeyFromPassphrase("another fake passphrase of words", made.parameters).catch(
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({
      code: "bad_root_key",
      message: expect.stringMatching(/makes the root key local:[0-9a-f]{16}, but the one needed is local:/),
    });
    expect(String(refusal)).not.toContain("another fake");
  });

  test("zeroes the bytes of a passphrase, also when it refuses", async () => {
    const bytes = Buffer.from(passphrase);
    await rootKeyFromPassphrase(bytes, made.parameters);
    expect(bytes).toEqual(Buffer.alloc(bytes.length));
    const weak = Buffer.from("short");
    await newPassphraseRootKey(weak).catch(() => undefined);
    expect(weak).toEqual(Buffer.alloc(5));
    const invalid = Buffer.from([0xff, 0xfe, 0xfd]);
    await expect(rootKeyFromPassphrase(invalid, made.parameters)).rejects.toThrow("is not UTF-8");
    expect(invalid).toEqual(Buffer.alloc(3));
  });

  test.each<[string, string]>([
    ["", "is shorter than 12 characters"],
    ["hunter2", "is shorter than 12 characters"],
    ["aaaaaaaaaaaaaaaaaaaa", "has too few different characters"],
    ["abcabcabcabcabcabc", "has too few different characters"],
    ["abcdefghijklmnop", "is a sequence of characters that count up or down"],
    [";:9876543210/", "is a sequence of characters that count up or down"],
    ["Password1234567!", "is made of words that are guessed first"],
    ["P4ssw0rd-P4ssw0rd", "is made of words that are guessed first"],
    ["changeme-changeme", "is made of words that are guessed first"],
    ["keyfold-master-key", "is made of words that are guessed first"],
    ["qwertyuiop123456", "is made of words that are guessed first"],
    ["Correct Horse Battery Staple", "is a well-known one that is guessed first"],
  ])("is not made from a weak one: %j", async (weak, problem) => {
    await expect(newPassphraseRootKey(weak)).rejects.toMatchObject({
      code: "bad_root_key",
      message: `The passphrase ${problem}. Take six random words or more, or 32 random bytes in a file instead.`,
    });
  });

  test.each<[string, object]>([
    ["too little memory", { memoryKiB: 65535 }],
    ["memory enough to stop the machine", { memoryKiB: 2 ** 31 }],
    ["too few passes", { passes: 2 }],
    ["passes that are no number", { passes: "3" }],
    ["no lanes", { parallelism: 0 }],
    ["no salt", { salt: undefined }],
    ["a short salt", { salt: "AAAA" }],
    ["a salt that is not base64", { salt: "!!AECAwQFBgcICQoLDA0ODw==" }],
    ["another algorithm", { algorithm: "argon2d" }],
    ["another format", { format: "keyfold-passphrase-v2" }],
    ["no root key", { rootKey: undefined }],
  ])("refuses parameters with %s", async (_, change) => {
    await expect(rootKeyFromPassphrase(passphrase, withParameters(change))).rejects.toMatchObject({
      code: "bad_root_key",
      message: expect.stringMatching(/^The parameters of the passphrase /),
    });
  });

  test.each(["", "[", "null", "[]", "7", '"x"', " ".repeat(5000)])(
    "refuses parameters that are none: %j",
    async (text) => {
      await expect(rootKeyFromPassphrase(passphrase, text)).rejects.toMatchObject({ code: "bad_root_key" });
    },
  );

  test("is not made cheaper than the standard asks for", async () => {
    await expect(newPassphraseRootKey(passphrase, { memoryKiB: 1024 })).rejects.toThrow("memoryKiB");
    await expect(newPassphraseRootKey(passphrase, { passes: 1 })).rejects.toThrow("passes");
  });
});
