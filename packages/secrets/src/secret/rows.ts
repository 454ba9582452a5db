import type { Algorithm } from "../key/suite/algorithm.ts";
import type { PlaceRow } from "../place/place.ts";
import type { AccessPolicy, Protection } from "../policy/policy.ts";

export interface SecretRow {
  id: string;
  projectId: string;
  environmentId: string;
  name: string;
  description: string;
  tags: unknown;
  state: "live" | "empty" | "deleted";
  currentVersion: number | null;
  graceSeconds: number | null;
  createdAt: Date;
  createdBy: unknown;
  updatedAt: Date;
  deletedAt: Date | null;
  purgeAfter: Date | null;
  /** How a grace ends; null: by time. */
  gracePolicy: "acknowledgement" | "hold" | null;
  /** How many ended versions are kept; null: none. */
  keepVersions: number | null;
  /** What wraps the key over its values; null: its tenant's. */
  algorithm: Algorithm | null;
  /** Who gets at it besides what roles and scopes say; null: whoever those say. */
  accessPolicy: AccessPolicy | null;
  /** What takes two people in its environment. Not of this row: from the place that it was read with. */
  protection: Protection | null;
  generation: number;
  mac: Uint8Array;
}

export interface VersionRow {
  secretId: string;
  number: number;
  state: "pending" | "current" | "grace" | "kept" | "revoked" | "destroyed";
  rotatedFrom: number | null;
  reason: string | null;
  encoding: string;
  createdAt: Date;
  createdBy: unknown;
  openUntil: Date | null;
  revokedAt: Date | null;
  destroyedAt: Date | null;
  /** When a rotator had set this pending value at its target. */
  setAt: Date | null;
  /** When its readers were last told that its grace is about to end, or that it should have. */
  warnedAt: Date | null;
  /** A held grace does not end at `openUntil`: from then on it may be ended, and opens until somebody does. */
  held: boolean | null;
  endReason: string | null;
  generation: number;
  mac: Uint8Array;
}

export interface SealedRow {
  term: number;
  sealed: Uint8Array | null;
  dekWrap: Uint8Array | null;
  digest: Uint8Array | null;
  generation: number;
}

/** A secret's columns, as queries bring them. */
export interface SecretColumns extends Pick<PlaceRow, "p_id" | "e_id"> {
  s_access_policy: AccessPolicy | null;
  s_id: string;
  s_name: string;
  s_description: string;
  s_tags: unknown;
  s_state: SecretRow["state"];
  s_current_version: number | null;
  s_grace_seconds: number | null;
  s_created_at: Date;
  s_created_by: unknown;
  s_updated_at: Date;
  s_deleted_at: Date | null;
  s_purge_after: Date | null;
  s_grace_policy: SecretRow["gracePolicy"];
  s_keep_versions: number | null;
  s_algorithm: Algorithm | null;
  s_generation: number;
  s_mac: Uint8Array;
}

/** What a query selects for `SecretColumns`, of `s`. */
export const SECRET_COLUMNS = [
  "id",
  "name",
  "description",
  "tags",
  "state",
  "current_version",
  "grace_seconds",
  "created_at",
  "created_by",
  "updated_at",
  "deleted_at",
  "purge_after",
  "grace_policy",
  "keep_versions",
  "algorithm",
  "access_policy",
  "generation",
  "mac",
]
  .map((column) => `s.${column}${column === "state" ? "::text" : ""} AS s_${column}`)
  .join(", ");

/** What a query selects for a `VersionRow`, of `v`. */
export const VERSION_COLUMNS = `v.secret_id AS "secretId", v.number, v.state::text AS state, v.rotated_from AS "rotatedFrom",
  v.reason, v.encoding, v.created_at AS "createdAt", v.created_by AS "createdBy", v.open_until AS "openUntil",
  v.revoked_at AS "revokedAt", v.destroyed_at AS "destroyedAt", v.set_at AS "setAt", v.warned_at AS "warnedAt", v.held,
  v.end_reason AS "endReason", v.generation, v.mac`;

/** A secret's row out of a query's columns; not authenticated yet. */
export function secretOf(row: SecretColumns & Partial<Pick<PlaceRow, "e_protection">>): SecretRow {
  return {
    id: row.s_id,
    projectId: row.p_id,
    environmentId: row.e_id,
    name: row.s_name,
    description: row.s_description,
    tags: row.s_tags,
    state: row.s_state,
    currentVersion: row.s_current_version,
    graceSeconds: row.s_grace_seconds,
    createdAt: row.s_created_at,
    createdBy: row.s_created_by,
    updatedAt: row.s_updated_at,
    deletedAt: row.s_deleted_at,
    purgeAfter: row.s_purge_after,
    gracePolicy: row.s_grace_policy,
    keepVersions: row.s_keep_versions,
    algorithm: row.s_algorithm,
    accessPolicy: row.s_access_policy,
    protection: row.e_protection ?? null,
    generation: row.s_generation,
    mac: row.s_mac,
  };
}

/** A row of `load_secret()`: p_ project, e_ environment, s_ secret, v_ version, d_ sealed bytes. */
export interface LoadedRow extends PlaceRow, SecretColumns {
  /** A bigint from Prisma, a string from pg. */
  epoch: bigint | string;
  now: Date;
  last_number: number | null;
  v_number: number | null;
  v_state: VersionRow["state"];
  v_rotated_from: number | null;
  v_reason: string | null;
  v_encoding: string;
  v_created_at: Date;
  v_created_by: unknown;
  v_open_until: Date | null;
  v_revoked_at: Date | null;
  v_destroyed_at: Date | null;
  v_set_at: Date | null;
  v_warned_at: Date | null;
  v_held: boolean | null;
  v_end_reason: string | null;
  v_generation: number;
  v_mac: Uint8Array;
  d_term: number | null;
  d_sealed: Uint8Array | null;
  d_dek_wrap: Uint8Array | null;
  d_digest: Uint8Array | null;
  d_generation: number;
}

/** The version's row that was loaded with its secret, not authenticated yet; null: there is none. */
export function versionOf(row: LoadedRow): VersionRow | null {
  if (row.v_number === null) return null;
  return {
    secretId: row.s_id,
    number: row.v_number,
    state: row.v_state,
    rotatedFrom: row.v_rotated_from,
    reason: row.v_reason,
    encoding: row.v_encoding,
    createdAt: row.v_created_at,
    createdBy: row.v_created_by,
    openUntil: row.v_open_until,
    revokedAt: row.v_revoked_at,
    destroyedAt: row.v_destroyed_at,
    setAt: row.v_set_at,
    warnedAt: row.v_warned_at,
    held: row.v_held,
    endReason: row.v_end_reason,
    generation: row.v_generation,
    mac: row.v_mac,
  };
}

/** The sealed bytes that were loaded with a version; null: they were not asked for, or are gone. */
export function sealedOf(row: LoadedRow): SealedRow | null {
  if (row.d_term === null) return null;
  return {
    term: row.d_term,
    sealed: row.d_sealed,
    dekWrap: row.d_dek_wrap,
    digest: row.d_digest,
    generation: row.d_generation,
  };
}
