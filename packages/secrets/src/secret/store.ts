import type { SecretValue } from "@keyfold/envelope";
import { actorRef } from "../access/actor.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { gather } from "../flow/gather.ts";
import { tell } from "../message/tell.ts";
import { openVersion } from "../version/open.ts";
import {
  FIRST_PARAMETER,
  isSameValue,
  sealVersion,
  suiteFor,
  supersede,
  writeVersion,
} from "../version/write.ts";
import type { WriteKeys } from "../version/write-keys.ts";
import { type Loaded, loadSecret } from "./load.ts";
import type { SecretRow, VersionRow } from "./rows.ts";
import type { GracePolicy, SecretView } from "./schema.ts";
import { viewSecret } from "./view.ts";

/** As it is stored: by time is what holds where nothing is said. */
export const policyOf = (policy: GracePolicy | undefined): SecretRow["gracePolicy"] | undefined =>
  policy === "time" ? null : policy;

type Move = Partial<Omit<SecretRow, "id" | "generation" | "mac">>;

/** A secret's row, one generation on. What is not named in `to` stays. */
export function nextRow(unit: Unit, secret: SecretRow, to: Move): SecretRow {
  const { mac: _, ...old } = secret;
  return unit.call.services.mac.seal("secrets", unit.tenantId, {
    ...old,
    ...to,
    updatedAt: unit.now,
    generation: secret.generation + 1,
  });
}

/** The statement that writes a row over the generation before it. */
export function updateOf(
  unit: Unit,
  row: SecretRow,
  firstParameter: number,
): { sql: string; params: unknown[] } {
  const at = (n: number) => `$${firstParameter + n}`;
  return {
    sql: `UPDATE control_plane.secrets SET name = ${at(0)}, description = ${at(1)}, tags = ${at(2)}::jsonb,
            state = ${at(3)}::control_plane.secret_state, current_version = ${at(4)}, grace_seconds = ${at(5)}, updated_at = ${at(6)},
            deleted_at = ${at(7)}, purge_after = ${at(8)}, generation = ${at(9)}, mac = ${at(10)},
            grace_policy = ${at(11)}, keep_versions = ${at(12)}, algorithm = ${at(13)}, access_policy = ${at(14)}::jsonb
          WHERE tenant_id = ${at(15)}::uuid AND id = ${at(16)}::uuid AND generation = ${at(17)}`,
    params: [
      row.name,
      row.description,
      row.tags,
      row.state,
      row.currentVersion,
      row.graceSeconds,
      row.updatedAt,
      row.deletedAt,
      row.purgeAfter,
      row.generation,
      row.mac,
      row.gracePolicy,
      row.keepVersions,
      row.algorithm,
      row.accessPolicy,
      unit.tenantId,
      row.id,
      row.generation - 1,
    ],
  };
}

/** Writes a secret's row anew, one generation on. @throws KeyfoldError `conflict` when another came first */
export async function moveSecret(unit: Unit, secret: SecretRow, to: Move): Promise<SecretRow> {
  const row = nextRow(unit, secret, to);
  const { sql, params } = updateOf(unit, row, 1);
  const written = await unit.query(`${sql} RETURNING 1`, params);
  if (written.length === 0) throw new KeyfoldError("conflict");
  return row;
}

/** Which of these names stand in a place, in one round trip; the unique index decides races. */
export async function namesThere(
  unit: Unit,
  project: string,
  environment: string,
  names: readonly string[],
): Promise<Set<string>> {
  const rows = await unit.query<{ name: string }>(
    `SELECT name FROM control_plane.secrets WHERE tenant_id = $1::uuid AND project_id = $2::uuid AND environment_id = $3::uuid
        AND name = ANY($4::text[]) AND state <> 'deleted'`,
    [unit.tenantId, project, environment, names],
  );
  return new Set(rows.map(({ name }) => name));
}

/** Asked first for a clean answer; the unique index decides races. Changes that share a transaction ask together. */
export async function isNameTaken(
  unit: Unit,
  project: string,
  environment: string,
  name: string,
): Promise<boolean> {
  const there = await gather(unit, `names in ${environment}`, [name], (names) =>
    namesThere(unit, project, environment, names),
  );
  return there.has(name);
}

/** @throws KeyfoldError `version_mismatch` unless the row is as it was seen, where that is asked for */
export function checkGeneration(secret: SecretRow, expected: number | undefined): void {
  if (expected !== undefined && expected !== secret.generation) throw new KeyfoldError("version_mismatch");
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
  value: SecretValue,
  facts: { reason: string | null; graceSeconds?: number | undefined; sameIsNothing: boolean },
): Promise<{
  secret: SecretView;
  changed: boolean;
  version: number;
  rotatedFrom: number | null;
  openUntil: Date | null;
}> {
  const { secret, place, version: current, sealed } = loaded;
  const now = keys.of(await suiteFor(unit, secret));
  if (facts.sameIsNothing && (await isSameValue(unit, secret, sealed, now, value))) {
    await confirmSame(unit, secret, value);
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
    current === null ? null : await supersede(unit, secret, asCurrent(current), facts.graceSeconds);
  const version = sealVersion(unit, secret, now, value, { number, rotatedFrom, reason: facts.reason });
  const moved = nextRow(unit, secret, { state: "live", currentVersion: number });
  await writeVersion(unit, version, updateOf(unit, moved, FIRST_PARAMETER));
  tell(unit, "secret.rotated", moved, {
    new_version: number,
    rotated_from: rotatedFrom,
    open_until: openUntil?.toISOString() ?? null,
  });
  const createdBy = { ...actorRef(unit.call.actor) };
  return {
    secret: viewSecret(moved, place, { number, createdAt: unit.now, createdBy }),
    changed: true,
    version: number,
    rotatedFrom,
    openUntil,
  };
}

/**
 * A digest is no proof, since whoever writes to the database could put another version's in its place and so make a
 * rotation do nothing: before nothing is done, the value itself is opened and compared.
 */
async function confirmSame(unit: Unit, secret: SecretRow, value: SecretValue): Promise<void> {
  const { call, query, tenantId } = unit;
  const loaded = await loadSecret(call, query, tenantId, { id: secret.id }, { sealed: true });
  const stored = await openVersion(call, tenantId, loaded);
  const same = stored.equals(value);
  stored.wipe();
  if (!same)
    throw new KeyfoldError("integrity_failed", {
      cause: new Error("the digest of a sealed value is not that of its value"),
    });
}

/** The version that a secret's current pointer names. @throws KeyfoldError `integrity_failed` where it is not current */
export function asCurrent(version: VersionRow): VersionRow {
  if (version.state !== "current")
    throw new KeyfoldError("integrity_failed", {
      cause: new Error("the current pointer names a version that is not current"),
    });
  return version;
}
