import pg from "pg";

/**
 * Lets the application's login role act under the group roles that the migrations made: always as the tenants'
 * role, and as the deployment's only after `SET ROLE`. A group that does not exist is passed over, and so is a
 * grant that stands already.
 *
 * Roles belong to the cluster, not to the database: two databases that migrate at once can meet here, where
 * no lock of one database helps, so a grant that another session was making meanwhile is tried again.
 *
 * @param client the owner's connection; it made the groups, so it may grant them
 */
export async function grantApplicationRole(client: pg.Client, appRole: string): Promise<void> {
  await grant(client, "keyfold_tenant", appRole, { inherit: true, set: false });
  await grant(client, "keyfold_deployment", appRole, { inherit: false, set: true });
  await grantHistory(client, appRole);
}

/** The application may read which migrations ran, so that it can say so when one is missing. */
async function grantHistory(client: pg.Client, appRole: string): Promise<void> {
  const found = await client.query(
    "SELECT has_table_privilege($1, to_regclass('public._prisma_migrations'), 'SELECT') AS granted",
    [appRole],
  );
  if (found.rows[0]?.granted !== false) return;
  await client.query(`GRANT SELECT ON public._prisma_migrations TO ${pg.escapeIdentifier(appRole)}`);
}

async function grant(
  client: pg.Client,
  group: string,
  member: string,
  options: { inherit: boolean; set: boolean },
): Promise<void> {
  const word = (on: boolean) => (on ? "TRUE" : "FALSE");
  for (let attempt = 1; ; attempt++) {
    const found = await client.query(
      `SELECT EXISTS (SELECT FROM pg_auth_members m
                      WHERE m.roleid = g.oid AND m.member = to_regrole($2)
                        AND m.inherit_option = $3 AND m.set_option = $4) AS granted
       FROM pg_roles g WHERE g.rolname = $1`,
      [group, pg.escapeIdentifier(member), options.inherit, options.set],
    );
    if (found.rows[0]?.granted !== false) return;
    try {
      await client.query(
        `GRANT ${pg.escapeIdentifier(group)} TO ${pg.escapeIdentifier(member)}
         WITH INHERIT ${word(options.inherit)}, SET ${word(options.set)}`,
      );
      return;
    } catch (error) {
      if (attempt === 10 || !isConcurrentChange(error)) throw error;
    }
  }
}

/** "tuple concurrently updated" has no SQLSTATE of its own (XX000); a doubled insert is 23505. */
function isConcurrentChange(error: unknown): boolean {
  if (!(error instanceof pg.DatabaseError)) return false;
  return error.code === "23505" || (error.code === "XX000" && error.message.includes("concurrently"));
}
