import { createHash, createHmac, pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";

const derive = promisify(pbkdf2);

/** PostgreSQL's own default, and its setting `scram_iterations`. */
const ITERATIONS = 4096;
const SALT_BYTES = 16;

/**
 * What PostgreSQL stores of a password (RFC 5802 and RFC 7677, in the form of `pg_authid.rolpassword`). Made here, so
 * that the password itself crosses no wire and stands in no statement, log or statistics view of the server's.
 * @param password printable ASCII, which SASLprep (RFC 4013) leaves as it is
 * @throws RangeError for any other text
 */
export async function scramVerifier(
  password: string,
  salt: Uint8Array = randomBytes(SALT_BYTES),
  iterations = ITERATIONS,
): Promise<string> {
  if (!/^[\x20-\x7e]{1,1024}$/.test(password))
    throw new RangeError("only printable ASCII is made into a verifier here");
  const salted = await derive(password, salt, iterations, 32, "sha256");
  const hmac = (text: string) => createHmac("sha256", salted).update(text).digest();
  const storedKey = createHash("sha256").update(hmac("Client Key")).digest("base64");
  const serverKey = hmac("Server Key").toString("base64");
  salted.fill(0);
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString("base64")}$${storedKey}:${serverKey}`;
}
