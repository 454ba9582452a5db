import { randomBytes } from "node:crypto";
import { EnvelopeError, generateRootKeyFile, localRootKey, rootKeyFromText } from "@keyfold/envelope";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** A root key of 32 random bytes: to standard output alone, or into a new file. Its fingerprint is no secret. */
export async function generate(terminal: Terminal, options: { file?: string }): Promise<number> {
  if (options.file === undefined) {
    const text = randomBytes(32).toString("base64");
    terminal.out(`${text}\n`);
    terminal.err(`Its fingerprint is ${await fingerprint(rootKeyFromText(text))}.\n`);
    return EXIT.done;
  }
  try {
    const key = await generateRootKeyFile(options.file);
    terminal.out(`${await fingerprint(key)}\n`);
    terminal.err(`The root key is in ${options.file}. Without it nothing opens: keep a copy elsewhere.\n`);
    return EXIT.done;
  } catch (error) {
    if (error instanceof EnvelopeError) throw new CommandError(EXIT.failed, error.message);
    throw error;
  }
}

const fingerprint = async (key: Parameters<typeof localRootKey>[0]) => (await localRootKey(key).current()).id;
