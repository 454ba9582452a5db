import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateHybridSeedFile, generateRootKeyFile } from "@keyfold/envelope";
import { newPassphraseRootKey } from "@keyfold/providers";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Sensitive } from "../config/sensitive.ts";
import { createMetrics } from "../observe/metrics.ts";
import { providerOf, seedOf } from "./root-key.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "keyfold-root-key-"));
});
afterAll(() => rm(folder, { recursive: true }));

const metrics = createMetrics({ process: false });
const named = (setting: string) =>
  providerOf({ from: "provider", setting: new Sensitive(setting) }, metrics.keyService);

test("a provider's setting names the very key that a file's setting does", async () => {
  const path = join(folder, "key");
  await generateRootKeyFile(path);
  const [one, other] = [
    await named(`file:${path}`),
    await providerOf({ from: "file", path }, metrics.keyService),
  ];
  expect(await one.current()).toEqual(await other.current());
});

test("a passphrase in a file, with its parameters, is the same root key at every start", async () => {
  const passphrase = "nine obviously fake words that nobody would ever use";
  const { parameters } = await newPassphraseRootKey(passphrase);
  await writeFile(join(folder, "words"), passphrase, { mode: 0o600 });
  await writeFile(join(folder, "parameters"), parameters);
  const setting = `passphrase-file:${join(folder, "words")}?parameters=${join(folder, "parameters")}`;
  const ids = [await (await named(setting)).current(), await (await named(setting)).current()];
  expect(ids[0]).toEqual(ids[1]);
});

test("a setting that names no provider is refused with what it may begin with, and not repeated", async () => {
  const refusal = await named("hunter2-not-a-real-secret").catch((error: Error) => error.message);
  expect(refusal).toContain("aws-kms:");
  expect(refusal).not.toContain("hunter2");
});

test("a hybrid seed's file, command and text name one key, and a weak one is refused before anything else", async () => {
  const path = join(folder, "seed");
  const { publicKey } = await generateHybridSeedFile(path);
  const text = await readFile(path, "utf8");
  for (const source of [
    { from: "file" as const, path },
    { from: "command" as const, command: new Sensitive(`cat ${path}`) },
    { from: "environment" as const, text: new Sensitive(text) },
  ])
    expect((await seedOf(source)).publicKey.id).toBe(publicKey.id);
  await expect(seedOf({ from: "environment", text: new Sensitive("00".repeat(32)) })).rejects.toMatchObject({
    code: "bad_hybrid_seed",
  });
});

test("each call of a key service is counted with its outcome and time, retries singly; local root keys make none", async () => {
  const tokenFile = join(folder, "vault-token");
  await writeFile(tokenFile, "not-a-real-vault-token", { mode: 0o600 });
  const vault = await named(`vault:http://127.0.0.1:1/transit/key?token-file=${tokenFile}`);
  await expect(vault.current()).rejects.toMatchObject({ code: "provider_unavailable" });
  const { text } = await metrics.page();
  expect(text).toMatch(
    /keyfold_key_service_call_seconds_count\{provider="vault[a-z-]*",operation="describe",outcome="unavailable"\} 4/,
  );
  expect(text).not.toContain('provider="local"');
});
