import { readFile } from "node:fs/promises";
import { decodeNoteKey, LedgerError, openNote } from "@keyfold/ledger";
import { connection } from "../connection.ts";
import { writeNew } from "../files.ts";
import { CommandError, EXIT, type Terminal } from "../terminal.ts";

/** A receipt's first line. */
const RECEIPT = "keyfold/shred-receipt/v1";

/** The receipt as it was signed: to standard output alone, or into a new file. */
export async function receipt(
  terminal: Terminal,
  tenant: string,
  options: { out?: string },
): Promise<number> {
  const answer = await connection(terminal.env).call<{ receipt: string; public_key: string }>(
    "GET",
    `/tenants/${encodeURIComponent(tenant)}/shred/receipt`,
  );
  if (options.out === undefined) terminal.out(answer.receipt);
  else await writeNew(options.out, answer.receipt);
  terminal.err(`It verifies with ${answer.public_key} (compare that with a copy from elsewhere).\n`);
  return EXIT.done;
}

/** Says what a receipt says, if that key signed it. */
export async function verify(terminal: Terminal, file: string, options: { key: string }): Promise<number> {
  const note = await readFile(file, "utf8").catch(() => {
    throw new CommandError(EXIT.usage, `${file} cannot be read.`);
  });
  const text = opened(note, options.key);
  const line = text?.indexOf("\n") ?? 0;
  if (text === null || text.slice(0, line) !== RECEIPT)
    throw new CommandError(EXIT.failed, "This key did not sign it, it was changed, or it is no receipt.");
  const { tenant, destroyed } = JSON.parse(text.slice(line)) as {
    tenant: { id: string; slug: string };
    destroyed: { at: string; keys: unknown[]; sealedValues: number };
  };
  terminal.out(
    `The receipt is authentic: on ${destroyed.at} the ${destroyed.keys.length} keys of ${tenant.slug} (${tenant.id}) were destroyed, with ${destroyed.sealedValues} sealed values.\n`,
  );
  return EXIT.done;
}

function opened(note: string, key: string): string | null {
  try {
    return openNote(note, [decodeNoteKey(key)]);
  } catch (error) {
    if (error instanceof LedgerError) return null;
    throw error;
  }
}
