import { rootKeyFromText } from "../root-key.ts";
import { rootKeyFromCommand } from "../root-key-command.ts";
import { generateRootKeyFile, rootKeyFromFile } from "../root-key-file.ts";
import { XWingPrivateKey } from "./x-wing.ts";

/*
 * A hybrid seed: 32 random bytes that an X-Wing key pair is made from. Read like a local root key, with the same care:
 * from a closed file, a command or a text; weak ones are refused. It must not be kept under the root key that it is
 * combined with: whoever had that one would have both.
 */

/** From 64 hex digits, base64 or base64url. @throws EnvelopeError `bad_hybrid_seed` */
export const hybridSeedFromText = (text: string): XWingPrivateKey =>
  new XWingPrivateKey(rootKeyFromText(text, "hybrid seed"));

/** From a regular file that is closed to group and others. @throws EnvelopeError `bad_hybrid_seed` */
export const hybridSeedFromFile = async (path: string): Promise<XWingPrivateKey> =>
  new XWingPrivateKey(await rootKeyFromFile(path, "hybrid seed"));

/** From what a command prints. @throws EnvelopeError `bad_hybrid_seed`, `provider_unavailable` */
export const hybridSeedFromCommand = async (
  command: string,
  options: { timeoutMs?: number } = {},
): Promise<XWingPrivateKey> => new XWingPrivateKey(await rootKeyFromCommand(command, options, "hybrid seed"));

/** Makes a seed and keeps it in a new file of mode 0600. @throws EnvelopeError `bad_hybrid_seed` also where there is one */
export const generateHybridSeedFile = async (path: string): Promise<XWingPrivateKey> =>
  new XWingPrivateKey(await generateRootKeyFile(path, "hybrid seed"));
