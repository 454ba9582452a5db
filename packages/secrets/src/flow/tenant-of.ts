import { isOfTenant } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import { isUuid } from "../input/text.ts";
import { servedHere } from "../region/gate.ts";
import { again } from "./again.ts";
import type { Call } from "./call.ts";
import { onPool } from "./query.ts";

/**
 * Which tenant a call is about. A service token and a person have one; naming another is answered as if that one did not exist.
 * An operator names one by slug or id.
 * @throws KeyfoldError `not_found`; `bad_input` when an operator names none
 */
export async function tenantOf(call: Call, ref: string | undefined): Promise<string> {
  const { actor, services } = call;
  if (isOfTenant(actor)) {
    if (ref !== undefined && ref !== actor.tenantId && ref !== actor.tenantSlug)
      throw new KeyfoldError("not_found");
    return actor.tenantId;
  }
  if (ref === undefined) {
    throw new KeyfoldError("bad_input", {
      issues: [{ path: "tenant", message: "an operator names the tenant: a slug or an id" }],
    });
  }
  if (isUuid(ref)) return served(services, ref);
  const [row] = await again(() =>
    onPool(services.db)<{ id: string | null }>("SELECT control_plane.find_tenant($1) AS id", [ref]),
  );
  if (!row?.id) throw new KeyfoldError("not_found");
  return served(services, row.id);
}

function served(services: Call["services"], tenantId: string): string {
  servedHere(services, tenantId);
  return tenantId;
}
