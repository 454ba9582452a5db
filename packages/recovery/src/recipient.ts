import { createHash } from "node:crypto";
import {
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { RecoveryError } from "./recovery-error.ts";

/** Names a recipient in rows, events and answers: the first 16 hex digits of SHA-256 over its text. */
export const recipientFingerprint = (recipient: string): string =>
  createHash("sha256").update(recipient).digest("hex").slice(0, 16);

/**
 * The recipients that something is sealed to, each once.
 * @throws RecoveryError `refused` where there is none, or one is none
 */
export function checkRecipients(recipients: readonly string[]): string[] {
  const each = [...new Set(recipients)];
  if (each.length === 0)
    throw new RecoveryError(
      "refused",
      "There is nobody to seal it to. Name a recovery public key with --to, or set KEYFOLD_RECOVERY_RECIPIENTS. Make a pair with: keyfold keys recovery-identity --file PATH",
    );
  for (const recipient of each) {
    try {
      new Encrypter().addRecipient(recipient);
    } catch {
      throw new RecoveryError(
        "refused",
        `${recipient.slice(0, 16)}… is no age recipient. It starts with age1 or age1pq1, and is the public part of what keyfold keys recovery-identity makes.`,
      );
    }
  }
  const quantum = each.filter((one) => one.startsWith("age1pq1")).length;
  if (quantum > 0 && quantum < each.length)
    throw new RecoveryError(
      "refused",
      "Some recipients resist quantum computers (age1pq1…) and others do not: what is sealed to both is as weak as the weaker. Give recipients of one kind.",
    );
  return each;
}

/**
 * A pair for recovery: what opens backups, to be kept offline, and what they are sealed to.
 * @param quantum X-Wing (X25519 with ML-KEM-768) instead of X25519 alone
 */
export async function makeIdentity(quantum: boolean): Promise<{ identity: string; recipient: string }> {
  const identity = await (quantum ? generateHybridIdentity() : generateX25519Identity());
  return { identity, recipient: await identityToRecipient(identity) };
}

/**
 * The identities in a file as age-keygen writes it: one a line, beside comments.
 * @throws RecoveryError `wrong_identity` where there is none
 */
export async function identitiesIn(text: string): Promise<{ identity: string; recipient: string }[]> {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const identities = lines.filter((line) => line !== "" && !line.startsWith("#"));
  const bad = () =>
    new RecoveryError(
      "wrong_identity",
      "The identity file holds no age identity: a line that starts with AGE-SECRET-KEY-1 or AGE-SECRET-KEY-PQ-1.",
    );
  if (identities.length === 0) throw bad();
  return Promise.all(
    identities.map(async (identity) => {
      const recipient = await identityToRecipient(identity).catch(() => {
        throw bad();
      });
      return { identity, recipient };
    }),
  );
}
