import { randomBytes } from "node:crypto";
import {
  EnvelopeError,
  generateHybridSeedFile,
  generateRootKeyFile,
  hybridSeedFromText,
  localRootKey,
  rootKeyFromText,
} from "@keyfold/envelope";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/**
 * 32 random bytes, a root key or a hybrid seed: to standard output alone, or into a new file. The fingerprint is no secret.
 */
export async function generate(
  terminal: Terminal,
  options: { file?: string; hybrid?: boolean },
): Promise<number> {
  const hybrid = options.hybrid === true;
  if (options.file === undefined) {
    const text = randomBytes(32).toString("base64");
    const name = hybrid ? hybridSeedFromText(text).publicKey.id : await fingerprint(rootKeyFromText(text));
    terminal.out(`${text}\n`);
    terminal.err(`Its fingerprint is ${name}.\n`);
    return EXIT.done;
  }
  try {
    const name = hybrid
      ? (await generateHybridSeedFile(options.file)).publicKey.id
      : await fingerprint(await generateRootKeyFile(options.file));
    terminal.out(`${name}\n`);
    terminal.err(
      hybrid
        ? `The hybrid seed is in ${options.file}. Without it nothing hybrid opens: keep a copy elsewhere, and not with the root key.\n`
        : `The root key is in ${options.file}. Without it nothing opens: keep a copy elsewhere.\n`,
    );
    return EXIT.done;
  } catch (error) {
    if (error instanceof EnvelopeError) throw new CommandError(EXIT.failed, error.message);
    throw error;
  }
}

const fingerprint = async (key: Parameters<typeof localRootKey>[0]) => (await localRootKey(key).current()).id;
