import type { Connections } from "@keyfold/db";

/** Tables that hold tenants' wrapped keys: small, a row for each tenant, purpose, term and opener. */
const KEY_TABLES = ["control_plane.key_wraps", "control_plane.tenant_keys"] as const;
const VALUES = "control_plane.sealed_values";

/** How long the others may have to wait for a table that somebody else is just reading, in milliseconds. */
const LOCK_MS = 3_000;

/**
 * What became of dead rows: "clean", none is left; "held_back", somebody may still look at them (an old transaction, a
 * replication slot); "not_allowed", only the tables' owner may do it (before PostgreSQL 17).
 */
export type Scrubbed = "clean" | "held_back" | "not_allowed";

/**
 * Rewrites the keys' tables without their dead rows, at once. Cleaning alone would free the space and leave the bytes in
 * it: PostgreSQL does not overwrite what it frees. Reads of keys wait meanwhile, about a second for a million keys; what
 * is cached goes on. Sealed values are only cleaned: what remains of them is ciphertext whose keys are gone.
 */
export async function scrubKeyTables({ direct }: Pick<Connections, "direct">): Promise<Scrubbed> {
  return direct(async (client) => {
    await client.query("SET ROLE keyfold_deployment");
    const { rows } = await client.query<{ version: number }>(
      "SELECT current_setting('server_version_num')::integer AS version",
    );
    if (rows[0]!.version < 170_000) return "not_allowed";
    // First the rows that nobody may look at any more: a rewriting would carry those along which somebody still may.
    if ((await deadRows(client)) > 0 && (await deadRows(client)) > 0) return "held_back";
    await client.query(`SET lock_timeout = ${LOCK_MS}`);
    for (const table of KEY_TABLES) await client.query(`VACUUM (FULL) ${table}`);
    await client.query("SET lock_timeout = 0");
    await client.query(`VACUUM ${VALUES}`);
    return "clean";
  });
}

type Client = Parameters<Parameters<Connections["direct"]>[0]>[0];

/** Cleans the keys' tables, and says how many dead rows had to stay. (Counts of others' may come in late: ask twice.) */
async function deadRows(client: Client): Promise<number> {
  let dead = 0;
  for (const table of KEY_TABLES) {
    await client.query(`VACUUM ${table}`);
    const { rows } = await client.query<{ dead: string }>(
      "SELECT pg_stat_get_dead_tuples($1::regclass) AS dead",
      [table],
    );
    dead += Number(rows[0]!.dead);
  }
  return dead;
}
