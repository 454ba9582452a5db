import type { PrismaUnit } from "../flow/change.ts";
import type { TokenRow } from "./store.ts";

/**
 * A token that can still call, by the database's clock.
 * @returns null: there is none, or it was revoked or has expired
 * @throws KeyfoldError `integrity_failed`
 */
export async function liveToken(
  { sql, tenantId, call, now }: PrismaUnit,
  id: string,
): Promise<TokenRow | null> {
  const row = await sql.serviceToken.findUnique({ where: { tenantId_id: { tenantId, id } } });
  if (row === null || row.revokedAt !== null || (row.expiresAt !== null && row.expiresAt <= now)) return null;
  call.services.mac.check("serviceTokens", tenantId, row);
  return row;
}
