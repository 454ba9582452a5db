import type { Connections, Transaction } from "@keyfold/db";
import type { Query } from "../audit/append.ts";

/** SQL inside a transaction. */
export const inTransaction =
  (tx: Transaction): Query =>
  (sql, params) =>
    tx.sql.$queryRawUnsafe(sql, ...params);

/** SQL on its own, as one implicit transaction. */
export const onPool =
  (db: Connections): Query =>
  async (sql, params) =>
    (await db.pool.query(sql, params as unknown[])).rows;
