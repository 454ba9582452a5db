import { credentialsIn } from "@keyfold/rotators";
import { z } from "zod";
import { actorRef } from "../../access/actor.ts";
import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { changeSql, type Unit } from "../../flow/change.ts";
import { tenantOf } from "../../flow/tenant-of.ts";
import { defineVerb, issuesOf } from "../../flow/verb.ts";
import { mayOpen } from "../../policy/judge.ts";
import { loadSecret, lockSecret } from "../../secret/load.ts";
import type { SecretRow } from "../../secret/rows.ts";
import { nextOf } from "./reminders.ts";
import { policyView, setPolicyInput } from "./schema.ts";
import { nextRotation, type PolicyRow, storedPolicy, viewPolicy, writePolicy } from "./store.ts";

/**
 * Says when a secret is rotated, and by what. Whoever names a rotator must be allowed to reveal the secret and all others
 * that the settings name: a rotator could carry their values away.
 */
export const setRotationPolicy = defineVerb({
  action: "rotation.set_policy",
  changes: true,
  summary: "Set a secret's rotation policy",
  input: setPolicyInput,
  output: policyView,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const config = input.rotator === null ? null : configOf(call, input.rotator);
    return changeSql(call, tenantId, async (unit) => {
      const loaded = await lockSecret(unit, { id: input.id });
      const { secret, version } = loaded;
      const before = await storedPolicy(unit, secret.id);
      if (config !== null) await mayConfigure(unit, secret, config);
      const policy: Omit<PolicyRow, "generation" | "mac"> = {
        secretId: secret.id,
        schedule: input.schedule === null ? null : JSON.stringify(input.schedule),
        required: input.required,
        owner: input.owner,
        rotator: input.rotator?.kind ?? null,
        config: config === null ? null : JSON.stringify(config),
        expiresAt: input.expiresAt === null ? null : new Date(input.expiresAt),
        anchorAt: unit.now,
        tryAt: null,
        remindAt: null,
        reminded: 0,
        setAt: unit.now,
        setBy: { ...actorRef(call.actor) },
      };
      const due = nextRotation({ ...policy, generation: 0, mac: Buffer.of() }, version?.createdAt ?? null);
      policy.tryAt = policy.rotator === null ? null : due;
      policy.remindAt = nextOf(policy, due, unit.now);
      const row = await writePolicy(unit, before, policy);
      unit.record({
        target: { type: "secret", id: secret.id, name: secret.name },
        details: {
          schedule: row.schedule,
          required: row.required,
          rotator: row.rotator,
          expiresAt: input.expiresAt,
        },
      });
      return viewPolicy(row, { ...loaded, now: unit.now });
    });
  },
});

/** A rotator's settings, as it took them. @throws KeyfoldError `bad_input` */
function configOf(call: Call, given: { kind: string; config: unknown }): unknown {
  const rotator = call.services.rotators.get(given.kind);
  if (rotator === undefined)
    throw new KeyfoldError("bad_input", {
      issues: [{ path: "rotator.kind", message: "is no rotator of this deployment" }],
    });
  try {
    const config = rotator.parseConfig(given.config);
    if (JSON.stringify(config).length > 16_384)
      throw new KeyfoldError("bad_input", {
        issues: [{ path: "rotator.config", message: "is longer than 16384 characters" }],
      });
    return config;
  } catch (error) {
    if (!(error instanceof z.core.$ZodError)) throw error;
    throw new KeyfoldError("bad_input", {
      issues: issuesOf(error).map(({ path, message }) => ({
        path: ["rotator.config", path].filter((part) => part !== "").join("."),
        message,
      })),
    });
  }
}

async function mayConfigure(unit: Unit, secret: SecretRow, config: unknown): Promise<void> {
  const { call, query, tenantId } = unit;
  const needed = [secret];
  for (const id of credentialsIn(config)) {
    if (id === secret.id)
      throw new KeyfoldError("bad_input", {
        issues: [{ path: "rotator.config", message: "names the very secret that it rotates as its login" }],
      });
    needed.push((await loadSecret(call, query, tenantId, { id })).secret);
  }
  if (!needed.every((one) => mayOpen(call.actor, one, unit.now)))
    throw new KeyfoldError("forbidden", {
      sentence:
        "Whoever configures a rotator must be allowed to reveal the secret, and those that its settings name.",
    });
}
