import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { normalizeScope, type Scope, scopeSchema } from "../access/scope.ts";
import type { ConsumerKind } from "../consumer/kind.ts";
import type { PrismaUnit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
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
  consumerName: string | null;
  consumerKind: string | null;
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
    consumer: { name: row.consumerName ?? row.name, kind: (row.consumerKind ?? "other") as ConsumerKind },
    expiresAt: iso(row.expiresAt),
    revokedAt: iso(row.revokedAt),
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

interface TokenFacts {
  name: string;
  scope: Scope;
  expiresAt: Date | null;
  createdAt: Date;
  createdBy: { type: string; id: string; name: string };
  /** What its holder is called as a consumer, where that is not the token's own name. */
  consumer?: { name?: string | undefined; kind?: ConsumerKind | undefined } | undefined;
}

/** A fresh token and the row that keeps its digest. The token itself goes into the answer and nowhere else. */
export function newTokenRow(
  services: Pick<Services, "mac" | "tokenKey">,
  tenantId: string,
  facts: TokenFacts,
) {
  const token = generateToken();
  const row = services.mac.seal("serviceTokens", tenantId, {
    name: facts.name,
    expiresAt: facts.expiresAt,
    createdAt: facts.createdAt,
    createdBy: facts.createdBy,
    id: randomUUID(),
    digest: credentialDigest(services.tokenKey, "token", token),
    hint: token.slice(-4),
    scope: { ...normalizeScope(facts.scope) },
    revokedAt: null,
    consumerName: facts.consumer?.name ?? null,
    consumerKind: facts.consumer?.kind ?? null,
    generation: 1,
  });
  return { token, row };
}

/** Stores a new token of the caller's making. */
export async function insertToken(
  unit: PrismaUnit,
  name: string,
  scope: Scope,
  expiresAt: Date | null,
  consumer?: TokenFacts["consumer"],
): Promise<{ token: string; row: TokenRow }> {
  const { services, actor } = unit.call;
  const facts = { name, scope, expiresAt, createdAt: unit.now, createdBy: { ...actorRef(actor) }, consumer };
  const { token, row } = newTokenRow(services, unit.tenantId, facts);
  await unit.sql.serviceToken.create({ data: { tenantId: unit.tenantId, ...row } });
  return { token, row };
}
