import { randomBytes, randomUUID } from "node:crypto";
import type { Transaction } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import type { Services } from "../flow/services.ts";
import { credentialDigest } from "../token/secret.ts";

/** What a link does: makes an operator, or lets somebody set a new password. */
export type LinkKind = "operator" | "reset";

export interface LinkRow {
  id: string;
  kind: string;
  digest: Uint8Array;
  email: string | null;
  clearsFactors: boolean;
  expiresAt: Date;
  usedAt: Date | null;
  createdAt: Date;
  createdBy: unknown;
  generation: number;
  mac: Uint8Array;
}

export interface NewLink {
  kind: LinkKind;
  email: string | null;
  clearsFactors?: boolean;
  seconds: number;
  createdBy: Record<string, string>;
}

/** How long links last, in seconds. */
export const LINK_SECONDS = { operator: 24 * 3600, reset: 3600 } as const;

/** Makes a link; its secret is in the answer and nowhere else, 32 random bytes in base64url. */
export async function makeLink(
  services: Services,
  { sql, now }: Pick<Transaction, "sql" | "now">,
  link: NewLink,
): Promise<{ id: string; secret: string; expiresAt: Date }> {
  const secret = randomBytes(32).toString("base64url");
  const row = services.mac.seal("personLinks", null, {
    id: randomUUID(),
    kind: link.kind,
    digest: credentialDigest(services.tokenKey, "link", secret),
    email: link.email,
    clearsFactors: link.clearsFactors ?? false,
    expiresAt: new Date(now.getTime() + link.seconds * 1000),
    usedAt: null,
    createdAt: now,
    createdBy: link.createdBy,
    generation: 1,
  });
  await sql.personLink.create({ data: row });
  return { id: row.id, secret, expiresAt: row.expiresAt };
}

/**
 * The link that a secret is of. One that never was, was used or has expired is one refusal.
 * @throws KeyfoldError `link_ended`, `integrity_failed`
 */
export async function findLink(
  services: Services,
  { sql, now }: Pick<Transaction, "sql" | "now">,
  secret: string,
): Promise<LinkRow & { kind: LinkKind }> {
  const digest = credentialDigest(services.tokenKey, "link", secret);
  const row = await sql.personLink.findUnique({ where: { digest } });
  if (row === null || row.usedAt !== null || row.expiresAt <= now) throw new KeyfoldError("link_ended");
  services.mac.check("personLinks", null, row);
  return row as LinkRow & { kind: LinkKind };
}

/** Ends a link. @throws KeyfoldError `link_ended` where somebody else was faster */
export async function useLink(
  services: Services,
  { sql, now }: Pick<Transaction, "sql" | "now">,
  link: LinkRow,
): Promise<void> {
  const { mac: _, ...old } = link;
  const row = services.mac.seal("personLinks", null, {
    ...old,
    usedAt: now,
    generation: link.generation + 1,
  });
  const { count } = await sql.personLink.updateMany({
    where: { id: link.id, generation: link.generation, usedAt: null },
    data: { usedAt: now, generation: row.generation, mac: row.mac },
  });
  if (count !== 1) throw new KeyfoldError("link_ended");
}

/** Ends every link of a kind that is still open, for an address or (null) for whoever opens it. */
export async function endLinks(
  services: Services,
  tx: Pick<Transaction, "sql" | "now">,
  where: { kind: LinkKind; email: string | null },
): Promise<void> {
  const rows = await tx.sql.personLink.findMany({
    where: { ...where, usedAt: null, expiresAt: { gt: tx.now } },
  });
  for (const row of rows) await useLink(services, tx, row);
}
