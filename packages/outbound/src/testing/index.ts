export { certificate } from "./certificate.ts";
export { type Received, type Receiver, receiver } from "./receiver.ts";
