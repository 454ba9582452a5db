import type { Query } from "@keyfold/db";
import type { Action } from "../access/actions.ts";
import type { Actor } from "../access/actor.ts";
import { grantsFor } from "../access/authorize.ts";
import { isReachWithin } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import { iso, jsonActor } from "../input/stored.ts";
import type { RowMac } from "../integrity/row-mac.ts";
import { type Filter, type Places, storedFilter, storedScope } from "./filter.ts";
import type { EndpointView } from "./schema.ts";

/** An endpoint's row, its parts authenticated and parsed. */
export interface EndpointRow {
  id: string;
  url: string;
  description: string;
  filter: Filter;
  scope: Places;
  expiresAt: Date | null;
  disabledAt: Date | null;
  disabledReason: "by_hand" | "failing" | "gone" | null;
  secretNumber: number;
  previousUntil: Date | null;
  createdAt: Date;
  createdBy: unknown;
  updatedAt: Date;
  deletedAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

/** How an endpoint has been doing, and whether it could be told anything now. */
export interface Health {
  failingSince: Date | null;
  failures: number | null;
  lastSuccessAt: Date | null;
}

/** The row as SQL brings it. */
export interface StoredEndpoint {
  id: string;
  url: string;
  description: string;
  filter: unknown;
  scope: unknown;
  expires_at: Date | null;
  disabled_at: Date | null;
  disabled_reason: EndpointRow["disabledReason"];
  secret_number: number;
  previous_until: Date | null;
  created_at: Date;
  created_by: unknown;
  updated_at: Date;
  deleted_at: Date | null;
  generation: number;
  mac: Uint8Array;
}

/** @throws KeyfoldError `integrity_failed` */
export function endpointOf(mac: RowMac, tenantId: string, row: StoredEndpoint): EndpointRow {
  const endpoint = {
    id: row.id,
    url: row.url,
    description: row.description,
    filter: row.filter as Filter,
    scope: row.scope as Places,
    expiresAt: row.expires_at,
    disabledAt: row.disabled_at,
    disabledReason: row.disabled_reason,
    secretNumber: row.secret_number,
    previousUntil: row.previous_until,
    createdAt: row.created_at,
    createdBy: row.created_by,
    updatedAt: row.updated_at,
    deletedAt: row.deleted_at,
    generation: row.generation,
    mac: row.mac,
  };
  mac.check("webhookEndpoints", tenantId, endpoint);
  const filter = storedFilter.safeParse(row.filter);
  const scope = storedScope.safeParse(row.scope);
  if (!filter.success || !scope.success) throw new KeyfoldError("integrity_failed");
  return { ...endpoint, filter: filter.data, scope: scope.data };
}

/** Nobody sees an endpoint that sees more than they do. */
export function maySee(actor: Actor, action: Action, endpoint: Pick<EndpointRow, "scope">): boolean {
  return grantsFor(actor, action)?.some((grant) => isReachWithin(endpoint.scope, grant)) ?? true;
}

const LOAD =
  "SELECT * FROM control_plane.webhook_endpoints WHERE tenant_id = $1::uuid AND id = $2::uuid AND deleted_at IS NULL";

/**
 * An endpoint that the actor may see, locked where it is to change.
 * @throws KeyfoldError `not_found`, `integrity_failed`
 */
export async function loadEndpoint(
  unit: { query: Query; tenantId: string; call: { actor: Actor; action: Action; services: { mac: RowMac } } },
  id: string,
  lock = true,
): Promise<EndpointRow> {
  const [row] = await unit.query<StoredEndpoint>(lock ? `${LOAD} FOR UPDATE` : LOAD, [unit.tenantId, id]);
  if (row === undefined) throw new KeyfoldError("not_found");
  const endpoint = endpointOf(unit.call.services.mac, unit.tenantId, row);
  if (!maySee(unit.call.actor, unit.call.action, endpoint)) throw new KeyfoldError("not_found");
  return endpoint;
}

/** @param now the database's clock */
export function viewEndpoint(row: EndpointRow, health: Health | null, now: Date): EndpointView {
  const { filter } = row;
  const expired = row.expiresAt !== null && row.expiresAt <= now;
  return {
    id: row.id,
    url: row.url,
    description: row.description,
    kinds: filter.kinds,
    projects: filter.projects,
    environments: filter.environments,
    prefix: filter.prefix,
    consumer: filter.consumer,
    scope: row.scope,
    state: row.disabledAt !== null ? "disabled" : expired ? "expired" : "enabled",
    disabledAt: iso(row.disabledAt),
    disabledReason: row.disabledReason,
    expiresAt: iso(row.expiresAt),
    previousSecretUntil:
      row.previousUntil !== null && row.previousUntil > now ? iso(row.previousUntil) : null,
    failingSince: iso(health?.failingSince ?? null),
    failures: health?.failures ?? 0,
    lastSuccessAt: iso(health?.lastSuccessAt ?? null),
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
    updatedAt: row.updatedAt.toISOString(),
  };
}
