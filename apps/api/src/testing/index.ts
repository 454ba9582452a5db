export { oidcProvider } from "../sign-on/oidc.ts";
export { freePort, type Start, startProgram } from "./child.ts";
export { type Answer, type CallOptions, type Served, type ServeOptions, serveHouse } from "./serve-house.ts";
