import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { tokens } = verbs;

/** Tokens. */
export const tokenRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/tokens",
    verb: tokens.create,
    tag: "tokens",
    operationId: "createToken",
    status: 201,
  },
  { method: "GET", path: "/tokens", verb: tokens.list, tag: "tokens", operationId: "listTokens" },
  {
    method: "POST",
    path: "/tokens/:id/rotate",
    verb: tokens.rotate,
    tag: "tokens",
    operationId: "rotateToken",
    status: 201,
  },
  { method: "DELETE", path: "/tokens/:id", verb: tokens.revoke, tag: "tokens", operationId: "revokeToken" },
];
