import { z } from "zod";
import type { Action } from "../access/actions.ts";
import { PERSON_ACTIONS } from "../access/roles.ts";
import { KeyfoldError } from "../error.ts";
import type { RowMac } from "../integrity/row-mac.ts";

/** A role that a tenant made itself, authenticated and parsed. */
export interface RoleRow {
  id: string;
  name: string;
  summary: string;
  actions: Action[];
  createdAt: Date;
  createdBy: unknown;
  updatedAt: Date;
  deletedAt: Date | null;
  generation: number;
  mac: Uint8Array;
}

export const ROLE_COLUMNS = `r.id, r.name, r.summary, r.actions, r.created_at AS "createdAt", r.created_by AS "createdBy",
  r.updated_at AS "updatedAt", r.deleted_at AS "deletedAt", r.generation, r.mac`;

export const roleActions = z.array(z.enum([...PERSON_ACTIONS] as [Action, ...Action[]])).min(1);

/** @throws KeyfoldError `integrity_failed` */
export function roleRow(
  mac: RowMac,
  tenantId: string,
  row: Omit<RoleRow, "actions"> & { actions: unknown },
): RoleRow {
  mac.check("tenantRoles", tenantId, row);
  const actions = roleActions.safeParse(row.actions);
  if (!actions.success) throw new KeyfoldError("integrity_failed");
  return { ...row, actions: actions.data };
}
