export { grantApplicationRole } from "./application-role.ts";
export { type DeployOptions, deployMigrations } from "./deploy.ts";
export { MigrationError, type MigrationErrorCode } from "./migration-error.ts";
