import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT_KEY_SETTINGS, rootKeyFromSetting } from "./from-setting.ts";
import { newPassphraseRootKey } from "./passphrase.ts";
import { readPkcs11Uri } from "./pkcs11-uri.ts";
import { VAULT_TOKEN, vaultServer } from "./testing/vault-server.ts";

if (process.env.KEYFOLD_TEST_GCP_KMS === undefined) process.env.METADATA_SERVER_DETECTION = "none";

const passphrase = "seven fake otters juggle grey lanterns";
let folder: string;
let at: (name: string) => string;
let rootKeyId: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-setting-"));
  at = (name) => join(folder, name);
  const { parameters } = await newPassphraseRootKey(passphrase);
  rootKeyId = JSON.parse(parameters).rootKey;
  await writeFile(at("parameters.json"), parameters);
  await writeFile(at("passphrase"), `${passphrase}\r\n`, { mode: 0o600 });
  await writeFile(at("open"), passphrase, { mode: 0o644 });
  await writeFile(at("empty"), "", { mode: 0o600 });
  await writeFile(at("long"), "x".repeat(5000), { mode: 0o600 });
  await writeFile(at("key"), randomBytes(32).toString("hex"), { mode: 0o600 });
  await writeFile(at("pin"), "not-a-real-pin\n", { mode: 0o600 });
  await writeFile(at("token"), `${VAULT_TOKEN}\n`, { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true }));

const refusal = (setting: string) => rootKeyFromSetting(setting).catch((error: unknown) => error);

describe("a setting names a provider", () => {
  test("of a file, and of a passphrase in a file", async () => {
    const local = await rootKeyFromSetting(`file:${at("key")}`);
    expect((await local.current()).id).toMatch(/^local:[0-9a-f]{16}$/);
    const made = await rootKeyFromSetting(
      `passphrase-file:${at("passphrase")}?parameters=${at("parameters.json")}`,
    );
    expect((await made.current()).id).toBe(rootKeyId);
  });

  test.each<[string, string]>([
    ["aws-kms:arn:aws:kms:eu-central-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab", "aws-kms"],
    ["aws-kms:arn:aws:kms:eu-central-1:123456789012:key/mrk-1?endpoint=http://127.0.0.1:9", "aws-kms"],
    ["gcp-kms:projects/p/locations/global/keyRings/r/cryptoKeys/k", "gcp-kms"],
    ["azure:https://keyfold-test.vault.azure.net/keys/root", "azure"],
  ])("of a key service, without asking it yet: %s", async (setting, kind) => {
    expect((await rootKeyFromSetting(setting)).kind).toBe(kind);
  });

  test("of Vault, with mount, namespace and a file for the token", async () => {
    const server = await vaultServer("team/transit", "root");
    const setting = `vault:${server.url}/team/transit/root?namespace=a/b&token-file=${at("token")}`;
    const { id } = await (await rootKeyFromSetting(setting)).current();
    expect(id).toBe(`vault:${server.url}/a/b/team/transit/root`);
    await server.close();
  });

  test("of a PKCS #11 token, with a file for the PIN", async () => {
    const setting = `pkcs11:token=my%20token;object=root;id=%01?module-path=/m.so&pin-source=file:${at("pin")}`;
    const provider = await rootKeyFromSetting(setting);
    expect((await provider.current()).id).toBe("pkcs11:token=my%20token;object=root");
  });

  test.each([
    "",
    "root",
    "AWS-KMS:arn",
    "https://vault.example/transit/key",
    "aws-kms:",
    "aws-kms:arn:aws:kms:eu-central-1:123456789012:key/1?region=x",
    "aws-kms:arn:aws:kms:eu-central-1:123456789012:key/1?endpoint=",
    "gcp-kms:k",
    "azure:keys/root",
    "vault:https://vault.example/transit/key",
    "vault:https://vault.example/key?token-file=/t",
    "vault:vault.example/transit/key?token-file=/t",
    "vault:https://vault.example/transit/key?token=hvs.not-a-real-token",
    "vault:https://vault.example/transit/key?token-file=/t&token-file=/u",
    "passphrase-file:/p",
    "pkcs11:",
    "pkcs11:token=t;object=o?module-path=/m.so",
    "pkcs11:token=t;object=o?module-path=/m.so&pin-value=4711-not-a-real-pin",
    "file:/nowhere/key",
  ])("or is refused: %j", async (setting) => {
    const error = await refusal(setting);
    expect(error).toMatchObject({ code: "bad_root_key" });
    expect(String(error)).not.toMatch(/not-a-real/);
  });

  test("and each beginning is known", async () => {
    for (const beginning of ROOT_KEY_SETTINGS)
      expect(String(await refusal(beginning))).not.toContain("must begin with one of");
  });
});

test("each setting is in docs/providers.md", () => {
  const page = readFileSync(new URL("../../../docs/providers.md", import.meta.url), "utf8");
  for (const beginning of ROOT_KEY_SETTINGS) expect(page).toContain(`| \`${beginning}`);
});

describe("a file with a passphrase or PIN", () => {
  test.each<[string, string, RegExp]>([
    ["is open to others", "open", /can be read by group or others. Close it with: chmod 600/],
    ["is empty", "empty", /is empty/],
    ["is too long", "long", /is too long/],
    ["is a folder", ".", /is not a regular file/],
    ["is not there", "nobody", /cannot be opened/],
  ])("is refused where it %s", async (_, name, sentence) => {
    const setting = `passphrase-file:${at(name)}?parameters=${at("parameters.json")}`;
    await expect(rootKeyFromSetting(setting)).rejects.toMatchObject({
      code: "bad_root_key",
      message: expect.stringMatching(sentence),
    });
  });

  // New parameters would make another key from the same passphrase, and nothing would open any more.
  test("never gets new parameters when they are lost", async () => {
    const setting = `passphrase-file:${at("passphrase")}?parameters=${at("lost.json")}`;
    await expect(rootKeyFromSetting(setting)).rejects.toThrow("restore the file");
  });
});

describe("a PKCS #11 URI (RFC 7512)", () => {
  test("is read byte by byte", () => {
    expect(
      readPkcs11Uri("pkcs11:token=T%c3%a4;object=o%3b1;id=%00%ff%2F;type=secret-key?module-path=/m%20.so"),
    ).toEqual({
      token: "Tä",
      object: "o;1",
      id: Buffer.from([0, 0xff, 0x2f]),
      modulePath: "/m .so",
    });
  });

  test.each([
    "pkcs11:token=t;object=o",
    "pkcs11:object=o?module-path=/m",
    "pkcs11:token=t?module-path=/m",
    "pkcs11:token=t;object=o;type=private?module-path=/m",
    "pkcs11:token=t;object=o;serial=1?module-path=/m",
    "pkcs11:token=t;token=u;object=o?module-path=/m",
    "pkcs11:token=t;object=o?module-path=/m&module-name=x",
    "pkcs11:token=t;object=o?module-path=/m?x",
    "pkcs11:token=%zz;object=o?module-path=/m",
    "pkcs11:token=%1;object=o?module-path=/m",
    "pkcs11:token=a b;object=o?module-path=/m",
    "pkcs11:token;object=o?module-path=/m",
    "pkcs11:=t;object=o?module-path=/m",
  ])("is refused where it is none, or names what we do not look at: %s", (uri) => {
    expect(() => readPkcs11Uri(uri)).toThrow(expect.objectContaining({ code: "bad_root_key" }));
  });
});
