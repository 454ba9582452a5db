export { type Connections, connect, connectOver, type DatabaseOptions } from "./client.ts";
export {
  type EmbeddedErrorCode,
  type EmbeddedPostgres,
  EmbeddedPostgresError,
  type StartOptions,
  startEmbeddedPostgres,
} from "./embedded/index.ts";
export { Prisma } from "./generated/client.ts";
export { type Listener, type ListenerOptions, listen } from "./listener.ts";
export {
  type DeployOptions,
  deployMigrations,
  MigrationError,
  type MigrationErrorCode,
  migrationsDir,
} from "./migrate/index.ts";
export { EVERYWHERE, publicationSql, WHERE_IT_MAY_LIVE } from "./publication.ts";
export { findRoleProblems, findUnboundedStatements } from "./role-check.ts";
export {
  prepared,
  type Query,
  type SqlTransaction,
  type Transaction,
  type TransactionTimes,
  withDeployment,
  withDeploymentSql,
  withTenant,
  withTenantSql,
} from "./transaction.ts";
