import { type BackupHeader, readFrames } from "./frames.ts";
import { currentRootKey } from "./root-key-files.ts";
import { readSealed } from "./sealed-file.ts";

/** What a backup holds. */
export interface BackupSummary {
  header: BackupHeader;
  tables: { name: string; rows: number; sha256: string }[];
}

/**
 * Reads a backup from its beginning to its end, and checks everything in it that can be checked without a database.
 * @throws RecoveryError `wrong_identity`, `damaged`, `unsupported`, `unwritable`
 */
export async function verifyBackup(path: string, identityFile: string): Promise<BackupSummary> {
  let header: BackupHeader | null = null;
  const tables: BackupSummary["tables"] = [];
  let name = "";
  for await (const part of readFrames(readSealed(path, identityFile))) {
    if (part.kind === "header") header = part.header;
    else if (part.kind === "table") name = part.table.name;
    else if (part.kind === "tableEnd") tables.push({ name, ...part.end });
  }
  await currentRootKey(header!);
  return { header: header!, tables };
}
