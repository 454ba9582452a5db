import { z } from "zod";
import { isOfTenant } from "../access/actor.ts";
import { authorizeSecret, grantsFor } from "../access/authorize.ts";
import { IN_REACH, reachOf } from "../access/in-reach.ts";
import { KeyfoldError } from "../error.ts";
import { lookSql } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { decodeCursor, encodeCursor } from "../input/page.ts";
import { secretName } from "../input/text.ts";
import { findPlace } from "../place/place.ts";
import { loadSecret } from "../secret/load.ts";
import { openVersion } from "../version/open.ts";
import { compareInput, compareOutput } from "./schema.ts";

/**
 * Compares the current values of a place with those of its upstream: what has diverged is what would be lost by going back.
 * For who may list and read them: equality of two values is told to nobody else.
 * @throws KeyfoldError `illegal_state` where the place has no upstream
 */
export const compareSecrets = defineVerb({
  action: "secret.reveal",
  changes: false,
  summary: "Compare the secrets of an environment with its upstream's",
  input: compareInput,
  output: compareOutput,
  async run(call, input) {
    const after = decodeCursor(z.tuple([secretName]), input.cursor);
    const tenantId = await tenantOf(call, input.tenant);
    const { services, actor } = call;
    await services.keys.currentOfAll(tenantId);
    const { place, gate, upstreams, ours, more } = await lookSql(call, tenantId, async (unit) => {
      const place = await findPlace(unit, input);
      // It names what there is: for who may list, too.
      if (grantsFor(actor, "secret.list")?.length === 0) throw new KeyfoldError("forbidden");
      const tenant = { id: tenantId, slug: isOfTenant(actor) ? actor.tenantSlug : "" };
      const { upstreams } = services;
      const gate = upstreams?.of({ tenant, ...place });
      if (upstreams == null || gate == null)
        throw new KeyfoldError("illegal_state", { sentence: "No upstream is configured for this place." });
      const names = await unit.query<{ name: string }>(
        // Only of names in reach: the cursor is one of them.
        `SELECT s.name FROM control_plane.secrets s WHERE s.tenant_id = $1::uuid AND s.environment_id = $2::uuid
            AND s.state = 'live' AND s.name > $3::text COLLATE "C" AND ${IN_REACH("$5")} AND ${IN_REACH("$6")}
          ORDER BY s.name COLLATE "C" LIMIT $4::int`,
        [
          tenantId,
          place.environment.id,
          after?.[0] ?? "",
          input.limit + 1,
          reachOf(grantsFor(actor, "secret.list")),
          reachOf(grantsFor(actor, call.action)),
        ],
      );
      const ours: { id: string; name: string; version: number; digest: Buffer }[] = [];
      for (const { name } of names.slice(0, input.limit)) {
        const ref = { project: place.project.id, environment: place.environment.id, name };
        const loaded = await loadSecret(call, unit.query, tenantId, ref, { sealed: true });
        const { secret, version } = loaded;
        authorizeSecret(actor, "secret.list", secret);
        if (version === null) continue;
        const value = await openVersion(call, tenantId, loaded);
        ours.push({
          id: secret.id,
          name,
          version: version.number,
          digest: upstreams.digest(value),
        });
        value.wipe();
        unit.record({
          action: "secret.compared",
          target: { type: "secret", id: secret.id, name, version: version.number },
          details: { upstream: gate.upstream.name },
        });
      }
      if (ours.length === 0)
        unit.record({ action: "secret.compared", target: null, details: { upstream: gate.upstream.name } });
      const more = names.length > input.limit ? (names[input.limit - 1]?.name ?? null) : null;
      return { place: { tenant, ...place }, gate, upstreams, ours, more };
    });
    // Nothing is held meanwhile: no lock, no connection, no value.
    const until = gate.deadline();
    const secrets = await Promise.all(
      ours.map(async ({ digest, ...about }) => ({
        ...about,
        state: await gate.read({ ...place, name: about.name }, until).then(
          (theirs) => upstreams.compare(digest, theirs),
          () => "unanswered" as const,
        ),
      })),
    );
    return {
      upstream: gate.upstream.name,
      secrets,
      nextCursor: more === null ? null : encodeCursor([more]),
    };
  },
});
