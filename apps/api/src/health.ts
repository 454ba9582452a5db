import type { Connections } from "@keyfold/db";
import { findRoleProblems } from "@keyfold/db";
import { compareMigrations } from "@keyfold/db/migrate";
import type { RootKeyProvider } from "@keyfold/envelope";

/** What stands in the way of serving, by what was looked at; an empty list is a yes. */
export type Readiness = Readonly<Record<"database" | "migrations" | "role" | "rootKey", readonly string[]>>;

export interface ReadinessOptions {
  pool: Connections["pool"];
  provider: RootKeyProvider;
  migrationsDir: string;
  /** How long the database may take, in milliseconds. One second by default. */
  timeoutMs?: number;
}

/** Looks at everything that a request needs. Sentences for an operator; never throws. */
export function createReadinessCheck(options: ReadinessOptions): () => Promise<Readiness> {
  const { pool, provider, migrationsDir, timeoutMs = 1000 } = options;
  const asked = async <T>(ask: Promise<T>): Promise<T | null> => within(ask, timeoutMs).catch(() => null);
  return async () => {
    const [state, role, rootKey] = await Promise.all([
      asked(compareMigrations(pool, migrationsDir)),
      asked(findRoleProblems(pool)),
      asked(provider.health()),
    ]);
    return {
      database:
        state === null || role === null ? [`The database did not answer within ${timeoutMs} ms.`] : [],
      migrations: state === null ? [] : migrationProblems(state),
      role: role ?? [],
      rootKey:
        rootKey === null ? ["The root key's provider did not answer."] : rootKey.ok ? [] : [rootKey.reason],
    };
  };
}

/** @returns sentences; none when database and release agree */
export function migrationProblems(state: { missing: string[]; ahead: string[] }): string[] {
  const problems: string[] = [];
  if (state.missing.length > 0)
    problems.push(
      `The database lacks ${state.missing.length === 1 ? "a migration" : "migrations"} of this release: ${state.missing.join(", ")}. Start once with KEYFOLD_MIGRATION_URL, or run: pnpm db deploy`,
    );
  if (state.ahead.length > 0)
    problems.push(
      `The database is newer than this release: it has ${state.ahead.join(", ")}. Start the newer release.`,
    );
  return problems;
}

async function within<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error("too late")), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
    work.catch(() => {});
  }
}
