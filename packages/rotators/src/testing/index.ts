export { type RotatorCheck, type RotatorSubject, rotatorConformance } from "./conformance.ts";
export type { TargetUnderTest } from "./conformance-faults.ts";
export { FaultyProxy, type Lost } from "./faulty-proxy.ts";
export { Killed, type Moment, Rehearsal, type RehearsalOptions } from "./rehearsal.ts";
