import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { insertEnvironment } from "../environment/store.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { jsonActor } from "../input/stored.ts";
import { isUuid } from "../input/text.ts";
import type { ProjectView } from "./schema.ts";

export interface ProjectRow {
  id: string;
  name: string;
  createdAt: Date;
  createdBy: unknown;
  deletedAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

export function viewProject(row: ProjectRow): ProjectView {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

/** A new project with its environments. @throws through the database's unique index when the name is taken */
export async function insertProject(
  unit: PrismaUnit,
  name: string,
  environments: readonly string[],
): Promise<ProjectRow> {
  const row = unit.call.services.mac.seal("projects", unit.tenantId, {
    id: randomUUID(),
    name,
    createdAt: unit.now,
    createdBy: { ...actorRef(unit.call.actor) },
    deletedAt: null,
    generation: 1,
  });
  await unit.sql.project.create({ data: { tenantId: unit.tenantId, ...row } });
  for (const environment of environments) await insertEnvironment(unit, row.id, environment);
  return row;
}

/** A live project by id or name, authenticated. Its reach is the caller's to check. @throws KeyfoldError `not_found` */
export async function findProject(unit: PrismaUnit, ref: string): Promise<ProjectRow> {
  const row = await unit.sql.project.findFirst({
    where: { tenantId: unit.tenantId, deletedAt: null, ...(isUuid(ref) ? { id: ref } : { name: ref }) },
  });
  if (row === null) throw new KeyfoldError("not_found");
  unit.call.services.mac.check("projects", unit.tenantId, row);
  return row;
}

/** Writes a project's row anew, one generation on. @throws KeyfoldError `conflict` when another came first */
export async function moveProject(
  unit: PrismaUnit,
  row: ProjectRow,
  to: Partial<Pick<ProjectRow, "name" | "deletedAt">>,
): Promise<ProjectRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("projects", unit.tenantId, {
    ...old,
    ...to,
    generation: row.generation + 1,
  });
  await unit.sql.project.update({
    where: { tenantId_id: { tenantId: unit.tenantId, id: row.id }, generation: row.generation },
    data: { name: moved.name, deletedAt: moved.deletedAt, generation: moved.generation, mac: moved.mac },
  });
  return moved;
}
