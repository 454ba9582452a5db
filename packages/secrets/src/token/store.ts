import { randomUUID } from "node:crypto";
import { Prisma } from "@keyfold/db";
import type { Action } from "../access/actions.ts";
import { type Actor, actorRef } from "../access/actor.ts";
import { grantsFor } from "../access/authorize.ts";
import { isReachWithin, isWithin, normalizeScope, type Scope, scopeSchema } from "../access/scope.ts";
import type { ConsumerKind } from "../consumer/kind.ts";
import type { PrismaUnit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { iso, jsonActor } from "../input/stored.ts";
import { storedRanges } from "./ip-ranges.ts";
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
  ipRanges: unknown;
  rotatedFrom: string | null;
  federatedBy: string | null;
  generation: number;
  mac: Uint8Array;
}

/** When a token was used last, as far as it was written. */
export interface TokenUse {
  lastUsedAt: Date | null;
  lastUsedIp: string | null;
}

export function viewToken(row: TokenRow, use: TokenUse | null = null): TokenView {
  const scope = scopeSchema.parse(row.scope);
  return {
    id: row.id,
    name: row.name,
    hint: row.hint,
    ...scope,
    prefix: scope.prefix ?? null,
    consumer: { name: row.consumerName ?? row.name, kind: (row.consumerKind ?? "other") as ConsumerKind },
    ipRanges: storedRanges(row.ipRanges) as string[] | null,
    rotatedFrom: row.rotatedFrom,
    lastUsedAt: iso(use?.lastUsedAt ?? null),
    lastUsedIp: use?.lastUsedIp ?? null,
    expiresAt: iso(row.expiresAt),
    revokedAt: iso(row.revokedAt),
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

/** When these tokens were used last. */
export async function usesOf(unit: PrismaUnit, ids: string[]): Promise<Map<string, TokenUse>> {
  if (ids.length === 0) return new Map();
  const rows = await unit.sql.tokenNotes.findMany({
    where: { tenantId: unit.tenantId, tokenId: { in: ids } },
  });
  return new Map(rows.map((row) => [row.tokenId, row]));
}

/** Who sees a token: another token that allows as much; a person whose rights over tokens reach as far as it does. */
export function maySeeToken(actor: Actor, action: Action, scope: Scope): boolean {
  if (actor.type === "service_token") return isWithin(scope, actor.scope);
  return grantsFor(actor, action)?.some((grant) => isReachWithin(scope, grant)) ?? true;
}

interface TokenFacts {
  /** A fresh one when left out. */
  id?: string;
  name: string;
  scope: Scope;
  expiresAt: Date | null;
  createdAt: Date;
  createdBy: { type: string; id: string; name: string };
  /** What its holder is called as a consumer, where that is not the token's own name. */
  consumer?: { name?: string | undefined; kind?: ConsumerKind | undefined } | undefined;
  /** Where its calls must come from, in one spelling. */
  ipRanges?: readonly string[] | null;
  rotatedFrom?: string | null;
  federatedBy?: string | null;
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
    id: facts.id ?? randomUUID(),
    digest: credentialDigest(services.tokenKey, "token", token),
    hint: token.slice(-4),
    scope: { ...normalizeScope(facts.scope) },
    revokedAt: null,
    consumerName: facts.consumer?.name ?? null,
    consumerKind: facts.consumer?.kind ?? null,
    ipRanges: facts.ipRanges == null ? null : [...facts.ipRanges],
    rotatedFrom: facts.rotatedFrom ?? null,
    federatedBy: facts.federatedBy ?? null,
    generation: 1,
  });
  return { token, row };
}

/** Stores a new token of the caller's making. */
export async function insertToken(
  unit: PrismaUnit,
  facts: Omit<TokenFacts, "createdAt" | "createdBy">,
): Promise<{ token: string; row: TokenRow }> {
  const { services, actor } = unit.call;
  const made = { ...facts, createdAt: unit.now, createdBy: { ...actorRef(actor) } };
  const { token, row } = newTokenRow(services, unit.tenantId, made);
  await unit.sql.serviceToken.create({ data: dataOf(unit.tenantId, row) });
  return { token, row };
}

/** A new row as Prisma takes it: a JSON column that is null is its own word. */
export function dataOf(tenantId: string, row: ReturnType<typeof newTokenRow>["row"]) {
  return { tenantId, ...row, ipRanges: row.ipRanges ?? Prisma.DbNull };
}
