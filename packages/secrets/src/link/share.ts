import { randomUUID } from "node:crypto";
import { actorRef } from "../access/actor.ts";
import { change } from "../flow/change.ts";
import { onPool } from "../flow/query.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeValue } from "../input/value.ts";
import { spoken } from "../policy/judge.ts";
import { loadSecret } from "../secret/load.ts";
import { reveal } from "../secret/reveal/reveal.ts";
import { originOfLinks, urlOf } from "./address.ts";
import { madeLink, shareValueInput } from "./schema.ts";
import { digestOf, freshSecret, sealShare } from "./secret.ts";
import { insertLink, viewLink } from "./store.ts";

/**
 * Makes a link that shows a value to whoever opens it first: a secret's, which is read by that (and audited), or one that
 * is kept for the link only. What is shared opens with the link only, and no root key opens it without.
 * @throws KeyfoldError what `secrets.reveal` throws; `forbidden` for a write-only secret; `illegal_state`
 */
export const shareValue = defineVerb({
  action: "link.share",
  changes: true,
  summary: "Share a value by a link that shows it once",
  input: shareValueInput,
  output: madeLink,
  async run(call, input) {
    const { services } = call;
    const origin = originOfLinks(services);
    const tenantId = await tenantOf(call, input.tenant);
    const { maxValueBytes } = services.limits;
    const of = input.value === undefined ? await readFor() : null;
    const value = of?.value ?? decodeValue(input.value!, input.encoding, maxValueBytes);
    const link = { id: randomUUID(), secret: freshSecret() };
    const share = sealShare(services, tenantId, link, value);
    value.wipe();
    return change(call, tenantId, async (unit) => {
      const row = await insertLink(
        unit,
        {
          id: link.id,
          kind: "share",
          digest: digestOf(services, link.secret),
          projectId: of?.projectId ?? null,
          environmentId: of?.environmentId ?? null,
          name: of?.name ?? null,
          secretId: of?.id ?? null,
          version: of?.version ?? null,
          label: input.label ?? of?.name ?? "A secret",
          note: input.note,
          origins: [],
          writeOnly: false,
          agreed: true,
          encoding: value.encoding,
          expiresAt: new Date(unit.now.getTime() + input.seconds * 1000),
          createdBy: { ...actorRef(call.actor) },
        },
        share,
      );
      unit.record({
        target: { type: "link", id: row.id, name: row.label },
        details: { secret: row.secretId, version: row.version },
      });
      return { link: viewLink(row, unit.now), url: urlOf(origin, row.id, link.secret) };
    });

    /** Reads what is to be shared: a reveal like any other, with its own event and by its own rules. */
    async function readFor() {
      const { secret } = await loadSecret(call, onPool(services.db), tenantId, input);
      // To a person it would go, whoever makes the link.
      if (secret.accessPolicy?.writeOnly)
        throw spoken(call.actor, secret, {
          code: "forbidden",
          sentence: "The values of this secret are write-only: no link shows them to anybody.",
        });
      const asReveal = { ...call, action: "secret.reveal" as const };
      const revealed = await reveal(asReveal, tenantId, { id: secret.id }, input.version);
      const { projectId, environmentId } = secret;
      return { ...revealed, projectId, environmentId };
    }
  },
});
