import type { Services } from "../flow/services.ts";
import { mutation, query, subscription, t } from "./procedures.ts";
import { verbs } from "./verbs.ts";

/** The verbs as a tRPC router, to be served or to be nested in a host's: `router({ keyfold: keyfold.router })`. */
export function createRouter(services: Services) {
  const { identity, tenants, shreds, keys, projects, environments, secrets, versions } = verbs;
  const { consumers, rotation, members, approvals, roles, tokens, federation, webhooks, audit } = verbs;
  return t.router({
    access: t.router({ explain: query(services, verbs.access.explain) }),
    identity: t.router({ get: query(services, identity.get) }),
    tenants: t.router({
      create: mutation(services, tenants.create),
      list: query(services, tenants.list),
      get: query(services, tenants.get),
      rename: mutation(services, tenants.rename),
      configure: mutation(services, tenants.configure),
      delete: mutation(services, tenants.delete),
      purge: mutation(services, tenants.purge),
    }),
    shreds: t.router({
      request: mutation(services, shreds.request),
      agree: mutation(services, shreds.agree),
      cancel: mutation(services, shreds.cancel),
      status: query(services, shreds.status),
      receipt: query(services, shreds.receipt),
      run: mutation(services, shreds.run),
    }),
    keys: t.router({
      status: query(services, keys.status),
      rotate: mutation(services, keys.rotate),
      verify: mutation(services, keys.verify),
      retire: mutation(services, keys.retire),
      rotateTenant: mutation(services, keys.rotateTenant),
      reEncrypt: mutation(services, keys.reEncrypt),
      removeOpener: mutation(services, keys.removeOpener),
      exposed: query(services, keys.exposed),
    }),
    projects: t.router({
      create: mutation(services, projects.create),
      list: query(services, projects.list),
      rename: mutation(services, projects.rename),
      delete: mutation(services, projects.delete),
    }),
    environments: t.router({
      create: mutation(services, environments.create),
      list: query(services, environments.list),
      rename: mutation(services, environments.rename),
      protect: mutation(services, environments.protect),
      delete: mutation(services, environments.delete),
    }),
    secrets: t.router({
      create: mutation(services, secrets.create),
      set: mutation(services, secrets.set),
      setMany: mutation(services, secrets.setMany),
      get: query(services, secrets.get),
      list: query(services, secrets.list),
      reveal: query(services, secrets.reveal),
      revealMany: query(services, secrets.revealMany),
      compare: query(services, secrets.compare),
      update: mutation(services, secrets.update),
      rotate: mutation(services, secrets.rotate),
      rollBack: mutation(services, secrets.rollBack),
      delete: mutation(services, secrets.delete),
      restore: mutation(services, secrets.restore),
      purge: mutation(services, secrets.purge),
      blastRadius: query(services, secrets.blastRadius),
      setAccessPolicy: mutation(services, secrets.setAccessPolicy),
      matrix: query(services, secrets.matrix),
      promote: mutation(services, secrets.promote),
      save: mutation(services, secrets.save),
      check: mutation(services, secrets.check),
    }),
    versions: t.router({
      list: query(services, versions.list),
      reveal: query(services, versions.reveal),
      revoke: mutation(services, versions.revoke),
      destroy: mutation(services, versions.destroy),
      extendGrace: mutation(services, versions.extendGrace),
      endGrace: mutation(services, versions.endGrace),
      prepare: mutation(services, versions.prepare),
      markSet: mutation(services, versions.markSet),
      finish: mutation(services, versions.finish),
      abandon: mutation(services, versions.abandon),
    }),
    consumers: t.router({
      declare: mutation(services, consumers.declare),
      list: query(services, consumers.list),
      ack: mutation(services, consumers.ack),
      remove: mutation(services, consumers.remove),
    }),
    rotation: t.router({
      setPolicy: mutation(services, rotation.setPolicy),
      getPolicy: query(services, rotation.getPolicy),
      removePolicy: mutation(services, rotation.removePolicy),
      due: query(services, rotation.due),
      overview: query(services, rotation.overview),
      rotators: query(services, rotation.rotators),
      runNow: mutation(services, rotation.runNow),
      status: query(services, rotation.status),
      retry: mutation(services, rotation.retry),
      abandon: mutation(services, rotation.abandon),
    }),
    members: t.router({
      list: query(services, members.list),
      get: query(services, members.get),
      add: mutation(services, members.add),
      change: mutation(services, members.change),
      remove: mutation(services, members.remove),
    }),
    invitations: t.router({
      create: mutation(services, verbs.invitations.create),
      list: query(services, verbs.invitations.list),
      cancel: mutation(services, verbs.invitations.cancel),
    }),
    approvals: t.router({
      request: mutation(services, approvals.request),
      list: query(services, approvals.list),
      decide: mutation(services, approvals.decide),
      breakGlass: mutation(services, approvals.breakGlass),
    }),
    roles: t.router({
      list: query(services, roles.list),
      create: mutation(services, roles.create),
      change: mutation(services, roles.change),
      delete: mutation(services, roles.delete),
    }),
    tokens: t.router({
      create: mutation(services, tokens.create),
      list: query(services, tokens.list),
      rotate: mutation(services, tokens.rotate),
      revoke: mutation(services, tokens.revoke),
    }),
    federation: t.router({
      create: mutation(services, federation.create),
      list: query(services, federation.list),
      delete: mutation(services, federation.delete),
    }),
    events: t.router({ stream: subscription(services) }),
    webhooks: t.router({
      create: mutation(services, webhooks.create),
      list: query(services, webhooks.list),
      update: mutation(services, webhooks.update),
      delete: mutation(services, webhooks.delete),
      rotateSecret: mutation(services, webhooks.rotateSecret),
      test: mutation(services, webhooks.test),
      deliveries: query(services, webhooks.deliveries),
      replay: mutation(services, webhooks.replay),
    }),
    audit: t.router({
      list: query(services, audit.list),
      export: query(services, audit.export),
      checkpoint: query(services, audit.checkpoint),
    }),
  });
}

/** The router's type: all that clients and panels import, with `import type`. */
export type KeyfoldRouter = ReturnType<typeof createRouter>;
