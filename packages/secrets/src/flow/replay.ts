import { Redacted, type SecretValue } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import type { Unit } from "./change.ts";

/** A value as `onceFor` compares it; the same whatever the tenant's keys are by the second call. */
export function spellValue({ call, tenantId }: Pick<Unit, "call" | "tenantId">, value: SecretValue): string {
  return call.services.tokenKey
    .hmacSha256("keyfold/idempotent-value/v1\0", tenantId, value.unsafelyBytes())
    .toString("hex");
}

/** As `[redacted]` all values would be one: what is told from another is spelt first. @throws TypeError */
function noValues(this: Record<string, unknown>, key: string, json: unknown): unknown {
  if (this[key] instanceof Redacted) throw new TypeError(`a value is not spelt: ${key}`);
  return json;
}

/**
 * Runs a creating call once per idempotency key: the same key with the same request within 24 hours answers what it
 * answered; with another request it is refused. Only keyed digests of key and request are stored, and of the answer
 * what `keep` leaves of it: never a token. Runs after the call was authorized.
 * @param request what the call asks for; a value in it goes into a keyed digest and nowhere else
 * @throws KeyfoldError `idempotency_mismatch`
 */
export async function onceFor<T extends object>(
  unit: Unit,
  key: string | undefined,
  request: unknown,
  work: () => Promise<T>,
  keep: (answer: T) => T = (answer) => answer,
): Promise<T> {
  if (key === undefined) return work();
  const { tokenKey } = unit.call.services;
  const { actor, action } = unit.call;
  const digest = Buffer.from(
    tokenKey.hmacSha256("keyfold/idempotency-key/v1\0", JSON.stringify([actor.type, actor.id, action, key])),
  );
  const requestDigest = Buffer.from(
    tokenKey.hmacSha256("keyfold/idempotent-request/v1\0", unit.tenantId, JSON.stringify(request, noValues)),
  );

  await unit.query(
    "DELETE FROM control_plane.idempotency_keys WHERE tenant_id = $1::uuid AND created_at < control_plane.clock() - interval '24 hours'",
    [unit.tenantId],
  );
  // Of two calls at once with one key, the second waits here for the first, and then finds its answer.
  await unit.query("SELECT pg_advisory_xact_lock(hashtextextended(encode($1::bytea, 'hex'), 11))::text", [
    digest,
  ]);
  // What is answered again is what was answered: the MAC binds it to the key and the request.
  const macOf = (text: string) =>
    tokenKey.hmacSha256("keyfold/idempotent-answer/v1\0", digest, requestDigest, text).toString("hex");
  const [known] = await unit.query<{ request_digest: Uint8Array; answer: { text: string; mac: string } }>(
    "SELECT request_digest, answer FROM control_plane.idempotency_keys WHERE tenant_id = $1::uuid AND digest = $2",
    [unit.tenantId, digest],
  );
  if (known !== undefined) {
    if (!requestDigest.equals(known.request_digest)) throw new KeyfoldError("idempotency_mismatch");
    const { text, mac } = known.answer;
    if (macOf(text) !== mac)
      throw new KeyfoldError("integrity_failed", {
        cause: new Error("the MAC of a row in idempotency_keys does not match"),
      });
    unit.record({ target: null, details: { replayed: true } });
    return JSON.parse(text) as T;
  }
  const answer = await work();
  const text = JSON.stringify(keep(answer));
  await unit.query(
    `INSERT INTO control_plane.idempotency_keys (tenant_id, digest, request_digest, answer, created_at)
       VALUES ($1::uuid, $2, $3, $4::jsonb, $5)`,
    [unit.tenantId, digest, requestDigest, { text, mac: macOf(text) }, unit.now],
  );
  return answer;
}
