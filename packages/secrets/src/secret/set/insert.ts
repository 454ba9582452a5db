import { randomUUID } from "node:crypto";
import type { SecretValue } from "@keyfold/envelope";
import { actorRef } from "../../access/actor.ts";
import { requireAgreed } from "../../approval/find.ts";
import type { Unit } from "../../flow/change.ts";
import { gather } from "../../flow/gather.ts";
import type { Algorithm } from "../../key/suite/algorithm.ts";
import { tell } from "../../message/tell.ts";
import type { NamedPlace } from "../../place/place.ts";
import { type SealedVersion, sealVersion, suiteFor } from "../../version/write.ts";
import type { WriteKeys } from "../../version/write-keys.ts";
import type { SecretRow } from "../rows.ts";
import type { GracePolicy, SecretView } from "../schema.ts";
import { policyOf } from "../store.ts";
import { viewSecret } from "../view.ts";

/** What a secret may be born with, besides its name and value. */
export interface Metadata {
  description?: string | undefined;
  tags?: Record<string, string> | undefined;
  graceSeconds?: number | null | undefined;
  gracePolicy?: GracePolicy | undefined;
  keepVersions?: number | undefined;
  algorithm?: Algorithm | null | undefined;
}

export interface NewSecret extends Metadata {
  name: string;
  value: SecretValue;
}

/**
 * Makes new secrets of one place, each with its version 1: one statement, however many they are, and one for all changes
 * that share a transaction.
 * @param facts.configured the operator's configuration makes them, and nobody who calls
 * @returns in the order asked for
 * @throws KeyfoldError `approval_required`, `forbidden`; the database's, through the unique index, when a name is taken
 */
export async function insertSecrets(
  unit: Unit,
  place: NamedPlace,
  secrets: readonly NewSecret[],
  keys: WriteKeys,
  facts: { reason: string | undefined; configured?: boolean },
): Promise<SecretView[]> {
  const made: Made[] = [];
  const reason = facts.reason ?? null;
  for (const secret of secrets) {
    if (!facts.configured) await mayMake(unit, place, secret.name);
    const row = newRow(unit, place, secret);
    const version = sealVersion(unit, row, keys.of(await suiteFor(unit, row)), secret.value, {
      number: 1,
      rotatedFrom: null,
      reason,
    });
    made.push({ row, version });
  }
  const what = JSON.stringify(["new secrets in", place.environment.id, reason]);
  await gather(unit, what, made, (all) => unit.query(INSERT, parameters(unit, place, reason, all)));
  return made.map(({ row }) => {
    tell(unit, "secret.created", row, { new_version: 1 });
    return viewSecret(row, place, { number: 1, createdAt: unit.now, createdBy: row.createdBy });
  });
}

/** `insertSecrets` of one. */
export async function insertSecret(
  unit: Unit,
  place: NamedPlace,
  secret: NewSecret,
  keys: WriteKeys,
  facts: { reason: string | undefined; configured?: boolean },
): Promise<SecretView> {
  const [view] = await insertSecrets(unit, place, [secret], keys, facts);
  return view!;
}

interface Made {
  row: SecretRow;
  version: SealedVersion;
}

/** @throws KeyfoldError `approval_required`, `forbidden`: in a protected environment nobody makes a secret by themselves */
async function mayMake(unit: Unit, { project, environment }: NamedPlace, name: string): Promise<void> {
  const secret = { projectId: project.id, environmentId: environment.id, name };
  await requireAgreed(unit, secret, null, environment.protection);
}

const newRow = (unit: Unit, place: NamedPlace, secret: NewSecret): SecretRow =>
  unit.call.services.mac.seal("secrets", unit.tenantId, {
    id: randomUUID(),
    projectId: place.project.id,
    environmentId: place.environment.id,
    name: secret.name,
    description: secret.description ?? "",
    tags: { ...secret.tags },
    state: "live" as const,
    currentVersion: 1,
    graceSeconds: secret.graceSeconds ?? null,
    gracePolicy: policyOf(secret.gracePolicy) ?? null,
    keepVersions: secret.keepVersions || null,
    algorithm: secret.algorithm ?? null,
    accessPolicy: null,
    protection: place.environment.protection,
    createdAt: unit.now,
    createdBy: { ...actorRef(unit.call.actor) },
    updatedAt: unit.now,
    deletedAt: null,
    purgeAfter: null,
    generation: 1,
  });

/** One array for each column that differs from secret to secret. */
const INSERT = `WITH made AS (
      SELECT * FROM unnest($7::uuid[], $8::text[], $9::text[], $10::jsonb[], $11::int[], $12::text[], $13::int[], $14::text[], $15::bytea[],
                           $16::text[], $17::bytea[], $18::int[], $19::bytea[], $20::bytea[], $21::bytea[], $22::int[], $23::int[])
        AS m(id, name, description, tags, grace_seconds, grace_policy, keep_versions, algorithm, mac,
             encoding, version_mac, term, sealed, dek_wrap, digest, digest_term, round)),
    s AS (
      INSERT INTO control_plane.secrets (tenant_id, id, project_id, environment_id, name, description, tags, state,
          current_version, grace_seconds, created_at, created_by, updated_at, generation, mac, grace_policy, keep_versions, algorithm)
        SELECT $1::uuid, id, $2::uuid, $3::uuid, name, description, tags, 'live', 1, grace_seconds, $4::timestamptz, $5::jsonb,
               $4::timestamptz, 1, mac, grace_policy, keep_versions, algorithm FROM made RETURNING id),
    v AS (
      INSERT INTO control_plane.versions (tenant_id, secret_id, number, state, rotated_from, reason, encoding, created_at,
          created_by, generation, mac)
        SELECT $1::uuid, id, 1, 'current', NULL, $6::text, encoding, $4::timestamptz, $5::jsonb, 1, version_mac
          FROM made JOIN s USING (id))
    INSERT INTO control_plane.sealed_values (tenant_id, secret_id, number, term, sealed, dek_wrap, digest, generation, digest_term, round)
      SELECT $1::uuid, id, 1, term, sealed, dek_wrap, digest, 1, digest_term, round FROM made JOIN s USING (id)`;

function parameters(
  unit: Unit,
  { project, environment }: NamedPlace,
  reason: string | null,
  made: readonly Made[],
): unknown[] {
  const all = <T>(column: (one: Made) => T): T[] => made.map(column);
  return [
    unit.tenantId,
    project.id,
    environment.id,
    unit.now,
    { ...actorRef(unit.call.actor) },
    reason,
    all(({ row }) => row.id),
    all(({ row }) => row.name),
    all(({ row }) => row.description),
    all(({ row }) => row.tags),
    all(({ row }) => row.graceSeconds),
    all(({ row }) => row.gracePolicy),
    all(({ row }) => row.keepVersions),
    all(({ row }) => row.algorithm),
    all(({ row }) => row.mac),
    all(({ version }) => version.row.encoding),
    all(({ version }) => version.row.mac),
    all(({ version }) => version.term),
    all(({ version }) => version.sealed),
    all(({ version }) => version.dekWrap),
    all(({ version }) => version.digest),
    all(({ version }) => version.digestTerm),
    all(({ version }) => version.round),
  ];
}
