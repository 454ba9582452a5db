import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { ReadableStream } from "node:stream/web";
import { Decrypter, Encrypter } from "age-encryption";
import { syncFolder } from "./files.ts";
import { damaged } from "./frames.ts";
import { isNoMatch } from "./key-bundle.ts";
import { checkRecipients, identitiesIn } from "./recipient.ts";
import { RecoveryError } from "./recovery-error.ts";

/**
 * Writes a file sealed in the age format, in constant memory: under another name until all of it is on the disk. Never
 * overwrites; leaves nothing where it fails.
 * @returns its size in bytes
 * @throws RecoveryError `unwritable`, `refused` for recipients that are none; and what the bytes' source throws
 */
export async function writeSealed(
  path: string,
  recipients: readonly string[],
  bytes: AsyncIterable<Uint8Array>,
): Promise<number> {
  const encrypter = new Encrypter();
  for (const recipient of checkRecipients(recipients)) encrypter.addRecipient(recipient);
  const partial = `${path}.partial`;
  const file = await create(path, partial);
  let written = 0;
  try {
    // The global and the module's ReadableStream are the same class; their types differ.
    const plain = ReadableStream.from(bytes) as unknown as Parameters<typeof encrypter.encrypt>[0] & object;
    const sealed = (await encrypter.encrypt(plain as never)) as unknown as AsyncIterable<Uint8Array>;
    for await (const piece of sealed) {
      await writeAll(file, piece);
      written += piece.length;
    }
    await file.sync();
    await file.close();
    await rename(partial, path);
    await syncFolder(path);
    return written;
  } catch (error) {
    await file.close().catch(() => {});
    await rm(partial, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined || code === undefined) throw error;
    throw new RecoveryError(
      "unwritable",
      code === "ENOSPC"
        ? `The disk is full: the backup ${path} was not made, and nothing of it was left.`
        : `The backup ${path} cannot be written (${code}). Nothing of it was left.`,
    );
  }
}

async function create(path: string, partial: string): Promise<FileHandle> {
  const there = await open(path, "r").then(
    (file) => file.close().then(() => true),
    () => false,
  );
  if (there)
    throw new RecoveryError("unwritable", `There is a file at ${path} already; it is not overwritten.`);
  return open(partial, "w", 0o600).catch((error: NodeJS.ErrnoException) => {
    throw new RecoveryError("unwritable", `The backup ${path} cannot be made (${error.code}).`);
  });
}

async function writeAll(file: FileHandle, piece: Uint8Array): Promise<void> {
  for (let at = 0; at < piece.length; ) {
    const { bytesWritten } = await file.write(piece, at);
    if (bytesWritten === 0)
      throw Object.assign(new Error("no progress"), { code: "ENOSPC", syscall: "write" });
    at += bytesWritten;
  }
}

/**
 * The plain bytes of a sealed file, in constant memory. Whoever reads them must read to the end: only there is it known
 * that nothing is missing.
 * @throws RecoveryError `wrong_identity`, `damaged`, `unwritable`
 */
export async function* readSealed(path: string, identityFile: string): AsyncGenerator<Uint8Array> {
  const decrypter = new Decrypter();
  for (const { identity } of await identitiesIn(identityFile)) decrypter.addIdentity(identity);
  const source = createReadStream(path, { highWaterMark: 256 * 1024 });
  try {
    const sealed = ReadableStream.from(source) as never;
    const plain = (await decrypter.decrypt(sealed)) as unknown as AsyncIterable<Uint8Array>;
    yield* plain;
  } catch (error) {
    if (error instanceof RecoveryError) throw error;
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code !== undefined && syscall !== undefined)
      throw new RecoveryError("unwritable", `The file ${path} cannot be read (${code}).`);
    if (isNoMatch(error))
      throw new RecoveryError(
        "wrong_identity",
        "This identity does not open this backup: it was sealed to other recovery keys. Nothing was written.",
      );
    throw damaged("it is cut off, was edited, or is something else than a backup");
  } finally {
    source.destroy();
  }
}
