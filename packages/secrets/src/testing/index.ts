export { type Caller, callerOf, type House, openHouse } from "./house.ts";
