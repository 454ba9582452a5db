import { withTenant } from "@keyfold/db";
import type { RequestInfo } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { loadTenant } from "../tenant/store.ts";
import { tenantOfLink, withLink } from "./held.ts";
import { heldLink } from "./schema.ts";
import { lockLink, stateOf } from "./store.ts";

/** What the page of a link shows before anybody clicks. */
export interface LinkLook {
  kind: "request" | "share";
  label: string;
  note: string;
  /** Who asks, or shares: the tenant's name. */
  tenant: string;
  writeOnly: boolean;
  /** The sites that may show it in a frame, and are told that it was used. */
  origins: string[];
  expiresAt: string;
}

/** What a link is about, for whoever holds it. Changes nothing, however often. @throws KeyfoldError `link_ended` */
export async function lookAtLink(
  services: Services,
  request: RequestInfo,
  given: unknown,
): Promise<LinkLook> {
  const held = parseInput(heldLink, given);
  return withLink(services, request, held, "link.list", async (unit, row) => {
    const { name } = await loadTenant(unit, unit.tenantId);
    const { kind, label, note, writeOnly, origins, expiresAt } = row;
    return { kind, label, note, tenant: name, writeOnly, origins, expiresAt: expiresAt.toISOString() };
  });
}

/** The sites in whose frames a link's page may stand, for a page that is asked for by id alone; none where there is no such link. */
export async function framesOf(services: Services, id: string): Promise<readonly string[]> {
  const tenantId = await tenantOfLink(services, id);
  if (tenantId === null) return [];
  return withTenant(services.db, tenantId, async (unit) => {
    const { row } = await lockLink(services, unit, tenantId, id);
    return stateOf(row, unit.now) === "open" ? row.origins : [];
  });
}
