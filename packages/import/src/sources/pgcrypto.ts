import { createDecipheriv } from "node:crypto";
import { type Source, SourceError } from "../entry.ts";
import { type Table, tableSource } from "./table.ts";

/** A table as A9 describes it: `tenant_secrets (tenant_id, key_name, …)`. */
export const TENANT_SECRETS: Table = {
  table: "tenant_secrets",
  tenant: "tenant_id",
  name: "key_name",
  value: "encrypted_value",
};

export interface PgcryptoOptions {
  url: string;
  /** The old key's bytes, as they were given to `encrypt()`. */
  key: Buffer;
  table?: Partial<Table>;
}

/**
 * Values that pgcrypto's `encrypt(value, key, 'aes')` wrote, as bytes or as base64: AES-CBC with a nonce of zeros and PKCS #7
 * padding, the key padded with zeros to 16, 24 or 32 bytes. They are decrypted here: the old key goes into no statement.
 *
 * CBC tells a wrong key only by its padding, in 255 of 256 cases; a value that comes out as no text is taken as a sign of it,
 * too. The first row that cannot be opened ends it.
 */
export function pgcryptoSource({ url, key, table }: PgcryptoOptions): Source {
  const padded = paddedKey(key);
  return tableSource("pgcrypto table", url, { ...TENANT_SECRETS, ...table }, (value, row) =>
    decrypted(typeof value === "string" ? base64(value, row) : value, padded, row),
  );
}

function decrypted(sealed: Buffer, key: Buffer, row: number): Buffer {
  try {
    const cipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, Buffer.alloc(16));
    const value = Buffer.concat([cipher.update(sealed), cipher.final()]);
    if (isText(value)) return value;
  } catch {
    // told below: what OpenSSL says helps nobody
  }
  throw new SourceError(
    `Row ${row} cannot be opened with this key. Is it the old key, byte for byte? Nothing was written.`,
  );
}

const isText = (bytes: Buffer): boolean => {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
};

function base64(text: string, row: number): Buffer {
  // PostgreSQL's encode() breaks lines after 76 characters.
  const plain = text.replace(/\s/g, "");
  const bytes = Buffer.from(plain, "base64");
  if (bytes.length === 0 || bytes.toString("base64") !== plain)
    throw new SourceError(`Row ${row} is neither bytes nor base64.`);
  return bytes;
}

/** As pgcrypto does it. @throws SourceError for a key that pgcrypto would refuse, too */
export function paddedKey(key: Buffer): Buffer {
  if (key.length === 0 || key.length > 32) throw new SourceError("The old key has 1 to 32 bytes.");
  return Buffer.concat([
    key,
    Buffer.alloc((key.length <= 16 ? 16 : key.length <= 24 ? 24 : 32) - key.length),
  ]);
}
