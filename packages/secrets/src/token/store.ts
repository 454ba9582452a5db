import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { normalizeScope, type Scope, scopeSchema } from "../access/scope.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { iso, jsonActor } from "../input/stored.ts";
import type { TokenView } from "./schema.ts";
import { credentialDigest, generateToken } from "./secret.ts";

export interface TokenRow {
  id: string;
  name: string;
  digest: Uint8Array;
  hint: string;
  scope: unknown;
  expiresAt: Date | null;
  revokedAt: Date | null;
  createdAt: Date;
  createdBy: unknown;
  generation: number;
  mac: Uint8Array;
}

export function viewToken(row: TokenRow): TokenView {
  const scope = scopeSchema.parse(row.scope);
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    ...scope,
    expiresAt: iso(row.expiresAt),
    revokedAt: iso(row.revokedAt),
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

/** Stores a new token's digest. The token itself is in the answer and nowhere else. */
export async function insertToken(
  unit: PrismaUnit,
  name: string,
  scope: Scope,
  expiresAt: Date | null,
): Promise<{ token: string; row: TokenRow }> {
  const { services, actor } = unit.call;
  const token = generateToken();
  const row = services.mac.seal("serviceTokens", unit.tenantId, {
    id: randomUUID(),
    name,
    digest: credentialDigest(services.tokenKey, "token", token),
    hint: token.slice(-4),
    scope: { ...normalizeScope(scope) },
    expiresAt,
    revokedAt: null,
    createdAt: unit.now,
    createdBy: { ...actorRef(actor) },
    generation: 1,
  });
  await unit.sql.serviceToken.create({ data: { tenantId: unit.tenantId, ...row } });
  return { token, row };
}
