import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { audit } = verbs;

/** The audit log. */
export const auditRoutes: readonly Route[] = [
  { method: "GET", path: "/audit", verb: audit.list, tag: "audit", operationId: "listAudit" },
  { method: "GET", path: "/audit/counts", verb: audit.counts, tag: "audit", operationId: "countAudit" },
  {
    method: "GET",
    path: "/audit/export",
    verb: audit.export,
    tag: "audit",
    operationId: "exportAudit",
  },
  {
    method: "POST",
    path: "/audit/prune",
    verb: audit.prune,
    tag: "audit",
    operationId: "pruneAudit",
  },
  {
    method: "GET",
    path: "/audit/checkpoint",
    verb: audit.checkpoint,
    tag: "audit",
    operationId: "readCheckpoint",
  },
];
