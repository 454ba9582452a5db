export { type Connections, connect, type DatabaseOptions } from "./client.ts";
export { Prisma } from "./generated/client.ts";
export { findRoleProblems } from "./role-check.ts";
export { type Transaction, type TransactionTimes, withDeployment, withTenant } from "./transaction.ts";
