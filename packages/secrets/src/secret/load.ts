import { authorizePlace } from "../access/authorize.ts";
import type { Query } from "../audit/append.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import type { Unit } from "../flow/change.ts";
import type { NamedPlace, PlaceInput } from "../place/place.ts";
import { placeRefOf } from "../place/place.ts";

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

/** A secret, where it stands, and one of its versions, all authenticated and in the actor's reach. */
export interface Loaded {
  secret: SecretRow;
  place: NamedPlace;
  version: VersionRow | null;
  sealed: SealedRow | null;
  /** The chain's epoch before anything was read. */
  epoch: bigint;
  /** The database's clock when it was read. */
  now: Date;
  /** The highest version number; only where the row was locked. */
  lastNumber: number;
}

export interface SecretRefInput extends PlaceInput {
  id?: string | undefined;
  name?: string | undefined;
}

export interface LoadOptions {
  /** A version's number; the current one when left out. */
  number?: number | undefined;
  /** Lock the secret's row until the transaction ends. */
  lock?: boolean;
  /** Bring the sealed bytes. */
  sealed?: boolean;
  /** A deleted secret too. */
  deleted?: boolean;
}

const SQL = `SELECT * FROM control_plane.load_secret(
  $1::uuid, $2::uuid, $3::uuid, $4::text, $5::uuid, $6::text, $7::text, $8::int, $9::boolean, $10::boolean)`;

/**
 * Loads a secret in one round trip.
 * @throws KeyfoldError `not_found` (absent, deleted, or out of the actor's reach: one answer), `integrity_failed`
 */
export async function loadSecret(
  call: Call,
  query: Query,
  tenantId: string,
  ref: SecretRefInput,
  options: LoadOptions = {},
): Promise<Loaded> {
  const { actor, services } = call;
  const place = placeRefOf(actor, ref);
  const byName = ref.id === undefined;
  const [row] = await query<RawRow>(SQL, [
    tenantId,
    ref.id ?? null,
    place.projectId,
    place.projectName,
    place.environmentId,
    place.environmentName,
    ref.name ?? null,
    options.number ?? null,
    options.lock ?? false,
    options.sealed ?? false,
  ]);
  if (row === undefined) throw new KeyfoldError("not_found");
  const loaded = fromRow(row);
  const { secret } = loaded;
  if (secret.state === "deleted" && !options.deleted) throw new KeyfoldError("not_found");
  // Renamed or deleted while we waited for its lock.
  if (byName && secret.name !== ref.name) throw new KeyfoldError("not_found");
  if (row.p_deleted_at !== null || row.e_deleted_at !== null) throw new KeyfoldError("not_found");
  authorizePlace(actor, secret);
  services.mac.check("secrets", tenantId, secret);
  services.mac.check("projects", tenantId, {
    id: row.p_id,
    name: row.p_name_,
    createdAt: row.p_created_at,
    createdBy: row.p_created_by,
    deletedAt: row.p_deleted_at,
    generation: row.p_generation,
    mac: row.p_mac,
  });
  services.mac.check("environments", tenantId, {
    id: row.e_id,
    projectId: row.p_id,
    name: row.e_name,
    createdAt: row.e_created_at,
    createdBy: row.e_created_by,
    deletedAt: row.e_deleted_at,
    generation: row.e_generation,
    mac: row.e_mac,
  });
  if (loaded.version !== null && loaded.version.state !== "destroyed" && loaded.version.state !== "revoked") {
    services.mac.check("versions", tenantId, loaded.version);
  }
  return loaded;
}

/** `loadSecret` within a unit of work, the row locked: what every change of a secret starts with. */
export function lockSecret(
  unit: Unit,
  ref: SecretRefInput,
  options: Omit<LoadOptions, "lock"> = {},
): Promise<Loaded> {
  return loadSecret(unit.call, unit.query, unit.tenantId, ref, { ...options, lock: true });
}

/** A row of `load_secret()`: p_ project, e_ environment, s_ secret, v_ version, d_ sealed bytes. */
interface RawRow {
  /** A bigint from Prisma, a string from pg. */
  epoch: bigint | string;
  now: Date;
  last_number: number | null;
  p_id: string;
  p_name_: string;
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
  e_generation: number;
  e_mac: Uint8Array;
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
  s_generation: number;
  s_mac: Uint8Array;
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
  v_generation: number;
  v_mac: Uint8Array;
  d_term: number | null;
  d_sealed: Uint8Array | null;
  d_dek_wrap: Uint8Array | null;
  d_digest: Uint8Array | null;
  d_generation: number;
}

function fromRow(row: RawRow): Loaded {
  return {
    epoch: BigInt(row.epoch),
    now: row.now,
    lastNumber: row.last_number ?? 0,
    place: { project: { id: row.p_id, name: row.p_name_ }, environment: { id: row.e_id, name: row.e_name } },
    secret: {
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
      generation: row.s_generation,
      mac: row.s_mac,
    },
    version:
      row.v_number === null
        ? null
        : {
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
            generation: row.v_generation,
            mac: row.v_mac,
          },
    sealed:
      row.d_term === null
        ? null
        : {
            term: row.d_term,
            sealed: row.d_sealed,
            dekWrap: row.d_dek_wrap,
            digest: row.d_digest,
            generation: row.d_generation,
          },
  };
}
