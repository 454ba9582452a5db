export { type AppOptions, createApp } from "./app.ts";
export { type Config, ConfigError, parseConfig } from "./config.ts";
export { createReadinessCheck, type Readiness } from "./health.ts";
export { createLog, type Logger } from "./observe/log.ts";
export { createMetrics, type Metrics } from "./observe/metrics.ts";
export { openApiDocument } from "./openapi.ts";
export { routes } from "./rest/routes.ts";
