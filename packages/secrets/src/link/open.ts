import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { PrismaUnit } from "../flow/change.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { type Encoding, encodeValue } from "../input/value.ts";
import { loadSecret } from "../secret/load.ts";
import { refuseClosed } from "../version/open.ts";
import { ended, makerStands, policyLets, withLink } from "./held.ts";
import { heldLink } from "./schema.ts";
import { openShare } from "./secret.ts";
import { endLink, type LinkRow } from "./store.ts";

/** What a link shows, once. */
export interface Opened {
  value: string;
  encoding: Encoding;
}

/**
 * Shows what a link shares, and ends it in the same commit: of any number who click at once, one is shown it. What is a
 * secret's is refused as the secret's own reads are, were it revoked, ended or closed to people since.
 * @throws KeyfoldError `link_ended`, `decryption_failed`
 */
export async function openLink(services: Services, request: RequestInfo, given: unknown): Promise<Opened> {
  const held = parseInput(heldLink, given);
  return withLink(services, request, held, "secret.reveal", async (unit, row, share) => {
    if (row.kind !== "share" || share === null) throw ended();
    if (!(await makerStands(unit, row, row.name === null ? ["link.share"] : ["link.share", "secret.reveal"])))
      throw ended();
    await stillOpens(unit, row);
    const plaintext = openShare(services, unit.tenantId, held, share);
    try {
      await endLink(unit, row, "usedAt");
      unit.record({
        action: "link.used",
        target: { type: "link", id: row.id, name: row.label },
        details: { secret: row.secretId, version: row.version },
      });
      return encodeValue(plaintext, row.encoding);
    } finally {
      plaintext.fill(0);
    }
  });
}

async function stillOpens(unit: PrismaUnit, row: LinkRow): Promise<void> {
  const { secretId, version } = row;
  if (secretId === null || version === null) return;
  const { call, query, tenantId } = unit;
  const loaded = await loadSecret(call, query, tenantId, { id: secretId }, { number: version, lock: true });
  if (loaded.version === null || loaded.secret.accessPolicy?.writeOnly) throw ended();
  if (!(await policyLets(unit, row, "secret.reveal", loaded.secret))) throw ended();
  try {
    refuseClosed(loaded.version, unit.now);
  } catch (error) {
    throw error instanceof KeyfoldError ? ended() : error;
  }
  unit.record({
    action: "secret.accessed",
    target: { type: "secret", id: secretId, name: loaded.secret.name, version },
  });
}
