import { Prisma } from "@keyfold/db";
import { scopeSchema } from "../access/scope.ts";
import type { ConsumerKind } from "../consumer/kind.ts";
import { KeyfoldError } from "../error.ts";
import { iso, jsonActor } from "../input/stored.ts";
import { storedRanges } from "../token/ip-ranges.ts";
import { storedClaims } from "./claims.ts";
import { type KeySource, keySource, type RuleView } from "./schema.ts";

export interface RuleRow {
  id: string;
  name: string;
  issuer: string;
  audience: string;
  keys: unknown;
  claims: unknown;
  scope: unknown;
  lifeSeconds: number;
  ipRanges: unknown;
  consumerName: string | null;
  consumerKind: string | null;
  expiresAt: Date | null;
  createdAt: Date;
  createdBy: unknown;
  deletedAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

/** @throws KeyfoldError `integrity_failed` for anything else than we ever stored */
export function keysOf(row: Pick<RuleRow, "keys">): KeySource {
  const parsed = keySource.safeParse(row.keys);
  if (!parsed.success) throw new KeyfoldError("integrity_failed");
  return parsed.data;
}

export function viewRule(row: RuleRow): RuleView {
  const keys = keysOf(row);
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    audience: row.audience,
    keys: {
      from: keys.from,
      url: keys.from === "url" ? keys.url : null,
      kids: keys.from === "given" ? keys.jwks.keys.map(({ kid }) => kid ?? "") : null,
    },
    claims: storedClaims.parse(row.claims),
    ...scopeSchema.parse(row.scope),
    lifeSeconds: row.lifeSeconds,
    ipRanges: storedRanges(row.ipRanges) as string[] | null,
    consumer: consumerOf(row),
    expiresAt: iso(row.expiresAt),
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
  };
}

/** What the tokens of a rule are called as consumers. */
export const consumerOf = (row: RuleRow) => ({
  name: row.consumerName ?? row.name,
  kind: (row.consumerKind ?? "ci") as ConsumerKind,
});

/** A new row as Prisma takes it: a JSON column that is null is its own word. */
export const ruleData = <R extends { ipRanges: unknown }>(tenantId: string, row: R) => ({
  tenantId,
  ...row,
  ipRanges: (row.ipRanges as string[] | null) ?? Prisma.DbNull,
});
