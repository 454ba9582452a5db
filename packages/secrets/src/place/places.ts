import { authorizeInProject, authorizePlace } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { isUuid } from "../input/text.ts";

/** Projects and environments: null for all. */
interface Places {
  projects: string[] | null;
  environments: string[] | null;
}

/**
 * Turns names of places into ids, each in the actor's reach. What is for some environments is for their projects, too.
 * @throws KeyfoldError `not_found`, `bad_input`, `integrity_failed`
 */
export async function placesOf(unit: PrismaUnit, input: Places): Promise<Places> {
  const projects = input.projects && (await Promise.all(input.projects.map((ref) => projectId(unit, ref))));
  if (input.environments === null) return { projects, environments: null };
  const found: { id: string; projectId: string }[] = [];
  for (const ref of input.environments) {
    const within = isUuid(ref) ? projects : (projects ?? [await projectId(unit, "default")]);
    if (!isUuid(ref) && within?.length !== 1) {
      throw new KeyfoldError("bad_input", {
        issues: [
          { path: "environments", message: "are named, and so need exactly one project; or give their ids" },
        ],
      });
    }
    const row = await unit.sql.environment.findFirst({
      where: {
        tenantId: unit.tenantId,
        deletedAt: null,
        project: { deletedAt: null },
        ...(isUuid(ref) ? { id: ref } : { name: ref }),
        ...(within === null ? {} : { projectId: { in: within } }),
      },
    });
    if (row === null) throw new KeyfoldError("not_found");
    authorizePlace(unit.call.actor, unit.call.action, { projectId: row.projectId, environmentId: row.id });
    unit.call.services.mac.check("environments", unit.tenantId, row);
    found.push(row);
  }
  return {
    projects: [...new Set(found.map((row) => row.projectId))],
    environments: found.map((row) => row.id),
  };
}

async function projectId(unit: PrismaUnit, ref: string): Promise<string> {
  const row = await unit.sql.project.findFirst({
    where: { tenantId: unit.tenantId, deletedAt: null, ...(isUuid(ref) ? { id: ref } : { name: ref }) },
  });
  const { actor, action, services } = unit.call;
  if (row === null) throw new KeyfoldError("not_found");
  authorizeInProject(actor, action, row.id);
  services.mac.check("projects", unit.tenantId, row);
  return row.id;
}
