export { isPublicAddress } from "./address.ts";
export { type AllowRule, allowsHost, parseAllow } from "./allow.ts";
export { FAILURES, type Failure } from "./failure.ts";
export {
  createOutbound,
  type Get,
  type Outbound,
  type OutboundOptions,
  type Outcome,
  type Post,
} from "./outbound.ts";
export { type Address, type Resolve, type Resolvers, systemResolvers } from "./resolve.ts";
export { checkTarget, refusalBy, type Target, TargetError } from "./target.ts";
