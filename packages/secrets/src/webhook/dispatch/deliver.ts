import type { Query } from "@keyfold/db";
import { describeCause, KeyfoldError } from "../../error.ts";
import { again } from "../../flow/again.ts";
import { onPool } from "../../flow/query.ts";
import type { Services } from "../../flow/services.ts";
import { formatMessageId } from "../../message/id.ts";
import type { MessageRow } from "../../message/row.ts";
import { webhookBody } from "../body.ts";
import { isFor } from "../filter.ts";
import { type EndpointRow, endpointOf, type StoredEndpoint } from "../rows.ts";
import { signedHeaders } from "../signature.ts";
import { openSigningSecret, type SealedSecret } from "../signing-secret.ts";
import type { WebhookTransport } from "../transport.ts";
import { disableEndpoint } from "./disable.ts";
import { DISABLE_AFTER_SECONDS, waitAfter } from "./retry.ts";
import type { Turns } from "./turns.ts";

/** A delivery that this process holds the lease of. */
export interface Claimed {
  tenant_id: string;
  batch: string;
  item: number;
  endpoint_id: string;
  lease: string;
  attempt: number;
}

interface Loaded extends StoredEndpoint, MessageRow {
  now: Date;
  /** Whether the tenant is. */
  live: boolean;
  secrets: SealedSecret[] | null;
}

/** What became of an attempt, before it is decided whether there is another. */
interface Attempt {
  result: "taken" | "refused" | "pointless" | "ours";
  status: number | null;
  /** `refused`: by them, or by the way there; `pointless`: it must not be sent; `ours`: it could not be, by our fault. */
  failure: string | null;
  durationMs: number;
}

/**
 * One attempt: everything is read anew, judged, signed, sent, and written down.
 * @throws KeyfoldError the database's; then the lease runs out, and somebody tries again
 */
export async function deliver(
  services: Services,
  transport: WebhookTransport,
  turn: Turns,
  claimed: Claimed,
  signal: AbortSignal,
): Promise<void> {
  const { tenant_id: tenantId, endpoint_id: endpointId } = claimed;
  const query: Query = (sql, params) => again(() => turn(() => onPool(services.db)(sql, params)));
  const [row] = await query<Loaded>(
    "SELECT * FROM control_plane.load_delivery($1::uuid, $2::uuid, $3::bigint, $4::int)",
    [tenantId, endpointId, claimed.batch, claimed.item],
  );
  const attempt = await attemptOf(services, transport, claimed, row, signal);
  const wait = waitOf(attempt, claimed.attempt);
  const state =
    attempt.result === "taken" ? "delivered" : wait === null || attempt.status === 410 ? "dead" : "waiting";
  const entry = {
    at: services.clock().toISOString(),
    status: attempt.status,
    failure: attempt.failure,
    ms: attempt.durationMs,
  };
  const [finished] = await query<{ ours: boolean; failing: number | null }>(
    `SELECT f.ours, extract(epoch FROM f.failing_for)::float8 AS failing FROM control_plane.finish_delivery(
         $1::uuid, $2::uuid, $3::bigint, $4::int, $5::uuid, $6::text, make_interval(secs => $7::float8), $8::jsonb, $9::boolean) f`,
    [
      tenantId,
      endpointId,
      claimed.batch,
      claimed.item,
      claimed.lease,
      state,
      wait ?? 0,
      JSON.stringify(entry),
      attempt.result === "taken" ? true : attempt.result === "refused" ? false : null,
    ],
  );
  if (!finished?.ours) return;
  if (attempt.status === 410) await disableEndpoint(services, tenantId, endpointId, "gone");
  else if ((finished.failing ?? 0) >= DISABLE_AFTER_SECONDS)
    await disableEndpoint(services, tenantId, endpointId, "failing");
}

/** How long until the next attempt, in seconds; null: there is none. What was our fault is not held against a message. */
function waitOf({ result }: Attempt, made: number): number | null {
  if (result === "taken" || result === "pointless") return null;
  return waitAfter(result === "ours" ? Math.min(made, 4) : made, Math.random());
}

async function attemptOf(
  services: Services,
  transport: WebhookTransport,
  claimed: Claimed,
  row: Loaded | undefined,
  signal: AbortSignal,
): Promise<Attempt> {
  const none = { status: null, durationMs: 0 };
  try {
    const endpoint = row === undefined ? null : endpointOf(services.mac, claimed.tenant_id, row);
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
function judge(endpoint: EndpointRow | null, row: Loaded | undefined): string | null {
  if (endpoint === null || row === undefined || !row.live || endpoint.deletedAt !== null) return "deleted";
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
  const secrets: Buffer[] = [];
  try {
    for (const one of stored) secrets.push(await openSigningSecret(services, tenantId, endpoint.id, one));
    return signedHeaders(id, services.clock(), body, secrets);
  } finally {
    for (const bytes of secrets) bytes.fill(0);
  }
}
