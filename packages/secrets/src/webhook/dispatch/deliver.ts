import type { SecretValue } from "@keyfold/envelope";
import { describeCause, KeyfoldError } from "../../error.ts";
import type { Services } from "../../flow/services.ts";
import { formatMessageId } from "../../message/id.ts";
import { webhookBody } from "../body.ts";
import { isFor } from "../filter.ts";
import { type EndpointRow, endpointOf } from "../rows.ts";
import { signedHeaders } from "../signature.ts";
import { openSigningSecret } from "../signing-secret.ts";
import type { WebhookTransport } from "../transport.ts";
import { disableEndpoint } from "./disable.ts";
import type { Claimed, Loaded, Records } from "./records.ts";
import { DISABLE_AFTER_SECONDS, waitAfter } from "./retry.ts";

/** What became of an attempt, before it is decided whether there is another. */
interface Attempt {
  result: "taken" | "refused" | "pointless" | "ours";
  status: number | null;
  /** `refused`: by them, or by the way there; `pointless`: it must not be sent; `ours`: it could not be, by our fault. */
  failure: string | null;
  /** How many seconds they asked to be left alone; null: they did not say. */
  retryAfter?: number | null | undefined;
  durationMs: number;
}

/**
 * One attempt: everything is read anew, judged, signed, sent, and written down.
 * @throws KeyfoldError the database's; then the lease runs out, and somebody tries again
 */
export async function deliver(
  services: Services,
  transport: WebhookTransport,
  records: Records,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<void> {
  const row = await records.load(claimed);
  const attempt = await attemptOf(services, transport, claimed, row, signal);
  const { result, status, failure, durationMs: ms } = attempt;
  const wait = waitOf(attempt, claimed.attempt);
  const { ours, failing } = await records.finish({
    claimed,
    state: result === "taken" ? "delivered" : wait === null || status === 410 ? "dead" : "waiting",
    wait: wait ?? 0,
    entry: { at: services.clock().toISOString(), status, failure, ms },
    healthy: result === "taken" ? true : result === "refused" ? false : null,
  });
  if (!ours) return;
  const { tenant_id: tenantId, endpoint_id: endpointId } = claimed;
  if (status === 410) await disableEndpoint(services, tenantId, endpointId, "gone");
  else if ((failing ?? 0) >= DISABLE_AFTER_SECONDS)
    await disableEndpoint(services, tenantId, endpointId, "failing");
}

/** How long until the next attempt, in seconds; null: there is none. What was our fault is not held against a message. */
function waitOf({ result, retryAfter }: Attempt, made: number): number | null {
  if (result === "taken" || result === "pointless") return null;
  return waitAfter(result === "ours" ? Math.min(made, 4) : made, Math.random(), retryAfter);
}

async function attemptOf(
  services: Services,
  transport: WebhookTransport,
  claimed: Claimed,
  row: Loaded | null,
  signal: AbortSignal,
): Promise<Attempt> {
  const none = { status: null, durationMs: 0 };
  try {
    const endpoint = row === null ? null : endpointOf(services.mac, claimed.tenant_id, row);
    const pointless = judge(endpoint, row);
    if (pointless !== null) return { ...none, result: "pointless", failure: pointless };
    const id = formatMessageId(row!.m_batch_id, claimed.item);
    const body = webhookBody(claimed.tenant_id, row!);
    const headers = await sign(services, claimed.tenant_id, endpoint!, row!, id, body);
    const outcome = await transport.post({ url: endpoint!.url, headers, body, signal });
    const { durationMs } = outcome;
    // Cut off by our own end, and no word of theirs.
    if ("failure" in outcome && signal.aborted)
      return { result: "ours", status: null, failure: "stopped", durationMs };
    if ("failure" in outcome)
      return { result: "refused", status: null, failure: outcome.failure, durationMs };
    const taken = outcome.status >= 200 && outcome.status < 300;
    return {
      result: taken ? "taken" : "refused",
      status: outcome.status,
      failure: taken ? null : outcome.status >= 300 && outcome.status < 400 ? "redirect" : "status",
      retryAfter: outcome.retryAfter,
      durationMs,
    };
  } catch (error) {
    if (!(error instanceof KeyfoldError)) throw error;
    services.log.error(
      {
        code: error.code,
        tenant: claimed.tenant_id,
        webhook: claimed.endpoint_id,
        cause: describeCause(error.cause),
      },
      "a webhook could not be prepared",
    );
    return { ...none, result: "ours", failure: error.code };
  }
}

/** Why a message is not sent any more, by what stands in the database now; null: it is. */
function judge(endpoint: EndpointRow | null, row: Loaded | null): string | null {
  if (endpoint === null || row === null || !row.live || endpoint.deletedAt !== null) return "deleted";
  if (endpoint.disabledAt !== null) return "disabled";
  if (endpoint.expiresAt !== null && endpoint.expiresAt <= row.now) return "expired";
  // Whose consumer reads what was asked when it was handed over, and is no matter of rights.
  return isFor(endpoint, row, () => true) ? null : "not_for_it";
}

/** Signs with every secret that is valid now: the current one, and for a while the one before. */
async function sign(
  services: Services,
  tenantId: string,
  endpoint: EndpointRow,
  row: Loaded,
  id: string,
  body: string,
): Promise<Record<string, string>> {
  const both = endpoint.previousUntil !== null && endpoint.previousUntil > row.now;
  const stored = (row.secrets ?? []).filter(
    ({ number }) => number === endpoint.secretNumber || (both && number === endpoint.secretNumber - 1),
  );
  if (stored[0]?.number !== endpoint.secretNumber)
    throw new KeyfoldError("integrity_failed", {
      cause: new Error("an endpoint's signing secret is missing"),
    });
  const secrets: SecretValue[] = [];
  try {
    for (const one of stored) secrets.push(await openSigningSecret(services, tenantId, endpoint.id, one));
    return signedHeaders(
      id,
      services.clock(),
      body,
      secrets.map((secret) => secret.unsafelyBytes()),
    );
  } finally {
    for (const secret of secrets) secret.wipe();
  }
}
