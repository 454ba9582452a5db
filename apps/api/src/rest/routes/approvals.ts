import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { approvals, environments, secrets } = verbs;

/** What takes more than a right: access policies, protected environments, approvals. */
export const approvalRoutes: readonly Route[] = [
  {
    method: "PUT",
    path: "/secrets/:id/access-policy",
    verb: secrets.setAccessPolicy,
    tag: "approvals",
    operationId: "setAccessPolicy",
  },
  {
    method: "PUT",
    path: "/environments/:environment/protection",
    verb: environments.protect,
    tag: "approvals",
    operationId: "protectEnvironment",
  },
  {
    method: "POST",
    path: "/approvals",
    verb: approvals.request,
    tag: "approvals",
    operationId: "requestApproval",
    status: 201,
  },
  { method: "GET", path: "/approvals", verb: approvals.list, tag: "approvals", operationId: "listApprovals" },
  {
    method: "POST",
    path: "/approvals/:id/decision",
    verb: approvals.decide,
    tag: "approvals",
    operationId: "decideApproval",
  },
  {
    method: "POST",
    path: "/secrets/:id/break-glass",
    verb: approvals.breakGlass,
    tag: "approvals",
    operationId: "breakGlass",
    status: 201,
  },
];
