import { mayReach } from "../access/authorize.ts";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "../flow/change.ts";
import type { SecretRow } from "../secret/rows.ts";

/** An instance is on the version that it acknowledged; one that never acknowledged any, on the version that it read last. */
const LIVE = `FROM control_plane.consumer_instances i
  WHERE i.tenant_id = $1::uuid AND i.secret_id = $2::uuid AND i.lease_until > $3::timestamptz`;
const USES = "coalesce(i.applied_version, i.read_version)";

/** How many of those in use an error names. */
const NAMED = 20;

interface User {
  name: string;
  kind: string;
  versions: number[];
  total: number;
}

/**
 * Refuses to take a version (or the whole secret) from under consumers that still use it, unless somebody says so.
 * @param version null: whatever version they use
 * @throws KeyfoldError `in_use`, which says how many, and who to whoever may see them
 */
export async function refuseInUse(
  unit: Unit,
  secret: SecretRow,
  version: number | null,
  force: boolean,
): Promise<void> {
  if (force) return;
  const users = await unit.query<User>(
    `SELECT c.name, c.kind, u.versions, (count(*) OVER ())::int AS total
       FROM (SELECT i.consumer, array_agg(DISTINCT ${USES} ORDER BY ${USES} DESC) AS versions ${LIVE}
               AND ($4::int IS NULL OR ${USES} = $4::int) GROUP BY i.consumer) u
       JOIN control_plane.consumers c ON c.tenant_id = $1::uuid AND c.secret_id = $2::uuid AND c.name = u.consumer
      ORDER BY c.name LIMIT ${NAMED}`,
    [unit.tenantId, secret.id, unit.now, version],
  );
  const total = users[0]?.total ?? 0;
  if (total === 0) return;
  const what = version === null ? "this secret" : `version ${version}`;
  const who = total === 1 ? "One consumer still uses" : `${total} consumers still use`;
  throw new KeyfoldError("in_use", {
    sentence: `${who} ${what}. Wait until they have moved; or do it all the same, with \`force\` and a reason.`,
    ...(mayReach(unit.call.actor, "secret.get", secret) ? { issues: users.map(issueOf) } : {}),
  });
}

const issueOf = ({ name, kind, versions }: User) => ({
  path: "consumers",
  message: `${name} (${kind.replace("_", " ")}) uses version ${versions.join(" and ")}`,
});

/** How many consumers have a live instance on this version or an older one. */
export async function consumersBehind(unit: Unit, secretId: string, number: number): Promise<number> {
  const [row] = await unit.query<{ n: number }>(
    `SELECT count(DISTINCT i.consumer)::int AS n ${LIVE} AND ${USES} <= $4::int`,
    [unit.tenantId, secretId, unit.now, number],
  );
  return row!.n;
}

/**
 * Whether every live instance of every consumer has acknowledged a newer version, and there is one. What has only read a
 * newer one has not said that it uses it, and waits for the deadline.
 */
export async function allHaveMoved(unit: Unit, secretId: string, number: number): Promise<boolean> {
  const [row] = await unit.query<{ moved: boolean | null }>(
    `SELECT bool_and(i.applied_version IS NOT NULL AND i.applied_version > $4::int) AS moved ${LIVE}`,
    [unit.tenantId, secretId, unit.now, number],
  );
  return row!.moved === true;
}
