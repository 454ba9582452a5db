export { type Answer, type CallOptions, type Served, type ServeOptions, serveHouse } from "./serve-house.ts";
