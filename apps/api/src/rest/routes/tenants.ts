import { verbs } from "@keyfold/secrets";
import type { Route } from "../route.ts";

const { tenants, shreds } = verbs;

/** Tenants, and how their keys are destroyed. */
export const tenantRoutes: readonly Route[] = [
  {
    method: "POST",
    path: "/tenants",
    verb: tenants.create,
    tag: "tenants",
    operationId: "createTenant",
    status: 201,
  },
  { method: "GET", path: "/tenants", verb: tenants.list, tag: "tenants", operationId: "listTenants" },
  {
    method: "POST",
    path: "/fleet",
    verb: tenants.fleet,
    tag: "tenants",
    operationId: "listFleet",
    placesByName: true,
  },
  {
    method: "GET",
    path: "/status",
    verb: verbs.deployment.status,
    tag: "deployment",
    operationId: "getStatus",
  },
  { method: "GET", path: "/tenants/:tenant", verb: tenants.get, tag: "tenants", operationId: "getTenant" },
  {
    method: "PATCH",
    path: "/tenants/:tenant",
    verb: tenants.rename,
    tag: "tenants",
    operationId: "renameTenant",
  },
  {
    method: "PATCH",
    path: "/tenants/:tenant/settings",
    verb: tenants.configure,
    tag: "tenants",
    operationId: "configureTenant",
  },
  {
    method: "DELETE",
    path: "/tenants/:tenant",
    verb: tenants.delete,
    tag: "tenants",
    operationId: "deleteTenant",
  },
  {
    method: "POST",
    path: "/tenants/:tenant/purge",
    verb: tenants.purge,
    tag: "tenants",
    operationId: "purgeTenant",
  },
  {
    method: "POST",
    path: "/tenants/:tenant/shred",
    verb: shreds.request,
    tag: "tenants",
    operationId: "requestShred",
    status: 201,
  },
  {
    method: "GET",
    path: "/tenants/:tenant/shred",
    verb: shreds.status,
    tag: "tenants",
    operationId: "shredStatus",
  },
  {
    method: "POST",
    path: "/tenants/:tenant/shred/agree",
    verb: shreds.agree,
    tag: "tenants",
    operationId: "agreeShred",
  },
  {
    method: "POST",
    path: "/tenants/:tenant/shred/cancel",
    verb: shreds.cancel,
    tag: "tenants",
    operationId: "cancelShred",
  },
  {
    method: "GET",
    path: "/tenants/:tenant/shred/receipt",
    verb: shreds.receipt,
    tag: "tenants",
    operationId: "shredReceipt",
  },
  { method: "POST", path: "/shreds/run", verb: shreds.run, tag: "tenants", operationId: "runShreds" },
];
