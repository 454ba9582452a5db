import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import { lockSecret } from "../secret/load.ts";
import {
  SECRET_COLUMNS,
  type SecretColumns,
  type SecretRow,
  secretOf,
  VERSION_COLUMNS,
  type VersionRow,
} from "../secret/rows.ts";
import { opensInGrace } from "../version/open.ts";

interface InGrace {
  secret: SecretRow;
  version: VersionRow;
}

/**
 * A version whose grace has not ended, its secret locked.
 * @throws KeyfoldError `not_found`, `illegal_state`, `integrity_failed`
 */
export async function lockInGrace(unit: Unit, input: { id: string; version: number }): Promise<InGrace> {
  const { secret, version } = await lockSecret(unit, { id: input.id }, { number: input.version });
  if (version === null) throw new KeyfoldError("not_found");
  if (version.state !== "grace")
    throw new KeyfoldError("illegal_state", {
      sentence: `This version is ${version.state}, and in no grace.`,
    });
  if (!opensInGrace(version, unit.now))
    throw new KeyfoldError("illegal_state", {
      sentence: "This version's grace has ended. To use its value again, roll back to it.",
    });
  return { secret, version };
}

/**
 * A version in grace for the sweep, which works wherever it stands: in a deleted secret, project or environment, too.
 * @returns null where it is in grace no more
 * @throws KeyfoldError `integrity_failed`
 */
export async function lockSwept(unit: Unit, secretId: string, number: number): Promise<InGrace | null> {
  const { mac } = unit.call.services;
  const [row] = await unit.query<SecretColumns>(
    `SELECT ${SECRET_COLUMNS}, s.project_id AS p_id, s.environment_id AS e_id FROM control_plane.secrets s
      WHERE s.tenant_id = $1::uuid AND s.id = $2::uuid FOR UPDATE`,
    [unit.tenantId, secretId],
  );
  if (row === undefined) return null;
  const secret = secretOf(row);
  mac.check("secrets", unit.tenantId, secret);
  const [version] = await unit.query<VersionRow>(
    `SELECT ${VERSION_COLUMNS} FROM control_plane.versions v
      WHERE v.tenant_id = $1::uuid AND v.secret_id = $2::uuid AND v.number = $3::int AND v.state = 'grace'`,
    [unit.tenantId, secretId, number],
  );
  if (version === undefined) return null;
  mac.check("versions", unit.tenantId, version);
  return { secret, version };
}
