import { readFile } from "node:fs/promises";
import { type HeadProof, headProofOf } from "@keyfold/ledger";
import { CommandError, EXIT } from "../terminal.ts";

/** A checkpoint that was kept in a file. @throws CommandError where the file cannot be read, or holds none */
export async function keptCheckpoint(path: string): Promise<HeadProof> {
  try {
    return headProofOf(JSON.parse(await contentOf(path)));
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(
      EXIT.usage,
      `${path} is no checkpoint such as \`keyfold audit checkpoint --to FILE\` writes it.`,
    );
  }
}

/** A small file's text. @throws CommandError */
export const contentOf = (path: string): Promise<string> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(EXIT.usage, `${path} cannot be read (${error.code}).`);
  });
