import { again } from "../../flow/again.ts";
import { onPool } from "../../flow/query.ts";
import type { Services } from "../../flow/services.ts";
import type { MessageRow } from "../../message/row.ts";
import type { StoredEndpoint } from "../rows.ts";
import type { SealedSecret } from "../signing-secret.ts";
import { LAZILY } from "./lazily.ts";
import { type Together, together } from "./together.ts";

/** A delivery that this process holds the lease of. */
export interface Claimed {
  tenant_id: string;
  batch: string;
  item: number;
  endpoint_id: string;
  lease: string;
  attempt: number;
}

/** What an attempt needs, as it stands in the database now. */
export interface Loaded extends StoredEndpoint, MessageRow {
  now: Date;
  /** Whether the tenant is. */
  live: boolean;
  secrets: SealedSecret[] | null;
}

/** What became of an attempt. */
export interface Finished {
  claimed: Claimed;
  state: "waiting" | "delivered" | "dead";
  /** Until the next attempt, in seconds. */
  wait: number;
  entry: { at: string; status: number | null; failure: string | null; ms: number };
  /** What it says of the endpoint; null: nothing. */
  healthy: boolean | null;
}

/** The database, as attempts ask it. */
export interface Records {
  load: Together<Claimed, Loaded | null>;
  /** Whether the lease was still ours, and for how many seconds the endpoint has been failing. */
  finish: Together<Finished, { ours: boolean; failing: number | null }>;
}

const LOAD = `SELECT r.at, d.* FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[])
    WITH ORDINALITY AS r (tenant, endpoint, batch, item, at)
  CROSS JOIN LATERAL control_plane.load_delivery(r.tenant, r.endpoint, r.batch, r.item) d`;
const FINISH = `SELECT ${LAZILY}, r.at, f.ours, extract(epoch FROM f.failing_for)::float8 AS failing
    FROM unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::int[], $5::uuid[], $6::text[], $7::float8[], $8::text[], $9::boolean[])
      WITH ORDINALITY AS r (tenant, endpoint, batch, item, lease, state, wait, entry, healthy, at)
   CROSS JOIN LATERAL control_plane.finish_delivery(r.tenant, r.endpoint, r.batch, r.item, r.lease, r.state,
     make_interval(secs => r.wait), r.entry::jsonb, r.healthy) f`;

const keysOf = (lot: readonly Claimed[]) => [
  lot.map((one) => one.tenant_id),
  lot.map((one) => one.endpoint_id),
  lot.map((one) => one.batch),
  lot.map((one) => one.item),
];

/** @throws KeyfoldError the database's; then leases run out, and somebody tries again */
export function recordsOf({ db }: Pick<Services, "db">): Records {
  const query = onPool(db);
  return {
    load: together(async (lot) => {
      const rows = await again(() => query<Loaded & { at: string }>(LOAD, keysOf(lot)));
      const found = new Map(rows.map((row) => [Number(row.at), row]));
      return lot.map((_, i) => found.get(i + 1) ?? null);
    }),
    finish: together(async (lot) => {
      // Endpoints in one order everywhere, so that no two lots wait for each other.
      const sorted = lot
        .map((one, i) => ({ ...one, i }))
        .sort((a, b) => (a.claimed.endpoint_id < b.claimed.endpoint_id ? -1 : 1));
      const rows = await again(() =>
        query<{ at: string; ours: boolean; failing: number | null }>(FINISH, [
          ...keysOf(sorted.map(({ claimed }) => claimed)),
          sorted.map(({ claimed }) => claimed.lease),
          sorted.map(({ state }) => state),
          sorted.map(({ wait }) => wait),
          sorted.map(({ entry }) => JSON.stringify(entry)),
          sorted.map(({ healthy }) => healthy),
        ]),
      );
      const answers: { ours: boolean; failing: number | null }[] = [];
      for (const { at, ours, failing } of rows) answers[sorted[Number(at) - 1]!.i] = { ours, failing };
      return answers;
    }),
  };
}
