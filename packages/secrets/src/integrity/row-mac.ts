import { timingSafeEqual } from "node:crypto";
import type { SecretKey } from "@keyfold/envelope";
import { canonical, type Field } from "./canonical.ts";
import { RowRefused } from "./row-refused.ts";

/**
 * The rows that grant something, and all their fields in the order in which the MAC covers them. A field that is added
 * to a table is added here; a row whose refusal needs no MAC (revoked, deleted) is refused before its MAC is asked.
 */
const ROWS = {
  tenants: ["id", "slug", "name", "createdAt", "createdBy", "deletedAt", "purgedAt"],
  projects: ["id", "name", "createdAt", "createdBy", "deletedAt"],
  environments: ["id", "projectId", "name", "createdAt", "createdBy", "deletedAt"],
  secrets: [
    "id",
    "projectId",
    "environmentId",
    "name",
    "description",
    "tags",
    "state",
    "currentVersion",
    "graceSeconds",
    "createdAt",
    "createdBy",
    "updatedAt",
    "deletedAt",
    "purgeAfter",
  ],
  versions: [
    "secretId",
    "number",
    "state",
    "rotatedFrom",
    "reason",
    "encoding",
    "createdAt",
    "createdBy",
    "openUntil",
    "revokedAt",
    "destroyedAt",
  ],
  serviceTokens: [
    "id",
    "name",
    "digest",
    "hint",
    "scope",
    "expiresAt",
    "revokedAt",
    "createdAt",
    "createdBy",
  ],
  webhookEndpoints: [
    "id",
    "url",
    "description",
    "filter",
    "scope",
    "expiresAt",
    "disabledAt",
    "disabledReason",
    "secretNumber",
    "previousUntil",
    "createdAt",
    "createdBy",
    "updatedAt",
    "deletedAt",
  ],
  federationRules: [
    "id",
    "name",
    "issuer",
    "audience",
    "keys",
    "claims",
    "scope",
    "lifeSeconds",
    "ipRanges",
    "consumerName",
    "consumerKind",
    "expiresAt",
    "createdAt",
    "createdBy",
    "deletedAt",
  ],
  approvals: [
    "id",
    "kind",
    "projectId",
    "environmentId",
    "name",
    "reason",
    "personId",
    "requestedBy",
    "requestedAt",
    "state",
    "decidedBy",
    "decidedAt",
    "expiresAt",
  ],
  memberships: ["personId", "name", "grants", "createdAt", "createdBy", "updatedAt", "removedAt"],
  tenantRoles: ["id", "name", "summary", "actions", "createdAt", "createdBy", "updatedAt", "deletedAt"],
  operatorTokens: ["id", "name", "digest", "hint", "expiresAt", "revokedAt", "createdAt"],
  sessions: ["id", "digest", "tenantId", "tokenId", "expiresAt", "endedAt", "createdAt"],
  people: [
    "id",
    "email",
    "name",
    "operator",
    "password",
    "factorRequired",
    "suspendedAt",
    "createdAt",
    "createdBy",
  ],
  personFactors: [
    "id",
    "personId",
    "kind",
    "name",
    "sealed",
    "dekWrap",
    "digest",
    "publicKey",
    "counter",
    "confirmedAt",
    "usedAt",
    "createdAt",
  ],
  personLinks: [
    "id",
    "kind",
    "digest",
    "email",
    "clearsFactors",
    "expiresAt",
    "usedAt",
    "createdAt",
    "createdBy",
  ],
  invitations: [
    "id",
    "digest",
    "email",
    "grants",
    "expiresAt",
    "acceptedAt",
    "cancelledAt",
    "createdAt",
    "createdBy",
  ],
  valueLinks: [
    "id",
    "kind",
    "digest",
    "projectId",
    "environmentId",
    "name",
    "secretId",
    "version",
    "label",
    "note",
    "origins",
    "writeOnly",
    "agreed",
    "encoding",
    "expiresAt",
    "usedAt",
    "revokedAt",
    "createdAt",
    "createdBy",
  ],
  personChallenges: ["id", "digest", "purpose", "personId", "facts", "expiresAt"],
  rotationPolicies: [
    "secretId",
    "schedule",
    "required",
    "owner",
    "rotator",
    "config",
    "expiresAt",
    "anchorAt",
    "tryAt",
    "remindAt",
    "reminded",
    "setAt",
    "setBy",
  ],
  rotations: [
    "id",
    "secretId",
    "version",
    "kind",
    "config",
    "phase",
    "notes",
    "cause",
    "problem",
    "targetCode",
    "attempts",
    "reason",
    "startedBy",
    "startedAt",
    "updatedAt",
    "tryAt",
    "finishedAt",
    "cleanAt",
  ],
  tenantKeys: ["purpose", "term", "checkValue", "createdAt"],
  keyBackups: ["id", "madeAt", "rootKeys", "recipients", "confirmed"],
  keyWraps: ["purpose", "term", "opener", "provider", "suite", "wrapped", "createdAt"],
  tenantShreds: [
    "id",
    "state",
    "slug",
    "reason",
    "waitSeconds",
    "requestedBy",
    "requestedAt",
    "agreedBy",
    "agreedAt",
    "dueAt",
    "cancelledBy",
    "cancelledAt",
    "destroyed",
    "destroyedAt",
    "receipt",
    "finishedAt",
  ],
} as const;

/**
 * Fields that came after a table's first release. A MAC covers each by name, where it holds something: rows from before
 * keep their MACs, and a field that is emptied, filled or renamed behind the application's back still breaks one.
 * "Nothing" is null; a field whose meaning is the same when it is absent is never stored as another value.
 */
const LATER = {
  tenants: ["graceSeconds", "algorithm"],
  environments: ["protection"],
  secrets: ["gracePolicy", "keepVersions", "algorithm", "accessPolicy"],
  versions: ["setAt", "warnedAt", "held", "endReason"],
  serviceTokens: ["consumerName", "consumerKind", "ipRanges", "rotatedFrom", "federatedBy"],
  sessions: ["personId", "factorAt", "ip", "userAgent"],
  tenantKeys: ["suite", "round", "rootKey"],
  keyWraps: ["keyVersion"],
  approvals: ["decisionReason"],
} as const satisfies Partial<Record<keyof typeof ROWS, readonly string[]>>;

/** Later fields that cannot be null, and what stands for "nothing": what rows of before have. One spelling, so no two. */
const NOTHING: { readonly [T in keyof typeof ROWS]?: Readonly<Record<string, unknown>> } = {
  tenantKeys: { suite: 1 },
};

export type GuardedTable = keyof typeof ROWS;
type LaterField<T extends GuardedTable> = T extends keyof typeof LATER ? (typeof LATER)[T][number] : never;
/** The fields of a guarded row that its MAC covers, besides tenant and generation. */
export type Guarded<T extends GuardedTable> = {
  readonly [K in (typeof ROWS)[T][number] | LaterField<T>]: unknown;
};

/**
 * Makes and checks row MACs: HMAC-SHA-256 (RFC 2104) over deployment, table, tenant, generation and all fields, under
 * the deployment's integrity key, which the database never holds.
 */
export class RowMac {
  readonly #key: SecretKey;
  readonly #deployment: string;

  constructor(integrityKey: SecretKey, deployment: string) {
    this.#key = integrityKey.derive("keyfold/row-mac/v1");
    this.#deployment = deployment;
  }

  /** 32 bytes. `tenant` is null for the deployment's own rows. */
  make<T extends GuardedTable>(
    table: T,
    tenant: string | null,
    generation: number,
    row: Guarded<T>,
  ): Buffer<ArrayBuffer> {
    const fields: Field[] = [this.#deployment, table, tenant, generation];
    for (const name of ROWS[table]) fields.push((row as Record<string, Field>)[name] as Field);
    for (const name of (LATER as Partial<Record<GuardedTable, readonly string[]>>)[table] ?? []) {
      const field = (row as Record<string, Field>)[name] as Field;
      if (field !== null && field !== NOTHING[table]?.[name]) fields.push({ [name]: field });
    }
    return Buffer.from(this.#key.hmacSha256(Buffer.from(canonical(fields), "utf8")));
  }

  /** Adds the MAC to a row that is about to be written. */
  seal<T extends GuardedTable, R extends Guarded<T>>(
    table: T,
    tenant: string | null,
    row: R & { generation: number },
  ): R & { generation: number; mac: Buffer<ArrayBuffer> } {
    return { ...row, mac: this.make(table, tenant, row.generation, row) };
  }

  /** @throws RowRefused, `integrity_failed`, which names table and row to the operator and the audit log only */
  check<T extends GuardedTable>(
    table: T,
    tenant: string | null,
    row: Guarded<T> & { generation: number; mac: Uint8Array },
  ): void {
    const expected = this.make(table, tenant, row.generation, row);
    if (expected.length !== row.mac.length || !timingSafeEqual(expected, row.mac)) {
      const which =
        (row as { id?: unknown; secretId?: unknown }).id ?? (row as { secretId?: unknown }).secretId ?? "";
      throw new RowRefused(table, String(which));
    }
  }
}
