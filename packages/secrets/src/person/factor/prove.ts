import { timingSafeEqual } from "node:crypto";
import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../../error.ts";
import type { Services } from "../../flow/services.ts";
import { credentialDigest } from "../../token/secret.ts";
import type { PersonRow } from "../store.ts";
import { factorsOf, saveFactor } from "./store.ts";
import { stepOf } from "./totp.ts";

/** A recovery code as it is compared: typed with or without hyphens and spaces, in whatever case. */
const plainRecoveryCode = (code: string): string => code.replaceAll(/[\s-]/g, "").toUpperCase();

/** What the database keeps of a recovery code: a keyed digest, bound to its person. */
export const recoveryDigest = (services: Services, personId: string, code: string): Buffer<ArrayBuffer> =>
  credentialDigest(services.tokenKey, "recovery", `${personId}\0${plainRecoveryCode(code)}`);

/**
 * Takes a code of the person's authenticator app, or one of their recovery codes; each counts once. The person's row is
 * locked by the caller, so that one code is not taken twice at the same time.
 * @returns which it was; null: neither
 * @throws KeyfoldError `integrity_failed`, also where a factor is asked for and none is left
 */
export async function proveFactor(
  services: Services,
  tx: Pick<Transaction, "sql" | "now">,
  person: PersonRow,
  code: string,
): Promise<"totp" | "recovery" | null> {
  const factors = await factorsOf(services, tx, person.id);
  if (
    person.factorRequired &&
    !factors.some((factor) => factor.confirmedAt !== null && factor.kind !== "recovery")
  )
    throw new KeyfoldError("integrity_failed", {
      cause: new Error(`person ${person.id} has a second factor, and its row is gone`),
    });
  for (const factor of factors) {
    if (factor.kind !== "totp" || factor.confirmedAt === null) continue;
    const { sealed, dekWrap } = factor;
    const step = stepOf(
      services,
      { ...factor, sealed: sealed!, dekWrap: dekWrap! },
      code,
      tx.now,
      factor.counter,
    );
    if (step === null) continue;
    await saveFactor(services, tx, factor, { counter: step, usedAt: tx.now });
    return "totp";
  }
  const digest = recoveryDigest(services, person.id, code);
  for (const factor of factors) {
    if (factor.kind !== "recovery" || factor.usedAt !== null) continue;
    if (!timingSafeEqual(digest, factor.digest!)) continue;
    await saveFactor(services, tx, factor, { usedAt: tx.now });
    return "recovery";
  }
  return null;
}
