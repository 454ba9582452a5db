import { EnvelopeError } from "@keyfold/envelope";
import { KeyfoldError } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { changeSql } from "../flow/change.ts";
import { onPool } from "../flow/query.ts";
import { placeApart } from "../key/sealed-apart.ts";
import type { TermKey } from "../key/tenant/tenant-keys.ts";

interface Row {
  endpoint_id: string;
  number: number;
  term: number;
  dek_wrap: Buffer;
}

/**
 * Moves a tenant's signing secrets to its newest key: each DEK rewrapped, what it opens untouched.
 * @returns how many were
 * @throws KeyfoldError `decryption_failed`; TermClosed where the newest term is not that any more
 */
export async function moveSigningSecrets(
  call: Call,
  tenantId: string,
  { term, key }: TermKey,
): Promise<number> {
  const { services } = call;
  const rows = await read(call, tenantId, term);
  if (rows.length === 0) return 0;
  await services.keys.wraps.take(`${tenantId}/${term}`, rows.length);
  const moved: { row: Row; wrap: Buffer }[] = [];
  for (const row of rows) {
    const at = { tenant: tenantId, id: row.endpoint_id, number: row.number };
    const place = { ...placeApart(services, at), purpose: "value" as const };
    const old = await services.keys.of(tenantId, "value", row.term);
    try {
      const dek = services.envelope.unwrapDek(row.dek_wrap, old, { ...place, term: row.term });
      moved.push({ row, wrap: services.envelope.wrapDek(dek, key, { ...place, term }) });
    } catch (error) {
      if (error instanceof EnvelopeError) throw new KeyfoldError("decryption_failed", { cause: error });
      throw error;
    }
  }
  return changeSql(
    call,
    tenantId,
    async (unit) => {
      const written = await unit.query(
        `UPDATE control_plane.webhook_secrets s SET term = $2::int, dek_wrap = n.wrap
           FROM unnest($3::uuid[], $4::int[], $5::bytea[], $6::bytea[]) AS n (endpoint_id, number, old, wrap)
          WHERE s.tenant_id = $1::uuid AND s.endpoint_id = n.endpoint_id AND s.number = n.number AND s.dek_wrap = n.old
          RETURNING 1`,
        [
          tenantId,
          term,
          moved.map(({ row }) => row.endpoint_id),
          moved.map(({ row }) => row.number),
          moved.map(({ row }) => row.dek_wrap),
          moved.map(({ wrap }) => wrap),
        ],
      );
      unit.record({
        action: "key.deks_rewrapped",
        target: { type: "key", id: null, name: null },
        details: { signingSecrets: written.length, term },
      });
      return written.length;
    },
    { tenant: "any", raise: false },
  );
}

async function read({ services }: Call, tenantId: string, newest: number): Promise<Row[]> {
  // As load_secret() does: one statement that sets its tenant, and reads under row-level security.
  return onPool(services.db)<Row>(
    "SELECT endpoint_id, number, term, dek_wrap FROM control_plane.signing_secrets_below($1::uuid, $2::int)",
    [tenantId, newest],
  );
}
