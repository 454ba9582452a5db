import type { Actor } from "../access/actor.ts";
import { authorizePlace } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { isUuid } from "../input/text.ts";

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

/** Fills in what a call leaves out: the token's only project and environment, else `default` and `dev`. */
export function placeRefOf(actor: Actor, input: PlaceInput): PlaceRef {
  const scope = actor.type === "service_token" ? actor.scope : null;
  const environment = input.environment ?? only(scope?.environments) ?? DEFAULT_ENVIRONMENT;
  const followsEnvironment = input.project === undefined && isUuid(environment);
  const project = input.project ?? only(scope?.projects) ?? DEFAULT_PROJECT;
  return {
    projectId: !followsEnvironment && isUuid(project) ? project : null,
    projectName: !followsEnvironment && !isUuid(project) ? project : null,
    environmentId: isUuid(environment) ? environment : null,
    environmentName: isUuid(environment) ? null : environment,
  };
}

const only = (list: readonly string[] | null | undefined): string | undefined =>
  list?.length === 1 ? list[0] : undefined;

export interface NamedPlace {
  project: { id: string; name: string };
  environment: { id: string; name: string };
}

/**
 * Finds the place that a call names, authenticated, in the actor's reach. Locks nothing against the place's deletion
 * but a share of its rows, so that what is put there is not orphaned.
 * @throws KeyfoldError `not_found`, `integrity_failed`
 */
export async function findPlace(unit: Unit, input: PlaceInput): Promise<NamedPlace> {
  const ref = placeRefOf(unit.call.actor, input);
  const [found] = await unit.query<{ id: string }>(
    `SELECT e.id FROM control_plane.environments e
       JOIN control_plane.projects p ON p.tenant_id = e.tenant_id AND p.id = e.project_id AND p.deleted_at IS NULL
      WHERE e.tenant_id = $1::uuid AND e.deleted_at IS NULL AND (e.id = $4::uuid OR e.name = $5::text)
        AND (p.id = $2::uuid OR p.name = $3::text OR ($2::uuid IS NULL AND $3::text IS NULL AND $4::uuid IS NOT NULL))
        FOR KEY SHARE`,
    [unit.tenantId, ref.projectId, ref.projectName, ref.environmentId, ref.environmentName],
  );
  if (found === undefined) throw new KeyfoldError("not_found");
  const row = await unit.sql.environment.findUniqueOrThrow({
    where: { tenantId_id: { tenantId: unit.tenantId, id: found.id } },
    include: { project: true },
  });
  authorizePlace(unit.call.actor, { projectId: row.projectId, environmentId: row.id });
  unit.call.services.mac.check("environments", unit.tenantId, row);
  unit.call.services.mac.check("projects", unit.tenantId, row.project);
  return {
    project: { id: row.project.id, name: row.project.name },
    environment: { id: row.id, name: row.name },
  };
}
