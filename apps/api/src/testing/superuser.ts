import { connect } from "@keyfold/db";
import type { House } from "@keyfold/secrets/testing";

/** Runs SQL that no role of ours may run: to break things on purpose, and to see everything that is stored. */
export async function asSuperuser<Row extends object>(house: House, sql: string): Promise<Row[]> {
  const { pool, close } = connect({ url: house.database.superuserUrl, poolSize: 1 });
  try {
    return (await pool.query(sql)).rows as Row[];
  } finally {
    await close();
  }
}
