export { findRunningPostgres, type RunningPostgres } from "./attach.ts";
export { type RoleKind, roles } from "./credentials.ts";
export { type EmbeddedErrorCode, EmbeddedPostgresError } from "./embedded-error.ts";
export { type EmbeddedPostgres, type StartOptions, startEmbeddedPostgres } from "./start.ts";
