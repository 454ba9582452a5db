import { z } from "zod";
import { ACTIONS, type Action } from "../access/actions.ts";
import { KeyfoldError } from "../error.ts";
import { defineVerb } from "../flow/verb.ts";
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
      until: actor.deadline?.toISOString() ?? null,
    };
    if (actor.type === "operator") {
      const actions = (Object.keys(ACTIONS) as Action[]).filter((action) => ACTIONS[action].operator);
      return { type: actor.type, ...common, tenant: null, actions, projects: null, environments: null };
    }
    return {
      type: actor.type,
      ...common,
      tenant: { id: actor.tenantId, slug: actor.tenantSlug },
      ...actor.scope,
    };
  },
});
