export { oidcProvider } from "../sign-on/oidc.ts";
export { callRaw, type RawCall } from "./call-raw.ts";
export { type Start, startProgram } from "./child.ts";
export type { Place } from "./remains/process-memory.ts";
export { type Remains, whatRemains } from "./remains/remains.ts";
export { type Answer, type CallOptions, type Served, type ServeOptions, serveHouse } from "./serve-house.ts";
