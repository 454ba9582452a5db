import { verbs } from "@keyfold/secrets";
import type { Route } from "./route.ts";
import { approvalRoutes } from "./routes/approvals.ts";
import { auditRoutes } from "./routes/audit.ts";
import { consumerRoutes } from "./routes/consumers.ts";
import { federationRoutes } from "./routes/federation.ts";
import { keyRoutes } from "./routes/keys.ts";
import { linkRoutes } from "./routes/links.ts";
import { memberRoutes } from "./routes/members.ts";
import { placeRoutes } from "./routes/places.ts";
import { rotationRoutes } from "./routes/rotation.ts";
import { secretRoutes } from "./routes/secrets.ts";
import { tenantRoutes } from "./routes/tenants.ts";
import { tokenRoutes } from "./routes/tokens.ts";
import { versionRoutes } from "./routes/versions.ts";
import { webhookRoutes } from "./routes/webhooks.ts";

/** Every REST route. The handlers, the OpenAPI document and the 405s are all made from this table. */
export const routes: readonly Route[] = [
  { method: "GET", path: "/identity", verb: verbs.identity.get, tag: "identity", operationId: "getIdentity" },
  ...tenantRoutes,
  ...keyRoutes,
  ...placeRoutes,
  ...secretRoutes,
  ...consumerRoutes,
  ...versionRoutes,
  ...rotationRoutes,
  ...memberRoutes,
  ...approvalRoutes,
  ...linkRoutes,
  ...tokenRoutes,
  ...federationRoutes,
  ...webhookRoutes,
  ...auditRoutes,
];
