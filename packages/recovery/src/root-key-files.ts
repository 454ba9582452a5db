import { localRootKey, rootKeyFromText } from "@keyfold/envelope";
import { writeNew } from "./files.ts";
import type { BundleContents, BundledRootKey } from "./key-bundle.ts";
import { RecoveryError } from "./recovery-error.ts";

/**
 * The root key that a deployment is opened with, once it was found to be what the bundle says it is.
 * @throws RecoveryError `damaged` where a key does not have the fingerprint that it is filed under
 */
export async function currentRootKey(contents: BundleContents): Promise<BundledRootKey> {
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

const fingerprint = async (text: string): Promise<string | null> => {
  try {
    return (await localRootKey(rootKeyFromText(text)).current()).id;
  } catch {
    return null;
  }
};
