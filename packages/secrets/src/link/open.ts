import type { SecretValue } from "@keyfold/envelope";
import { z } from "zod";
import { KeyfoldError } from "../error.ts";
import type { RequestInfo } from "../flow/call.ts";
import type { PrismaUnit } from "../flow/change.ts";
import { secretValue } from "../flow/open-answer.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import { encodingOf } from "../input/value.ts";
import { loadSecret } from "../secret/load.ts";
import { encoding } from "../secret/schema.ts";
import { refuseClosed } from "../version/open.ts";
import { ended, makerStands, policyLets, withLink } from "./held.ts";
import { heldLink } from "./schema.ts";
import { openShare } from "./secret.ts";
import { endLink, type LinkRow } from "./store.ts";

/** What a link shows, once: for an adapter to open at its edge, by `openAnswer`. */
export const shownByLink = { output: z.object({ value: secretValue, encoding }) };
export type Shown = z.infer<typeof shownByLink.output>;

/**
 * Shows what a link shares, and ends it in the same commit: of any number who click at once, one is shown it. What is a
 * secret's is refused as the secret's own reads are, were it revoked, ended or closed to people since.
 * @throws KeyfoldError `link_ended`, `decryption_failed`
 */
export async function openLink(services: Services, request: RequestInfo, given: unknown): Promise<Shown> {
  const held = parseInput(heldLink, given);
  let shown: SecretValue | null = null;
  const opening = withLink(services, request, held, "secret.reveal", async (unit, row, share) => {
    shown?.wipe(); // of an attempt before this one
    if (row.kind !== "share" || share === null) throw ended();
    if (!(await makerStands(unit, row, row.name === null ? ["link.share"] : ["link.share", "secret.reveal"])))
      throw ended();
    await stillOpens(unit, row);
    shown = openShare(services, unit.tenantId, held, share, encodingOf(row.encoding ?? "utf8"));
    await endLink(unit, row, "usedAt");
    unit.record({
      action: "link.used",
      target: { type: "link", id: row.id, name: row.label },
      details: { secret: row.secretId, version: row.version },
    });
    return { value: shown, encoding: shown.encoding };
  });
  return opening.catch((error: unknown) => {
    shown?.wipe();
    throw error;
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
