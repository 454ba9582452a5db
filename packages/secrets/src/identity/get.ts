import { z } from "zod";
import { ACTIONS, type Action } from "../access/actions.ts";
import type { Grant } from "../access/scope.ts";
import { KeyfoldError } from "../error.ts";
import { defineVerb } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { identityView } from "./schema.ts";

/** Who the caller is and what it may do. Tells nothing but what the credential itself stands for, and is not audited. */
export const getIdentity = defineVerb({
  action: "identity.get",
  changes: false,
  summary: "Who am I",
  input: z.strictObject({}).optional(),
  output: identityView,
  async run({ actor }) {
    if (actor.type === "job") throw new KeyfoldError("forbidden");
    const common = {
      id: actor.id,
      name: actor.name,
      via: actor.via,
      email: actor.person?.email ?? null,
      until: actor.deadline?.toISOString() ?? null,
    };
    if (actor.type === "operator") {
      const actions = (Object.keys(ACTIONS) as Action[]).filter((action) => ACTIONS[action].operator);
      return {
        type: actor.type,
        ...common,
        factorAt: iso(actor.person?.factorAt ?? null),
        tenant: null,
        actions,
        projects: null,
        environments: null,
        grants: null,
      };
    }
    return {
      type: actor.type,
      ...common,
      factorAt: actor.type === "user" ? iso(actor.factorAt) : null,
      tenant: { id: actor.tenantId, slug: actor.tenantSlug },
      actions: [...new Set(actor.grants.flatMap((grant) => grant.actions))].sort(),
      projects: union(actor.grants, "projects"),
      environments: union(actor.grants, "environments"),
      grants: actor.grants.map((grant) => ({
        actions: [...grant.actions],
        projects: grant.projects && [...grant.projects],
        environments: grant.environments && [...grant.environments],
        prefix: grant.prefix,
        expiresAt: iso(grant.expiresAt),
      })),
    };
  },
});

/** All places that grants name; null where one of them names every place. */
function union(grants: readonly Grant[], kind: "projects" | "environments"): string[] | null {
  const lists = grants.map((grant) => grant[kind]);
  return lists.includes(null) ? null : [...new Set(lists.flatMap((list) => list ?? []))];
}
