import { iso, jsonActor } from "../input/stored.ts";
import type { VersionRow } from "../secret/rows.ts";
import { opensInGrace } from "./open.ts";
import type { VersionView } from "./schema.ts";

/** @param now the database's clock: a grace that has ended shows as not opening, swept or not */
export function viewVersion(row: VersionRow, now: Date): VersionView {
  return {
    secretId: row.secretId,
    version: row.number,
    state: row.state,
    active: row.state === "current",
    opens: row.state === "current" || (row.state === "grace" && opensInGrace(row, now)),
    rotatedFrom: row.rotatedFrom,
    reason: row.reason,
    createdAt: row.createdAt.toISOString(),
    createdBy: jsonActor(row.createdBy),
    openUntil: iso(row.openUntil),
    held: row.held === true,
    setAt: iso(row.setAt),
    revokedAt: iso(row.revokedAt),
    destroyedAt: iso(row.destroyedAt),
    endReason: row.endReason,
  };
}
