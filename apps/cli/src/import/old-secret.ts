import { readFile } from "node:fs/promises";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** Something secret of the old system's: from a file, the environment, or a hidden prompt; never from the command line. */
export async function oldSecret(
  terminal: Terminal,
  what: { called: string; file?: string | undefined; variable: string },
): Promise<Buffer> {
  if (what.file !== undefined) {
    const bytes = await readFile(what.file).catch((error: NodeJS.ErrnoException) => {
      throw new CommandError(EXIT.usage, `${what.file} cannot be read (${error.code}).`);
    });
    return bytes.at(-1) === 0x0a ? bytes.subarray(0, -1) : bytes;
  }
  const given = terminal.env[what.variable];
  if (given) return Buffer.from(given, "utf8");
  const typed = terminal.input?.isTerminal
    ? await terminal.input.hidden(`${what.called} (it is not shown): `)
    : "";
  if (typed === "")
    throw new CommandError(
      EXIT.usage,
      `Give ${what.called[0]!.toLowerCase()}${what.called.slice(1)} in ${what.variable}, or in a file.`,
    );
  return Buffer.from(typed, "utf8");
}

/** A key's bytes: of 64 hex digits or 44 characters of base64 where it is written so, else the text's own. */
export function keyBytes(text: Buffer, as: "text" | "hex" | "base64"): Buffer {
  return as === "text" ? text : Buffer.from(text.toString("utf8").trim(), as);
}
