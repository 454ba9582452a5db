import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { authorizeEnvironment } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { jsonActor } from "../input/stored.ts";
import type { Protection } from "../policy/policy.ts";
import type { EnvironmentView } from "./schema.ts";

export interface EnvironmentRow {
  id: string;
  projectId: string;
  name: string;
  createdAt: Date;
  createdBy: unknown;
  deletedAt: Date | null;
  /** A `Protection`, as the database holds it. */
  protection: string | null;
  generation: number;
  mac: Uint8Array;
}

export function viewEnvironment(row: EnvironmentRow): EnvironmentView {
  return {
    id: row.id,
    projectId: row.projectId,
    name: row.name,
    protection: row.protection as Protection | null,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

/** A new environment of a project. @throws through the database's unique index when the name is taken */
export async function insertEnvironment(
  unit: PrismaUnit,
  projectId: string,
  name: string,
): Promise<EnvironmentRow> {
  const row = unit.call.services.mac.seal("environments", unit.tenantId, {
    id: randomUUID(),
    projectId,
    name,
    createdAt: unit.now,
    createdBy: { ...actorRef(unit.call.actor) },
    deletedAt: null,
    protection: null,
    generation: 1,
  });
  await unit.sql.environment.create({ data: { tenantId: unit.tenantId, ...row } });
  return row;
}

/** A live environment in the actor's reach, authenticated. @throws KeyfoldError `not_found` */
export async function findEnvironment(unit: PrismaUnit, id: string): Promise<EnvironmentRow> {
  const row = await unit.sql.environment.findFirst({
    where: { tenantId: unit.tenantId, id, deletedAt: null, project: { deletedAt: null } },
  });
  if (row === null) throw new KeyfoldError("not_found");
  authorizeEnvironment(unit.call.actor, unit.call.action, {
    projectId: row.projectId,
    environmentId: row.id,
  });
  unit.call.services.mac.check("environments", unit.tenantId, row);
  return row;
}

/** Writes an environment's row anew, one generation on. @throws KeyfoldError `conflict` when another came first */
export async function moveEnvironment(
  unit: PrismaUnit,
  row: EnvironmentRow,
  to: Partial<Pick<EnvironmentRow, "name" | "deletedAt" | "protection">>,
): Promise<EnvironmentRow> {
  const { mac: _, ...old } = row;
  const moved = unit.call.services.mac.seal("environments", unit.tenantId, {
    ...old,
    ...to,
    generation: row.generation + 1,
  });
  await unit.sql.environment.update({
    where: { tenantId_id: { tenantId: unit.tenantId, id: row.id }, generation: row.generation },
    data: {
      name: moved.name,
      deletedAt: moved.deletedAt,
      protection: moved.protection,
      generation: moved.generation,
      mac: moved.mac,
    },
  });
  return moved;
}
