import type { RequestInfo } from "../flow/call.ts";
import type { PrismaUnit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { decodeValue } from "../input/value.ts";
import { findPlace } from "../place/place.ts";
import { findSecret, lockSecret } from "../secret/load.ts";
import { putByName } from "../secret/set/put.ts";
import { moveSecret } from "../secret/store.ts";
import { withWriteKeys } from "../version/write-keys.ts";
import { asLink, ended, makerStands, policyLets, tenantOfLink, withLinkOf } from "./held.ts";
import { handInInput } from "./schema.ts";
import { endLink, type LinkRow } from "./store.ts";

/** What whoever hands a value in is given: that it came, and nothing about it. */
export interface Receipt {
  /** The link's id, by which the other side finds it. */
  reference: string;
  receivedAt: string;
}

/**
 * Takes a value in, once. It is always a new version: whether it equals the one before is nobody's here to learn.
 * @throws KeyfoldError `link_ended`; `bad_input`, `too_large`, which use nothing up
 */
export async function handIn(services: Services, request: RequestInfo, given: unknown): Promise<Receipt> {
  const { value: spelt, encoding, ...held } = parseInput(handInInput, given);
  const value = decodeValue(spelt, encoding, services.limits.maxValueBytes);
  try {
    const tenantId = await tenantOfLink(services, held.id);
    if (tenantId === null) throw ended();
    // Keys are fetched before anything is locked. Whoever guesses at secrets costs us a cached key at most.
    const call = { services, actor: asLink(held.id), action: "secret.set" as const, request };
    return await withWriteKeys(call, tenantId, (keys) =>
      withLinkOf(services, tenantId, request, held, "secret.set", async (unit, row) => {
        if (row.kind !== "request" || row.name === null) throw ended();
        const place = await placeFor(unit, row);
        const put = await putByName(unit, place, row.name, keys, value, {
          reason: "handed in by a link",
          expectedVersion: undefined,
          sameIsNothing: false,
        });
        if (row.writeOnly) await closeToPeople(unit, put.secret.id);
        await endLink(unit, row, "usedAt", { secretId: put.secret.id, version: put.secret.version });
        unit.record({
          action: "link.used",
          target: { type: "link", id: row.id, name: row.label },
          details: { secret: put.secret.id, version: put.secret.version },
        });
        return { reference: row.id, receivedAt: unit.now.toISOString() };
      }),
    );
  } finally {
    value.wipe();
  }
}

/** Where the value goes, if whoever asked for it could put it there still. @throws KeyfoldError `link_ended` */
async function placeFor(unit: PrismaUnit, row: LinkRow) {
  const place = await findPlace(unit, {
    project: row.projectId ?? undefined,
    environment: row.environmentId ?? undefined,
  });
  if (!(await makerStands(unit, row, ["link.request", "secret.set"]))) throw ended();
  const ref = { project: place.project.id, environment: place.environment.id, name: row.name! };
  const loaded = await findSecret(unit.call, unit.query, unit.tenantId, ref, { lock: true });
  if (loaded !== null && !(await policyLets(unit, row, "secret.set", loaded.secret))) throw ended();
  // Protected since: then it takes two people, and this took one.
  const protectedNow = place.environment.protection ?? loaded?.secret.accessPolicy?.approvals ?? null;
  if (!row.agreed && protectedNow !== null) throw ended();
  return place;
}

async function closeToPeople(unit: PrismaUnit, id: string): Promise<void> {
  const { secret } = await lockSecret(unit, { id });
  if (secret.accessPolicy?.writeOnly) return;
  const open = { services: null, environments: null, mfa: false, approvals: null };
  const accessPolicy = { ...open, ...secret.accessPolicy, writeOnly: true };
  await moveSecret(unit, secret, { accessPolicy });
  unit.record({
    action: "secret.access_policy_set",
    target: { type: "secret", id: secret.id, name: secret.name },
    details: { writeOnly: true },
  });
}
