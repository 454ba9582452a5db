import { isOfTenant } from "../access/actor.ts";
import { scopeSchema } from "../access/scope.ts";
import type { ConsumerKind } from "../consumer/kind.ts";
import { KeyfoldError } from "../error.ts";
import { change, type PrismaUnit } from "../flow/change.ts";
import { onceFor } from "../flow/replay.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { storedRanges } from "./ip-ranges.ts";
import { mayGrant } from "./may-grant.ts";
import { createTokenOutput, rotateTokenInput } from "./schema.ts";
import { insertToken, maySeeToken, type TokenRow, viewToken } from "./store.ts";

/**
 * Makes a token that takes another's place, with the same rights, places and addresses, shown this once. The old one ends
 * after an overlap, in which both work: its own `lastUsedAt` says whether somebody still uses it.
 * @throws KeyfoldError `forbidden`, `not_found`, `illegal_state` (ended already, replaced already, or of a federation rule)
 */
export const rotateToken = defineVerb({
  action: "token.rotate",
  changes: true,
  summary: "Replace a service token by a new one (shown once); the old one works on for a while",
  input: rotateTokenInput,
  output: createTokenOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    return change(
      call,
      tenantId,
      async (unit) => {
        const { actor } = call;
        if (!isOfTenant(actor)) throw new KeyfoldError("forbidden");
        // Of two at once, one replaces it.
        await unit.query(
          "SELECT FROM control_plane.service_tokens WHERE tenant_id = $1::uuid AND id = $2::uuid FOR UPDATE",
          [tenantId, input.id],
        );
        const old = await unit.sql.serviceToken.findUnique({
          where: { tenantId_id: { tenantId, id: input.id } },
        });
        if (old === null) throw new KeyfoldError("not_found");
        const scope = scopeSchema.parse(old.scope);
        if (!maySeeToken(actor, call.action, scope)) throw new KeyfoldError("not_found");
        return onceFor(
          unit,
          input.idempotencyKey,
          input,
          async () => {
            await isAlive(unit, old);
            call.services.mac.check("serviceTokens", tenantId, old);
            const { expiresInSeconds: seconds } = input;
            const expiresAt =
              seconds === undefined
                ? old.expiresAt
                : seconds === null
                  ? null
                  : new Date(unit.now.getTime() + seconds * 1000);
            const ipRanges = storedRanges(old.ipRanges);
            await mayGrant(actor, unit, { scope, expiresAt, ipRanges });
            const { token, row } = await insertToken(unit, {
              name: old.name,
              scope,
              expiresAt,
              ipRanges,
              rotatedFrom: old.id,
              consumer: {
                name: old.consumerName ?? undefined,
                kind: (old.consumerKind as ConsumerKind | null) ?? undefined,
              },
            });
            const until = await endOld(unit, old, input.overlapSeconds);
            unit.record({
              target: { type: "token", id: row.id, name: row.name },
              details: { replaces: old.id, oldUntil: iso(until), expiresAt: iso(expiresAt) },
            });
            // What ended at once is refused again after a restore, as any revoked token is.
            if (input.overlapSeconds === 0)
              unit.record({
                action: "token.revoked",
                target: { type: "token", id: old.id, name: old.name },
                details: { replacedBy: row.id },
              });
            return { token: token as string | null, details: viewToken(row) };
          },
          (answer) => ({ ...answer, token: null }),
        );
      },
      { endsItself: input.id === call.actor.id },
    );
  },
});

/** @throws KeyfoldError `illegal_state` */
async function isAlive(unit: PrismaUnit, old: TokenRow): Promise<void> {
  if (old.revokedAt !== null || (old.expiresAt !== null && old.expiresAt <= unit.now))
    throw new KeyfoldError("illegal_state", {
      sentence: "This token has ended already. Create another one.",
    });
  if (old.federatedBy !== null)
    throw new KeyfoldError("illegal_state", {
      sentence: "This token was given out by a federation rule for some minutes. Ask for another one there.",
    });
  const next = await unit.sql.serviceToken.findFirst({
    where: { tenantId: unit.tenantId, rotatedFrom: old.id, revokedAt: null },
    select: { id: true },
  });
  if (next !== null)
    throw new KeyfoldError("illegal_state", {
      sentence: "This token was replaced already. Rotate the one that replaced it, or revoke that one first.",
    });
}

/** @returns when the old token ends: after the overlap, and with its own end if that is sooner */
async function endOld(
  unit: PrismaUnit,
  old: TokenRow & { tenantId: string },
  overlapSeconds: number,
): Promise<Date> {
  const until = new Date(unit.now.getTime() + overlapSeconds * 1000);
  if (old.expiresAt !== null && old.expiresAt <= until) return old.expiresAt;
  const { mac: _, tenantId, ...rest } = old;
  const moved = unit.call.services.mac.seal("serviceTokens", tenantId, {
    ...rest,
    ...(overlapSeconds === 0 ? { revokedAt: unit.now } : { expiresAt: until }),
    generation: old.generation + 1,
  });
  await unit.sql.serviceToken.update({
    where: { tenantId_id: { tenantId, id: old.id }, generation: old.generation },
    data: {
      revokedAt: moved.revokedAt,
      expiresAt: moved.expiresAt,
      generation: moved.generation,
      mac: moved.mac,
    },
  });
  return until;
}
