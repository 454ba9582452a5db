import { timingSafeEqual } from "node:crypto";
import type { SecretValue, WrapSuite } from "@keyfold/envelope";
import { actorRef, isOfTenant } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { type Algorithm, suiteOf } from "../key/suite/algorithm.ts";
import type { SuiteKeys } from "../key/tenant/tenant-keys.ts";
import { mayOpen } from "../policy/judge.ts";
import type { SealedRow, SecretRow, VersionRow } from "../secret/rows.ts";
import { loadTenant } from "../tenant/store.ts";
import { type SealingKeys, valueDigest } from "./write-keys.ts";

/** Whether a value is the current one already; told only to who may read it, anyone else always makes a version. */
export async function isSameValue(
  unit: Unit,
  secret: SecretRow,
  sealed: SealedRow | null,
  keys: SuiteKeys,
  value: SecretValue,
): Promise<boolean> {
  if (secret.state !== "live" || sealed?.digest == null || !mayOpen(unit.call.actor, secret, unit.now))
    return false;
  if (equal(sealed.digest, valueDigest(keys.digest, value))) return true;
  // Digests of two terms say nothing of each other. Only a tenant whose digest key has a second term can have both.
  if (keys.digest.onlyTerm) return false;
  const [row] = await unit.query<{ term: number }>(
    `SELECT digest_term AS term FROM control_plane.sealed_values
      WHERE tenant_id = $1::uuid AND secret_id = $2::uuid AND number = $3`,
    [unit.tenantId, secret.id, secret.currentVersion],
  );
  if (row === undefined || row.term === keys.digest.term) return false;
  const key = await unit.call.services.keys.of(unit.tenantId, "digest", row.term);
  return equal(sealed.digest, valueDigest({ key }, value));
}

const equal = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && timingSafeEqual(one, other);

/** The suite that a secret's new versions are sealed under: what it says itself, else its tenant, else the deployment. */
export async function suiteFor(unit: Unit, secret: { algorithm: Algorithm | null }): Promise<WrapSuite> {
  const { actor, services } = unit.call;
  if (secret.algorithm !== null) return suiteOf(secret.algorithm);
  const ofTenant = isOfTenant(actor)
    ? actor.tenantAlgorithm
    : (await loadTenant(unit, unit.tenantId)).algorithm;
  return suiteOf(ofTenant ?? services.algorithm);
}

/** A version that is about to be written, sealed: what `writeVersion` needs besides the secret's own statement. */
export interface SealedVersion {
  row: VersionRow;
  sealed: Buffer;
  dekWrap: Buffer;
  digest: Buffer;
  digestTerm: number;
  term: number;
  round: number;
}

/** Seals a value as one version of a secret. Whoever opened or decoded the value wipes it. */
export function sealVersion(
  unit: Unit,
  secret: Pick<SecretRow, "id" | "projectId" | "environmentId">,
  keys: SealingKeys,
  value: SecretValue,
  facts: {
    number: number;
    rotatedFrom: number | null;
    reason: string | null;
    state?: "current" | "pending" | undefined;
  },
): SealedVersion {
  const { services, actor } = unit.call;
  const at = {
    deployment: services.deployment,
    tenant: unit.tenantId,
    secret: secret.id,
    version: facts.number,
  };
  const { sealed, dek } = services.envelope.sealValue(value.unsafelyBytes(), {
    ...at,
    project: secret.projectId,
    environment: secret.environmentId,
  });
  const { term, round, key } = keys.value;
  const dekWrap = services.envelope.wrapDek(dek, key, { ...at, purpose: "value", term });
  keys.wrapped?.();
  const row = services.mac.seal("versions", unit.tenantId, {
    secretId: secret.id,
    number: facts.number,
    state: facts.state ?? ("current" as const),
    rotatedFrom: facts.rotatedFrom,
    reason: facts.reason,
    encoding: value.encoding,
    createdAt: unit.now,
    createdBy: { ...actorRef(actor) },
    openUntil: null,
    revokedAt: null,
    destroyedAt: null,
    setAt: null,
    warnedAt: null,
    held: null,
    endReason: null,
    generation: 1,
  });
  const digest = valueDigest(keys.digest, value);
  return { row, sealed, dekWrap, digest, digestTerm: keys.digest.term, term, round };
}

/** Of a secret's statement in `writeVersion`: the number of its first parameter. */
export const FIRST_PARAMETER = 19;

/**
 * Writes a version and its sealed bytes together with its secret's row: one statement, one round trip.
 * @param secret the statement that writes the secret's row, with parameters from `FIRST_PARAMETER` on
 */
export async function writeVersion(
  unit: Unit,
  version: SealedVersion,
  secret: { sql: string; params: readonly unknown[] },
): Promise<void> {
  const { row } = version;
  const written = await unit.query(
    `WITH s AS (${secret.sql} RETURNING 1), v AS (
        INSERT INTO control_plane.versions
            (tenant_id, secret_id, number, state, rotated_from, reason, encoding, created_at, created_by, generation, mac)
          SELECT $1::uuid, $2::uuid, $3::int, $4::control_plane.version_state, $5::int, $6::text, $7::text, $8::timestamptz,
                 $9::jsonb, $10::int, $11::bytea FROM s)
      INSERT INTO control_plane.sealed_values (tenant_id, secret_id, number, term, sealed, dek_wrap, digest, generation, digest_term, round)
        SELECT $1::uuid, $2::uuid, $3::int, $12::int, $13::bytea, $14::bytea, $15::bytea, $16::int, $17::int, $18::int
          FROM s RETURNING 1`,
    [
      unit.tenantId,
      row.secretId,
      row.number,
      row.state,
      row.rotatedFrom,
      row.reason,
      row.encoding,
      row.createdAt,
      row.createdBy,
      row.generation,
      row.mac,
      version.term,
      version.sealed,
      version.dekWrap,
      version.digest,
      1,
      version.digestTerm,
      version.round,
      ...secret.params,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
}

/**
 * How long a superseded version still opens, in seconds: what the call says, else the secret, else its tenant, else the
 * deployment.
 */
async function graceOf(unit: Unit, secret: SecretRow, asked: number | undefined): Promise<number> {
  const said = asked ?? secret.graceSeconds;
  if (said !== null) return said;
  const { actor, services } = unit.call;
  const { graceSeconds } = isOfTenant(actor)
    ? { graceSeconds: actor.tenantGraceSeconds }
    : await loadTenant(unit, unit.tenantId);
  return graceSeconds ?? services.life.graceSeconds;
}

type VersionState = VersionRow["state"];

/** Moves a version to another state; the database refuses illegal ways. */
export async function moveVersion(
  unit: Unit,
  version: VersionRow,
  to: { state: VersionState } & Partial<
    Pick<VersionRow, "openUntil" | "revokedAt" | "destroyedAt" | "setAt" | "warnedAt" | "held" | "endReason">
  >,
): Promise<VersionRow> {
  const { mac: _, ...old } = version;
  const row = {
    ...old,
    ...to,
    held: to.state === "grace" ? (to.held === undefined ? version.held : to.held) : null,
    generation: version.generation + 1,
    createdBy: version.createdBy as object,
  };
  const sealed = unit.call.services.mac.seal("versions", unit.tenantId, row);
  const written = await unit.query(
    `UPDATE control_plane.versions
        SET state = $5::control_plane.version_state, open_until = $6, revoked_at = $7, destroyed_at = $8, generation = $9, mac = $10,
            set_at = $11, warned_at = $12, held = $13, end_reason = $14
      WHERE tenant_id = $1::uuid AND secret_id = $2::uuid AND number = $3 AND generation = $4 RETURNING 1`,
    [
      unit.tenantId,
      version.secretId,
      version.number,
      version.generation,
      sealed.state,
      sealed.openUntil,
      sealed.revokedAt,
      sealed.destroyedAt,
      sealed.generation,
      sealed.mac,
      sealed.setAt,
      sealed.warnedAt,
      sealed.held,
      sealed.endReason,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return sealed;
}

/** The version that was current steps back: into its grace, or, with none, out of reach at once. */
export async function supersede(
  unit: Unit,
  secret: SecretRow,
  version: VersionRow,
  asked: number | undefined,
): Promise<Date> {
  const openUntil = new Date(unit.now.getTime() + (await graceOf(unit, secret, asked)) * 1000);
  await moveVersion(unit, version, {
    state: "grace",
    openUntil,
    held: secret.gracePolicy === "hold" ? true : null,
  });
  return openUntil;
}

/** Erases a version's key and sealed bytes: nothing opens it again. */
export async function eraseSealed(unit: Unit, secretId: string, number: number): Promise<void> {
  await unit.query(
    `UPDATE control_plane.sealed_values SET sealed = NULL, dek_wrap = NULL, digest = NULL,
        replaces = sha256(sealed || dek_wrap), generation = generation + 1
      WHERE tenant_id = $1::uuid AND secret_id = $2::uuid AND number = $3 AND sealed IS NOT NULL`,
    [unit.tenantId, secretId, number],
  );
}
