import { PrismaPg } from "@prisma/adapter-pg";
import { ColumnTypeEnum, DriverAdapterError } from "@prisma/driver-adapter-utils";
import pg from "pg";
import { endingOf } from "../end-pool.ts";

/** PostgreSQL's internal one-byte type `"char"`, which its catalogues use for kinds and flags. */
const CHAR_OID = 18;

/**
 * Sent with each migration, hence in its transaction: a migration is finished exactly when its work is there.
 * (The engine writes the same a moment later; a crash in between would leave the database in doubt.)
 */
const MARK_FINISHED = `UPDATE public._prisma_migrations SET finished_at = now()
  WHERE finished_at IS NULL AND rolled_back_at IS NULL`;

/**
 * A connection for the schema engine. PrismaPg serves the client; for the engine it is wrong in three ways:
 * - it cuts a migration at every semicolon, those inside a function's body too: here the script goes to the
 *   server in one piece, which also makes it one transaction, as Prisma's own binary does it;
 * - it refuses columns of the type `"char"`, so the engine cannot read a database's schema;
 * - its shadow database sits on the same server and is dropped before its connections are closed: there is
 *   none here, callers bring a scratch database.
 *
 * The engine takes PostgreSQL's advisory lock 72707369 in whatever connection is free, and leaves it to the
 * end of the session: one connection only, or it would wait for itself.
 */
export class EngineConnection extends PrismaPg {
  /** The last script that the server refused, and why. */
  failedScript: FailedScript | undefined;
  readonly #pool: CharPool;
  readonly #end: () => Promise<void>;

  constructor(url: string) {
    const pool = new CharPool({
      connectionString: url,
      application_name: "keyfold migrate",
      max: 1,
      // An idle connection that is closed takes the engine's lock with it.
      idleTimeoutMillis: 0,
    });
    pool.on("error", () => {});
    super(pool);
    this.#pool = pool;
    this.#end = endingOf(pool);
  }

  /** Disconnects, which also lets go of the engine's lock. */
  close(): Promise<void> {
    return this.#end();
  }

  override async connect(): ReturnType<PrismaPg["connect"]> {
    const pool = this.#pool;
    const adapter = await super.connect();
    const queryRaw = adapter.queryRaw.bind(adapter);
    adapter.queryRaw = async (query) => {
      const result = await queryRaw(query);
      for (const index of pool.charColumns.get(result.rows) ?? []) {
        result.columnTypes[index] = ColumnTypeEnum.Character;
      }
      return result;
    };
    adapter.executeScript = async (script) => {
      try {
        await pool.query(`${script}\n;${MARK_FINISHED}`);
      } catch (error) {
        if (!(error instanceof pg.DatabaseError)) throw error;
        this.failedScript = describeFailure(script, error);
        throw new DriverAdapterError({
          kind: "postgres",
          code: error.code ?? "XX000",
          severity: error.severity ?? "ERROR",
          message: error.message,
          detail: undefined,
          column: undefined,
          hint: undefined,
        });
      }
    };
    return adapter;
  }

  override connectToShadowDb(): never {
    throw new Error("The schema engine asked for a shadow database, and is given none.");
  }
}

/** A migration that the server refused. */
export type FailedScript = { script: string; where: string; reason: string };

function describeFailure(script: string, error: pg.DatabaseError): FailedScript {
  const position = Number.parseInt(error.position ?? "", 10);
  const where = position > 0 ? ` at line ${script.slice(0, position - 1).split("\n").length}` : "";
  return { script, where, reason: `${error.message} (${error.code})` };
}

/** Passes `"char"` columns off as text, and remembers by their rows which ones they were. */
class CharPool extends pg.Pool {
  readonly charColumns = new WeakMap<object, number[]>();

  // biome-ignore lint/suspicious/noExplicitAny: pg's query has a dozen overloads, and all of them pass here.
  override async query(...args: any[]): Promise<any> {
    const result = await (super.query as (...args: unknown[]) => Promise<unknown>)(...args);
    for (const part of Array.isArray(result) ? result : [result]) {
      const { fields, rows } = part as pg.QueryArrayResult;
      const found: number[] = [];
      for (const [index, field] of (fields ?? []).entries()) {
        if (field.dataTypeID !== CHAR_OID) continue;
        field.dataTypeID = pg.types.builtins.TEXT;
        found.push(index);
      }
      if (found.length > 0) this.charColumns.set(rows, found);
    }
    return result;
  }
}
