import { verbs } from "@keyfold/secrets";
import { z } from "zod";
import type { Route } from "./route.ts";

const { identity, tenants, shreds, keys, projects, environments, secrets, versions, tokens, audit } = verbs;

const secretView = secrets.create.output;
type Secret = z.output<typeof secretView>;

/** What a write answers: the secret's metadata, and what became of its versions. Never a value. */
const writtenSecret = z.object({
  ...secretView.shape,
  active: z.boolean().describe("Whether `version` is in use: readers get it now."),
  changed: z.boolean().describe("False: this value is current already, and nothing was changed."),
  rotatedFrom: z.int().nullable().describe("The version before this one, which is no longer active."),
});
const created = {
  schema: writtenSecret,
  of: (secret: Secret) => ({ ...secret, active: secret.state === "live", changed: true, rotatedFrom: null }),
};
const written = {
  schema: writtenSecret,
  of: ({ secret, ...rest }: z.output<typeof secrets.rotate.output>) => ({
    ...secret,
    active: secret.state === "live",
    ...rest,
  }),
};

/** A secret named by its id needs no place. */
const byId = ["name", "project", "environment"];
const byName = ["id"];

/** Every REST route. The handlers, the OpenAPI document and the 405s are all made from this table. */
export const routes: readonly Route[] = [
  { method: "GET", path: "/identity", verb: identity.get, tag: "identity", operationId: "getIdentity" },

  {
    method: "POST",
    path: "/tenants",
    verb: tenants.create,
    tag: "tenants",
    operationId: "createTenant",
    status: 201,
  },
  { method: "GET", path: "/tenants", verb: tenants.list, tag: "tenants", operationId: "listTenants" },
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
  { method: "POST", path: "/keys/re-encrypt", verb: keys.reEncrypt, tag: "keys", operationId: "reEncrypt" },

  {
    method: "POST",
    path: "/projects",
    verb: projects.create,
    tag: "projects",
    operationId: "createProject",
    status: 201,
  },
  { method: "GET", path: "/projects", verb: projects.list, tag: "projects", operationId: "listProjects" },
  {
    method: "PATCH",
    path: "/projects/:project",
    verb: projects.rename,
    tag: "projects",
    operationId: "renameProject",
  },
  {
    method: "DELETE",
    path: "/projects/:project",
    verb: projects.delete,
    tag: "projects",
    operationId: "deleteProject",
  },

  {
    method: "POST",
    path: "/environments",
    verb: environments.create,
    tag: "environments",
    operationId: "createEnvironment",
    status: 201,
  },
  {
    method: "GET",
    path: "/environments",
    verb: environments.list,
    tag: "environments",
    operationId: "listEnvironments",
  },
  {
    method: "PATCH",
    path: "/environments/:environment",
    verb: environments.rename,
    tag: "environments",
    operationId: "renameEnvironment",
  },
  {
    method: "DELETE",
    path: "/environments/:environment",
    verb: environments.delete,
    tag: "environments",
    operationId: "deleteEnvironment",
  },

  {
    method: "GET",
    path: "/reveal",
    verb: secrets.reveal,
    tag: "secrets",
    operationId: "revealByName",
    summary: "Reveal a secret's current value by its name, in a tenant, project and environment",
    omit: byName,
  },
  {
    method: "POST",
    path: "/secrets",
    verb: secrets.create,
    tag: "secrets",
    operationId: "createSecret",
    status: 201,
    answer: created,
  },
  {
    method: "PUT",
    path: "/secrets",
    verb: secrets.set,
    tag: "secrets",
    operationId: "setSecret",
    answer: written,
  },
  { method: "GET", path: "/secrets", verb: secrets.list, tag: "secrets", operationId: "listSecrets" },
  {
    method: "POST",
    path: "/secrets/bulk-get",
    verb: secrets.revealMany,
    tag: "secrets",
    operationId: "revealManySecrets",
  },
  {
    method: "PUT",
    path: "/secrets/bulk",
    verb: secrets.setMany,
    tag: "secrets",
    operationId: "setManySecrets",
    bulk: true,
  },
  {
    method: "GET",
    path: "/secrets/:id",
    verb: secrets.reveal,
    tag: "secrets",
    operationId: "revealSecret",
    omit: byId,
  },
  {
    method: "PATCH",
    path: "/secrets/:id",
    verb: secrets.update,
    tag: "secrets",
    operationId: "updateSecret",
    omit: byId,
    alias: { name: "rename" },
  },
  {
    method: "DELETE",
    path: "/secrets/:id",
    verb: secrets.delete,
    tag: "secrets",
    operationId: "deleteSecret",
    omit: byId,
  },
  {
    method: "GET",
    path: "/secrets/:id/metadata",
    verb: secrets.get,
    tag: "secrets",
    operationId: "getSecret",
    omit: byId,
  },
  {
    method: "POST",
    path: "/secrets/:id/rotate",
    verb: secrets.rotate,
    tag: "secrets",
    operationId: "rotateSecret",
    omit: byId,
    answer: written,
  },
  {
    method: "POST",
    path: "/secrets/:id/roll-back",
    verb: secrets.rollBack,
    tag: "secrets",
    operationId: "rollBackSecret",
    omit: byId,
    answer: written,
  },
  {
    method: "POST",
    path: "/secrets/:id/restore",
    verb: secrets.restore,
    tag: "secrets",
    operationId: "restoreSecret",
  },

  {
    method: "GET",
    path: "/secrets/:id/versions",
    verb: versions.list,
    tag: "versions",
    operationId: "listVersions",
  },
  {
    method: "GET",
    path: "/secrets/:id/versions/:version",
    verb: versions.reveal,
    tag: "versions",
    operationId: "revealVersion",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/revoke",
    verb: versions.revoke,
    tag: "versions",
    operationId: "revokeVersion",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/destroy",
    verb: versions.destroy,
    tag: "versions",
    operationId: "destroyVersion",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions",
    verb: versions.prepare,
    tag: "versions",
    operationId: "prepareVersion",
    status: 201,
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/extend-grace",
    verb: versions.extendGrace,
    tag: "versions",
    operationId: "extendGrace",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/end-grace",
    verb: versions.endGrace,
    tag: "versions",
    operationId: "endGrace",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/mark-set",
    verb: versions.markSet,
    tag: "versions",
    operationId: "markVersionSet",
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/finish",
    verb: versions.finish,
    tag: "versions",
    operationId: "finishVersion",
    answer: written,
  },
  {
    method: "POST",
    path: "/secrets/:id/versions/:version/abandon",
    verb: versions.abandon,
    tag: "versions",
    operationId: "abandonVersion",
  },

  {
    method: "POST",
    path: "/tokens",
    verb: tokens.create,
    tag: "tokens",
    operationId: "createToken",
    status: 201,
  },
  { method: "GET", path: "/tokens", verb: tokens.list, tag: "tokens", operationId: "listTokens" },
  { method: "DELETE", path: "/tokens/:id", verb: tokens.revoke, tag: "tokens", operationId: "revokeToken" },

  { method: "GET", path: "/audit", verb: audit.list, tag: "audit", operationId: "listAudit" },
  {
    method: "GET",
    path: "/audit/export",
    verb: audit.export,
    tag: "audit",
    operationId: "exportAudit",
  },
  {
    method: "GET",
    path: "/audit/checkpoint",
    verb: audit.checkpoint,
    tag: "audit",
    operationId: "readCheckpoint",
  },
];
