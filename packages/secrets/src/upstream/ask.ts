import { withTenantSql } from "@keyfold/db";
import type { SecretValue } from "@keyfold/envelope";
import { isOfTenant } from "../access/actor.ts";
import { authorizeSecret } from "../access/authorize.ts";
import { requireAgreed } from "../approval/find.ts";
import { KeyfoldError } from "../error.ts";
import { again } from "../flow/again.ts";
import type { Call } from "../flow/call.ts";
import type { Unit } from "../flow/change.ts";
import { findPlace, type NamedPlace, type PlaceInput } from "../place/place.ts";
import { UpstreamDown } from "./gate.ts";
import type { Upstream } from "./port.ts";

/** What an upstream has of names that never were here. The values are the caller's to wipe. */
export interface Found {
  readonly upstream: Upstream;
  readonly place: NamedPlace;
  readonly values: ReadonlyMap<string, SecretValue>;
}

/**
 * Asks a place's upstream for names that never were here, on behalf of somebody who may read there. One that was deleted
 * here was deleted on purpose, and is not asked for. No connection to the database is held meanwhile.
 * @returns null: it has not all of them, or there is no upstream; "here": somebody made one of them in the meantime
 * @throws KeyfoldError `upstream_unavailable`; `not_found` for a place out of reach
 */
export async function askUpstream(
  call: Call,
  tenantId: string,
  input: PlaceInput,
  names: readonly string[],
): Promise<Found | "here" | null> {
  const { services, actor } = call;
  if (services.upstreams === null || !isOfTenant(actor)) return null;
  const { place, were } = await again(() =>
    withTenantSql(services.db, tenantId, async ({ query }) => {
      const unit = { call, tenantId, query };
      const place = await findPlace(unit, input);
      for (const name of names) await mayReadAbsent(unit, place, name);
      return { place, were: await wereHere(unit, place, names) };
    }),
  );
  if (were !== null) return were === "deleted" ? null : "here";
  const asked = { tenant: { id: tenantId, slug: actor.tenantSlug }, ...place };
  const gate = services.upstreams.of(asked);
  if (gate === null) return null;
  const values = new Map<string, SecretValue>();
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
  wipeAll(values);
  if (failed === undefined) return null;
  if (failed.reason instanceof UpstreamDown) throw new KeyfoldError("upstream_unavailable");
  throw failed.reason;
}

/** Whether one of these names is, or was, a secret's here; null: none ever was. */
export async function wereHere(
  { query, tenantId }: Pick<Unit, "query" | "tenantId">,
  { environment }: NamedPlace,
  names: readonly string[],
): Promise<"here" | "deleted" | null> {
  const rows = await query<{ deleted: boolean }>(
    "SELECT state = 'deleted' AS deleted FROM control_plane.secrets WHERE tenant_id = $1::uuid AND environment_id = $2::uuid AND name = ANY ($3::text[])",
    [tenantId, environment.id, names],
  );
  if (rows.length === 0) return null;
  return rows.some(({ deleted }) => !deleted) ? "here" : "deleted";
}

/**
 * May the actor read a secret of this name, were there one? Asked like a secret that is here, as far as its name and its
 * environment say.
 * @throws KeyfoldError `not_found`; `approval_required` and its like in a protected environment
 */
export async function mayReadAbsent(
  { call, query, tenantId }: Pick<Unit, "call" | "query" | "tenantId">,
  { project, environment }: NamedPlace,
  name: string,
): Promise<void> {
  const asReveal = { ...call, action: "secret.reveal" as const };
  const secret = { projectId: project.id, environmentId: environment.id, name };
  authorizeSecret(call.actor, asReveal.action, secret);
  await requireAgreed({ call: asReveal, query, tenantId }, secret, null, environment.protection);
}

/** What was found leaves memory. */
export function wipeAll(values: ReadonlyMap<string, SecretValue>): void {
  for (const value of values.values()) value.wipe();
}

function checked(
  values: ReadonlyMap<string, SecretValue>,
  maxBytes: number,
): ReadonlyMap<string, SecretValue> {
  if ([...values.values()].every((value) => value.countBytes() <= maxBytes)) return values;
  wipeAll(values);
  throw new KeyfoldError("too_large", {
    sentence: `A value has at most ${maxBytes} bytes here, and the upstream's has more.`,
  });
}
