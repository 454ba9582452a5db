import { randomUUID } from "node:crypto";
import { asRotatorError, type Rotator, type RotatorError } from "@keyfold/rotators";
import { actorRef } from "../../access/actor.ts";
import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { changeSql, type Unit } from "../../flow/change.ts";
import { pendingOf } from "../../pending/load.ts";
import { type Loaded, lockSecret } from "../../secret/load.ts";
import { putVersion } from "../../secret/store.ts";
import { loadPolicy, movePolicy, nextRotation, type PolicyRow } from "../policy/store.ts";
import { factsOf } from "./facts.ts";
import { sayFailed } from "./loud.ts";
import { withMadeValue } from "./made-value.ts";
import { lookAhead } from "./next.ts";
import { roomFrom } from "./room.ts";
import { insertRotation, lastRotation, type Problem, type RotationRow } from "./store.ts";

const HOUR_MS = 3_600_000;

export interface StartFacts {
  secretId: string;
  reason: string | null;
  /** Whether a person asks: then it need not be due, and what stands in the way is told to them. */
  byHand: boolean;
}

interface Begun {
  loaded: Loaded;
  policy: PolicyRow;
  rotator: Rotator;
}

/**
 * Begins a secret's rotation. One whose rotator has no target is done with it: the value is made and tested before the
 * one transaction that makes it current. Any other goes on by steps.
 * @returns the rotation; null where nothing is due
 * @throws KeyfoldError to a person: `illegal_state`, `not_found`
 */
export async function startRotation(
  call: Call,
  tenantId: string,
  facts: StartFacts,
): Promise<RotationRow | null> {
  const begun = await changeSql(
    call,
    tenantId,
    async (unit): Promise<RotationRow | Begun | null> => {
      const ready = await begin(unit, facts);
      if (ready === null || !ready.rotator.hasTarget) return ready;
      await movePolicy(unit, ready.policy, { tryAt: null });
      const row = await insertRotation(unit, rowOf(unit, ready, facts));
      unit.record({
        action: "rotation.started",
        target: { type: "secret", id: ready.loaded.secret.id, name: ready.loaded.secret.name },
        reason: facts.reason,
        details: { rotation: row.id, rotator: row.kind },
      });
      return row;
    },
    { raise: false },
  );
  if (begun === null || !("rotator" in begun)) return begun;
  return rotateAtOnce(call, tenantId, facts, begun);
}

/** Whether a locked secret's rotation can begin now; says why not, to whom it concerns. */
async function begin(unit: Unit, facts: StartFacts): Promise<Begun | null> {
  const loaded = await lockSecret(unit, { id: facts.secretId });
  const { secret } = loaded;
  const policy = await loadPolicy(unit, secret.id);
  if (policy?.rotator == null) {
    if (!facts.byHand) return null;
    throw refuse(
      "This secret has no rotator. Give it a policy that names one, or rotate it to a value of yours.",
    );
  }
  const due = nextRotation(policy, loaded.version?.createdAt ?? null);
  const later = async (at: Date | null) => {
    if (facts.byHand) return;
    await movePolicy(unit, policy, { tryAt: at });
  };
  if (!facts.byHand && (due === null || due > unit.now)) {
    await later(due); // it was rotated by hand meanwhile
    return null;
  }
  const open = await lastRotation(unit, secret.id);
  if (open !== null && open.finishedAt === null) {
    if (facts.byHand) throw refuse("A rotation of this secret is under way. Retry or abandon that one.");
    await later(null); // its end looks ahead
    return null;
  }
  const inAnHour = new Date(unit.now.getTime() + HOUR_MS);
  const rotator = unit.call.services.rotators.get(policy.rotator);
  if (rotator === undefined) {
    if (facts.byHand) throw refuse("This deployment has no rotator of the kind that the policy names.");
    sayFailed(unit, secret, {
      rotation: null,
      kind: policy.rotator,
      version: null,
      cause: "unknown_rotator",
      targetCode: null,
      stands: true,
    });
    await later(inAnHour);
    return null;
  }
  if ((await pendingOf(unit, secret.id)) !== null) {
    if (facts.byHand)
      throw refuse("A version of this secret is pending already. Finish it or abandon it first.");
    await later(inAnHour);
    return null;
  }
  const room = await roomFrom(unit, secret.id, rotator.worksAtOnce(JSON.parse(policy.config!)));
  if (room !== null) {
    if (facts.byHand)
      throw refuse(
        "An older version still opens, and the target has no room for another value beside it. Wait for its grace to end, or end it.",
      );
    await later(room > unit.now ? room : inAnHour);
    return null;
  }
  return { loaded, policy, rotator };
}

const refuse = (sentence: string) => new KeyfoldError("illegal_state", { sentence });

function rowOf(unit: Unit, { loaded, policy }: Begun, facts: StartFacts) {
  return {
    secretId: loaded.secret.id,
    kind: policy.rotator!,
    config: policy.config!,
    reason: facts.reason,
    startedBy: { ...actorRef(unit.call.actor) },
  };
}

/** Make, test, and one transaction: for rotators without a target. */
async function rotateAtOnce(
  call: Call,
  tenantId: string,
  facts: StartFacts,
  begun: Begun,
): Promise<RotationRow | null> {
  const { loaded, policy, rotator } = begun;
  const { secret } = loaded;
  const signal = new AbortController().signal;
  const task = factsOf(
    call,
    tenantId,
    secret,
    {
      id: randomUUID(),
      config: JSON.parse(policy.config!),
      version: () => null,
      next: loaded.lastNumber + 1,
    },
    loaded.now,
  );
  try {
    const { value, state } = await rotator.make({ ...task, signal });
    await rotator.test({ ...task, pending: async () => value, state, signal });
    try {
      return await withMadeValue(call, tenantId, value, (keys, sealable) =>
        changeSql(call, tenantId, async (unit) => {
          const again = await begin(unit, facts);
          if (again === null) return null;
          // Made for another value, or by settings that are no more.
          if (
            again.loaded.secret.currentVersion !== secret.currentVersion ||
            again.policy.config !== policy.config ||
            again.policy.rotator !== policy.rotator
          )
            throw new KeyfoldError("conflict");
          const put = await putVersion(unit, again.loaded, keys, sealable, {
            reason: facts.reason,
            sameIsNothing: false,
          });
          const row = await insertRotation(unit, {
            ...rowOf(unit, again, facts),
            version: put.version,
            phase: "done",
            notes: JSON.stringify(state),
            finishedAt: unit.now,
            tryAt: null,
          });
          unit.record({
            action: "secret.rotated",
            target: { type: "secret", id: secret.id, name: secret.name, version: put.version },
            reason: facts.reason,
            details: {
              rotatedFrom: put.rotatedFrom,
              openUntil: put.openUntil?.toISOString() ?? null,
              rotation: row.id,
              rotator: row.kind,
            },
          });
          await lookAhead(unit, secret.id);
          return row;
        }),
      );
    } finally {
      value.wipe();
    }
  } catch (error) {
    if (error instanceof KeyfoldError) throw error;
    return recordFailure(call, tenantId, facts, asRotatorError(error));
  }
}

/** What could not be made stands there as a failed rotation, and waits for a person. */
async function recordFailure(
  call: Call,
  tenantId: string,
  facts: StartFacts,
  error: RotatorError,
): Promise<RotationRow | null> {
  return changeSql(
    call,
    tenantId,
    async (unit) => {
      const again = await begin(unit, facts);
      if (again === null) return null;
      const cause: Problem = error.code;
      const { targetCode } = error;
      await movePolicy(unit, again.policy, { tryAt: null });
      const row = await insertRotation(unit, {
        ...rowOf(unit, again, facts),
        phase: "failed",
        cause,
        targetCode,
        tryAt: null,
      });
      const { id: rotation, kind } = row;
      sayFailed(unit, again.loaded.secret, {
        rotation,
        kind,
        version: null,
        cause,
        targetCode,
        stands: true,
      });
      return row;
    },
    { raise: false },
  );
}
