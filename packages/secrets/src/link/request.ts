import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { mayReach } from "../access/authorize.ts";
import { requireAgreed } from "../approval/find.ts";
import { KeyfoldError } from "../error.ts";
import { change, type PrismaUnit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { findPlaceFor, type NamedPlace } from "../place/place.ts";
import { takesTwo } from "../policy/judge.ts";
import type { AccessPolicy } from "../policy/policy.ts";
import { findSecret } from "../secret/load.ts";
import { originOfLinks, urlOf } from "./address.ts";
import { madeLink, requestValueInput } from "./schema.ts";
import { digestOf, freshSecret } from "./secret.ts";
import { insertLink, viewLink } from "./store.ts";

const DAY = 86_400;
/** A form in a frame is made for the page that shows it now. */
const FRAMED_SECONDS = 900;

/**
 * Makes a link by which somebody without any right hands in a value, once: it becomes a new secret or a new version. In the
 * sites that it names the form may stand in a frame. Whoever asks must hold what setting it takes, now and when it is
 * handed in.
 * @throws KeyfoldError `forbidden`, `not_found`, `approval_required`, `illegal_state` (links are served nowhere)
 */
export const requestValue = defineVerb({
  action: "link.request",
  changes: true,
  summary: "Ask for a value by a link that takes it once",
  input: requestValueInput,
  output: madeLink,
  async run(call, input) {
    const origin = originOfLinks(call.services);
    const tenantId = await tenantOf(call, input.tenant);
    const secret = freshSecret();
    return change(call, tenantId, async (unit) => {
      const place = await findPlaceFor(unit, input, [input.name]);
      const { accessPolicy, agreed } = await mayAsk(unit, place, input.name, input.writeOnly);
      const seconds = input.seconds ?? (input.origins.length > 0 ? FRAMED_SECONDS : DAY);
      const row = await insertLink(
        unit,
        {
          id: randomUUID(),
          kind: "request",
          digest: digestOf(call.services, secret),
          projectId: place.project.id,
          environmentId: place.environment.id,
          name: input.name,
          secretId: null,
          version: null,
          label: input.label ?? input.name,
          note: input.note,
          origins: [...new Set(input.origins)],
          writeOnly: input.writeOnly || (accessPolicy?.writeOnly ?? false),
          agreed,
          encoding: "utf8",
          expiresAt: new Date(unit.now.getTime() + seconds * 1000),
          createdBy: { ...actorRef(call.actor) },
        },
        null,
      );
      unit.record({
        target: { type: "link", id: row.id, name: row.label },
        details: { secret: input.name, writeOnly: row.writeOnly, origins: row.origins.join(" ") },
      });
      return { link: viewLink(row, unit.now), url: urlOf(origin, row.id, secret) };
    });
  },
});

/** What is asked of whoever sets this secret by themselves is asked of whoever lets somebody else do it. */
async function mayAsk(
  unit: PrismaUnit,
  { project, environment }: NamedPlace,
  name: string,
  writeOnly: boolean,
): Promise<{ accessPolicy: AccessPolicy | null; agreed: boolean }> {
  const { actor } = unit.call;
  const named = { projectId: project.id, environmentId: environment.id, name };
  const call = { ...unit.call, action: "secret.set" as const };
  if (!mayReach(actor, call.action, named)) throw new KeyfoldError("forbidden");
  const ref = { project: project.id, environment: environment.id, name };
  // Judged as its setting is: by its policy, and by its environment's protection.
  const loaded = await findSecret(call, unit.query, unit.tenantId, ref);
  const accessPolicy = loaded?.secret.accessPolicy ?? null;
  if (loaded === null) await requireAgreed({ ...unit, call }, named, null, environment.protection);
  else if (writeOnly && !accessPolicy?.writeOnly && !mayReach(actor, "secret.set_access_policy", named))
    throw new KeyfoldError("forbidden", {
      sentence:
        "This secret is there already, and people may read it. Making it write-only takes the right to set its access policy.",
    });
  return {
    accessPolicy,
    agreed: takesTwo(actor, call.action, accessPolicy, environment.protection) !== null,
  };
}
