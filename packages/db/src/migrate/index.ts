export { grantApplicationRole } from "./application-role.ts";
export { type CreateOptions, createMigration } from "./create.ts";
export { type DeployOptions, deployMigrations } from "./deploy.ts";
export { checkDrift, type DriftOptions } from "./drift.ts";
export { MigrationError, type MigrationErrorCode } from "./migration-error.ts";
export { compareMigrations, type MigrationState } from "./pending.ts";
export { migrationsDir, schemaPath } from "./project-files.ts";
