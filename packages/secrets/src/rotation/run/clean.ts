import { asRotatorError, type RotatorError } from "@keyfold/rotators";
import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import { loadSecret, lockSecret } from "../../secret/load.ts";
import { factsOf } from "./facts.ts";
import { sayFailed } from "./loud.ts";
import { dropLease, lastRotation, loadRotation, moveRotation, notesStillOpen, takeLease } from "./store.ts";

const HOUR_MS = 3_600_000;
const STEP_MS = 60_000;

/** Has the target end what a version could still open there, now that the version has ended. Not while another is made. */
export async function cleanUpRotation(call: Call, tenantId: string, id: string): Promise<void> {
  const taken = await changeSql(call, tenantId, async (unit) => {
    const row = await loadRotation(unit, id);
    if (row === null || row.cleanAt === null || row.version === null) return null;
    const { secret } = await lockSecret(unit, { id: row.secretId });
    if ((await lastRotation(unit, secret.id))?.finishedAt === null) return null;
    const holder = await takeLease(unit, id);
    if (holder === null) return null;
    const stillOpen = await notesStillOpen(unit, secret.id, row.kind);
    return { row, holder, secret, stillOpen, now: unit.now };
  });
  if (taken === null) return;
  const { row, holder, secret, stillOpen, now } = taken;
  const rotator = call.services.rotators.get(row.kind);
  const config = JSON.parse(row.config) as unknown;
  const end = new AbortController();
  const timer = setTimeout(() => end.abort(), STEP_MS);
  let refusal: RotatorError | null = null;
  try {
    const facts = factsOf(call, tenantId, secret, { id, config, version: () => row.version, next: 0 }, now);
    const state = JSON.parse(row.notes ?? "null") as unknown;
    await rotator?.cleanUp({ ...facts, state, stillOpen, signal: end.signal });
  } catch (error) {
    refusal = asRotatorError(error);
  } finally {
    clearTimeout(timer);
  }
  await changeSql(
    call,
    tenantId,
    async (unit) => {
      const { secret } = await loadSecret(call, unit.query, tenantId, { id: row.secretId });
      const target = { type: "secret", id: secret.id, name: secret.name, version: row.version } as const;
      if (refusal === null) {
        await moveRotation(unit, row, { cleanAt: null }, holder);
        unit.record({ action: "rotation.cleaned_up", target, details: { rotation: id, rotator: row.kind } });
      } else {
        const cleanAt = new Date(unit.now.getTime() + HOUR_MS);
        await moveRotation(unit, row, { cleanAt, attempts: row.attempts + 1 }, holder);
        const { kind, version } = row;
        const { code: cause, targetCode } = refusal;
        sayFailed(unit, secret, { rotation: id, kind, version, cause, targetCode, stands: false });
      }
      await dropLease(unit, id, holder);
    },
    { raise: false },
  );
}
