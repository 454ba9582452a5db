import { KeyfoldError } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import { currentKeys, SuiteMissing } from "../../version/write-keys.ts";
import { moveSigningSecrets } from "../../webhook/move-secrets.ts";
import type { Job } from "../job/job.ts";
import { moveCursor, readCursor, type VersionCursor } from "../job/job-cursor.ts";
import type { Slot } from "../job/walk.ts";
import { takes } from "../opener/openers.ts";
import { addSuite } from "../suite/add-suite.ts";
import type { StoredTenantKey, TenantPurpose } from "../tenant/rows.ts";
import { loadStoredKeys } from "../tenant/stored-keys.ts";
import { addTerm } from "./add-term.ts";
import { leaveToRemoval, refuseLoss } from "./exposure.ts";
import { moveVersions } from "./move-versions.ts";
import { rowsToMove, type SealedVersionRow } from "./sealed-rows.ts";
import { TermClosed } from "./term-errors.ts";

/** What a call knows of a tenant from the steps that it took. */
export interface TenantWork {
  /** The tenant's newest terms are the job's own, or newer. */
  renewed: boolean;
  /** All versions were shared out: what is left is looked for from here on. */
  leftAfter: VersionCursor | null | "not yet";
  /** Versions that could not be opened, of those that were left. */
  failed: number;
  /** Of those that were left some changed under our hands: they are looked through once more. */
  missed: boolean;
}

/** A tenant of whom nothing was done yet. */
export const freshWork = (): TenantWork => ({
  renewed: false,
  leftAfter: "not yet",
  failed: 0,
  missed: false,
});

/**
 * One step of a job with one tenant, in this order: new terms; then slice by slice its versions, which helpers share by
 * moving a cursor; then what a helper that was killed left behind; then the end of the terms that nothing needs any more.
 * Each step is small and stands for itself: whoever comes after a `kill -9` finds what is left by looking at the rows.
 * @param limit most versions in one slice
 * @throws KeyfoldError `decryption_failed` at the end, where a version could not be opened: its term stays
 */
export async function renewTenant(
  call: Call,
  job: Job,
  tenantId: string,
  work: TenantWork,
  limit: number,
  slot: Slot,
): Promise<{ keys: number; more: boolean }> {
  const { services } = call;
  if (!work.renewed) {
    await leaveToRemoval(services, job, tenantId);
    const added = job.secretId === null ? await renewTerms(call, job, tenantId, slot) : 0;
    // Another process may have added them: what this one remembers is older.
    services.keys.forgetTerms(tenantId);
    work.renewed = added !== "lost";
    return { keys: added === "lost" ? 0 : added, more: true };
  }
  const bySuite = await services.keys.currentOfAll(tenantId);
  const newest = { value: [] as number[], digest: [] as number[] };
  for (const keys of bySuite.values()) {
    if (keys instanceof KeyfoldError) throw keys;
    newest.value.push(keys.value.term);
    newest.digest.push(keys.digest.term);
  }
  const rows = await nextRows(call, job, tenantId, work, newest, limit, slot);
  if (rows === "lost") return { keys: 0, more: true };
  if (rows.length > 0) {
    try {
      const keys = await currentKeys(call, tenantId);
      // After the keys: a term that a removal made is there only after the removal is.
      await leaveToRemoval(services, job, tenantId);
      const { moved, failed } = await moveVersions(call, job, tenantId, keys, rows, slot);
      // What was shared out is looked through once more, and counts then.
      if (work.leftAfter !== "not yet") {
        work.failed += failed;
        work.missed ||= moved + failed < rows.length;
      }
      return { keys: moved, more: true };
    } catch (error) {
      if (error instanceof SuiteMissing) await addSuite(call, tenantId, error.suite);
      else if (!(error instanceof TermClosed)) throw error;
      services.keys.forgetTerms(tenantId);
      work.leftAfter = "not yet";
      return { keys: 0, more: true };
    }
  }
  if (work.missed) {
    Object.assign(work, { leftAfter: null, failed: 0, missed: false });
    return { keys: 0, more: true };
  }
  if (work.failed > 0)
    throw new KeyfoldError("decryption_failed", {
      cause: new Error(`${work.failed} versions could not be moved to the newest key`),
    });
  const newestKey = (await currentKeys(call, tenantId)).newest();
  // What signs webhooks is kept under the tenant's key too.
  try {
    await slot(() => moveSigningSecrets(call, tenantId, newestKey));
    if (await endTenant(call, job, tenantId, slot)) return { keys: 0, more: false };
  } catch (error) {
    if (!(error instanceof TermClosed)) throw error;
  }
  // A term came in between, and with it more to move.
  services.keys.forgetTerms(tenantId);
  Object.assign(work, { leftAfter: null, renewed: false });
  return { keys: 0, more: true };
}

/** @returns how many terms were added; "lost" where another one came in between, of an older job perhaps @throws KeyfoldError `not_found` where the tenant has no keys any more */
async function renewTerms(call: Call, job: Job, tenantId: string, slot: Slot): Promise<number | "lost"> {
  const stored = await slot(() => loadStoredKeys(call.services, tenantId));
  const purposes: TenantPurpose[] = job.digests ? ["value", "digest"] : ["value"];
  let added = 0;
  for (const purpose of purposes) {
    const terms = stored.filter((key) => key.purpose === purpose);
    if (terms.length === 0) throw new KeyfoldError("not_found");
    let last = Math.max(...terms.map(({ term }) => term));
    // The strongest suite last: the newest term of all keeps what is no secret's value, such as signing secrets.
    for (const suite of [...new Set(terms.map((key) => key.suite))].sort()) {
      const newest = newestOf(terms.filter((key) => key.suite === suite));
      // A younger term may be another job's, which knows nothing of the opener that goes.
      const { opener } = job;
      const open = opener !== null && newest.wraps.some((wrap) => takes(wrap.opener, opener));
      if ((newest.round ?? 0) >= job.number && !open) continue;
      if (purpose === "digest" && opener === null) await refuseLoss(call.services, tenantId, newest);
      if (!(await addTerm(call, job, tenantId, newest, ++last, slot))) return "lost";
      if (purpose === "value") added++;
    }
  }
  return added;
}

const newestOf = (terms: readonly StoredTenantKey[]): StoredTenantKey =>
  terms.reduce((a, b) => (b.term > a.term ? b : a));

/** The next versions to move; "lost" where another helper took them on. */
async function nextRows(
  { services }: Call,
  job: Job,
  tenantId: string,
  work: TenantWork,
  newest: { value: readonly number[]; digest: readonly number[] },
  limit: number,
  slot: Slot,
): Promise<SealedVersionRow[] | "lost"> {
  const next = (after: VersionCursor | null) =>
    slot(() => rowsToMove(services, job, tenantId, newest, after, limit));
  if (work.leftAfter === "not yet") {
    const from = await slot(() => readCursor(services, job.id, tenantId));
    const rows = await next(from);
    const to = rows.at(-1);
    if (to !== undefined) {
      const first = await slot(() => moveCursor(services, job.id, tenantId, from, cursorOf(to)));
      return first ? rows : "lost";
    }
    work.leftAfter = null;
  }
  const rows = await next(work.leftAfter);
  const last = rows.at(-1);
  if (last !== undefined) work.leftAfter = cursorOf(last);
  return rows;
}

const cursorOf = ({ secretId, number }: SealedVersionRow): VersionCursor => ({ secretId, number });

/**
 * Ends the terms that nothing is kept under any more, and notes that the job is done with this tenant.
 * @returns false where a term from before the job is still needed after all, or the opener that goes still opens one
 */
async function endTenant(call: Call, job: Job, tenantId: string, slot: Slot): Promise<boolean> {
  return slot(() =>
    changeSql(
      call,
      tenantId,
      async (unit) => {
        await unit.query("SET LOCAL ROLE keyfold_deployment", []);
        const [row] = await unit.query<{ gone: number }>(
          "SELECT control_plane.drop_old_terms($1::uuid) AS gone",
          [tenantId],
        );
        await unit.query("RESET ROLE", []);
        const older = await unit.query(
          `SELECT 1 FROM control_plane.tenant_keys
            WHERE tenant_id = $1::uuid AND coalesce(round, 0) < $2::int AND (purpose = 'value' OR $3::boolean)`,
          [tenantId, job.number, job.digests],
        );
        const openers = await unit.query<{ opener: string }>(
          "SELECT DISTINCT opener FROM control_plane.key_wraps WHERE tenant_id = $1::uuid",
          [tenantId],
        );
        const open = job.opener !== null && openers.some(({ opener }) => takes(opener, job.opener!));
        const ended = (older.length === 0 && !open) || job.secretId !== null;
        if (ended) {
          await unit.query("SET LOCAL ROLE keyfold_deployment", []);
          await unit.query(
            `INSERT INTO control_plane.key_job_tenants (job_id, tenant_id, done) VALUES ($1::uuid, $2::uuid, true)
             ON CONFLICT (job_id, tenant_id) DO UPDATE SET done = true`,
            [job.id, tenantId],
          );
          await unit.query("RESET ROLE", []);
        }
        if (row!.gone > 0)
          unit.record({
            action: "key.terms_ended",
            target: { type: "key", id: null, name: null },
            details: { job: job.id, terms: row!.gone },
          });
        return ended;
      },
      { tenant: "any" },
    ),
  );
}
