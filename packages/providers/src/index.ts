export type { KeyServiceCall, KeyServiceOperation, ResilienceOptions } from "./resilience.ts";
export type { FailureKind } from "./service-failure.ts";
export { systemTimer, type Timer } from "./timer.ts";
