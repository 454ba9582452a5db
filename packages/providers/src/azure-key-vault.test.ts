import { constants, publicEncrypt, randomBytes } from "node:crypto";
import { localRootKey, SecretKey } from "@keyfold/envelope";
import { afterAll, describe, expect, test } from "vitest";
import { azureKeyVaultRootKey } from "./azure-key-vault.ts";
import { AZURE_HOST, AZURE_TOKEN, azureServer } from "./testing/azure-server.ts";
import { conform } from "./testing/conform.ts";

const server = await azureServer();
const keyId = `https://${AZURE_HOST}/keys/root`;
const { client, credential } = server;
afterAll(() => server.close());

conform({
  name: "azure (a server of the published API)",
  make: (resilience) => azureKeyVaultRootKey({ keyId, client, credential, ...resilience }),
  service: server.service,
  secrets: [AZURE_TOKEN],
});

// Against the real service, where somebody gives a key's URL and credentials in the usual places.
const { KEYFOLD_TEST_AZURE_KEY: real } = process.env;
if (real !== undefined)
  conform({
    name: "azure (the real service)",
    make: (resilience) => azureKeyVaultRootKey({ keyId: real, ...resilience }),
  });

const key = Buffer.alloc(32, 0x5a);
const aad = Buffer.from("aad");

describe("what Azure Key Vault is asked", () => {
  test("is to wrap and to sign with the latest version, and one question to unwrap", async () => {
    const provider = await azureKeyVaultRootKey({ keyId, client, credential });
    const { id, keyVersion } = await provider.current();
    expect(id).toBe(`azure:${keyId}`);
    server.requests.length = 0;
    const wrapped = await provider.wrap(key, aad, id);
    expect(server.requests).toEqual([
      `POST /keys/root/${keyVersion}/wrapkey`,
      `POST /keys/root/${keyVersion}/sign`,
    ]);
    expect(wrapped.subarray(0, 16).toString("hex")).toBe(keyVersion);
    server.requests.length = 0;
    await provider.unwrap(wrapped, aad, id);
    expect(server.requests).toEqual([`POST /keys/root/${keyVersion}/unwrapkey`]);
  });

  // RSA wraps for anybody who has the public key. Without the signature, whoever may write to the database could put
  // a tenant key of their own there, and read everything that is sealed afterwards.
  test("refuses a wrap that somebody made from the public key alone, before the vault is asked", async () => {
    const provider = await azureKeyVaultRootKey({ keyId, client, credential });
    const { id } = await provider.current();
    const own = await provider.wrap(key, aad, id);
    const inner = randomBytes(32);
    const wrappedInner = publicEncrypt(
      { key: server.publicKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: "sha256" },
      inner,
    );
    const local = localRootKey(SecretKey.fromBytes(inner));
    const theirs = await local.wrap(randomBytes(32), aad, (await local.current()).id);
    const version = Buffer.from(server.version, "hex");
    const body = Buffer.concat([version, wrappedInner, theirs]);
    server.requests.length = 0;
    for (const signature of [own.subarray(-256), randomBytes(256), Buffer.alloc(256)])
      await expect(provider.unwrap(Buffer.concat([body, signature]), aad, id)).rejects.toMatchObject({
        code: "not_authentic",
      });
    expect(server.requests.filter((request) => request.endsWith("unwrapkey"))).toEqual([]);
  });
});

test.each([
  "",
  "root",
  `http://${AZURE_HOST}/keys/root`,
  `${keyId}/0123456789abcdef0123456789abcdef`,
  `https://${AZURE_HOST}/secrets/root`,
  `https://user@${AZURE_HOST}/keys/root`,
  `https://${AZURE_HOST}:8443/keys/root`,
  "https://localhost/keys/root",
])("anything else than a key's URL is refused: %j", async (url) => {
  await expect(azureKeyVaultRootKey({ keyId: url, credential })).rejects.toMatchObject({
    code: "bad_root_key",
  });
});
