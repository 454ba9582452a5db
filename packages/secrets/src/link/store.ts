import type { Query } from "@keyfold/db";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { iso, jsonActor } from "../input/stored.ts";
import type { SealedApart } from "../key/sealed-apart.ts";
import type { LinkView } from "./schema.ts";

/** A link's row, authenticated and parsed. */
export interface LinkRow {
  id: string;
  kind: "request" | "share";
  digest: Buffer;
  projectId: string | null;
  environmentId: string | null;
  name: string | null;
  secretId: string | null;
  version: number | null;
  label: string;
  note: string;
  origins: string[];
  writeOnly: boolean;
  /** Whether another person agreed to it, where that takes two. */
  agreed: boolean;
  encoding: "utf8" | "base64";
  expiresAt: Date;
  usedAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
  createdBy: unknown;
  generation: number;
  mac: Uint8Array;
}

export const LINK_COLUMNS = `l.id, l.kind, l.digest, l.project_id AS "projectId", l.environment_id AS "environmentId", l.name,
  l.secret_id AS "secretId", l.version, l.label, l.note, l.origins, l.write_only AS "writeOnly", l.agreed, l.encoding,
  l.expires_at AS "expiresAt", l.used_at AS "usedAt", l.revoked_at AS "revokedAt", l.created_at AS "createdAt",
  l.created_by AS "createdBy", l.generation, l.mac`;

const origins = z.array(z.string());

/** @throws KeyfoldError `integrity_failed` */
export function linkRow(
  { mac }: Pick<Services, "mac">,
  tenantId: string,
  row: Omit<LinkRow, "origins"> & { origins: unknown },
): LinkRow {
  mac.check("valueLinks", tenantId, row);
  const parsed = origins.safeParse(row.origins);
  if (!parsed.success) throw new KeyfoldError("integrity_failed");
  return { ...row, origins: parsed.data };
}

/** How a link stands, by the database's clock. */
export function stateOf(row: LinkRow, now: Date): LinkView["state"] {
  if (row.usedAt !== null) return "used";
  if (row.revokedAt !== null) return "revoked";
  return row.expiresAt <= now ? "expired" : "open";
}

export function viewLink(row: LinkRow, now: Date): LinkView {
  return {
    id: row.id,
    kind: row.kind,
    label: row.label,
    note: row.note,
    name: row.name,
    project: row.projectId,
    environment: row.environmentId,
    secretId: row.secretId,
    version: row.version,
    origins: row.origins,
    writeOnly: row.writeOnly,
    state: stateOf(row, now),
    expiresAt: row.expiresAt.toISOString(),
    usedAt: iso(row.usedAt),
    revokedAt: iso(row.revokedAt),
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

export async function insertLink(
  unit: Unit,
  facts: Omit<LinkRow, "generation" | "mac" | "usedAt" | "revokedAt" | "createdAt">,
  share: SealedApart | null,
): Promise<LinkRow> {
  const row = unit.call.services.mac.seal("valueLinks", unit.tenantId, {
    ...facts,
    usedAt: null,
    revokedAt: null,
    createdAt: unit.now,
    generation: 1,
  });
  await unit.query(
    `INSERT INTO control_plane.value_links (tenant_id, id, kind, digest, project_id, environment_id, name, secret_id, version, label,
        note, origins, write_only, agreed, encoding, expires_at, created_at, created_by, sealed, dek_wrap, generation, mac)
      VALUES ($1::uuid, $2::uuid, $3, $4::bytea, $5::uuid, $6::uuid, $7, $8::uuid, $9::int, $10, $11, $12::jsonb, $13::boolean,
        $14::boolean, $15, $16::timestamptz, $17::timestamptz, $18::jsonb, $19::bytea, $20::bytea, 1, $21::bytea)`,
    [
      unit.tenantId,
      row.id,
      row.kind,
      row.digest,
      row.projectId,
      row.environmentId,
      row.name,
      row.secretId,
      row.version,
      row.label,
      row.note,
      JSON.stringify(row.origins),
      row.writeOnly,
      row.agreed,
      row.encoding,
      row.expiresAt,
      row.createdAt,
      JSON.stringify(row.createdBy),
      share?.sealed ?? null,
      share?.dekWrap ?? null,
      row.mac,
    ],
  );
  return row;
}

/**
 * A link, locked until the transaction ends, however it stands.
 * @throws KeyfoldError `not_found`, `integrity_failed`
 */
export async function lockLink(
  services: Services,
  { query }: { query: Query },
  tenantId: string,
  id: string,
): Promise<{ row: LinkRow; share: SealedApart | null }> {
  const [found] = await query<LinkRow & { sealed: Buffer | null; dekWrap: Buffer | null }>(
    `SELECT ${LINK_COLUMNS}, l.sealed, l.dek_wrap AS "dekWrap" FROM control_plane.value_links l
      WHERE l.tenant_id = $1::uuid AND l.id = $2::uuid FOR UPDATE`,
    [tenantId, id],
  );
  if (found === undefined) throw new KeyfoldError("not_found");
  const { sealed, dekWrap, ...row } = found;
  return {
    row: linkRow(services, tenantId, row),
    share: sealed === null || dekWrap === null ? null : { sealed, dekWrap },
  };
}

/** Ends a link, one way or the other; what it shares is erased. @throws KeyfoldError `conflict` */
export async function endLink(
  unit: Unit,
  row: LinkRow,
  how: "usedAt" | "revokedAt",
  became: Partial<Pick<LinkRow, "secretId" | "version">> = {},
): Promise<LinkRow> {
  const { mac: _, ...old } = row;
  const ended = unit.call.services.mac.seal("valueLinks", unit.tenantId, {
    ...old,
    ...became,
    [how]: unit.now,
    generation: row.generation + 1,
  });
  const written = await unit.query(
    `UPDATE control_plane.value_links SET used_at = $3::timestamptz, revoked_at = $4::timestamptz, secret_id = $5::uuid,
        version = $6::int, sealed = NULL, dek_wrap = NULL, generation = $7::int, mac = $8::bytea
      WHERE tenant_id = $1::uuid AND id = $2::uuid AND generation = $7::int - 1 RETURNING 1`,
    [
      unit.tenantId,
      row.id,
      ended.usedAt,
      ended.revokedAt,
      ended.secretId,
      ended.version,
      ended.generation,
      ended.mac,
    ],
  );
  if (written.length === 0) throw new KeyfoldError("conflict");
  return ended;
}
