import { EnvelopeError } from "@keyfold/envelope";

/** What must be kept to make the same key from the same passphrase again. Nothing in it is secret. */
export interface PassphraseParameters {
  format: "keyfold-passphrase-v1";
  algorithm: "argon2id";
  memoryKiB: number;
  passes: number;
  parallelism: number;
  /** Base64 of 16 to 64 random bytes. */
  salt: string;
  /** The opener of the key that comes out, so that a mistyped passphrase is refused by name. */
  rootKey: string;
}

// The lower ones keep a key from being cheap to guess, the upper ones a file from stopping the machine.
const bounds = {
  memoryKiB: [64 * 1024, 4 * 1024 * 1024],
  passes: [3, 64],
  parallelism: [1, 16],
} as const;

/** @throws EnvelopeError `bad_root_key`, with a sentence that says which field is wrong */
export function parsePassphraseParameters(text: string): PassphraseParameters {
  const read = text.length > 4096 ? undefined : parsed(text);
  if (read === undefined) throw bad("are not the JSON that was written when the key was made");
  if (read.format !== "keyfold-passphrase-v1" || read.algorithm !== "argon2id")
    throw bad("have a format or algorithm that this release does not know");
  for (const name of ["memoryKiB", "passes", "parallelism"] as const) {
    const value = read[name];
    const [least, most] = bounds[name];
    if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least || value > most)
      throw bad(`must have ${name} from ${least} to ${most}`);
  }
  const salt = Buffer.from(String(read.salt), "base64");
  if (salt.length < 16 || salt.length > 64 || salt.toString("base64") !== read.salt)
    throw bad("must have a salt of 16 to 64 bytes in base64");
  if (typeof read.rootKey !== "string" || !/^local:[0-9a-f]{16}$/.test(read.rootKey))
    throw bad("do not name their root key");
  return read as unknown as PassphraseParameters;
}

export function passphraseParametersText(parameters: PassphraseParameters): string {
  return `${JSON.stringify(parameters, null, 2)}\n`;
}

function parsed(text: string): Record<string, unknown> | undefined {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === "object" && json !== null ? (json as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function bad(problem: string): EnvelopeError {
  return new EnvelopeError("bad_root_key", `The parameters of the passphrase ${problem}.`);
}
