import type { Transaction } from "@keyfold/db";
import type { RootKeyRef } from "@keyfold/envelope";
import { DeploymentError } from "../deployment/deployment-error.ts";
import type { Openers } from "../opener/openers.ts";
import { HYBRID_PROVIDER } from "../wraps/counts.ts";

export const SEED_SETTINGS = "KEYFOLD_HYBRID_SEED_FILE, KEYFOLD_HYBRID_SEED_COMMAND or KEYFOLD_HYBRID_SEED";

/** A hybrid seed is listed among the root keys, under the name of its scheme. */
export const seedRef = (id: string): RootKeyRef => ({ id, provider: HYBRID_PROVIDER, keyVersion: "1" });

/** One key for both halves would be one half. @throws DeploymentError */
export async function refuseSeedAsRootKey(openers: Openers): Promise<void> {
  const same = openers.hybridAmong(await openers.held());
  if (same !== null)
    throw new DeploymentError(
      "wrong_hybrid_seed",
      `The hybrid seed ${same} is a root key as well: whoever has that one would have both. Make another one with: keyfold keys generate --hybrid`,
    );
}

/** @throws DeploymentError where some tenant's key opens with no seed that is held */
export async function refuseMissingSeeds(tx: Transaction, openers: Openers): Promise<void> {
  const missing = await tx.query<{ seed: string; keys: bigint | number | string }>(
    "SELECT * FROM control_plane.hybrid_seeds_missing($1::text[]) ORDER BY seed",
    [openers.hybridsHeld],
  );
  if (missing.length === 0) return;
  const given =
    openers.hybridsHeld.length === 0 ? "none is given" : `given is ${openers.hybridsHeld.join(" and ")}`;
  throw new DeploymentError(
    "wrong_hybrid_seed",
    `This database needs the hybrid seed ${missing.map(({ seed }) => seed).join(" or ")}, but ${given}. Give the right one (${SEED_SETTINGS}); nothing was changed.`,
  );
}
