import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  generateRootKeyFile,
  hybridSeedFromCommand,
  hybridSeedFromFile,
  hybridSeedFromText,
  localRootKey,
  type RootKeyProvider,
  rootKeyFromCommand,
  rootKeyFromFile,
  rootKeyFromText,
  type SecretKey,
  type XWingPrivateKey,
} from "@keyfold/envelope";
import type { KeyServiceCall } from "@keyfold/providers";
import type { GivenRootKey, SeedSource } from "../config/root-key-source.ts";
import { StartError } from "./start-error.ts";

/** Where development keeps the root key that it made itself. */
export const rootKeyPath = (dataDir: string): string => join(dataDir, "root-key");

/**
 * The provider of root keys that the settings name.
 * @param observe told of each call that goes to a key service
 * @throws EnvelopeError `bad_root_key`, `provider_unavailable`
 */
export async function providerOf(
  source: GivenRootKey,
  observe?: (call: KeyServiceCall) => void,
): Promise<RootKeyProvider> {
  if (source.from !== "provider") return localRootKey(await localKeyOf(source));
  // Loaded only where it is asked for: it brings key services' clients along.
  const { rootKeyFromSetting } = await import("@keyfold/providers");
  return rootKeyFromSetting(source.setting.reveal(), {}, observe === undefined ? {} : { observe });
}

/**
 * A root key (or a hybrid seed) that is held in this process.
 * @throws EnvelopeError `bad_root_key`, `bad_hybrid_seed`, `provider_unavailable`
 */
export async function localKeyOf(
  source: SeedSource,
  what: "root key" | "hybrid seed" = "root key",
): Promise<SecretKey> {
  switch (source.from) {
    case "environment":
      return rootKeyFromText(source.text.reveal(), what);
    case "file":
      return rootKeyFromFile(source.path, what);
    case "command":
      return rootKeyFromCommand(source.command.reveal(), {}, what);
  }
}

/** The key pair of the hybrid seed that the settings name. @throws EnvelopeError `bad_hybrid_seed`, `provider_unavailable` */
export async function seedOf(source: SeedSource): Promise<XWingPrivateKey> {
  switch (source.from) {
    case "environment":
      return hybridSeedFromText(source.text.reveal());
    case "file":
      return hybridSeedFromFile(source.path);
    case "command":
      return hybridSeedFromCommand(source.command.reveal());
  }
}

/**
 * Development's own root key: read from the data folder, or made there, once, for a database that holds nothing yet.
 * @param needed the root keys under which the database was set up already; null where it was not
 * @throws StartError where the file is gone; EnvelopeError where it is no key
 */
export async function dataDirProvider(
  dataDir: string,
  needed: () => Promise<string[] | null>,
): Promise<{ provider: RootKeyProvider; made: boolean }> {
  const path = rootKeyPath(dataDir);
  const there = await stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT", // closed to us is there, too
  );
  if (there) return { provider: localRootKey(await rootKeyFromFile(path)), made: false };
  const ids = await needed();
  if (ids !== null)
    throw new StartError(
      `There is no root key at ${path}, and a new one would not open what the database holds already: that needs the root key ${ids.join(" or ")}. Put the file back, or give its key by KEYFOLD_ROOT_KEY, KEYFOLD_ROOT_KEY_FILE or KEYFOLD_ROOT_KEY_COMMAND.`,
    );
  await mkdir(dataDir, { recursive: true });
  return { provider: localRootKey(await generateRootKeyFile(path)), made: true };
}
