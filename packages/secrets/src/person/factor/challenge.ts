import { randomUUID } from "node:crypto";
import type { Transaction } from "@keyfold/db";
import type { Services } from "../../flow/services.ts";
import { credentialDigest } from "../../token/secret.ts";
import { WrongProof } from "../wrong-proof.ts";

/** How long a browser has to answer, in seconds. */
const CHALLENGE_SECONDS = 300;

export type Purpose = "passkey-add" | "passkey-prove" | "sign-on" | "sign-on-factor";

/** Notes what a browser was asked. @param personId whom; null: whoever it turns out to be */
export async function noteChallenge(
  services: Services,
  { sql, now }: Pick<Transaction, "sql" | "now">,
  challenge: string,
  purpose: Purpose,
  personId: string | null,
): Promise<void> {
  const row = services.mac.seal("personChallenges", null, {
    id: randomUUID(),
    digest: credentialDigest(services.tokenKey, "challenge", challenge),
    purpose,
    personId,
    facts: {},
    expiresAt: new Date(now.getTime() + CHALLENGE_SECONDS * 1000),
    generation: 1,
  });
  await sql.personChallenge.create({ data: row });
}

/**
 * Takes a challenge out of what a browser answered: each is answered once, whatever comes of it.
 * @throws KeyfoldError `bad_input` for one that was not asked, was answered, is too old, or is another person's
 */
export async function takeChallenge(
  services: Services,
  tx: Pick<Transaction, "sql" | "now">,
  challenge: string,
  purpose: Purpose,
  personId: string | null,
): Promise<void> {
  const taken = await take(services, tx, challenge, purpose);
  if (taken === null || taken.personId !== personId) throw refusedPasskey();
}

/**
 * Takes a challenge that names whom it is of: once, like every other.
 * @returns the person's id; null for one that was not asked, was answered, or is too old
 */
export async function takeAny(
  services: Services,
  tx: Pick<Transaction, "sql" | "now">,
  challenge: string,
  purpose: Purpose,
): Promise<string | null> {
  return (await take(services, tx, challenge, purpose))?.personId ?? null;
}

/** Whoever asks first takes it, and nobody after. @returns null where it is none to take for this */
async function take(
  services: Services,
  { sql, now }: Pick<Transaction, "sql" | "now">,
  challenge: string,
  purpose: Purpose,
): Promise<{ personId: string | null } | null> {
  const digest = credentialDigest(services.tokenKey, "challenge", challenge);
  const [row] = await sql.personChallenge.findMany({ where: { digest } });
  const { count } = await sql.personChallenge.deleteMany({ where: { digest } });
  if (row === undefined || count !== 1 || row.expiresAt <= now || row.purpose !== purpose) return null;
  services.mac.check("personChallenges", null, row);
  return row;
}

export const refusedPasskey = () =>
  new WrongProof("response", "is no answer to what was asked, or comes too late");
