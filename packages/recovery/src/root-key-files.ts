import { stat } from "node:fs/promises";
import {
  hybridSeedFromFile,
  hybridSeedFromText,
  localRootKey,
  rootKeyFromFile,
  rootKeyFromText,
} from "@keyfold/envelope";
import { writeNew } from "./files.ts";
import type { BundleContents, BundledRootKey } from "./key-bundle.ts";
import { RecoveryError } from "./recovery-error.ts";

/**
 * The root key that a deployment is opened with, once it was found to be what the bundle says it is.
 * @throws RecoveryError `damaged` where a key does not have the fingerprint that it is filed under
 */
export async function currentRootKey(contents: Pick<BundleContents, "rootKeys">): Promise<BundledRootKey> {
  for (const key of contents.rootKeys)
    if (key.kind === "local" && (await fingerprint(key.key)) !== key.id)
      throw new RecoveryError(
        "damaged",
        `This bundle holds a key that is not ${key.id}, under which it is filed. Take another copy.`,
      );
  const current = contents.rootKeys.find((key) => key.current);
  if (current === undefined)
    throw new RecoveryError("damaged", "This bundle does not say which of its root keys is the current one.");
  return current;
}

/** Writes a root key into a new file, as `keyfold keys generate --file` does. @throws RecoveryError `unwritable` */
export const writeRootKey = (path: string, key: Extract<BundledRootKey, { kind: "local" }>): Promise<void> =>
  writeNew(path, `${key.key}\n`);

/** Writes a hybrid seed into a new file, as `keyfold keys generate --hybrid --file` does. @throws RecoveryError `unwritable` */
export const writeHybridSeed = (path: string, seed: string): Promise<void> => writeNew(path, `${seed}\n`);

/** The fingerprints of the hybrid seeds that are held, the current one first. */
export const seedNames = (held: Pick<BundleContents, "hybridSeed" | "otherHybridSeed">): string[] =>
  [held.hybridSeed, held.otherHybridSeed].flatMap((seed) =>
    seed === null ? [] : [hybridSeedFromText(seed).publicKey.id],
  );

/**
 * Sees to it that a file holds this hybrid seed: writes it where there is no file.
 * @returns whether it was written now
 * @throws RecoveryError `refused` where the file holds another seed, or none; `unwritable`
 */
export async function keepHybridSeed(path: string, seed: string): Promise<boolean> {
  if (!(await exists(path))) {
    await writeHybridSeed(path, seed);
    return true;
  }
  const needed = hybridSeedFromText(seed).publicKey.id;
  const held = await hybridSeedFromFile(path).then(
    ({ publicKey }) => publicKey.id,
    () => null,
  );
  if (held === needed) return false;
  throw new RecoveryError(
    "refused",
    `The file ${path} holds ${held === null ? "no hybrid seed" : `another hybrid seed (${held})`}, and this backup needs ${needed}. Move the file away first; nothing was written.`,
  );
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
  );

const fingerprint = async (text: string): Promise<string | null> => {
  try {
    return (await localRootKey(rootKeyFromText(text)).current()).id;
  } catch {
    return null;
  }
};

/**
 * Sees to it that a file holds this root key: writes it where there is no file.
 * @returns whether it was written now
 * @throws RecoveryError `refused` where the file holds another key, or none; `unwritable`
 */
export async function keepRootKey(
  path: string,
  key: Extract<BundledRootKey, { kind: "local" }>,
): Promise<boolean> {
  if (!(await exists(path))) {
    await writeRootKey(path, key);
    return true;
  }
  const held = await rootKeyFromFile(path)
    .then((found) => localRootKey(found).current())
    .catch(() => null);
  if (held?.id === key.id) return false;
  throw new RecoveryError(
    "refused",
    `The file ${path} holds ${held === null ? "no root key" : `another root key (${held.id})`}, and this backup needs ${key.id}. Move the file away first; nothing was written.`,
  );
}
