import {
  decodeNoteKey,
  type ExportVerified,
  type FromOutside,
  LedgerError,
  verifyExport,
} from "@keyfold/ledger";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";
import { fileLines } from "./file-lines.ts";
import { contentOf, keptCheckpoint } from "./kept-checkpoint.ts";

export interface VerifyOptions {
  key?: string;
  checkpoint?: string;
  json?: boolean;
}

/**
 * Verifies an export with no server and no database. Ends with 0 where nothing is wrong, and says how much that proves;
 * with 1 where something is, and names the first event.
 */
export async function verify(terminal: Terminal, path: string, options: VerifyOptions): Promise<number> {
  const outside: FromOutside = {};
  if (options.key !== undefined) outside.key = await keyOf(options.key);
  if (options.checkpoint !== undefined) {
    if (outside.key === undefined)
      throw new CommandError(
        EXIT.usage,
        "A checkpoint proves something only with the key that signed it. Give --key, too.",
      );
    outside.checkpoint = await keptCheckpoint(options.checkpoint);
  }
  let found: ReturnType<typeof verifyExport>;
  try {
    found = verifyExport(fileLines(path), outside);
  } catch (error) {
    if (error instanceof LedgerError)
      throw new CommandError(EXIT.failed, `${path} cannot be read as an export: ${error.message}.`);
    throw error;
  }
  if (options.json) {
    terminal.out(
      `${JSON.stringify(found, (_, value) => (value?.type === "Buffer" ? Buffer.from(value.data).toString("hex") : value))}\n`,
    );
    return found.ok ? EXIT.done : EXIT.failed;
  }
  if (!found.ok) {
    terminal.out(`NOT VERIFIED (${found.problem}). ${found.sentence}\n`);
    return EXIT.failed;
  }
  const unproven = found.events - found.provenEvents;
  const size = `${found.events} events in ${found.batches} batches`;
  switch (found.level) {
    case "self_consistent":
      terminal.out(
        `Self-consistent: ${size}. That is all: who can write the database can make another such log. ${
          outside.key === undefined
            ? "Give the public key (--key) and a checkpoint (--checkpoint) that were kept elsewhere."
            : "The file holds no checkpoint: give one that was kept elsewhere (--checkpoint)."
        }\n`,
      );
      break;
    case "signed":
      terminal.out(
        `Verified: ${found.provenEvents} of ${size} are proven by a checkpoint of ${found.provenAt?.toISOString()}; ${unproven} came after it and are unproven. Whether the file was cut off after that checkpoint, only a newer one that was kept elsewhere tells (--checkpoint).\n`,
      );
      break;
    case "anchored":
      terminal.out(
        `Verified: ${found.provenEvents} of ${size} are proven, and everything that your checkpoint covers is there; ${unproven} came after ${found.provenAt?.toISOString()} and are unproven.\n`,
      );
  }
  terminal.out(grown(found, outside.checkpoint !== undefined));
  terminal.out(`Chain ${found.chain} of deployment ${found.deployment}.\n`);
  return EXIT.done;
}

/** What is shown of the log of checkpoints. */
function grown({ consistent }: ExportVerified, kept: boolean): string {
  if (consistent === null) return "";
  const { from, to } = consistent;
  if (consistent.kept && from === to) return "The checkpoint in the file is yours.\n";
  if (consistent.kept) return `The log of checkpoints has only grown since yours, from ${from} to ${to}.\n`;
  return `The log of checkpoints has only grown from ${from} to ${to}.${
    kept ? " That it has since your checkpoint, an export with --since and that checkpoint shows." : ""
  }\n`;
}

async function keyOf(given: string) {
  // A key's text has a plus in it, and a path to it need not be told apart otherwise.
  const text = given.includes("+") ? given : await contentOf(given);
  try {
    return decodeNoteKey(text);
  } catch {
    throw new CommandError(
      EXIT.usage,
      "--key is no public key such as `keyfold audit checkpoint` prints it, and no file with one.",
    );
  }
}
