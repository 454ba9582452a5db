import { z } from "zod";
import { agreedTo } from "../approval/find.ts";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { look, type PrismaUnit, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { actorRefSchema, id, secretName } from "../input/text.ts";
import { memberOf } from "../member/of.ts";
import { kindOf, refusedBy } from "../policy/judge.ts";
import { loadSecret } from "../secret/load.ts";
import { inPlace } from "../secret/schema.ts";
import { tokenActor } from "../token/actor.ts";
import { maySeeToken } from "../token/store.ts";
import { ACTIONS, type Action } from "./actions.ts";
import { type Actor, actorRef, isOfTenant } from "./actor.ts";
import { grantsFor, mayAtAll, mayReach } from "./authorize.ts";

const explainInput = z
  .strictObject({
    ...inPlace,
    action: z.enum(Object.keys(ACTIONS) as [Action, ...Action[]]),
    id: id.optional().describe("A secret, by id or by name; left out: the action as such."),
    name: secretName.optional(),
    personId: id.optional().describe("A member, instead of yourself."),
    tokenId: id.optional().describe("A service token, instead of yourself."),
  })
  .refine((input) => input.personId === undefined || input.tokenId === undefined, {
    error: "give either `personId` or `tokenId`",
    path: ["personId"],
  })
  .refine((input) => input.id === undefined || input.name === undefined, {
    error: "give either `id` or `name`",
    path: ["id"],
  });
const explainOutput = z.object({
  actor: actorRefSchema,
  action: z.string(),
  secret: z.object({ id: z.uuid(), name: z.string() }).nullable(),
  allowed: z.boolean(),
  steps: z
    .array(
      z.object({
        asks: z.enum(["right", "place", "policy", "approval"]),
        allowed: z.boolean(),
        why: z.string(),
      }),
    )
    .describe("What is asked, in this order; the first refusal counts."),
});
type Steps = z.input<typeof explainOutput>["steps"];

/**
 * Says why somebody may or may not do something: to everyone of themselves, and of others to who may read members or list
 * tokens. Of a secret that the asker may not see it says nothing. Shows nobody's sessions: where a policy asks for a
 * second factor, another's answer is that of a session that has proved none.
 * @throws KeyfoldError `forbidden`, `not_found`
 */
export const explainAccess = defineVerb({
  action: "access.explain",
  changes: false,
  summary: "Say why something is or is not allowed",
  input: explainInput,
  output: explainOutput,
  async run(call, input) {
    const { action, personId, tokenId } = input;
    if (personId !== undefined && !mayAtAll(call.actor, "member.get")) throw new KeyfoldError("forbidden");
    if (tokenId !== undefined && !mayAtAll(call.actor, "token.list")) throw new KeyfoldError("forbidden");
    const tenantId = await tenantOf(call, input.tenant);
    return look(call, tenantId, async (unit) => {
      const who = await whom(call, unit, { personId, tokenId });
      const asked = input.id !== undefined || input.name !== undefined;
      const seeing = { ...call, action: "secret.get" as const };
      const loaded = asked ? await loadSecret(seeing, unit.query, tenantId, input, { deleted: true }) : null;
      const steps = await stepsOf(unit, who, action, loaded);
      unit.record({
        target: loaded && { type: "secret", id: loaded.secret.id, name: loaded.secret.name },
        details: { asked: action, about: who.id },
      });
      return {
        actor: actorRef(who),
        action,
        secret: loaded && { id: loaded.secret.id, name: loaded.secret.name },
        allowed: steps.every((step) => step.allowed),
        steps,
      };
    });
  },
});

async function whom(
  call: Call,
  unit: PrismaUnit,
  about: { personId: string | undefined; tokenId: string | undefined },
): Promise<Actor> {
  if (about.tokenId !== undefined) {
    const token = await tokenActor(unit, about.tokenId);
    if (!maySeeToken(call.actor, "token.list", token.scope)) throw new KeyfoldError("not_found");
    return token;
  }
  if (about.personId === undefined || about.personId === call.actor.id) return call.actor;
  const nobodys = { id: about.personId, expiresAt: new Date(unit.now.getTime() + 60_000), factorAt: null };
  const person = { id: about.personId, name: "" };
  const member = await memberOf(call.services, unit.tenantId, person, nobodys);
  if (member === null) throw new KeyfoldError("not_found");
  return member;
}

async function stepsOf(
  unit: Unit,
  who: Actor,
  action: Action,
  loaded: Awaited<ReturnType<typeof loadSecret>> | null,
): Promise<Steps> {
  const held = mayAtAll(who, action);
  const many = grantsFor(who, action)?.length;
  const steps: Steps = [
    {
      asks: "right",
      allowed: held,
      why: held
        ? isOfTenant(who)
          ? `${many === 1 ? "One right holds" : `${many} rights hold`} ${action}.`
          : `An operator holds ${action}.`
        : many === undefined || many === 0
          ? `No right holds ${action}.`
          : `${action} is about the whole tenant, and no right that holds it reaches all of it.`,
    },
  ];
  if (loaded === null || !held) return steps;
  const { secret } = loaded;
  const reached = mayReach(who, action, secret);
  steps.push({
    asks: "place",
    allowed: reached,
    why: reached
      ? "A right that holds it reaches this secret."
      : "No right that holds it reaches this secret: another project, environment or prefix of names.",
  });
  if (!reached || kindOf(action) === null) return steps;
  const refusal = refusedBy(who, action, secret, unit.now);
  steps.push({
    asks: "policy",
    allowed: refusal === null,
    why: refusal?.sentence ?? "The secret's access policy asks for nothing that is missing.",
  });
  const about = { tenantId: unit.tenantId, actor: who, action };
  const { mac } = unit.call.services;
  const agreed = await agreedTo(unit.query, mac, about, secret, secret.accessPolicy, secret.protection);
  const missing = agreed !== null && "code" in agreed ? agreed.sentence : null;
  steps.push({
    asks: "approval",
    allowed: missing === null,
    why: missing ?? (agreed === null ? "This takes one person." : "Another person has approved this."),
  });
  return steps;
}
