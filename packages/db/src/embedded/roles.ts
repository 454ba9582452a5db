import pg from "pg";
import { type Credentials, type RoleKind, roles, scramVerifier } from "./credentials.ts";

/** The database that a fresh cluster gets. */
export const DEFAULT_DATABASE = "keyfold";

/**
 * Makes the two login roles and the database, or puts them right; running it again changes nothing.
 *
 * The owner may make roles and databases, owns the schema and is subject to row-level security like everyone.
 * The application role owns nothing and can do only what migrations grant it.
 *
 * @param url a superuser's, on the database `postgres`
 */
export async function ensureRolesAndDatabase(url: string, credentials: Credentials): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await ensureRole(client, "owner", "NOSUPERUSER NOBYPASSRLS CREATEROLE CREATEDB", credentials);
    await ensureRole(client, "app", "NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB", credentials);
    const found = await client.query("SELECT 1 FROM pg_database WHERE datname = $1", [DEFAULT_DATABASE]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${DEFAULT_DATABASE} OWNER ${roles.owner}`);
    await closeDatabase(client, DEFAULT_DATABASE);
  } finally {
    await client.end();
  }
}

/** Takes a database away from PUBLIC, and lets the application connect. */
export async function closeDatabase(client: pg.Client, database: string): Promise<void> {
  await client.query(`REVOKE ALL ON DATABASE ${pg.escapeIdentifier(database)} FROM PUBLIC`);
  await client.query(`GRANT CONNECT ON DATABASE ${pg.escapeIdentifier(database)} TO ${roles.app}`);
}

async function ensureRole(
  client: pg.Client,
  kind: Exclude<RoleKind, "superuser">,
  attributes: string,
  credentials: Credentials,
): Promise<void> {
  const name = roles[kind];
  const found = await client.query("SELECT 1 FROM pg_roles WHERE rolname = $1", [name]);
  const verb = found.rowCount === 0 ? "CREATE" : "ALTER";
  const password = pg.escapeLiteral(scramVerifier(credentials[kind]));
  await client.query(`${verb} ROLE ${name} WITH LOGIN ${attributes} PASSWORD ${password}`);
}
