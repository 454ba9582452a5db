import type { Transaction } from "@keyfold/db";
import type { RootKeyRef } from "@keyfold/envelope";

/*
 * An HSM's key cannot be copied: when the token is lost, everything that only it opens is lost. So before it may be the only
 * opener there must be another one, for recovery, unless somebody has said that they accept it.
 */

/** Whether this root key is held by an HSM, which gives it to nobody. */
export const isHsm = ({ provider }: Pick<RootKeyRef, "provider">): boolean => provider === "pkcs11";

/** Whether the deployment's own keys open with another root key besides these. As the deployment's role. */
export async function opensWithoutThese(
  tx: Pick<Transaction, "query">,
  openers: readonly string[],
): Promise<boolean> {
  const [row] = await tx.query<{ another: boolean }>(
    `SELECT EXISTS (SELECT FROM control_plane.deployment_key_wraps
       WHERE purpose = 'integrity' AND NOT (opener = ANY ($1::text[]))) AS another`,
    [openers],
  );
  return row!.another;
}

export const SOLE_HSM =
  "Its key cannot be copied: if the token is lost, everything is. Keep a recovery opener beside it, or accept that with KEYFOLD_ALLOW_SOLE_HSM=1.";
