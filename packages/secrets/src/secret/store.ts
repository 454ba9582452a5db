import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import type { NamedPlace } from "../place/place.ts";
import {
  graceOf,
  insertVersion,
  isSameValue,
  type NewValue,
  supersede,
  type WriteKeys,
} from "../version/write.ts";
import type { Loaded } from "./load.ts";
import type { SecretRow, VersionRow } from "./rows.ts";
import type { SecretView } from "./schema.ts";
import { viewSecret } from "./view.ts";

export interface Metadata {
  description?: string | undefined;
  tags?: Record<string, string> | undefined;
  graceSeconds?: number | null | undefined;
}

/** Writes a secret's row anew, one generation on. What is not named in `to` stays. */
export async function moveSecret(
  unit: Unit,
  secret: SecretRow,
  to: Partial<Omit<SecretRow, "id" | "generation" | "mac">>,
): Promise<SecretRow> {
  const { mac: _, ...old } = secret;
  const row = unit.call.services.mac.seal("secrets", unit.tenantId, {
    ...old,
    ...to,
    updatedAt: unit.now,
    generation: secret.generation + 1,
  });
  await unit.sql.secret.update({
    where: { tenantId_id: { tenantId: unit.tenantId, id: secret.id }, generation: secret.generation },
    data: {
      name: row.name,
      description: row.description,
      tags: row.tags as object,
      state: row.state,
      currentVersion: row.currentVersion,
      graceSeconds: row.graceSeconds,
      updatedAt: row.updatedAt,
      deletedAt: row.deletedAt,
      purgeAfter: row.purgeAfter,
      generation: row.generation,
      mac: row.mac,
    },
  });
  return row;
}

/** A new secret with its version 1. @throws through the database's unique index when the name is taken */
export async function insertSecret(
  unit: Unit,
  place: NamedPlace,
  name: string,
  keys: WriteKeys,
  value: NewValue,
  facts: Metadata & { reason?: string | undefined },
): Promise<SecretView> {
  const { services, actor } = unit.call;
  const row = services.mac.seal("secrets", unit.tenantId, {
    id: randomUUID(),
    projectId: place.project.id,
    environmentId: place.environment.id,
    name,
    description: facts.description ?? "",
    tags: { ...facts.tags },
    state: "live" as const,
    currentVersion: 1,
    graceSeconds: facts.graceSeconds ?? null,
    createdAt: unit.now,
    createdBy: { ...actorRef(actor) },
    updatedAt: unit.now,
    deletedAt: null,
    purgeAfter: null,
    generation: 1,
  });
  await unit.sql.secret.create({ data: { tenantId: unit.tenantId, ...row } });
  await insertVersion(unit, row, keys, value, { number: 1, rotatedFrom: null, reason: facts.reason ?? null });
  return viewSecret(row, place, { number: 1, createdAt: unit.now, createdBy: row.createdBy });
}

/** @throws KeyfoldError `version_mismatch` */
export function checkExpected(secret: SecretRow | null, expected: number | undefined): void {
  if (expected !== undefined && expected !== (secret?.currentVersion ?? 0))
    throw new KeyfoldError("version_mismatch");
}

/** A new current version of a locked secret; the one before steps back into its grace. Unchanged for an equal value. */
export async function putVersion(
  unit: Unit,
  loaded: Loaded,
  keys: WriteKeys,
  value: NewValue,
  facts: { reason: string | null; graceSeconds?: number | undefined; sameIsNothing: boolean },
): Promise<{
  secret: SecretView;
  changed: boolean;
  version: number;
  rotatedFrom: number | null;
  openUntil: Date | null;
}> {
  const { secret, place, version: current, sealed } = loaded;
  if (facts.sameIsNothing && isSameValue(unit, secret, sealed, value.digest)) {
    return {
      secret: viewSecret(secret, place, current),
      changed: false,
      version: current!.number,
      rotatedFrom: current!.rotatedFrom,
      openUntil: null,
    };
  }
  const number = loaded.lastNumber + 1;
  const rotatedFrom = secret.currentVersion;
  // The old one first: two current versions are refused by the database.
  const openUntil =
    current === null ? null : await supersede(unit, asCurrent(current), graceOf(secret, facts.graceSeconds));
  await insertVersion(unit, secret, keys, value, { number, rotatedFrom, reason: facts.reason });
  const moved = await moveSecret(unit, secret, { state: "live", currentVersion: number });
  const createdBy = { ...actorRef(unit.call.actor) };
  return {
    secret: viewSecret(moved, place, { number, createdAt: unit.now, createdBy }),
    changed: true,
    version: number,
    rotatedFrom,
    openUntil,
  };
}

function asCurrent(version: VersionRow): VersionRow {
  if (version.state !== "current")
    throw new KeyfoldError("integrity_failed", {
      cause: new Error("the current pointer names a version that is not current"),
    });
  return version;
}
