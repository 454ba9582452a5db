import type { Connections } from "./client.ts";
import type { Prisma, PrismaClient } from "./generated/client.ts";

/** What a unit of work gets: Prisma inside the transaction, and the database's clock as it began. */
export interface Transaction {
  readonly sql: Omit<PrismaClient, "$connect" | "$disconnect" | "$on" | "$use" | "$extends" | "$transaction">;
  /** The database's clock when the transaction began, in whole milliseconds. */
  readonly now: Date;
}

export interface TransactionTimes {
  /** How long to wait for a connection, in milliseconds. */
  maxWaitMs?: number;
  /** How long the whole transaction may take, in milliseconds. */
  timeoutMs?: number;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * Runs `work` in one transaction in which row-level security shows exactly this tenant's rows (or, for a
 * deployment's id, its audit chain). The only door to the tenants' tables. Transactions are not nested.
 * @throws RangeError when `tenantId` is no lower-case UUID.
 */
export async function withTenant<T>(
  { prisma }: Pick<Connections, "prisma">,
  tenantId: string,
  work: (tx: Transaction) => Promise<T>,
  times: TransactionTimes = {},
): Promise<T> {
  if (!UUID.test(tenantId)) throw new RangeError("a tenant's id is a lower-case UUID");
  return prisma.$transaction(async (sql) => {
    const [row] = await sql.$queryRaw<{ now: Date }[]>`
        SELECT set_config('keyfold.tenant', ${tenantId}, true), control_plane.clock() AS now`;
    return work({ sql, now: row!.now });
  }, freshOptions(times));
}

/**
 * Runs `work` in one transaction as the role that sees the deployment's own tables (root keys, operators,
 * sessions) and, of the tenants, only what the cross-tenant functions list. With `chain`, that chain's
 * audit rows can be appended to as well.
 */
export async function withDeployment<T>(
  { prisma }: Pick<Connections, "prisma">,
  work: (tx: Transaction) => Promise<T>,
  times: TransactionTimes = {},
): Promise<T> {
  return prisma.$transaction(async (sql) => {
    await sql.$executeRaw`SET LOCAL ROLE keyfold_deployment`;
    const [row] = await sql.$queryRaw<{ now: Date }[]>`SELECT control_plane.clock() AS now`;
    return work({ sql, now: row!.now });
  }, freshOptions(times));
}

// Always a fresh object: @prisma/client 7.10 can join another request's transaction when one is reused.
function freshOptions(times: TransactionTimes): {
  maxWait: number;
  timeout: number;
  isolationLevel: Prisma.TransactionIsolationLevel;
} {
  return {
    maxWait: times.maxWaitMs ?? 5_000,
    timeout: times.timeoutMs ?? 15_000,
    isolationLevel: "ReadCommitted",
  };
}
