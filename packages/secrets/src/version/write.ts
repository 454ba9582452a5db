import { timingSafeEqual } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { holds } from "../access/authorize.ts";
import type { Call } from "../flow/call.ts";
import type { Unit } from "../flow/change.ts";
import type { SealedRow, SecretRow, VersionRow } from "../secret/rows.ts";
import { DEFAULT_GRACE_SECONDS } from "../secret/schema.ts";

/** A tenant's current keys, fetched before the transaction: key services are not called under locks. */
export interface WriteKeys {
  value: Awaited<ReturnType<Call["services"]["keys"]["current"]>>;
  digest: Awaited<ReturnType<Call["services"]["keys"]["current"]>>;
}

export async function writeKeys(call: Call, tenantId: string): Promise<WriteKeys> {
  const { keys } = call.services;
  const [value, digest] = await Promise.all([
    keys.current(tenantId, "value"),
    keys.current(tenantId, "digest"),
  ]);
  return { value, digest };
}

/** Tells equal values of one tenant, and nothing to who lacks the tenant's digest key. */
export function valueDigest(keys: WriteKeys, plaintext: Buffer): Buffer<ArrayBuffer> {
  return Buffer.from(keys.digest.key.hmacSha256("keyfold/value-digest/v1\0", plaintext));
}

/** Whether a value is the current one already; told only to who may read it, anyone else always makes a version. */
export function isSameValue(
  unit: Unit,
  secret: SecretRow,
  sealed: SealedRow | null,
  digest: Buffer,
): boolean {
  return (
    secret.state === "live" &&
    sealed?.digest != null &&
    holds(unit.call.actor, "secret.reveal", secret) &&
    sealed.digest.length === digest.length &&
    timingSafeEqual(sealed.digest, digest)
  );
}

/** A value to store: its plaintext is zeroed by who decoded it. */
export interface NewValue {
  plaintext: Buffer;
  encoding: "utf8" | "base64";
  digest: Buffer<ArrayBuffer>;
}

/** Writes one version, as current, and its sealed bytes. The secret's row is the caller's to move. */
export async function insertVersion(
  unit: Unit,
  secret: Pick<SecretRow, "id" | "projectId" | "environmentId">,
  keys: WriteKeys,
  value: NewValue,
  facts: { number: number; rotatedFrom: number | null; reason: string | null },
): Promise<void> {
  const { services, actor } = unit.call;
  const at = {
    deployment: services.deployment,
    tenant: unit.tenantId,
    secret: secret.id,
    version: facts.number,
  };
  const { sealed, dek } = services.envelope.sealValue(value.plaintext, {
    ...at,
    project: secret.projectId,
    environment: secret.environmentId,
  });
  const dekWrap = services.envelope.wrapDek(dek, keys.value.key, {
    ...at,
    purpose: "value",
    term: keys.value.term,
  });
  const row = {
    secretId: secret.id,
    number: facts.number,
    state: "current" as const,
    rotatedFrom: facts.rotatedFrom,
    reason: facts.reason,
    encoding: value.encoding,
    createdAt: unit.now,
    createdBy: { ...actorRef(actor) },
    openUntil: null,
    revokedAt: null,
    destroyedAt: null,
    generation: 1,
  };
  await unit.sql.version.create({
    data: { tenantId: unit.tenantId, ...services.mac.seal("versions", unit.tenantId, row) },
  });
  await unit.sql.sealedValue.create({
    data: {
      tenantId: unit.tenantId,
      secretId: secret.id,
      number: facts.number,
      term: keys.value.term,
      sealed: sealed as Buffer<ArrayBuffer>,
      dekWrap: dekWrap as Buffer<ArrayBuffer>,
      digest: value.digest,
      generation: 1,
    },
  });
}

/** How long a superseded version still opens, in seconds: what the call says, else the secret, else the deployment. */
export function graceOf(secret: SecretRow, asked: number | undefined): number {
  return asked ?? secret.graceSeconds ?? DEFAULT_GRACE_SECONDS;
}

type VersionState = VersionRow["state"];

/** Moves a version to another state; the database refuses illegal ways. */
export async function moveVersion(
  unit: Unit,
  version: VersionRow,
  to: { state: VersionState; openUntil?: Date | null; revokedAt?: Date; destroyedAt?: Date },
): Promise<VersionRow> {
  const { mac: _, ...old } = version;
  const row = { ...old, ...to, generation: version.generation + 1, createdBy: version.createdBy as object };
  const sealed = unit.call.services.mac.seal("versions", unit.tenantId, row);
  await unit.sql.version.update({
    where: {
      tenantId_secretId_number: {
        tenantId: unit.tenantId,
        secretId: version.secretId,
        number: version.number,
      },
      generation: version.generation,
    },
    data: {
      state: sealed.state,
      openUntil: sealed.openUntil,
      revokedAt: sealed.revokedAt,
      destroyedAt: sealed.destroyedAt,
      generation: sealed.generation,
      mac: sealed.mac,
    },
  });
  return sealed;
}

/** The version that was current steps back: into its grace, or, with none, out of reach at once. */
export async function supersede(unit: Unit, version: VersionRow, graceSeconds: number): Promise<Date> {
  const openUntil = new Date(unit.now.getTime() + graceSeconds * 1000);
  await moveVersion(unit, version, { state: "grace", openUntil });
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
