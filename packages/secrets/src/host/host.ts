import { randomUUID } from "node:crypto";
import { withDeployment, withTenant } from "@keyfold/db";
import { SERVICE_ACTIONS } from "../access/actions.ts";
import { KeyfoldError } from "../error.ts";
import { onPool } from "../flow/query.ts";
import type { Services } from "../flow/services.ts";
import { couldBeToken, credentialDigest, generateToken } from "../token/secret.ts";
import { dataOf, newTokenRow } from "../token/store.ts";
import { tellChain } from "./tell.ts";

/*
 * What only the host itself does: whoever starts the process and holds the root key. No procedure and no route leads
 * here, and each deed stands in the audit log under the actor "host".
 */

/** The host, as rows' `created_by` names it. */
const host = (services: Services) => ({ type: "host", id: services.deployment, name: "host" });

/**
 * Makes an operator's token.
 * @param given this very string, of 32 to 512 characters; a fresh token when left out
 * @throws RangeError for any other string
 */
export async function createOperatorToken(services: Services, name: string, given?: string): Promise<string> {
  const token = given ?? generateToken();
  if (!couldBeToken(token)) throw new RangeError("an operator's token has 32 to 512 characters");
  await withDeployment(services.db, async (tx) => {
    const row = services.mac.seal("operatorTokens", null, {
      id: randomUUID(),
      name,
      digest: credentialDigest(services.tokenKey, "token", token),
      hint: token.slice(-4),
      expiresAt: null,
      revokedAt: null,
      createdAt: tx.now,
      generation: 1,
    });
    await tx.sql.operatorToken.create({ data: row });
    await tellChain(services, tx, null, "operator.created", { target: { type: "token", id: row.id, name } });
  });
  return token;
}

/** Whether an operator's token was ever made: a first start that was cut short made none. */
export async function hasOperatorToken({ db }: Services): Promise<boolean> {
  const found = await withDeployment(db, ({ sql }) => sql.operatorToken.findFirst({ select: { id: true } }));
  return found !== null;
}

/**
 * Makes a token that may do everything in a tenant which has lost its last one. Operators cannot: a token of theirs
 * would read what they may not. Both the tenant's chain and the deployment's show it.
 * @throws KeyfoldError `not_found`
 */
export async function recoverTenant(services: Services, slug: string): Promise<string> {
  const [found] = await onPool(services.db)<{ id: string | null }>(
    "SELECT control_plane.find_tenant($1) AS id",
    [slug],
  );
  const tenantId = found?.id;
  if (!tenantId) throw new KeyfoldError("not_found");
  return withTenant(services.db, tenantId, async (tx) => {
    const scope = { actions: [...SERVICE_ACTIONS], projects: null, environments: null };
    const { token, row } = newTokenRow(services, tenantId, {
      name: "recovery",
      scope,
      expiresAt: null,
      createdAt: tx.now,
      createdBy: host(services),
    });
    await tx.sql.serviceToken.create({ data: dataOf(tenantId, row) });
    const happening = {
      target: { type: "token" as const, id: row.id, name: row.name },
      details: { tenant: tenantId },
    };
    await tellChain(services, tx, tenantId, "token.recovered", happening);
    await tellChain(services, tx, null, "token.recovered", happening);
    return token;
  });
}
