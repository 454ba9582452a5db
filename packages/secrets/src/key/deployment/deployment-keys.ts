import { withDeployment } from "@keyfold/db";
import type { KeyPurpose, SecretKey } from "@keyfold/envelope";
import { KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import type { DeploymentUnit } from "../../flow/deployment-change.ts";
import type { Services } from "../../flow/services.ts";
import { asked } from "../tenant/asked.ts";

/** One of the deployment's own keys, as it is stored. Its wraps have no MAC: one of the keys is what makes MACs. */
interface StoredDeploymentKey {
  purpose: string;
  term: number;
  checkValue: Uint8Array;
  wraps: {
    opener: string;
    provider: string;
    keyVersion: string | null;
    suite: number;
    wrapped: Uint8Array;
  }[];
}

export interface NewDeploymentWrap {
  purpose: string;
  term: number;
  opener: string;
  provider: string;
  keyVersion: string;
  suite: number;
  wrapped: Buffer<ArrayBuffer>;
}

/**
 * Wraps the deployment's own keys under the current root key where they are not yet: unwrap, wrap, unwrap again,
 * compare. The wraps are stored by `storeDeploymentWraps`, in the transaction that ends the rotation.
 */
export async function rewrapDeploymentKeys(services: Services, opener: string): Promise<NewDeploymentWrap[]> {
  const made: NewDeploymentWrap[] = [];
  for (const stored of await load(services)) {
    if (stored.wraps.some((wrap) => wrap.opener === opener)) continue;
    const { purpose, term } = stored;
    const key = await open(services, stored, stored.wraps);
    const wrap = await asked(() => services.openers.wrap(key, place(services, stored)));
    if (wrap.opener !== opener) throw new KeyfoldError("conflict");
    await open(services, stored, [wrap]);
    made.push({ purpose, term, ...wrap, wrapped: wrap.wrapped as Buffer<ArrayBuffer> });
  }
  return made;
}

/** Stores wraps that nobody else has stored meanwhile. */
export async function storeDeploymentWraps(
  unit: DeploymentUnit,
  wraps: readonly NewDeploymentWrap[],
): Promise<void> {
  if (wraps.length > 0)
    await unit.sql.deploymentKeyWrap.createMany({ data: [...wraps], skipDuplicates: true });
}

/** Opens each of the deployment's own keys with this one root key. @throws KeyfoldError as `verifyTenant` */
export async function verifyDeploymentKeys(services: Services, opener: string): Promise<void> {
  for (const stored of await load(services)) {
    const wraps = stored.wraps.filter((wrap) => wrap.opener === opener);
    if (wraps.length === 0)
      throw new KeyfoldError("illegal_state", {
        cause: new Error(`the deployment's ${stored.purpose} key has no wrap under ${opener}`),
      });
    await open(services, stored, wraps);
  }
}

const load = ({ db }: Services): Promise<StoredDeploymentKey[]> =>
  again(() =>
    withDeployment(db, ({ sql }) =>
      sql.deploymentKey.findMany({
        include: { wraps: true },
        orderBy: [{ purpose: "asc" }, { term: "asc" }],
      }),
    ),
  );

const place = ({ deployment }: Services, { purpose, term }: StoredDeploymentKey) => ({
  deployment,
  tenant: deployment,
  purpose: purpose as KeyPurpose,
  term,
});

async function open(
  services: Services,
  stored: StoredDeploymentKey,
  wraps: readonly StoredDeploymentKey["wraps"][number][],
): Promise<SecretKey> {
  const { openers } = services;
  const key = await asked(() => openers.unwrap(openers.fromHolders(wraps), place(services, stored)));
  if (!key.checkValue().equals(stored.checkValue))
    throw new KeyfoldError("decryption_failed", { cause: new Error("check value mismatch") });
  return key;
}
