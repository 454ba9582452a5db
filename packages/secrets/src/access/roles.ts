import { ACTIONS, type Action, PRESETS } from "./actions.ts";

/** What takes people, and so nobody but a person can hold. */
const ONLY_PEOPLE: ReadonlySet<Action> = new Set<Action>([
  "approval.request",
  "approval.decide",
  "approval.break_glass",
]);

/** What a person of a tenant can hold at all: all that a tenant's token can, but for a consumer's own word. */
const PERSONS = (Object.keys(ACTIONS) as Action[]).filter(
  (action) => (ACTIONS[action].service && action !== "consumer.ack") || ONLY_PEOPLE.has(action),
);
export const PERSON_ACTIONS: ReadonlySet<Action> = new Set(PERSONS);

/** What only owners do: end the tenant, and go on without the second person. */
const OWNERS_ONLY: ReadonlySet<Action> = new Set<Action>([
  "tenant.shred",
  "audit.prune",
  "approval.break_glass",
]);

const METADATA = [
  "tenant.get",
  "project.list",
  "environment.list",
  "secret.get",
  "secret.list",
  "version.list",
  "rotation.get_policy",
  "rotation.due",
  "rotation.rotators",
  "rotation.status",
] as const satisfies readonly Action[];

/**
 * The roles of a tenant's people. A role is a list of actions; where they hold (projects, environments, a prefix of
 * names) and until when, is said by the grant that gives it. An operator is no role of a tenant: `operator` in ACTIONS.
 */
export const ROLES = {
  owner: {
    summary: "Everything in the tenant, its end included.",
    actions: PERSONS,
  },
  admin: {
    summary:
      "Everything but what ends the tenant or goes on without a second person, and no owner's rights to give away.",
    actions: PERSONS.filter((action) => !OWNERS_ONLY.has(action)),
  },
  developer: {
    summary: "Reads and changes secrets and their rotation; no tokens, no webhooks, no people.",
    actions: [
      ...PRESETS.writer.filter((action) => PERSON_ACTIONS.has(action)),
      "approval.request",
      "approval.list",
    ],
  },
  viewer: {
    summary: "Sees metadata and what changes; reveals no value and changes nothing.",
    actions: [...METADATA, "event.stream"],
  },
  auditor: {
    summary:
      "Sees metadata, people, tokens, rules of federation, links and webhooks, and reads and exports the audit log; reveals no value.",
    actions: [
      ...METADATA,
      "member.list",
      "member.get",
      "role.list",
      "token.list",
      "federation.list",
      "approval.list",
      "link.list",
      "webhook.list",
      "webhook.deliveries",
      "audit.list",
      "audit.export",
      "audit.checkpoint",
    ],
  },
} as const satisfies Record<string, { summary: string; actions: readonly Action[] }>;

export type RoleName = keyof typeof ROLES;
export const ROLE_NAMES = Object.keys(ROLES) as [RoleName, ...RoleName[]];
