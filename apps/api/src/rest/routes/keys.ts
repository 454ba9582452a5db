import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { keys } = verbs;

/** Root keys and tenant keys: for operators. */
export const keyRoutes: readonly Route[] = [
  { method: "GET", path: "/keys", verb: keys.status, tag: "keys", operationId: "keyStatus" },
  { method: "POST", path: "/keys/rotate", verb: keys.rotate, tag: "keys", operationId: "rotateKeys" },
  { method: "POST", path: "/keys/verify", verb: keys.verify, tag: "keys", operationId: "verifyKeys" },
  { method: "POST", path: "/keys/retire", verb: keys.retire, tag: "keys", operationId: "retireKey" },
  {
    method: "POST",
    path: "/keys/rotate-tenant",
    verb: keys.rotateTenant,
    tag: "keys",
    operationId: "rotateTenantKeys",
  },
  {
    method: "POST",
    path: "/keys/remove-opener",
    verb: keys.removeOpener,
    tag: "keys",
    operationId: "removeOpener",
  },
  { method: "GET", path: "/keys/exposed", verb: keys.exposed, tag: "keys", operationId: "listExposed" },
  { method: "POST", path: "/keys/re-encrypt", verb: keys.reEncrypt, tag: "keys", operationId: "reEncrypt" },
];
