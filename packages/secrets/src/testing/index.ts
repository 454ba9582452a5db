export { type Caller, callerOf, type House, openHouse } from "./house.ts";
export { codeOf, refusalOf } from "./refusal.ts";
