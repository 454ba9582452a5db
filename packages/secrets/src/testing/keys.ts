import type { House } from "./house.ts";

/** Every sealed value as it is stored: what a rotation must not touch. */
export async function sealedBytes(house: Pick<House, "sql">): Promise<string> {
  const [row] = await house.sql<{ digest: string | null }>(
    `SELECT encode(sha256(string_agg(sealed || dek_wrap || digest || int4send(generation), '' ORDER BY tenant_id, secret_id, number)), 'hex')
       AS digest FROM control_plane.sealed_values`,
  );
  return row!.digest ?? "";
}

/** Calls a job's slices until it is done or stopped. */
export async function toItsEnd<J extends { state: string }>(slice: () => Promise<J>): Promise<J> {
  for (;;) {
    const job = await slice();
    if (job.state !== "running") return job;
  }
}
