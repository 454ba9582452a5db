import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { ConformanceTimer } from "./conformance.ts";
import { rootKeyFromSetting } from "./from-setting.ts";
import { conform } from "./testing/conform.ts";
import { localServer } from "./testing/local-server.ts";
import { VAULT_TOKEN, type VaultServer, vaultServer } from "./testing/vault-server.ts";
import { vaultTransitRootKey } from "./vault-transit.ts";

const server = await vaultServer();
const login = { by: "token", token: VAULT_TOKEN } as const;
afterAll(() => server.close());

conform({
  name: "vault (a server of the published API)",
  make: (resilience) => vaultTransitRootKey({ address: server.url, key: "root", login, ...resilience }),
  service: server.service,
  secrets: [VAULT_TOKEN],
});

// Against a real server, where somebody gives one: https://HOST:PORT/MOUNT/KEY, and a token for it.
const { KEYFOLD_TEST_VAULT: real, KEYFOLD_TEST_VAULT_TOKEN: realToken = "" } = process.env;
if (real !== undefined)
  conform({
    name: "vault (a real server)",
    make: (resilience) =>
      rootKeyFromSetting(`vault:${real}`, { vault: { by: "token", token: realToken } }, resilience),
  });

const key = Buffer.alloc(32, 0x5a);
const aad = Buffer.from("aad");

describe("what Vault is asked", () => {
  test("is the plaintext with its associated data, and the wrap is Vault's ciphertext in bytes", async () => {
    const provider = vaultTransitRootKey({ address: server.url, key: "root", login });
    const { id } = await provider.current();
    expect(id).toBe(`vault:${server.url}/transit/root`);
    const wrapped = await provider.wrap(key, aad, id);
    expect(server.requests.at(-1)).toBe("POST /v1/transit/encrypt/root");
    expect(JSON.parse(server.bodies.at(-1)!)).toEqual({
      plaintext: key.toString("base64"),
      associated_data: aad.toString("base64"),
    });
    expect(wrapped).toHaveLength(4 + 12 + 32 + 16);
  });

  // Transit takes vault:v0: for vault:v1:, so a row could be changed without being noticed.
  test("is never a wrap of version 0", async () => {
    const fresh = await vaultServer();
    const provider = vaultTransitRootKey({ address: fresh.url, key: "root", login });
    const { id } = await provider.current();
    const wrapped = await provider.wrap(key, aad, id);
    expect(wrapped.readUInt32BE()).toBe(1);
    wrapped.writeUInt32BE(0);
    await expect(provider.unwrap(wrapped, aad, id)).rejects.toMatchObject({ code: "not_authentic" });
    await fresh.close();
  });
});

describe("logging in to Vault", () => {
  let folder: string;
  let vault: VaultServer;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "keyfold-vault-"));
    vault = await vaultServer();
  });
  afterEach(() => vault.service.heal());
  afterAll(async () => {
    await vault.close();
    await rm(folder, { recursive: true });
  });
  const logins = () => vault.requests.filter((request) => request.endsWith("/login")).length;

  test("by AppRole happens once for many, again when two thirds of the lease are over, and after a refusal", async () => {
    const timer = new ConformanceTimer();
    const provider = vaultTransitRootKey({
      address: vault.url,
      key: "root",
      login: { by: "approle", roleId: "role-1", secretId: "not-a-real-secret-id" },
      timer,
    });
    const before = logins();
    const { id } = await provider.current();
    await Promise.all(Array.from({ length: 8 }, () => provider.wrap(key, aad, id)));
    expect(logins() - before).toBe(1);
    timer.advance(2_401_000);
    await provider.wrap(key, aad, id);
    expect(logins() - before).toBe(2);
    vault.revokeTokens();
    await provider.wrap(key, aad, id);
    expect(logins() - before).toBe(3);
  });

  test("by Kubernetes hands in the service account's token", async () => {
    const tokenFile = join(folder, "jwt");
    await writeFile(tokenFile, "not.a-real.jwt\n");
    const provider = vaultTransitRootKey({
      address: vault.url,
      key: "root",
      login: { by: "kubernetes", role: "keyfold", tokenFile },
    });
    expect(await provider.health()).toEqual({ ok: true });
  });

  test("by a file reads it anew when the token was refused", async () => {
    const file = await vaultServer();
    const path = join(folder, "token");
    await writeFile(path, "hvs.not-a-real-old-token");
    const provider = vaultTransitRootKey({
      address: file.url,
      key: "root",
      login: { by: "token-file", path },
    });
    expect(await provider.health()).toMatchObject({ ok: false });
    await writeFile(path, `${VAULT_TOKEN}\n`);
    expect(await provider.health()).toEqual({ ok: true });
    await file.close();
  });

  test.each([
    ["a wrong secret id", { by: "approle", roleId: "role-1", secretId: "wrong" }, /does not permit this/],
    ["no such file", { by: "token-file", path: "/nowhere/token" }, /^There are no credentials for Vault/],
    ["no service account", { by: "kubernetes", role: "keyfold", tokenFile: "/nowhere" }, /no credentials/],
  ] as const)("fails with a sentence: %s", async (_, wrong, reason) => {
    const provider = vaultTransitRootKey({ address: vault.url, key: "root", login: wrong });
    expect(await provider.health()).toEqual({ ok: false, reason: expect.stringMatching(reason) });
  });
});

describe("settings of Vault that cannot be right are refused", () => {
  test.each([
    { address: "http://vault.example:8200" },
    { address: "ftp://vault.example" },
    { address: "vault.example" },
    { address: "https://user:pass@vault.example" },
    { address: "https://vault.example/?token=x" },
    { key: "../sys/seal" },
    { key: "" },
    { mount: "transit/../sys" },
    { mount: "" },
    { namespace: "a b" },
  ])("%j", (wrong) => {
    expect(() => vaultTransitRootKey({ address: server.url, key: "root", login, ...wrong })).toThrow(
      expect.objectContaining({ code: "bad_root_key" }),
    );
  });
});

test("an answer without end is not read to its end, and a redirect is not followed", async () => {
  const odd = await localServer(({ path, response }) => {
    if (path.includes("encrypt/long")) {
      response.writeHead(200).end(Buffer.alloc(1024 * 1024, 0x20));
    } else response.writeHead(307, { location: `${server.url}/v1/transit/encrypt/root` }).end();
  });
  const before = server.requests.length;
  for (const name of ["long", "elsewhere"]) {
    const provider = vaultTransitRootKey({ address: odd.url, key: name, login, retries: 0 });
    await expect(provider.current()).rejects.toMatchObject({ code: "provider_unavailable" });
  }
  expect(server.requests.length).toBe(before);
  await odd.close();
});
