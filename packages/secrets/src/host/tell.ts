import { randomUUID } from "node:crypto";
import type { SqlTransaction } from "@keyfold/db";
import { append } from "../audit/append.ts";
import { outcomeOf, refusalDetails } from "../audit/outcome.ts";
import { KeyfoldError } from "../error.ts";
import { encode, type Happening } from "../flow/event.ts";
import type { Services } from "../flow/services.ts";

const HOST = { type: "job" as const, id: null, name: "host", via: "host" };
const fromNowhere = () => ({ ip: null, userAgent: null, correlationId: randomUUID() });

/** Tells a tenant's chain (or, for null, the deployment's) what the host itself did, in the deed's own transaction. */
export async function tellChain(
  services: Services,
  tx: Pick<SqlTransaction, "query">,
  tenant: string | null,
  action: string,
  happening: Happening,
): Promise<void> {
  const event = encode(services.clock(), HOST, fromNowhere(), tenant, action, happening);
  await append(tx.query, tenant ?? services.deployment, [event], { raise: true });
}

/** Runs what the host asked for; that it was refused is told to the deployment's chain, and to its caller as ever. */
export async function hostToldIfRefused<T>(
  services: Services,
  action: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const outcome = error instanceof KeyfoldError ? outcomeOf(error) : undefined;
    if (error instanceof KeyfoldError && outcome !== undefined)
      await services.refusals.known({
        chain: services.deployment,
        tenant: null,
        actor: HOST,
        action,
        outcome,
        code: error.code,
        target: null,
        details: refusalDetails(error),
        request: fromNowhere(),
      });
    throw error;
  }
}
