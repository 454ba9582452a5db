import type { SecretValue } from "@keyfold/envelope";
import { iso, jsonActor } from "../input/stored.ts";
import type { NamedPlace } from "../place/place.ts";
import { refusedFrom } from "../version/open.ts";
import type { SecretRow, VersionRow } from "./rows.ts";
import type { RevealedView, SecretView } from "./schema.ts";

type Current = Pick<VersionRow, "number" | "createdAt" | "createdBy">;

/** A secret as callers see it: metadata only. `current` is its current version, if it has one. */
export function viewSecret(row: SecretRow, place: NamedPlace, current: Current | null): SecretView {
  const rotated = current !== null && current.number > 1;
  return {
    id: row.id,
    name: row.name,
    project: place.project,
    environment: place.environment,
    description: row.description,
    tags: row.tags as Record<string, string>,
    state: row.state,
    version: row.currentVersion,
    graceSeconds: row.graceSeconds,
    gracePolicy: row.gracePolicy ?? "time",
    keepVersions: row.keepVersions ?? 0,
    algorithm: row.algorithm,
    accessPolicy: row.accessPolicy,
    generation: row.generation,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
    updatedAt: row.updatedAt.toISOString(),
    lastRotatedAt: rotated ? current.createdAt.toISOString() : null,
    lastRotatedBy: rotated ? jsonActor(current.createdBy) : null,
    deletedAt: iso(row.deletedAt),
    purgeAfter: iso(row.purgeAfter),
  };
}

/** What a reader gets besides a value and its encoding. */
export type RevealedFacts = Pick<RevealedView, "id" | "name" | "version" | "createdAt" | "openUntil">;

/** `openUntil` is when the version refuses by itself. */
export function revealedFacts(
  secret: Pick<SecretRow, "id" | "name">,
  version: Pick<VersionRow, "number" | "createdAt" | "state" | "openUntil" | "held">,
): RevealedFacts {
  return {
    id: secret.id,
    name: secret.name,
    version: version.number,
    createdAt: version.createdAt.toISOString(),
    openUntil: iso(refusedFrom(version)),
  };
}

/** An opened value as its reader gets it. */
export function viewRevealed(facts: RevealedFacts, value: SecretValue): RevealedView {
  return {
    id: facts.id,
    name: facts.name,
    version: facts.version,
    encoding: value.encoding,
    value,
    createdAt: facts.createdAt,
    openUntil: facts.openUntil,
  };
}
