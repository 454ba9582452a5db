import { decrypt, readMessage } from "openpgp";
import { type Source, SourceError } from "../entry.ts";
import { type Table, tableSource } from "./table.ts";

export interface PgpOptions {
  url: string;
  /** The passphrase that was given to `pgp_sym_encrypt()`. */
  passphrase: string;
  table: Table;
}

/** Columns that pgcrypto's `pgp_sym_encrypt()` wrote (OpenPGP, RFC 4880), as bytes. Opened here: the passphrase goes nowhere. */
export function pgpSource({ url, passphrase, table }: PgpOptions): Source {
  return tableSource("pgp_sym_encrypt column", url, table, (value, row) => {
    if (typeof value === "string")
      throw new SourceError(`Row ${row} is no bytes: which column holds what pgp_sym_encrypt() wrote?`);
    return opened(value, passphrase, row);
  });
}

async function opened(sealed: Buffer, passphrase: string, row: number): Promise<Buffer> {
  try {
    const message = await readMessage({ binaryMessage: new Uint8Array(sealed) });
    const { data } = await decrypt({ message, passwords: [passphrase], format: "binary" });
    return Buffer.from(data as Uint8Array);
  } catch {
    throw new SourceError(`Row ${row} cannot be opened with this passphrase. Nothing was written.`);
  }
}
