export { type Caller, callerOf, type House, openHouse } from "./house.ts";
export { FakeIssuer } from "./issuer.ts";
export { makeOperator, PASSWORD } from "./people.ts";
export { codeOf, refusalOf } from "./refusal.ts";
export { softAuthenticator } from "./soft-authenticator.ts";
export { FakeTransport, type Posted } from "./transport.ts";
