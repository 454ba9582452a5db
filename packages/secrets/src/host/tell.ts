import { randomUUID } from "node:crypto";
import type { SqlTransaction } from "@keyfold/db";
import { append } from "../audit/append.ts";
import { encode, type Happening } from "../flow/event.ts";
import type { Services } from "../flow/services.ts";

/** Tells a tenant's chain (or, for null, the deployment's) what the host itself did, in the deed's own transaction. */
export async function tellChain(
  services: Services,
  tx: Pick<SqlTransaction, "query">,
  tenant: string | null,
  action: string,
  happening: Happening,
): Promise<void> {
  const actor = { type: "job" as const, id: null, name: "host", via: "host" };
  const from = { ip: null, userAgent: null, correlationId: randomUUID() };
  const event = encode(services.clock(), actor, from, tenant, action, happening);
  await append(tx.query, tenant ?? services.deployment, [event], { raise: true });
}
