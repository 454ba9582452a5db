import { readFile } from "node:fs/promises";
import { SecretValue } from "@keyfold/envelope/secret-value";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

export interface NewValueOptions {
  file?: string;
  /** Keep a line's end that a pipe brought. */
  raw?: boolean;
  forceArgument?: boolean;
}

/**
 * The new value: of a file, byte for byte; of a pipe, without the one line's end that `echo` adds; of a hidden prompt.
 * Of an argument only where that is forced: it would stand in the shell's history and in every list of processes.
 */
export async function newValue(
  terminal: Terminal,
  name: string,
  argument: string | undefined,
  options: NewValueOptions,
): Promise<SecretValue> {
  if (argument !== undefined) {
    if (!options.forceArgument)
      throw new CommandError(
        EXIT.usage,
        `A value on the command line stays in the shell's history, and others see it while this runs. Pipe it (keyfold set ${name} < file), type it at the prompt (keyfold set ${name}), or insist with --force-argument.`,
      );
    return SecretValue.takeOverGiven(Buffer.from(argument, "utf8"));
  }
  if (options.file !== undefined) {
    const bytes = await readFile(options.file).catch((error: NodeJS.ErrnoException) => {
      throw new CommandError(EXIT.usage, `${options.file} cannot be read (${error.code}).`);
    });
    return SecretValue.takeOverGiven(bytes);
  }
  const { input } = terminal;
  if (input?.isTerminal) {
    const typed = await input.hidden(`Value of ${name} (it is not shown): `);
    if (typed === "") throw new CommandError(EXIT.usage, "Nothing was typed, and nothing was changed.");
    return SecretValue.takeOverGiven(Buffer.from(typed, "utf8"));
  }
  const piped = (await input?.read()) ?? Buffer.alloc(0);
  return SecretValue.takeOverGiven(options.raw ? piped : withoutLineEnd(piped));
}

function withoutLineEnd(bytes: Buffer): Buffer {
  if (bytes.at(-1) !== 0x0a) return bytes;
  return bytes.subarray(0, bytes.at(-2) === 0x0d ? -2 : -1);
}
