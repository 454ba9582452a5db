import { KeyfoldError } from "../error.ts";
import { changeSql, type Unit } from "../flow/change.ts";
import { tenantOf } from "../flow/tenant-of.ts";
import { defineVerb } from "../flow/verb.ts";
import { endIfMoved } from "../grace/over.ts";
import { loadSecret } from "../secret/load.ts";
import type { SecretRow } from "../secret/rows.ts";
import { ANONYMOUS_LEASE_SECONDS, MOST_INSTANCES } from "./lease.ts";
import { ackInput, ackOutput } from "./schema.ts";
import { allHaveMoved } from "./waiting.ts";

/**
 * An instance's word that its application uses a version now. Who it speaks for is its token's consumer, and nobody
 * else's. Said again, it lengthens the instance's lease and tells the audit log nothing new.
 */
export const ackConsumer = defineVerb({
  action: "consumer.ack",
  changes: true,
  summary: "Acknowledge that this consumer uses a version now",
  input: ackInput,
  output: ackOutput,
  async run(call, input) {
    const tenantId = await tenantOf(call, input.tenant);
    const { actor, request } = call;
    if (actor.type !== "service_token") throw new KeyfoldError("forbidden");
    const { name: consumer, kind } = actor.consumer;
    const instance = input.instance ?? request.instance ?? "";
    let ended = false;
    return changeSql(
      call,
      tenantId,
      async (unit) => {
        const { secret, version } = await loadSecret(call, unit.query, tenantId, input, {
          number: input.version,
        });
        if (version === null) throw new KeyfoldError("not_found");
        if (version.state === "pending") throw new KeyfoldError("version_pending");
        const seconds =
          instance === "" && input.leaseSeconds > 0 ? ANONYMOUS_LEASE_SECONDS : input.leaseSeconds;
        const leaseUntil = new Date(unit.now.getTime() + seconds * 1000);
        const [before] = await unit.query<{ applied_version: number | null }>(
          `SELECT i.applied_version FROM control_plane.consumer_instances i
            WHERE i.tenant_id = $1::uuid AND i.secret_id = $2::uuid AND i.consumer = $3 AND i.instance = $4 FOR UPDATE`,
          [tenantId, secret.id, consumer, instance],
        );
        if (before === undefined && instance !== "") await refuseTooMany(unit, secret.id, consumer);
        await unit.query(UPSERT, [
          tenantId,
          secret.id,
          consumer,
          kind,
          instance,
          input.version,
          unit.now,
          leaseUntil,
        ]);
        if (before?.applied_version !== input.version)
          unit.record({
            target: { type: "secret", id: secret.id, name: secret.name, version: input.version },
            details: { consumer, instance: instance === "" ? null : instance },
          });
        ended = await endGracesLeft(unit, secret);
        return {
          secretId: secret.id,
          consumer,
          instance: instance === "" ? null : instance,
          version: input.version,
          leaseUntil: leaseUntil.toISOString(),
          currentVersion: secret.currentVersion,
        };
      },
      // Unless it was the last one to move, nothing that a read rests on has changed.
      { raise: () => ended },
    );
  },
});

/** What a process calls itself is its own to say: without a bound one token could fill the table, and every look at it. */
async function refuseTooMany(unit: Unit, secretId: string, consumer: string): Promise<void> {
  const [row] = await unit.query<{ n: number }>(
    `SELECT count(*)::int AS n FROM control_plane.consumer_instances i
      WHERE i.tenant_id = $1::uuid AND i.secret_id = $2::uuid AND i.consumer = $3`,
    [unit.tenantId, secretId, consumer],
  );
  if (row!.n >= MOST_INSTANCES)
    throw new KeyfoldError("illegal_state", {
      sentence: `This consumer has ${MOST_INSTANCES} instances already. Keep the name of each while it runs, or acknowledge without one.`,
    });
}

/** Where a secret's graces end by acknowledgement, this may have been the last one that was waited for. */
async function endGracesLeft(unit: Unit, secret: SecretRow): Promise<boolean> {
  if (secret.gracePolicy !== "acknowledgement") return false;
  const graces = await unit.query<{ number: number }>(
    `SELECT v.number FROM control_plane.versions v
      WHERE v.tenant_id = $1::uuid AND v.secret_id = $2::uuid AND v.state = 'grace' ORDER BY v.number`,
    [unit.tenantId, secret.id],
  );
  let ended = false;
  // Asked first without the secret's lock, for which a thousand instances would otherwise stand in line.
  for (const { number } of graces)
    if ((await allHaveMoved(unit, secret.id, number)) && (await endIfMoved(unit, secret.id, number)))
      ended = true;
  return ended;
}

const UPSERT = `
  WITH c AS (
    INSERT INTO control_plane.consumers (tenant_id, secret_id, name, kind, declared_at, declared_by)
      VALUES ($1::uuid, $2::uuid, $3, $4, NULL, NULL) ON CONFLICT DO NOTHING)
  INSERT INTO control_plane.consumer_instances AS i
      (tenant_id, secret_id, consumer, instance, applied_version, applied_at, lease_until)
    VALUES ($1::uuid, $2::uuid, $3, $5, $6::int, $7, $8)
  ON CONFLICT (tenant_id, secret_id, consumer, instance) DO UPDATE
    SET applied_version = excluded.applied_version, applied_at = excluded.applied_at, lease_until = excluded.lease_until`;
