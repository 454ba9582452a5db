import { createHash, createHmac, pbkdf2Sync, randomBytes } from "node:crypto";
import { link, open, readFile, rm } from "node:fs/promises";
import { join } from "node:path";

/** The cluster's login roles: who owns the server, who owns the schema and migrates, who serves requests. */
export const roles = { superuser: "postgres", owner: "keyfold_owner", app: "keyfold" } as const;

/** One of {@link roles}, by what it is for. */
export type RoleKind = keyof typeof roles;

/** A random password for each login role. */
export type Credentials = Record<RoleKind, string>;

const fileOf = (dataDir: string) => join(dataDir, "credentials.json");

/** Reads the passwords from the 0600 file in the data folder; null when there is none. */
export async function readCredentials(dataDir: string): Promise<Credentials | null> {
  const text = await readFile(fileOf(dataDir), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  return text === null ? null : (JSON.parse(text) as Credentials);
}

/** Makes a password of 192 random bits for each role, durable in a 0600 file before anything uses it. */
export async function makeCredentials(dataDir: string): Promise<Credentials> {
  const password = () => randomBytes(24).toString("base64url");
  const credentials = { superuser: password(), owner: password(), app: password() };
  const path = fileOf(dataDir);
  const partial = `${path}.partial`;
  await rm(partial, { force: true });
  const file = await open(partial, "wx", 0o600);
  try {
    await file.writeFile(`${JSON.stringify(credentials, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await link(partial, path);
  await rm(partial);
  return credentials;
}

/**
 * What PostgreSQL stores of a password (RFC 5802, RFC 7677), so that no statement carries the password itself.
 * For ASCII passwords only: SASLprep changes nothing in them.
 */
export function scramVerifier(password: string): string {
  const salt = randomBytes(16);
  const iterations = 4096;
  const salted = pbkdf2Sync(password, salt, iterations, 32, "sha256");
  const clientKey = createHmac("sha256", salted).update("Client Key").digest();
  const storedKey = createHash("sha256").update(clientKey).digest("base64");
  const serverKey = createHmac("sha256", salted).update("Server Key").digest("base64");
  return `SCRAM-SHA-256$${iterations}:${salt.toString("base64")}$${storedKey}:${serverKey}`;
}
