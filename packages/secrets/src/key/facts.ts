import { withDeployment } from "@keyfold/db";
import { again } from "../flow/again.ts";
import type { Services } from "../flow/services.ts";
import { type RotationDue, rotationDue } from "./root/rotation-due.ts";
import { asked } from "./tenant/asked.ts";
import { countWraps } from "./wraps/counts.ts";

/** What a host shows of its root keys: in metrics, without a caller. */
export interface KeyFacts {
  /** How many keys each root key wraps, by its id. */
  wraps: { opener: string; count: number }[];
  /** When the current root key is due for its rotation. */
  rotation: RotationDue;
}

/** @throws KeyfoldError `key_unavailable`, the database's */
export async function keyFacts(services: Services): Promise<KeyFacts> {
  const { db, openers } = services;
  const { id } = await asked(() => openers.current());
  return again(() =>
    withDeployment(db, async (tx) => {
      const root = await tx.sql.rootKey.findUnique({ where: { id } });
      const wraps = await countWraps(tx);
      return {
        wraps: [...wraps].map(([opener, counted]) => ({ opener, count: counted.wraps })),
        rotation: await rotationDue(tx, services, { id, createdAt: root?.createdAt ?? null }),
      };
    }),
  );
}
