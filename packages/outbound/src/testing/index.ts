export { certificate } from "./certificate.ts";
export { type Receiver, receiver } from "./receiver.ts";
