import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ErrorCode } from "../error.ts";
import { requestInfo } from "../router/context.ts";
import { verbs } from "../router/verbs.ts";
import { type Caller, type House, openHouse } from "../testing/house.ts";
import { type Person, personOf } from "../testing/person.ts";
import { codeOf } from "../testing/refusal.ts";
import { ACTIONS, SERVICE_ACTIONS } from "./actions.ts";
import { matrixPage, procedures, roleHolds } from "./matrix-page.ts";
import type { RoleName } from "./roles.ts";

/*
 * Who may call what: written by hand, and not derived from ACTIONS, so that a change there fails here. Each procedure is
 * called with valid input about the tenant "acme", its project "shop" and environment "dev":
 * - operator: an operator's token
 * - admin: a token of acme that may do everything
 * - reader: one that may read everything
 * - project: one that may do everything, in another project
 * - environment: one that may do everything, in another environment of the same project
 * - stranger: another tenant's admin, who names acme
 * Everyone else (expired, revoked, a deleted tenant's, nobody at all) is unauthenticated.
 */
const WHO = ["operator", "admin", "reader", "project", "environment", "stranger"] as const;
type Row = readonly [input: (f: Fixture) => object | Promise<object>, ...codes: Code[]];
type Code = keyof typeof CODES;
const CODES = {
  yes: "allowed",
  no: "forbidden",
  gone: "not_found",
  missing: "not_found",
  twice: "illegal_state",
} as const;

const TABLE: Record<string, Row> = {
  //                                                                      operator admin reader project environment stranger
  "access.explain": [
    (f) => ({ tenant: f.tenant, action: "secret.reveal" }),
    "yes",
    "yes",
    "yes",
    "yes",
    "yes",
    "gone",
  ],
  "identity.get": [() => ({}), "yes", "yes", "yes", "yes", "yes", "yes"],
  "tenants.create": [(f) => ({ slug: f.fresh("tenant") }), "yes", "no", "no", "no", "no", "no"],
  "tenants.list": [() => ({}), "yes", "no", "no", "no", "no", "no"],
  "tenants.fleet": [() => ({ names: ["K"] }), "yes", "no", "no", "no", "no", "no"],
  "deployment.status": [() => ({}), "yes", "no", "no", "no", "no", "no"],
  "tenants.get": [({ tenant }) => ({ tenant }), "yes", "yes", "yes", "yes", "yes", "gone"],
  "tenants.rename": [({ tenant }) => ({ tenant, name: "Acme" }), "yes", "no", "no", "no", "no", "no"],
  "tenants.configure": [
    ({ tenant }) => ({ tenant, graceSeconds: 60 }),
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "tenants.delete": [async (f) => ({ tenant: await f.spare() }), "yes", "no", "no", "no", "no", "no"],
  "tenants.purge": [(f) => f.deleted(), "yes", "no", "no", "no", "no", "no"],
  "shreds.request": [
    async (f) => {
      await f.calm();
      return { tenant: f.tenant, confirm: "acme", reason: "a test" };
    },
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  // An operator asked: they are not the other side.
  "shreds.agree": [
    async (f) => ({ tenant: f.tenant, confirm: await f.shred() }),
    "twice",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "shreds.cancel": [
    async (f) => {
      await f.shred();
      return { tenant: f.tenant, reason: "a test" };
    },
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "shreds.status": [
    async (f) => {
      await f.shred();
      return { tenant: f.tenant };
    },
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "shreds.receipt": [(f) => ({ tenant: f.tenant }), "missing", "no", "no", "no", "no", "no"],
  "shreds.run": [() => ({}), "yes", "no", "no", "no", "no", "no"],
  "keys.status": [() => ({}), "yes", "no", "no", "no", "no", "no"],
  "keys.rotate": [() => ({}), "yes", "no", "no", "no", "no", "no"],
  "keys.verify": [() => ({}), "yes", "no", "no", "no", "no", "no"],
  "keys.retire": [() => ({ opener: "local:0000000000000000" }), "missing", "no", "no", "no", "no", "no"],
  "keys.rotateTenant": [({ tenant }) => ({ tenant }), "yes", "no", "no", "no", "no", "no"],
  "keys.reEncrypt": [({ tenant }) => ({ tenant }), "yes", "no", "no", "no", "no", "no"],
  "keys.removeOpener": [
    () => ({ opener: "local:0000000000000000" }),
    "missing",
    "no",
    "no",
    "no",
    "no",
    "no",
  ],
  "keys.exposed": [({ tenant }) => ({ job: tenant }), "missing", "no", "no", "no", "no", "no"],
  "projects.create": [
    (f) => ({ tenant: f.tenant, name: f.fresh("p") }),
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "projects.list": [({ tenant }) => ({ tenant }), "yes", "yes", "yes", "yes", "yes", "gone"],
  "projects.rename": [
    async (f) => ({ tenant: f.tenant, project: f.shop, name: f.fresh("shop") }),
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "projects.delete": [
    async (f) => ({ tenant: f.tenant, project: await f.project() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "environments.create": [
    (f) => ({ tenant: f.tenant, project: f.shop, name: f.fresh("e") }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "environments.list": [({ tenant }) => ({ tenant }), "yes", "yes", "yes", "yes", "yes", "gone"],
  "environments.rename": [
    (f) => ({ tenant: f.tenant, environment: f.dev, name: f.fresh("dev") }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "environments.delete": [
    async (f) => ({ tenant: f.tenant, environment: await f.environment() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.create": [
    (f) => ({ ...f.place, name: f.fresh("S"), value: "not a real value" }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.set": [
    (f) => ({ ...f.place, name: f.fresh("S"), value: "not a real value" }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.setMany": [
    (f) => ({ ...f.place, items: [{ name: f.fresh("S"), value: "not a real value" }] }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.matrix": [
    ({ tenant, shop }) => ({ tenant, project: shop }),
    "yes",
    "yes",
    "yes",
    "gone",
    "yes",
    "gone",
  ],
  "secrets.promote": [
    async (f) => {
      const { tenant, project, environment } = f.place;
      return { tenant, project, from: environment, to: "staging", items: [{ name: await f.secretName() }] };
    },
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.save": [
    (f) => ({ ...f.place, set: [{ name: f.fresh("S"), value: "not a real value" }] }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.check": [
    (f) => ({ ...f.place, items: [{ name: "S", value: "not a real value" }] }),
    "no",
    "yes",
    "yes",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.get": [async (f) => await f.secret(), "yes", "yes", "yes", "gone", "gone", "gone"],
  "secrets.list": [({ tenant }) => ({ tenant }), "yes", "yes", "yes", "yes", "yes", "gone"],
  "secrets.reveal": [async (f) => await f.secret(), "no", "yes", "yes", "gone", "gone", "gone"],
  "secrets.revealMany": [
    async (f) => ({ ...f.place, names: [await f.secretName()] }),
    "no",
    "yes",
    "yes",
    "gone",
    "gone",
    "gone",
  ],
  // Nobody configured an upstream here: who gets as far as that may compare.
  "secrets.compare": [({ place }) => place, "no", "twice", "twice", "gone", "gone", "gone"],
  "secrets.update": [
    async (f) => ({ ...(await f.secret()), description: "a description" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.rotate": [
    async (f) => ({ ...(await f.secret()), value: "not a real value either" }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.rollBack": [
    async (f) => ({ ...(await f.secret()), to: 1 }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.delete": [async (f) => await f.secret(), "yes", "yes", "no", "gone", "gone", "gone"],
  "secrets.restore": [async (f) => await f.deletedSecret(), "yes", "yes", "no", "gone", "gone", "gone"],
  "versions.list": [async (f) => await f.secret(), "yes", "yes", "yes", "gone", "gone", "gone"],
  "versions.reveal": [
    async (f) => ({ ...(await f.secret()), version: 1 }),
    "no",
    "yes",
    "yes",
    "gone",
    "gone",
    "gone",
  ],
  "versions.revoke": [
    async (f) => ({ ...(await f.secret()), version: 1, reason: "a test" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "versions.destroy": [
    async (f) => ({ ...(await f.secret()), version: 1, reason: "a test" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "versions.extendGrace": [
    async (f) => ({ ...(await f.secret()), version: 1, seconds: 600_000, reason: "a test" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "versions.endGrace": [
    async (f) => ({ ...(await f.secret()), version: 1, reason: "a test" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "versions.prepare": [
    async (f) => ({ ...(await f.secret()), value: "not a real value either" }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "versions.markSet": [async (f) => await f.pending(), "no", "yes", "no", "gone", "gone", "gone"],
  "versions.finish": [async (f) => await f.pending(), "no", "yes", "no", "gone", "gone", "gone"],
  "versions.abandon": [
    async (f) => ({ ...(await f.pending()), reason: "a test" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.blastRadius": [async (f) => await f.secret(), "yes", "yes", "yes", "gone", "gone", "gone"],
  "consumers.list": [async (f) => await f.secret(), "yes", "yes", "yes", "gone", "gone", "gone"],
  "consumers.declare": [
    async (f) => ({ ...(await f.secret()), consumer: "billing" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "rotation.setPolicy": [
    async (f) => ({ ...(await f.secret()), schedule: { everyDays: 7 }, rotator: { kind: "uuid" } }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "rotation.getPolicy": [async (f) => await f.rotating(), "yes", "yes", "yes", "gone", "gone", "gone"],
  "rotation.removePolicy": [async (f) => await f.rotating(), "yes", "yes", "no", "gone", "gone", "gone"],
  "rotation.due": [({ tenant }) => ({ tenant }), "yes", "yes", "yes", "yes", "yes", "gone"],
  "rotation.overview": [() => ({}), "yes", "no", "no", "no", "no", "no"],
  "rotation.rotators": [() => ({}), "yes", "yes", "yes", "yes", "yes", "yes"],
  "rotation.runNow": [async (f) => await f.rotating(), "no", "yes", "no", "gone", "gone", "gone"],
  "rotation.status": [async (f) => await f.failed(), "yes", "yes", "yes", "gone", "gone", "gone"],
  "rotation.retry": [
    async (f) => ({ ...(await f.failed()), reason: "a test" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "consumers.remove": [async (f) => await f.consumer(), "yes", "yes", "no", "gone", "gone", "gone"],
  "consumers.ack": [
    async (f) => ({ ...(await f.secret()), version: 2 }),
    "no",
    "yes",
    "yes",
    "gone",
    "gone",
    "gone",
  ],
  "rotation.abandon": [
    async (f) => ({ ...(await f.failed()), reason: "a test" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.purge": [async (f) => await f.purgeable(), "yes", "yes", "no", "gone", "gone", "gone"],
  // The operator makes a tenant's first token only, and acme has some; those two hold less than a reader of everything.
  "tokens.create": [({ tenant }) => ({ tenant, name: "made" }), "no", "yes", "no", "no", "no", "gone"],
  "tokens.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "yes", "yes", "gone"],
  "tokens.rotate": [
    async (f) => ({ tenant: f.tenant, id: await f.token() }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "tokens.revoke": [
    async (f) => ({ tenant: f.tenant, id: await f.token() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "federation.create": [(f) => ({ tenant: f.tenant, ...f.rule() }), "no", "yes", "no", "no", "no", "gone"],
  "federation.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "yes", "yes", "gone"],
  "federation.delete": [
    async (f) => ({ tenant: f.tenant, id: await f.madeRule() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "environments.protect": [
    async (f) => ({ tenant: f.tenant, environment: await f.environment(), protection: "changes" }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "secrets.setAccessPolicy": [
    async (f) => ({ ...(await f.secret()), policy: { services: ["billing"] } }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "approvals.request": [
    async (f) => ({ ...(await f.secret()), kind: "change", reason: "a test" }),
    "no",
    "no",
    "no",
    "no",
    "no",
    "no",
  ],
  "approvals.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "yes", "yes", "gone"],
  "approvals.decide": [
    async (f) => ({ tenant: f.tenant, id: await f.approval(), approve: true }),
    "no",
    "no",
    "no",
    "no",
    "no",
    "no",
  ],
  "approvals.breakGlass": [
    async (f) => ({ ...(await f.secret()), reason: "a test" }),
    "no",
    "no",
    "no",
    "no",
    "no",
    "no",
  ],
  "members.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "no", "no", "gone"],
  "members.get": [
    async (f) => ({ tenant: f.tenant, personId: await f.member() }),
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  // The operator lets in a tenant's first person only.
  "members.add": [
    ({ tenant }) => ({ tenant, personId: randomUUID(), name: "P", grants: [{ role: "viewer" }] }),
    "no",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "members.change": [
    async (f) => ({ tenant: f.tenant, personId: await f.member(), name: "Q" }),
    "no",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "members.remove": [
    async (f) => ({ tenant: f.tenant, personId: await f.member() }),
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "invitations.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "no", "no", "gone"],
  "invitations.create": [
    (f) => ({ tenant: f.tenant, email: `${f.fresh("guest")}@example.com`, grants: [{ role: "viewer" }] }),
    "no",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "invitations.cancel": [
    async (f) => ({ tenant: f.tenant, id: await f.invitation() }),
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "links.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "yes", "yes", "gone"],
  "links.request": [(f) => ({ ...f.place, name: f.fresh("S") }), "no", "yes", "no", "gone", "gone", "gone"],
  "links.share": [async (f) => await f.secret(), "no", "yes", "no", "gone", "gone", "gone"],
  "links.revoke": [
    async (f) => ({ tenant: f.tenant, id: await f.link() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "roles.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "no", "no", "gone"],
  "roles.create": [
    (f) => ({ tenant: f.tenant, name: f.fresh("role"), actions: ["secret.get"] }),
    "no",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "roles.change": [
    async (f) => ({ tenant: f.tenant, id: await f.role(), summary: "s" }),
    "no",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "roles.delete": [
    async (f) => ({ tenant: f.tenant, id: await f.role() }),
    "no",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "webhooks.create": [
    ({ tenant }) => ({ tenant, url: "https://hooks.example.com/" }),
    "no",
    "yes",
    "no",
    "yes",
    "yes",
    "gone",
  ],
  "webhooks.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "yes", "yes", "gone"],
  "webhooks.update": [
    async (f) => ({ tenant: f.tenant, id: await f.webhook(), description: "d" }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "webhooks.delete": [
    async (f) => ({ tenant: f.tenant, id: await f.webhook() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "webhooks.rotateSecret": [
    async (f) => ({ tenant: f.tenant, id: await f.webhook() }),
    "no",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "webhooks.test": [
    async (f) => ({ tenant: f.tenant, id: await f.webhook() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "webhooks.deliveries": [
    async (f) => ({ tenant: f.tenant, id: await f.webhook() }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "webhooks.replay": [
    async (f) => ({ tenant: f.tenant, id: await f.webhook(), since: "2026-01-01T00:00:00.000Z" }),
    "yes",
    "yes",
    "no",
    "gone",
    "gone",
    "gone",
  ],
  "audit.list": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "no", "no", "gone"],
  "audit.prune": [
    async (f) => ({ tenant: f.tenant, checkpoint: await f.exported() }),
    "yes",
    "yes",
    "no",
    "no",
    "no",
    "gone",
  ],
  "audit.export": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "no", "no", "gone"],
  "audit.checkpoint": [({ tenant }) => ({ tenant }), "yes", "yes", "no", "no", "no", "gone"],
};

/*
 * The same for people, by their role in acme, all of it: o owner, a admin, d developer, v viewer, u auditor. Whoever is named
 * here is answered as the admin's token is above, all others are forbidden.
 */
const PEOPLE: Record<string, string> = {
  "access.explain": "oadvu",
  "identity.get": "oadvu",
  "tenants.create": "",
  "tenants.list": "",
  "tenants.fleet": "",
  "deployment.status": "",
  "tenants.get": "oadvu",
  "tenants.rename": "",
  "tenants.configure": "oa",
  "tenants.delete": "",
  "tenants.purge": "",
  "shreds.request": "o",
  "shreds.agree": "o",
  "shreds.cancel": "o",
  "shreds.status": "oa",
  "shreds.receipt": "",
  "shreds.run": "",
  "keys.status": "",
  "keys.rotate": "",
  "keys.verify": "",
  "keys.retire": "",
  "keys.rotateTenant": "",
  "keys.reEncrypt": "",
  "keys.removeOpener": "",
  "keys.exposed": "",
  "projects.create": "oa",
  "projects.list": "oadvu",
  "projects.rename": "oa",
  "projects.delete": "oa",
  "environments.create": "oa",
  "environments.list": "oadvu",
  "environments.rename": "oa",
  "environments.delete": "oa",
  "secrets.create": "oad",
  "secrets.set": "oad",
  "secrets.setMany": "oad",
  "secrets.save": "oad",
  "secrets.check": "oad",
  "secrets.get": "oadvu",
  "secrets.list": "oadvu",
  "secrets.reveal": "oad",
  "secrets.revealMany": "oad",
  "secrets.update": "oad",
  "secrets.compare": "oad",
  "secrets.promote": "oad",
  "secrets.matrix": "oadvu",
  "secrets.rotate": "oad",
  "secrets.rollBack": "oad",
  "secrets.delete": "oad",
  "secrets.restore": "oad",
  "secrets.purge": "oa",
  "secrets.blastRadius": "oadvu",
  "versions.list": "oadvu",
  "versions.reveal": "oad",
  "versions.revoke": "oad",
  "versions.destroy": "oad",
  "versions.extendGrace": "oad",
  "versions.endGrace": "oad",
  "versions.prepare": "oad",
  "versions.markSet": "oad",
  "versions.finish": "oad",
  "versions.abandon": "oad",
  "consumers.list": "oadvu",
  "consumers.declare": "oad",
  "consumers.remove": "oad",
  "consumers.ack": "",
  "rotation.setPolicy": "oad",
  "rotation.getPolicy": "oadvu",
  "rotation.removePolicy": "oad",
  "rotation.due": "oadvu",
  "rotation.overview": "",
  "rotation.rotators": "oadvu",
  "rotation.runNow": "oad",
  "rotation.status": "oadvu",
  "rotation.retry": "oad",
  "rotation.abandon": "oad",
  "environments.protect": "oa",
  "secrets.setAccessPolicy": "oa",
  "approvals.request": "oad",
  "approvals.list": "oadu",
  "approvals.decide": "oa",
  "approvals.breakGlass": "o",
  "members.list": "oau",
  "members.get": "oau",
  "members.add": "oa",
  "members.change": "oa",
  "members.remove": "oa",
  "invitations.list": "oau",
  "invitations.create": "oa",
  "invitations.cancel": "oa",
  "links.list": "oadu",
  "links.request": "oad",
  "links.share": "oad",
  "links.revoke": "oad",
  "roles.list": "oau",
  "roles.create": "oa",
  "roles.change": "oa",
  "roles.delete": "oa",
  "tokens.create": "oa",
  "tokens.list": "oau",
  "tokens.rotate": "oa",
  "tokens.revoke": "oa",
  "federation.create": "oa",
  "federation.list": "oau",
  "federation.delete": "oa",
  "webhooks.create": "oa",
  "webhooks.list": "oau",
  "webhooks.update": "oa",
  "webhooks.delete": "oa",
  "webhooks.rotateSecret": "oa",
  "webhooks.test": "oa",
  "webhooks.deliveries": "oau",
  "webhooks.replay": "oa",
  "audit.list": "oau",
  "audit.export": "oau",
  "audit.prune": "o",
  "audit.checkpoint": "oau",
};
const LETTERS = { owner: "o", admin: "a", developer: "d", viewer: "v", auditor: "u" } as const;
/** What takes people: no token may, and so the table above does not say what they are answered. */
const ONLY_PEOPLE = new Set(["approvals.request", "approvals.decide", "approvals.breakGlass"]);
/** Where an owner's call about somebody else's tenant is answered otherwise than an admin token's. */
const STRANGERS: Record<string, ErrorCode> = { "consumers.ack": "forbidden" };

interface Fixture {
  /** The tenant's id. */
  tenant: string;
  shop: string;
  dev: string;
  place: { tenant: string; project: string; environment: string };
  fresh(prefix: string): string;
  secret(): Promise<{ tenant: string; id: string }>;
  secretName(): Promise<string>;
  deletedSecret(): Promise<{ tenant: string; id: string }>;
  purgeable(): Promise<{ tenant: string; id: string; confirm: string; reason: string }>;
  consumer(): Promise<{ tenant: string; id: string; consumer: string }>;
  pending(): Promise<{ tenant: string; id: string; version: number }>;
  rotating(): Promise<{ tenant: string; id: string }>;
  /** One whose rotation has failed. */
  failed(): Promise<{ tenant: string; id: string }>;
  project(): Promise<string>;
  environment(): Promise<string>;
  token(): Promise<string>;
  webhook(): Promise<string>;
  rule(): { name: string; issuer: string; audience: string; claims: object; preset: "writer" };
  madeRule(): Promise<string>;
  exported(): Promise<string>;
  member(): Promise<string>;
  invitation(): Promise<string>;
  link(): Promise<string>;
  /** What somebody asked for. */
  approval(): Promise<string>;
  role(): Promise<string>;
  spare(): Promise<string>;
  /** Has an operator ask that acme be shredded, anew; answers its slug. */
  shred(): Promise<string>;
  /** Nobody asks that acme be shredded. */
  calm(): Promise<void>;
  deleted(): Promise<{ tenant: string; confirm: string }>;
}

let house: House;
let fixture: Fixture;
const people = {} as Record<keyof typeof LETTERS | "ended" | "stranger" | "asker", Person>;
const tokens = {} as Record<(typeof WHO)[number], string>;
/** People whose membership, session or tenant has ended. */
let outsiders: readonly Person[];
const outcasts = {} as Record<"expired" | "revoked" | "orphaned", string>;
let sequence = 0;
let lastWebhook: string | null = null;

beforeAll(async () => {
  house = await openHouse();
  const acme = await house.tenant("acme");
  const operator = house.as(house.operatorToken);
  const { caller } = acme;
  const shop = await caller.projects.create({ name: "shop" });
  const { environments } = await caller.environments.list({ project: shop.id });
  const dev = environments.find((e) => e.name === "dev")!.id;
  const place = { tenant: acme.id, project: shop.id, environment: dev };
  const fresh = (prefix: string) => `${prefix}-${++sequence}`;
  async function secret() {
    const { id } = await caller.secrets.create({ ...place, name: fresh("S"), value: "first, not real" });
    await caller.secrets.rotate({ id, value: "second, not real" });
    return { tenant: acme.id, id };
  }
  fixture = {
    tenant: acme.id,
    shop: shop.id,
    dev,
    place,
    fresh,
    secret,
    async secretName() {
      return (await caller.secrets.get(await secret())).name;
    },
    async deletedSecret() {
      const made = await secret();
      await caller.secrets.delete(made);
      return made;
    },
    async purgeable() {
      const made = await secret();
      const { name } = await caller.secrets.get({ id: made.id });
      await house.moveClock("-25 hours");
      await caller.secrets.delete({ id: made.id });
      await house.moveClock("0");
      return { ...made, confirm: name, reason: "a test" };
    },
    async consumer() {
      const made = await secret();
      await caller.consumers.declare({ id: made.id, consumer: "billing" });
      return { ...made, consumer: "billing" };
    },
    async pending() {
      const made = await secret();
      const { version } = await caller.versions.prepare({ id: made.id, value: "third, not real" });
      return { ...made, version };
    },
    async rotating() {
      const made = await secret();
      await caller.rotation.setPolicy({ id: made.id, rotator: { kind: "uuid" } });
      return made;
    },
    async failed() {
      const made = await secret();
      await caller.rotation.setPolicy({ id: made.id, rotator: { kind: "jwt-signing-keys" } });
      await caller.rotation.runNow({ id: made.id });
      return made;
    },
    project: async () => (await caller.projects.create({ name: fresh("p") })).id,
    environment: async () => (await caller.environments.create({ project: shop.id, name: fresh("e") })).id,
    link: async () => (await caller.links.request({ ...place, name: fresh("S") })).link.id,
    async invitation() {
      const grants = [{ role: "viewer" }];
      return (await caller.invitations.create({ email: `${randomUUID()}@example.com`, grants })).invitation
        .id;
    },
    async approval() {
      const asked = { ...(await secret()), kind: "change" as const, reason: "a test" };
      return (await people.asker.caller.approvals.request(asked)).id;
    },
    async member() {
      const personId = randomUUID();
      await caller.members.add({ personId, name: "P", grants: [{ role: "viewer" }] });
      return personId;
    },
    role: async () => (await caller.roles.create({ name: fresh("role"), actions: ["secret.get"] })).id,
    async webhook() {
      // A tenant has fifty at most.
      if (lastWebhook !== null) await caller.webhooks.delete({ id: lastWebhook }).catch(() => {});
      lastWebhook = (await caller.webhooks.create({ url: "https://hooks.example.com/" })).endpoint.id;
      return lastWebhook;
    },
    token: async () => (await caller.tokens.create({ name: "spare", preset: "writer" })).details.id,
    rule: () => ({
      name: fresh("rule"),
      issuer: "https://issuer.example.com",
      audience: "keyfold",
      claims: { sub: "repo:acme/app" },
      preset: "writer",
    }),
    async exported() {
      await house.server.makeCheckpoint();
      return (await caller.audit.export({})).lines[1]!;
    },
    madeRule: async () => (await caller.federation.create(fixture.rule() as never)).id,
    spare: async () => (await operator.tenants.create({ slug: fresh("spare") })).id,
    async shred() {
      const tenant = acme.id;
      await fixture.calm();
      await operator.shreds.request({ tenant, confirm: "acme", reason: "a test" });
      return "acme";
    },
    async calm() {
      await operator.shreds.cancel({ tenant: acme.id, reason: "a test" }).catch(() => {});
    },
    async deleted() {
      const confirm = fresh("deleted");
      const { id } = await operator.tenants.create({ slug: confirm });
      await operator.tenants.delete({ tenant: id });
      return { tenant: id, confirm };
    },
  };
  const make = async (by: Caller, input: Omit<Parameters<Caller["tokens"]["create"]>[0], "name">) =>
    await by.tokens.create({ name: "made", preset: "admin", ...input });
  tokens.operator = house.operatorToken;
  tokens.admin = acme.token;
  tokens.reader = (await make(caller, { preset: "reader" })).token!;
  tokens.project = (await make(caller, { projects: ["default"] })).token!;
  tokens.environment = (await make(caller, { projects: [shop.id], environments: ["staging"] })).token!;
  tokens.stranger = (await house.tenant("globex")).token;

  for (const role of Object.keys(LETTERS) as (keyof typeof LETTERS)[]) {
    people[role] = await personOf(house.server, acme.id, role);
    await caller.members.add({ personId: people[role].id, name: role, grants: [{ role }] });
  }
  people.asker = await personOf(house.server, acme.id, "asker");
  await caller.members.add({ personId: people.asker.id, name: "asker", grants: [{ role: "developer" }] });
  const globex = await house.tenant("globex-people");
  people.stranger = await personOf(house.server, globex.id);
  await globex.caller.members.add({ personId: people.stranger.id, name: "S", grants: [{ role: "owner" }] });

  await house.moveClock("-2 hours");
  people.ended = await personOf(house.server, acme.id);
  const anHourAgo = new Date(Date.now() - 3_600_000).toISOString();
  await people.owner.caller.members.add({
    personId: people.ended.id,
    name: "E",
    grants: [{ role: "owner", expiresAt: anHourAgo }],
  });
  outcasts.expired = (await make(caller, { expiresInSeconds: 3600 })).token!;
  await house.moveClock("0");
  const revoked = await make(caller, {});
  await caller.tokens.revoke({ id: revoked.details.id });
  outcasts.revoked = revoked.token!;
  const removed = await personOf(house.server, acme.id);
  await caller.members.add({ personId: removed.id, name: "R", grants: [{ role: "admin" }] });
  await caller.members.remove({ personId: removed.id });
  await house.moveClock("-9 hours");
  const asleep = await people.owner.again({});
  await house.moveClock("0");
  const left = await people.owner.again({});
  await house.server.endSession(requestInfo({ session: left.session }));
  const orphan = await house.tenant("orphan");
  const orphaned = await personOf(house.server, orphan.id);
  await orphan.caller.members.add({ personId: orphaned.id, name: "O", grants: [{ role: "owner" }] });
  outsiders = [removed, asleep, left, orphaned];
  await operator.tenants.delete({ tenant: orphan.id });
  outcasts.orphaned = orphan.token;
});
afterAll(async () => {
  // Whatever was done, every chain verifies.
  await house.verify().finally(() => house.close());
});

type Procedure = (input: object) => Promise<unknown>;

function procedureOf(caller: Caller, path: string): Procedure {
  const [noun, verb] = path.split(".") as [string, string];
  return (caller as unknown as Record<string, Record<string, Procedure>>)[noun]![verb]!;
}

const allVerbs = Object.entries(verbs).flatMap(([noun, of]) =>
  Object.entries(of).map(([name, verb]) => ({ path: `${noun}.${name}`, verb })),
);

/** No verb but a stream: who may have it is tested beside it (stream/stream.test.ts). */
const STREAM = { path: "events.stream", action: "event.stream" };

describe("the classification", () => {
  test("names an action of the list for every procedure, the one of its verb", () => {
    const procedures = house.server.router._def.procedures as unknown as Record<
      string,
      { _def: { meta?: { action?: string }; type: string } }
    >;
    expect(Object.keys(procedures).sort()).toEqual([...allVerbs.map(({ path }) => path), STREAM.path].sort());
    for (const { path, verb } of allVerbs) {
      const { meta, type } = procedures[path]!._def;
      expect([path, meta?.action], path).toEqual([path, verb.action]);
      expect(Object.keys(ACTIONS), path).toContain(meta?.action);
      expect([path, type], path).toEqual([path, verb.changes ? "mutation" : "query"]);
    }
  });

  test("has no action that no verb uses", () => {
    expect(Object.keys(ACTIONS).sort()).toEqual(
      [...new Set([...allVerbs.map(({ verb }) => verb.action), STREAM.action])].sort(),
    );
  });

  test("says of every procedure here who may call it", () => {
    expect(Object.keys(TABLE).sort()).toEqual(allVerbs.map(({ path }) => path).sort());
    expect(Object.keys(PEOPLE).sort()).toEqual(allVerbs.map(({ path }) => path).sort());
  });

  test("is what the matrix says that is printed", () => {
    expect(procedures.map(({ path }) => path).sort()).toEqual([...Object.keys(TABLE), STREAM.path].sort());
    for (const { path, verb } of procedures) {
      if (path === STREAM.path) continue;
      const holders = Object.entries(LETTERS).filter(([role]) => roleHolds(role as RoleName, verb.action));
      expect([path, holders.map(([, letter]) => letter).join("")]).toEqual([path, PEOPLE[path]]);
      expect(matrixPage(new Map()), path).toContain(`| ${path} |`);
    }
  });

  test("lets no service token hold what belongs to the deployment", () => {
    for (const action of [
      "tenant.create",
      "tenant.list",
      "tenant.rename",
      "tenant.delete",
      "tenant.purge",
      "tenant.shred_receipt",
      "tenant.shred_run",
      "key.status",
      "key.rotate",
      "key.verify",
      "key.retire",
      "key.rotate_tenant",
      "key.re_encrypt",
      "rotation.overview",
      "key.remove_opener",
      "key.list_exposed",
    ])
      expect(SERVICE_ACTIONS).not.toContain(action);
  });
});

describe.each(Object.entries(TABLE))("%s", (path, [input, ...codes]) => {
  test.each(WHO.map((who, i) => [who, CODES[codes[i]!]] as const))("%s: %s", async (who, expected) => {
    const given = await input(fixture);
    expect(await codeOf(procedureOf(house.as(tokens[who]), path)(given))).toBe(expected);
  });

  test("people, by their role", async () => {
    const admin = ONLY_PEOPLE.has(path) ? "allowed" : CODES[codes[WHO.indexOf("admin")]!];
    const outcomes: Record<string, string> = {};
    const expected: Record<string, string> = {};
    // Whoever is refused changes nothing, and so one input is enough for all of them.
    const refused = await input(fixture);
    for (const [role, letter] of Object.entries(LETTERS) as [keyof typeof LETTERS, string][]) {
      const may = PEOPLE[path]?.includes(letter) === true;
      expected[role] = may ? admin : "forbidden";
      const given = may ? await input(fixture) : refused;
      outcomes[role] = await codeOf(procedureOf(people[role].caller, path)(given));
    }
    expected.ended = path === "identity.get" || path === "access.explain" ? "allowed" : "forbidden";
    outcomes.ended = await codeOf(procedureOf(people.ended.caller, path)(refused));
    expected.stranger =
      STRANGERS[path] ?? (ONLY_PEOPLE.has(path) ? "not_found" : CODES[codes[WHO.indexOf("stranger")]!]);
    outcomes.stranger = await codeOf(procedureOf(people.stranger.caller, path)(refused));
    expect(outcomes).toEqual(expected);
  });

  test("is refused to who is not authenticated", async () => {
    const given = await input(fixture);
    const outcomes = await Promise.all(
      [null, ...Object.values(outcasts), "kf_not_a_token", `kf_${"A".repeat(49)}`, "x".repeat(40)].map(
        (token) => codeOf(procedureOf(house.as(token), path)(given)),
      ),
    );
    for (const person of outsiders) outcomes.push(await codeOf(procedureOf(person.caller, path)(given)));
    expect(new Set(outcomes)).toEqual(new Set(["unauthenticated"]));
  });
});

test("the operator's session reveals nothing either, and may do what the operator may", async () => {
  const { secret } = await house.server.startSession(requestInfo({ token: house.operatorToken }));
  const request = requestInfo({ session: secret });
  const { id } = await fixture.secret();
  expect(
    await codeOf(house.server.invoke(verbs.secrets.reveal, request, { tenant: fixture.tenant, id })),
  ).toBe("forbidden");
  expect(await codeOf(house.server.invoke(verbs.secrets.get, request, { tenant: fixture.tenant, id }))).toBe(
    "allowed",
  );
});

test("an operator names the tenant, and reads the deployment's own chain; a tenant's admin does not", async () => {
  expect(await codeOf(house.as(tokens.operator).secrets.list({}))).toBe("bad_input");
  const { events } = await house.as(tokens.operator).audit.list({ deployment: true, action: "tenant" });
  expect(events.map((e) => e.action)).toContain("tenant.created");
  expect(await codeOf(house.as(tokens.admin).audit.list({ deployment: true }))).toBe("forbidden");
});
