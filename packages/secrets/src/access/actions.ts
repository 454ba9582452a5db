/**
 * Every action there is, once. A verb names its action; a token's scope lists actions; the audit log shows the event.
 * - level: what the action is about, and so what a scope can narrow it by
 * - service: a tenant's service token may hold it; operator: operators have it (they reveal nothing and set nothing)
 * - event: the audit event's action
 */
export const ACTIONS = {
  "access.explain": { level: "any", service: true, operator: true, event: "access.explained" },
  "identity.get": { level: "any", service: true, operator: true, event: "identity.read" },

  "tenant.create": { level: "deployment", service: false, operator: true, event: "tenant.created" },
  "tenant.list": { level: "deployment", service: false, operator: true, event: "tenant.listed" },
  "tenant.fleet": { level: "deployment", service: false, operator: true, event: "tenant.fleet_read" },
  "tenant.get": { level: "tenant", service: true, operator: true, event: "tenant.read" },
  "tenant.rename": { level: "tenant", service: false, operator: true, event: "tenant.renamed" },
  "tenant.configure": { level: "tenant", service: true, operator: true, event: "tenant.configured" },
  "tenant.delete": { level: "tenant", service: false, operator: true, event: "tenant.deleted" },
  "tenant.purge": { level: "deployment", service: false, operator: true, event: "tenant.purged" },

  "tenant.shred": { level: "tenant", service: true, operator: true, event: "tenant.shred_requested" },
  "tenant.shred_status": { level: "tenant", service: true, operator: true, event: "tenant.shred_read" },
  "tenant.shred_receipt": {
    level: "deployment",
    service: false,
    operator: true,
    event: "tenant.shred_receipt_read",
  },
  "tenant.shred_run": { level: "deployment", service: false, operator: true, event: "tenant.shreds_run" },

  "deployment.status": {
    level: "deployment",
    service: false,
    operator: true,
    event: "deployment.status_read",
  },
  "key.status": { level: "deployment", service: false, operator: true, event: "key.listed" },
  "key.rotate": { level: "deployment", service: false, operator: true, event: "key.rotated" },
  "key.verify": { level: "deployment", service: false, operator: true, event: "key.verified" },
  "key.retire": { level: "deployment", service: false, operator: true, event: "key.retired" },

  "key.rotate_tenant": { level: "deployment", service: false, operator: true, event: "key.tenant_rotated" },
  "key.remove_opener": { level: "deployment", service: false, operator: true, event: "key.opener_removal" },
  "key.list_exposed": { level: "deployment", service: false, operator: true, event: "key.exposed_listed" },
  "key.re_encrypt": { level: "deployment", service: false, operator: true, event: "key.re_encrypted" },

  "project.create": { level: "tenant", service: true, operator: true, event: "project.created" },
  "project.list": { level: "environment", service: true, operator: true, event: "project.listed" },
  "project.rename": { level: "tenant", service: true, operator: true, event: "project.renamed" },
  "project.delete": { level: "project", service: true, operator: true, event: "project.deleted" },

  "environment.create": { level: "project", service: true, operator: true, event: "environment.created" },
  "environment.list": { level: "environment", service: true, operator: true, event: "environment.listed" },
  "environment.rename": { level: "environment", service: true, operator: true, event: "environment.renamed" },
  "environment.protect": {
    level: "environment",
    service: true,
    operator: false,
    event: "environment.protected",
  },
  "environment.delete": { level: "environment", service: true, operator: true, event: "environment.deleted" },

  "secret.create": { level: "environment", service: true, operator: false, event: "secret.created" },
  "secret.set": { level: "environment", service: true, operator: false, event: "secret.set" },
  "secret.get": { level: "environment", service: true, operator: true, event: "secret.read" },
  "secret.list": { level: "environment", service: true, operator: true, event: "secret.listed" },
  "secret.reveal": { level: "environment", service: true, operator: false, event: "secret.accessed" },
  "secret.update": { level: "environment", service: true, operator: true, event: "secret.updated" },
  "secret.rotate": { level: "environment", service: true, operator: false, event: "secret.rotated" },
  "secret.roll_back": { level: "environment", service: true, operator: false, event: "secret.rolled_back" },
  "secret.delete": { level: "environment", service: true, operator: true, event: "secret.deleted" },
  "secret.set_access_policy": {
    level: "environment",
    service: true,
    operator: false,
    event: "secret.access_policy_set",
  },
  "secret.purge": { level: "environment", service: true, operator: true, event: "secret.purged" },
  "secret.restore": { level: "environment", service: true, operator: true, event: "secret.restored" },

  "version.list": { level: "environment", service: true, operator: true, event: "version.listed" },
  "version.reveal": { level: "environment", service: true, operator: false, event: "secret.accessed" },
  "version.revoke": { level: "environment", service: true, operator: true, event: "version.revoked" },
  "version.destroy": { level: "environment", service: true, operator: true, event: "version.destroyed" },
  "version.extend_grace": {
    level: "environment",
    service: true,
    operator: true,
    event: "version.grace_extended",
  },
  "version.end_grace": { level: "environment", service: true, operator: true, event: "version.grace_ended" },
  "version.prepare": { level: "environment", service: true, operator: false, event: "version.prepared" },
  "version.mark_set": {
    level: "environment",
    service: true,
    operator: false,
    event: "version.set_at_target",
  },
  "version.finish": { level: "environment", service: true, operator: false, event: "secret.rotated" },
  "version.abandon": { level: "environment", service: true, operator: true, event: "version.abandoned" },

  "consumer.declare": { level: "environment", service: true, operator: true, event: "consumer.declared" },
  "consumer.remove": { level: "environment", service: true, operator: true, event: "consumer.removed" },
  "consumer.ack": { level: "environment", service: true, operator: false, event: "consumer.acknowledged" },
  "rotation.set_policy": {
    level: "environment",
    service: true,
    operator: false,
    event: "rotation.policy_set",
  },
  "rotation.get_policy": {
    level: "environment",
    service: true,
    operator: true,
    event: "rotation.policy_read",
  },
  "rotation.remove_policy": {
    level: "environment",
    service: true,
    operator: true,
    event: "rotation.policy_removed",
  },
  "rotation.due": { level: "environment", service: true, operator: true, event: "rotation.due_listed" },
  "rotation.overview": { level: "deployment", service: false, operator: true, event: "rotation.counted" },
  "rotation.rotators": { level: "any", service: true, operator: true, event: "rotation.rotators_listed" },
  "rotation.run_now": { level: "environment", service: true, operator: false, event: "rotation.started" },
  "rotation.status": { level: "environment", service: true, operator: true, event: "rotation.read" },
  "rotation.retry": { level: "environment", service: true, operator: true, event: "rotation.retried" },
  "rotation.abandon": { level: "environment", service: true, operator: true, event: "rotation.abandoned" },

  "token.create": { level: "environment", service: true, operator: true, event: "token.created" },
  "token.list": { level: "environment", service: true, operator: true, event: "token.listed" },
  "token.rotate": { level: "environment", service: true, operator: false, event: "token.rotated" },
  "token.revoke": { level: "environment", service: true, operator: true, event: "token.revoked" },

  "federation.create": {
    level: "environment",
    service: true,
    operator: false,
    event: "federation.rule_created",
  },
  "federation.list": {
    level: "environment",
    service: true,
    operator: true,
    event: "federation.rules_listed",
  },
  "federation.delete": {
    level: "environment",
    service: true,
    operator: true,
    event: "federation.rule_deleted",
  },

  "member.list": { level: "tenant", service: true, operator: true, event: "member.listed" },
  "member.get": { level: "tenant", service: true, operator: true, event: "member.read" },
  "member.add": { level: "tenant", service: true, operator: true, event: "member.added" },
  "member.change": { level: "tenant", service: true, operator: false, event: "member.changed" },
  "member.remove": { level: "tenant", service: true, operator: true, event: "member.removed" },

  "link.request": { level: "environment", service: true, operator: false, event: "link.requested" },
  "link.share": { level: "environment", service: true, operator: false, event: "link.shared" },
  "link.list": { level: "environment", service: true, operator: true, event: "link.listed" },
  "link.revoke": { level: "environment", service: true, operator: true, event: "link.revoked" },

  "approval.request": {
    level: "environment",
    service: false,
    operator: false,
    event: "approval.requested",
  },
  "approval.list": { level: "environment", service: true, operator: true, event: "approval.listed" },
  "approval.decide": { level: "environment", service: false, operator: false, event: "approval.approved" },
  "approval.break_glass": {
    level: "environment",
    service: false,
    operator: false,
    event: "secret.glass_broken",
  },

  "role.list": { level: "tenant", service: true, operator: true, event: "role.listed" },
  "role.create": { level: "tenant", service: true, operator: false, event: "role.created" },
  "role.change": { level: "tenant", service: true, operator: false, event: "role.changed" },
  "role.delete": { level: "tenant", service: true, operator: false, event: "role.deleted" },

  "event.stream": { level: "environment", service: true, operator: true, event: "event.streamed" },

  "webhook.create": { level: "environment", service: true, operator: false, event: "webhook.created" },
  "webhook.list": { level: "environment", service: true, operator: true, event: "webhook.listed" },
  "webhook.update": { level: "environment", service: true, operator: false, event: "webhook.updated" },
  "webhook.delete": { level: "environment", service: true, operator: true, event: "webhook.deleted" },
  "webhook.rotate_secret": {
    level: "environment",
    service: true,
    operator: false,
    event: "webhook.secret_rotated",
  },
  "webhook.test": { level: "environment", service: true, operator: true, event: "webhook.tested" },
  "webhook.deliveries": {
    level: "environment",
    service: true,
    operator: true,
    event: "webhook.deliveries_listed",
  },
  "webhook.replay": { level: "environment", service: true, operator: true, event: "webhook.replayed" },

  "audit.list": { level: "tenant", service: true, operator: true, event: "audit.read" },
  "audit.export": { level: "tenant", service: true, operator: true, event: "audit.exported" },
  "audit.prune": { level: "tenant", service: true, operator: true, event: "audit.pruned" },
  "audit.checkpoint": { level: "tenant", service: true, operator: true, event: "audit.checkpoint_read" },
} as const satisfies Record<string, ActionFacts>;

interface ActionFacts {
  level: "any" | "deployment" | "tenant" | "project" | "environment";
  service: boolean;
  operator: boolean;
  event: string;
}

export type Action = keyof typeof ACTIONS;

/** What a service token can be given. */
export const SERVICE_ACTIONS = (Object.keys(ACTIONS) as Action[]).filter((action) => ACTIONS[action].service);

/** Sets of actions that people mean when they say "read only". */
export const PRESETS = {
  reader: [
    "tenant.get",
    "project.list",
    "environment.list",
    "secret.get",
    "secret.list",
    "secret.reveal",
    "version.list",
    "version.reveal",
    "consumer.ack",
    "rotation.get_policy",
    "rotation.due",
    "rotation.rotators",
    "rotation.status",
    "event.stream",
  ],
  writer: [
    "tenant.get",
    "project.list",
    "environment.list",
    "secret.create",
    "secret.set",
    "secret.get",
    "secret.list",
    "secret.reveal",
    "secret.update",
    "secret.rotate",
    "secret.roll_back",
    "secret.delete",
    "secret.restore",
    "version.list",
    "version.reveal",
    "version.revoke",
    "version.destroy",
    "version.extend_grace",
    "version.end_grace",
    "version.prepare",
    "version.mark_set",
    "version.finish",
    "version.abandon",
    "consumer.declare",
    "consumer.remove",
    "consumer.ack",
    "rotation.set_policy",
    "rotation.get_policy",
    "rotation.remove_policy",
    "rotation.due",
    "rotation.rotators",
    "rotation.run_now",
    "rotation.status",
    "rotation.retry",
    "rotation.abandon",
    "link.request",
    "link.share",
    "link.list",
    "link.revoke",
    "event.stream",
  ],
  admin: SERVICE_ACTIONS,
} as const satisfies Record<string, readonly Action[]>;
