import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { links } = verbs;

/** Links by which a value is handed in, or shown, once. */
export const linkRoutes: readonly Route[] = [
  { method: "GET", path: "/links", verb: links.list, tag: "links", operationId: "listLinks" },
  {
    method: "POST",
    path: "/links/requests",
    verb: links.request,
    tag: "links",
    operationId: "requestValue",
    status: 201,
  },
  {
    method: "POST",
    path: "/links/shares",
    verb: links.share,
    tag: "links",
    operationId: "shareValue",
    status: 201,
  },
  { method: "DELETE", path: "/links/:id", verb: links.revoke, tag: "links", operationId: "revokeLink" },
];
