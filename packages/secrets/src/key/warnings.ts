import { withDeployment } from "@keyfold/db";
import type { Services } from "../flow/services.ts";
import { isHsm, opensWithoutThese } from "./opener/sole-hsm.ts";
import { rotationDue } from "./root/rotation-due.ts";

/** What a start must say about keys: what this process cannot open, and a root key that has served its time. */
export async function warnOfKeys(services: Services): Promise<void> {
  const { openers, log, db } = services;
  const [current, held] = [await openers.current(), await openers.opening()];
  const { missing, due, another, own } = await withDeployment(db, async (tx) => ({
    missing: await tx.query<{ opener: string; keys: bigint | number }>(
      "SELECT * FROM control_plane.openers_missing($1::text[])",
      [held],
    ),
    due: await rotationDue(tx, services, {
      id: current.id,
      createdAt: (await tx.sql.rootKey.findUnique({ where: { id: current.id } }))?.createdAt ?? null,
    }),
    another: await opensWithoutThese(tx, [current.id]),
    own: await tx.query<{ name: string; tenants: bigint | number }>(
      "SELECT * FROM control_plane.tenant_root_keys()",
      [],
    ),
  }));
  for (const { opener, keys } of missing)
    log.warn(
      { opener, keys: Number(keys), held },
      "some tenants' keys open only with a root key that this process does not hold: their values cannot be read here",
    );
  if (isHsm(current) && !another)
    log.warn(
      { opener: current.id },
      "nothing but an HSM's key opens some of the keys: it cannot be copied, and without the token they are lost",
    );
  for (const { name, tenants } of own)
    if (!services.own.has(name))
      log.warn(
        { rootKey: name, tenants: Number(tenants) },
        "some tenants' keys open only with a root key of their own that this process was not given: they are refused here",
      );
  if (due.overdue)
    log.warn(
      { opener: current.id, due: due.at.toISOString(), wraps: due.wraps },
      "the root key is due for its rotation",
    );
}
