import { type Connections, prepared, type Query } from "@keyfold/db";

/** SQL on its own, as one implicit transaction. */
export const onPool =
  (db: Connections): Query =>
  async (sql, params) =>
    (await db.pool.query(prepared(db.pool, sql, params))).rows;
