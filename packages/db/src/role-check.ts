import type pg from "pg";

/** What stands in the way of serving with this connection, each a sentence for the operator. */
export async function findRoleProblems(pool: Pick<pg.Pool, "query">): Promise<string[]> {
  const { rows } = await pool.query<{
    name: string;
    super: boolean;
    bypass: boolean;
    owner: boolean;
    via: string[] | null;
    tenant: boolean;
    deployment: boolean;
    fsync: string;
    commit: string;
    full: string;
  }>(`
    SELECT current_user AS name, r.rolsuper AS super, r.rolbypassrls AS bypass,
      EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = 'control_plane' AND c.relkind = 'r' AND c.relowner = r.oid) AS owner,
      (SELECT array_agg(m.rolname::text) FROM pg_roles m
        WHERE m.oid <> r.oid AND pg_has_role(r.oid, m.oid, 'MEMBER') AND (m.rolsuper OR m.rolbypassrls
          OR m.rolname IN ('keyfold_definer', 'keyfold_backup')
          OR EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = 'control_plane' AND c.relkind = 'r' AND c.relowner = m.oid))) AS via,
      coalesce((SELECT pg_has_role(r.oid, t.oid, 'USAGE') FROM pg_roles t WHERE t.rolname = 'keyfold_tenant'), false) AS tenant,
      coalesce((SELECT pg_has_role(r.oid, t.oid, 'SET') FROM pg_roles t WHERE t.rolname = 'keyfold_deployment'), false) AS deployment,
      current_setting('fsync') AS fsync, current_setting('synchronous_commit') AS commit,
      current_setting('full_page_writes') AS full
    FROM pg_roles r WHERE r.rolname = current_user`);
  const is = rows[0]!;
  const problems: string[] = [];
  const who = `The database role "${is.name}"`;
  if (is.super)
    problems.push(
      `${who} is a superuser, and row-level security does not bind it. Serve with a plain login role.`,
    );
  if (is.bypass)
    problems.push(
      `${who} has BYPASSRLS, and row-level security does not bind it. Take it away: ALTER ROLE "${is.name}" NOBYPASSRLS.`,
    );
  if (is.owner)
    problems.push(
      `${who} owns Keyfold's tables. Serve with another role than the one that migrates (KEYFOLD_MIGRATION_URL).`,
    );
  if (is.via)
    problems.push(
      `${who} is a member of ${is.via.map((r) => `"${r}"`).join(", ")}, which row-level security does not bind. Revoke that membership.`,
    );
  if (!is.tenant && !is.super)
    problems.push(
      `${who} is not a member of keyfold_tenant. Run the migrations with this role named as the application's.`,
    );
  if (!is.deployment && !is.super)
    problems.push(
      `${who} may not become keyfold_deployment. Run the migrations with this role named as the application's.`,
    );
  if (is.fsync !== "on")
    problems.push(
      "The database runs with fsync off: an audit event that was told durable could be lost. Turn fsync on.",
    );
  if (is.full !== "on")
    problems.push(
      "The database runs with full_page_writes off: a crash could tear pages. Turn full_page_writes on.",
    );
  if (!["on", "remote_apply", "remote_write", "local"].includes(is.commit))
    problems.push(
      `synchronous_commit is ${is.commit}: an audit event that was told durable could be lost. Turn it on for this role.`,
    );
  return problems;
}

/**
 * Behind a pooler a process cannot say how long a statement may take: the role's own settings on the server do.
 * @returns one sentence for each setting that is missing
 */
export async function findUnboundedStatements(pool: pg.Pool): Promise<string[]> {
  const { rows } = await pool.query<{ name: string; setting: string }>(
    "SELECT name, setting FROM pg_settings WHERE name IN ('statement_timeout', 'idle_in_transaction_session_timeout') AND setting = '0' ORDER BY name",
  );
  return rows.map(
    ({ name }) =>
      `${name} is not set for the application's role, and through a pooler Keyfold cannot set it. As its administrator: ALTER ROLE … SET ${name} = '${name === "statement_timeout" ? 10 : 30}s';`,
  );
}
