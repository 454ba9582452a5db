import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { federation } = verbs;

/** Federation rules. The exchange itself is no verb: whoever asks for it has no token yet. */
export const federationRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/federation/rules",
    verb: federation.create,
    tag: "federation",
    operationId: "createFederationRule",
    status: 201,
  },
  {
    method: "GET",
    path: "/federation/rules",
    verb: federation.list,
    tag: "federation",
    operationId: "listFederationRules",
  },
  {
    method: "DELETE",
    path: "/federation/rules/:id",
    verb: federation.delete,
    tag: "federation",
    operationId: "deleteFederationRule",
  },
];
