import { type Actor, isOfTenant } from "../access/actor.ts";
import { authorizePlace, authorizeSecret, mayReach } from "../access/authorize.ts";
import type { Grant, NamedSecret } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { isUuid } from "../input/text.ts";
import { checkOnce } from "../integrity/check-once.ts";
import type { RowMac } from "../integrity/row-mac.ts";
import type { Protection } from "../policy/policy.ts";

export interface PlaceInput {
  project?: string | undefined;
  environment?: string | undefined;
}

/** A project and an environment as a call names them: each by id or by name; no project where the environment's id says it. */
export interface PlaceRef {
  projectId: string | null;
  projectName: string | null;
  environmentId: string | null;
  environmentName: string | null;
}

const DEFAULT_PROJECT = "default";
const DEFAULT_ENVIRONMENT = "dev";

/** Fills in what a call leaves out: the actor's only project and environment, else `default` and `dev`. */
export function placeRefOf(actor: Actor, input: PlaceInput): PlaceRef {
  const grants = isOfTenant(actor) ? actor.grants : [];
  const environment = input.environment ?? only(grants, "environments") ?? DEFAULT_ENVIRONMENT;
  const followsEnvironment = input.project === undefined && isUuid(environment);
  const project = input.project ?? only(grants, "projects") ?? DEFAULT_PROJECT;
  return {
    projectId: !followsEnvironment && isUuid(project) ? project : null,
    projectName: !followsEnvironment && !isUuid(project) ? project : null,
    environmentId: isUuid(environment) ? environment : null,
    environmentName: isUuid(environment) ? null : environment,
  };
}

/** The one place that all grants name; none where there are several, or all. */
function only(grants: readonly Grant[], kind: "projects" | "environments"): string | undefined {
  const first = grants[0]?.[kind]?.[0];
  return grants.every((grant) => grant[kind]?.every((id) => id === first)) ? first : undefined;
}

export interface NamedPlace {
  project: { id: string; name: string };
  environment: { id: string; name: string; protection: Protection | null };
}

/** A project's and an environment's row, as queries bring them: p_ and e_. */
export interface PlaceRow {
  p_id: string;
  p_name: string;
  p_created_at: Date;
  p_created_by: unknown;
  p_deleted_at: Date | null;
  p_generation: number;
  p_mac: Uint8Array;
  e_id: string;
  e_name: string;
  e_created_at: Date;
  e_created_by: unknown;
  e_deleted_at: Date | null;
  e_protection: Protection | null;
  e_generation: number;
  e_mac: Uint8Array;
}

/** What a query selects for a `PlaceRow`, of `p` and `e`. */
export const PLACE_COLUMNS = ["p", "e"]
  .flatMap((table) =>
    ["id", "name", "created_at", "created_by", "deleted_at", "generation", "mac"].map(
      (column) => `${table}.${column} AS ${table}_${column}`,
    ),
  )
  .concat("e.protection AS e_protection")
  .join(", ");

const SQL = `SELECT ${PLACE_COLUMNS} FROM control_plane.environments e
    JOIN control_plane.projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id AND p.deleted_at IS NULL
   WHERE e.tenant_id = $1::uuid AND e.deleted_at IS NULL AND (e.id = $4::uuid OR e.name = $5::text)
     AND (p.id = $2::uuid OR p.name = $3::text OR ($2::uuid IS NULL AND $3::text IS NULL AND $4::uuid IS NOT NULL))
     FOR KEY SHARE`;

/** @throws KeyfoldError `integrity_failed` */
export function checkPlace(mac: RowMac, tenantId: string, row: PlaceRow): void {
  mac.check("projects", tenantId, {
    id: row.p_id,
    name: row.p_name,
    createdAt: row.p_created_at,
    createdBy: row.p_created_by,
    deletedAt: row.p_deleted_at,
    generation: row.p_generation,
    mac: row.p_mac,
  });
  mac.check("environments", tenantId, {
    id: row.e_id,
    projectId: row.p_id,
    name: row.e_name,
    createdAt: row.e_created_at,
    createdBy: row.e_created_by,
    deletedAt: row.e_deleted_at,
    protection: row.e_protection,
    generation: row.e_generation,
    mac: row.e_mac,
  });
}

export function namedPlace(row: PlaceRow): NamedPlace {
  return {
    project: { id: row.p_id, name: row.p_name },
    environment: { id: row.e_id, name: row.e_name, protection: row.e_protection },
  };
}

/**
 * Finds the place that a call names, authenticated, in the actor's reach. Locks nothing against the place's deletion
 * but a share of its rows, so that what is put there is not orphaned.
 * @throws KeyfoldError `not_found`, `integrity_failed`
 */
export async function findPlace(
  unit: Pick<Unit, "call" | "query" | "tenantId">,
  input: PlaceInput,
): Promise<NamedPlace> {
  const { actor, services } = unit.call;
  const row = await placeRow(unit, placeRefOf(actor, input));
  if (row === undefined) throw new KeyfoldError("not_found");
  authorizePlace(actor, unit.call.action, { projectId: row.p_id, environmentId: row.e_id });
  // Changes that share a transaction share its row.
  checkOnce(row, () => checkPlace(services.mac, unit.tenantId, row));
  return namedPlace(row);
}

/** What changes that share a transaction have found of places, and hold. */
const found = new WeakMap<Unit["query"], Map<string, Promise<PlaceRow | undefined>>>();

function placeRow(
  { query, tenantId }: Pick<Unit, "query" | "tenantId">,
  ref: PlaceRef,
): Promise<PlaceRow | undefined> {
  const params = [tenantId, ref.projectId, ref.projectName, ref.environmentId, ref.environmentName];
  const places = found.get(query) ?? new Map<string, Promise<PlaceRow | undefined>>();
  found.set(query, places);
  const name = JSON.stringify(params);
  const asked = places.get(name) ?? query<PlaceRow>(SQL, params).then(([row]) => row);
  places.set(name, asked);
  // What was not there may be made within the same transaction.
  asked.then(
    (row) => row ?? places.delete(name),
    () => places.delete(name),
  );
  return asked;
}

/**
 * `findPlace` for secrets of these names: each in the actor's reach, whether or not there is one.
 * @throws KeyfoldError `not_found`, `integrity_failed`
 */
export async function findPlaceFor(
  unit: Pick<Unit, "call" | "query" | "tenantId">,
  input: PlaceInput,
  names: readonly string[],
): Promise<NamedPlace> {
  const place = await findPlace(unit, input);
  for (const name of names) authorizeName(unit, place, name);
  return place;
}

/**
 * May the actor give a secret another name? Nobody comes to hold more of it by the new name than they hold of it by the old
 * one: who renames would let themselves at its value.
 * @throws KeyfoldError `not_found` for a name out of reach, `forbidden`
 */
export function authorizeRename({ call }: Pick<Unit, "call">, secret: NamedSecret, name: string): void {
  const { actor, action } = call;
  const renamed = { projectId: secret.projectId, environmentId: secret.environmentId, name };
  authorizeSecret(actor, action, renamed);
  const held = isOfTenant(actor) ? new Set(actor.grants.flatMap(({ actions }) => actions)) : [];
  for (const one of held)
    if (mayReach(actor, one, renamed) && !mayReach(actor, one, secret))
      throw new KeyfoldError("forbidden", {
        sentence:
          "By that name you would hold more of this secret than you do now: somebody else renames it.",
      });
}

/** May the actor give something in this place this name? @throws KeyfoldError `not_found` */
export function authorizeName(
  { call }: Pick<Unit, "call">,
  { project, environment }: NamedPlace,
  name: string,
): void {
  authorizeSecret(call.actor, call.action, { projectId: project.id, environmentId: environment.id, name });
}
