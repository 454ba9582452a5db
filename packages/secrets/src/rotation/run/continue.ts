import { driveRotation, RotatorError } from "@keyfold/rotators";
import { asKeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import { databaseError } from "../../flow/database-error.ts";
import { loadSecret, lockSecret } from "../../secret/load.ts";
import { factsOf } from "./facts.ts";
import { RotationJournal } from "./journal.ts";
import { sayFailed } from "./loud.ts";
import { dropLease, loadRotation, moveRotation, type Problem, type RotationRow, takeLease } from "./store.ts";

/** Steps before readers get the new value are tried so often before what was set is undone. */
const TRIES = 8;
/** The second try comes after 10 seconds, each later one after twice as long, and at least once an hour. */
const FIRST_WAIT_MS = 10_000;
const LONGEST_WAIT_MS = 3_600_000;
/** What does not get on is told of at the third try, and then every so often. */
const LOUD_FROM = 3;
const LOUD_EVERY = 8;

/**
 * Goes on with a rotation from wherever it stands, unless somebody else is at it.
 * @param signal fires when the process stops: the step is left to whoever comes next
 */
export async function continueRotation(
  call: Call,
  tenantId: string,
  id: string,
  signal?: AbortSignal,
): Promise<"done" | "failed" | "later" | "busy"> {
  const taken = await changeSql(call, tenantId, async (unit) => {
    const row = await loadRotation(unit, id);
    if (row === null || row.finishedAt !== null) return null;
    const holder = await takeLease(unit, id);
    if (holder === null) return null;
    const { secret } = await loadSecret(call, unit.query, tenantId, { id: row.secretId });
    const [last] = await unit.query<{ last: number | null }>(
      "SELECT max(number) AS last FROM control_plane.versions WHERE tenant_id = $1::uuid AND secret_id = $2::uuid",
      [tenantId, row.secretId],
    );
    return { row, holder, secret, next: (last?.last ?? 0) + 1, now: unit.now };
  });
  if (taken === null) return "busy";
  const { holder, secret, next, now } = taken;
  const rotator = call.services.rotators.get(taken.row.kind);
  let row = taken.row;
  try {
    if (rotator === undefined) {
      await noteAttempt(call, tenantId, row, holder, "unknown_rotator", null);
      return "later";
    }
    const journal = new RotationJournal(call, tenantId, row, holder, rotator);
    const config = JSON.parse(row.config) as unknown;
    const facts = factsOf(
      call,
      tenantId,
      secret,
      { id, config, version: () => journal.row.version, next },
      now,
    );
    try {
      return await driveRotation(rotator, facts, journal, signal === undefined ? {} : { signal });
    } catch (error) {
      row = journal.row;
      if (signal?.aborted) return "later";
      if (!(error instanceof RotatorError)) throw error;
      await noteAttempt(call, tenantId, row, holder, error.code, error.targetCode);
      return "later";
    }
  } catch (error) {
    const ours = asKeyfoldError(databaseError(error) ?? error);
    // Somebody else came first: theirs is the newer row.
    if (ours.code === "conflict") return "busy";
    await noteAttempt(call, tenantId, row, holder, "failed", ours.code).catch(() => {});
    throw ours;
  } finally {
    await changeSql(call, tenantId, (unit) => dropLease(unit, id, holder)).catch(() => {});
  }
}

async function noteAttempt(
  call: Call,
  tenantId: string,
  row: RotationRow,
  holder: string,
  problem: Problem,
  targetCode: string | null,
): Promise<void> {
  await changeSql(
    call,
    tenantId,
    async (unit) => {
      const attempts = row.attempts + 1;
      const wait = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts - 1, 20));
      const tryAt = new Date(unit.now.getTime() + wait);
      const early = row.phase === "make" || row.phase === "set" || row.phase === "test";
      if (early && attempts >= TRIES) {
        const undo = { phase: "undo", cause: problem, attempts: 0, tryAt: unit.now } as const;
        await moveRotation(unit, row, { ...undo, problem, targetCode }, holder);
        return;
      }
      await moveRotation(unit, row, { attempts, problem, targetCode, tryAt }, holder);
      if (attempts !== LOUD_FROM && attempts % LOUD_EVERY !== 0) return;
      const { secret } = await lockSecret(unit, { id: row.secretId });
      const { id: rotation, kind, version } = row;
      sayFailed(unit, secret, { rotation, kind, version, cause: problem, targetCode, stands: false });
    },
    { raise: false },
  );
}
