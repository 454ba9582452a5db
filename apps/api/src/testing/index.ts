export { type Served, type ServeOptions, serveHouse } from "./serve-house.ts";
