import { withTenantSql } from "@keyfold/db";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import { findPlaceFor, type NamedPlace, type PlaceInput } from "../place/place.ts";
import { UpstreamDown } from "./gate.ts";
import type { Upstream } from "./port.ts";

/** What an upstream has of names that never were here. The values are the caller's to overwrite. */
export interface Found {
  readonly upstream: Upstream;
  readonly place: NamedPlace;
  readonly values: ReadonlyMap<string, Buffer>;
}

/**
 * Asks a place's upstream for names that never were here, on behalf of somebody who may read there. One that was deleted
 * here was deleted on purpose, and is not asked for. No connection to the database is held meanwhile.
 * @returns null: it has not all of them, or there is no upstream
 * @throws KeyfoldError `upstream_unavailable`; `not_found` for a place out of reach
 */
export async function askUpstream(
  call: Call,
  tenantId: string,
  input: PlaceInput,
  names: readonly string[],
): Promise<Found | null> {
  const { services, actor } = call;
  if (services.upstreams === null || actor.type !== "service_token") return null;
  const { place, were } = await again(() =>
    withTenantSql(services.db, tenantId, async ({ query }) => {
      const place = await findPlaceFor({ call, tenantId, query }, input, names);
      const rows = await query(
        "SELECT 1 FROM control_plane.secrets WHERE tenant_id = $1::uuid AND environment_id = $2::uuid AND name = ANY ($3::text[]) LIMIT 1",
        [tenantId, place.environment.id, names],
      );
      return { place, were: rows.length > 0 };
    }),
  );
  if (were) return null;
  const asked = { tenant: { id: tenantId, slug: actor.tenantSlug }, ...place };
  const gate = services.upstreams.of(asked);
  if (gate === null) return null;
  const values = new Map<string, Buffer>();
  const until = gate.deadline();
  const outcomes = await Promise.allSettled(
    names.map(async (name) => {
      const value = await gate.read({ ...asked, name }, until);
      if (value !== null) values.set(name, value);
    }),
  );
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  if (failed === undefined && values.size === names.length)
    return { upstream: gate.upstream, place, values: checked(values, services.limits.maxValueBytes) };
  overwrite(values);
  if (failed === undefined) return null;
  if (failed.reason instanceof UpstreamDown) throw new KeyfoldError("upstream_unavailable");
  throw failed.reason;
}

/** What was found leaves memory. */
export function overwrite(values: ReadonlyMap<string, Buffer>): void {
  for (const value of values.values()) value.fill(0);
}

function checked(values: ReadonlyMap<string, Buffer>, maxBytes: number): ReadonlyMap<string, Buffer> {
  if ([...values.values()].every(({ length }) => length <= maxBytes)) return values;
  overwrite(values);
  throw new KeyfoldError("too_large", {
    sentence: `A value has at most ${maxBytes} bytes here, and the upstream's has more.`,
  });
}
