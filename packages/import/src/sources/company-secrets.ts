import { createDecipheriv } from "node:crypto";
import { type Source, SourceError } from "../entry.ts";
import { type Table, tableSource } from "./table.ts";

/** A table as C9 describes it. */
export const COMPANY_SECRETS: Table = {
  table: "company_secrets",
  tenant: "company_id",
  name: "key",
  value: "encrypted_value",
};

export interface CompanySecretsOptions {
  url: string;
  /** The old master key, 32 bytes. */
  key: Buffer;
  table?: Partial<Table>;
}

const PARTS = /^([0-9a-f]{24,32}):((?:[0-9a-f]{2})*):([0-9a-f]{32})$/i;

/** Values as `nonce:ciphertext:tag` in hex, AES-256-GCM under one master key; nonces of 12 to 16 bytes. */
export function companySecretsSource({ url, key, table }: CompanySecretsOptions): Source {
  if (key.length !== 32) throw new SourceError("The old master key has 32 bytes.");
  return tableSource("company_secrets table", url, { ...COMPANY_SECRETS, ...table }, (value, row) => {
    const [, nonce, sealed, tag] = PARTS.exec(value.toString()) ?? [];
    if (nonce === undefined || sealed === undefined || tag === undefined)
      throw new SourceError(`Row ${row} is no nonce:ciphertext:tag in hex.`);
    return opened(key, Buffer.from(nonce, "hex"), Buffer.from(sealed, "hex"), Buffer.from(tag, "hex"), row);
  });
}

function opened(key: Buffer, nonce: Buffer, sealed: Buffer, tag: Buffer, row: number): Buffer {
  try {
    const cipher = createDecipheriv("aes-256-gcm", key, nonce, { authTagLength: 16 });
    cipher.setAuthTag(tag);
    return Buffer.concat([cipher.update(sealed), cipher.final()]);
  } catch {
    throw new SourceError(
      `Row ${row} cannot be opened: this is not its key, or it was changed. Nothing was written.`,
    );
  }
}
