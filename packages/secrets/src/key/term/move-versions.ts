import { createHash } from "node:crypto";
import { setImmediate as breathe } from "node:timers/promises";
import { EnvelopeError, SecretValue, type WrapSuite } from "@keyfold/envelope";
import { asKeyfoldError, describeCause } from "../../error.ts";
import type { Call } from "../../flow/call.ts";
import { changeSql } from "../../flow/change.ts";
import { valueDigest, type WriteKeys } from "../../version/write-keys.ts";
import type { Job } from "../job/job.ts";
import type { Slot } from "../job/walk.ts";
import { type Suites, targetSuites } from "../suite/target-suites.ts";
import type { SuiteKeys } from "../tenant/tenant-keys.ts";
import type { SealedVersionRow } from "./sealed-rows.ts";
import { TermGone } from "./term-errors.ts";

/** What takes the place of a version's wrapped DEK, and where it was re-encrypted of its sealed bytes. */
interface Moved {
  row: SealedVersionRow;
  suite: WrapSuite;
  dekWrap: Buffer;
  sealed: Buffer | null;
  digest: Buffer | null;
  /** SHA-256(old sealed ‖ old wrap); null: the database reckons it from its own sealed bytes. */
  replaces: Buffer | null;
}

/** After so many versions others get their turn: a slice must not hold up reads. */
const AT_A_STRETCH = 8;

const UPDATE = `UPDATE control_plane.sealed_values d
    SET term = $2::int, round = greatest(d.round, $3::int), dek_wrap = n.dek_wrap, sealed = coalesce(n.sealed, d.sealed),
        digest = coalesce(n.digest, d.digest), digest_term = CASE WHEN n.digest IS NULL THEN d.digest_term ELSE $4::int END,
        exposed = coalesce($13::int, d.exposed),
        exposed_before = CASE WHEN d.exposed <> $13::int THEN array_append(d.exposed_before, d.exposed) ELSE d.exposed_before END,
        replaces = coalesce(n.replaces, sha256(d.sealed || n.old_wrap)), generation = d.generation + 1
   FROM unnest($5::uuid[], $6::int[], $7::int[], $8::bytea[], $9::bytea[], $10::bytea[], $11::bytea[], $12::bytea[])
     AS n (secret_id, number, generation, old_wrap, dek_wrap, sealed, digest, replaces)
  WHERE d.tenant_id = $1::uuid AND d.secret_id = n.secret_id AND d.number = n.number AND d.generation = n.generation
    AND d.dek_wrap = n.old_wrap
  RETURNING 1 AS moved`;

/**
 * One slice: moves versions to the newest term of their suite, each DEK rewrapped or, where the job re-encrypts, each value
 * sealed anew under a fresh DEK. What was made is opened again and compared before it is stored; it is stored only over
 * the bytes that were read, in one transaction with one audit event. What readers remember of a version opens the same
 * value as before, so their caches stay warm.
 * @returns how many were moved, and how many could not be opened (the log says which); one that changed meanwhile is neither
 * @throws TermClosed where the newest term is not that any more
 */
export async function moveVersions(
  call: Call,
  job: Job,
  tenantId: string,
  keys: WriteKeys,
  rows: readonly SealedVersionRow[],
  slot: Slot,
): Promise<{ moved: number; failed: number }> {
  const { log } = call.services;
  const suites = await slot(() => targetSuites(call, job, tenantId, rows));
  // Asked for and counted before anything is opened: where a key is missing, it is made first.
  for (const [suite, group] of Map.groupBy(suites.values(), ({ to }) => to))
    await call.services.keys.wraps.take(`${tenantId}/${keys.of(suite).value.term}`, group.length);
  const made: Moved[] = [];
  let failed = 0;
  for (const [index, row] of rows.entries()) {
    if (index % AT_A_STRETCH === AT_A_STRETCH - 1) await breathe();
    try {
      const to = suites.get(row);
      if (to !== undefined) made.push(await remake(call, job, tenantId, keys.of(to.to), row, to));
    } catch (error) {
      // Ended since it was read, with a term that came to its end: the next look does not find it.
      if (error instanceof TermGone) continue;
      if (!(error instanceof EnvelopeError)) throw error;
      const { cause } = asKeyfoldError(error);
      log.error(
        {
          code: "decryption_failed",
          tenant: tenantId,
          secret: row.secretId,
          version: row.number,
          cause: describeCause(cause),
        },
        "a version could not be moved to the newest key",
      );
      failed++;
    }
  }
  if (made.length === 0) return { moved: 0, failed };
  const groups = Map.groupBy(made, ({ suite }) => suite);
  const moved = await slot(() =>
    changeSql(
      call,
      tenantId,
      async (unit) => {
        let moved = 0;
        for (const [suite, group] of groups) {
          const { value, digest } = keys.of(suite);
          const column = <T>(of: (moved: Moved) => T) => group.map(of);
          const updated = await unit.query(UPDATE, [
            tenantId,
            value.term,
            job.kind === "rotate_tenant" ? 0 : Math.max(job.number, value.round),
            digest.term,
            column(({ row }) => row.secretId),
            column(({ row }) => row.number),
            column(({ row }) => row.generation),
            column(({ row }) => row.dekWrap),
            column(({ dekWrap }) => dekWrap),
            column(({ sealed }) => sealed),
            column(({ digest }) => digest),
            column(({ replaces }) => replaces),
            job.kind === "remove_opener" ? job.number : null,
          ]);
          if (updated.length > 0)
            unit.record({
              action: job.kind === "rotate_tenant" ? "key.deks_rewrapped" : "key.values_re_encrypted",
              target: { type: "key", id: null, name: null },
              details: { job: job.id, versions: updated.length, term: value.term },
            });
          moved += updated.length;
        }
        return moved;
      },
      { tenant: "any", raise: false },
    ),
  );
  return { moved, failed };
}

async function remake(
  { services }: Call,
  job: Job,
  tenantId: string,
  keys: SuiteKeys,
  row: SealedVersionRow,
  { from, to: suite }: Suites,
): Promise<Moved> {
  const { envelope } = services;
  const at = { deployment: services.deployment, tenant: tenantId, secret: row.secretId, version: row.number };
  const under = (term: number) => ({ ...at, purpose: "value" as const, term });
  const old = await services.keys.of(tenantId, "value", row.term);
  const dek = envelope.unwrapDek(row.dekWrap, old, under(row.term));
  const { term, key } = keys.value;

  if (job.kind === "rotate_tenant") {
    const dekWrap = envelope.wrapDek(dek, key, under(term));
    if (!envelope.unwrapDek(dekWrap, key, under(term)).checkValue().equals(dek.checkValue()))
      throw new EnvelopeError("wrong_key");
    return { row, suite, dekWrap, sealed: null, digest: null, replaces: null };
  }

  const place = { ...at, project: row.projectId, environment: row.environmentId };
  const value = SecretValue.takeOver(envelope.openValue(row.sealed!, dek, place), "base64");
  let again: SecretValue | null = null;
  try {
    const fresh = envelope.sealValue(value.unsafelyBytes(), place);
    const dekWrap = envelope.wrapDek(fresh.dek, key, under(term));
    again = SecretValue.takeOver(
      envelope.openValue(fresh.sealed, envelope.unwrapDek(dekWrap, key, under(term)), place),
      "base64",
    );
    if (!again.equals(value)) throw new EnvelopeError("wrong_key");
    const replaces = createHash("sha256").update(row.sealed!).update(row.dekWrap).digest();
    // In another suite the digest of before would tell guesses of the value to who holds the key of before.
    const digest = job.digests || from !== suite ? valueDigest(keys.digest, value) : null;
    return { row, suite, dekWrap, sealed: fresh.sealed, digest, replaces };
  } finally {
    value.wipe();
    again?.wipe();
  }
}
