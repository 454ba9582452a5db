import { randomBytes } from "node:crypto";
import { type Connections, connect } from "@keyfold/db";
import { createTestDatabase, type TestDatabase } from "@keyfold/db/testing";
import { localRootKey, type RootKeyProvider } from "@keyfold/envelope";
import { requestInfo } from "../router/context.ts";
import { t } from "../router/procedures.ts";
import { createKeyfoldServer, type KeyfoldServer, type KeyfoldServerOptions } from "../server.ts";

/** A whole Keyfold over a database of the suite's own: how integration tests, in this package and others, get one. */
export interface House {
  server: KeyfoldServer;
  db: Connections;
  database: TestDatabase;
  provider: RootKeyProvider;
  operatorToken: string;
  /** What the server logged, as it would have been written. */
  logged: string[];
  /** A caller of the router with this token. */
  as(token: string | null): Caller;
  /** A tenant and a token that may do everything in it. */
  tenant(slug: string): Promise<{ id: string; slug: string; token: string; caller: Caller }>;
  /** Another server process over the same database. */
  another(options?: Partial<KeyfoldServerOptions>): Promise<KeyfoldServer>;
  close(): Promise<void>;
}

const factory = (router: KeyfoldServer["router"]) => t.createCallerFactory(router);

/** The router, called in process. */
export type Caller = ReturnType<ReturnType<typeof factory>>;

export function callerOf(server: KeyfoldServer, token: string | null): Caller {
  return factory(server.router)({ keyfold: requestInfo({ token, userAgent: "test" }) });
}

export async function openHouse(options: Partial<KeyfoldServerOptions> = {}): Promise<House> {
  const database = await createTestDatabase();
  const db = connect({ url: database.url, poolSize: 8 });
  const provider = localRootKey(randomBytes(32));
  const logged: string[] = [];
  const write = (facts: Record<string, unknown>, message: string) =>
    void logged.push(JSON.stringify({ ...facts, message }));
  const build = (more: Partial<KeyfoldServerOptions> = {}) =>
    createKeyfoldServer({
      db,
      provider,
      mayCreate: true,
      log: { warn: write, error: write },
      ...options,
      ...more,
    });
  const server = await build();
  const operatorToken = await server.createOperatorToken("test operator");
  return {
    server,
    db,
    database,
    provider,
    operatorToken,
    logged,
    as: (token) => callerOf(server, token),
    async tenant(slug) {
      const operator = callerOf(server, operatorToken);
      const { id } = await operator.tenants.create({ slug });
      const { token } = await operator.tokens.create({ tenant: slug, name: "first", preset: "admin" });
      return { id, slug, token: token!, caller: callerOf(server, token!) };
    },
    another: build,
    async close() {
      await db.close();
      await database.drop();
    },
  };
}
