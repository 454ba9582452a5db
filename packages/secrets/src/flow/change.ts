import { type Transaction, withTenant } from "@keyfold/db";
import { liveness } from "../access/actor.ts";
import { type AppendOutcome, append, type Query } from "../audit/append.ts";
import { KeyfoldError } from "../error.ts";
import { loadTenant } from "../tenant/store.ts";
import type { Call } from "./call.ts";
import { databaseError } from "./database-error.ts";
import { eventBytes, type Happening } from "./event.ts";
import { inTransaction } from "./query.ts";

/** A unit of work in one tenant: a transaction, and the events that commit with it. */
export interface Unit extends Transaction {
  readonly call: Call;
  readonly tenantId: string;
  readonly query: Query;
  /** Tells the audit log what happened; appended when the work is done, before the commit. */
  record(happening: Happening): void;
}

const ATTEMPTS = 4;

/**
 * Runs a change in one transaction of its tenant and, as its last statement, appends its events and raises the
 * tenant's epoch. If the events cannot be appended, nothing was changed. A change that lost a race runs again.
 * @param options.tenant "any": the work itself sees to whether the tenant exists
 * @throws KeyfoldError what the work throws; `unauthenticated` when the token ended meanwhile; the database's
 */
export async function change<T>(
  call: Call,
  tenantId: string,
  work: (unit: Unit) => Promise<T>,
  options: { tenant?: "live" | "any" } = {},
): Promise<T> {
  const { services, actor } = call;
  return again(() =>
    withTenant(services.db, tenantId, async (tx) => {
      const { unit, events } = begin(call, tenantId, tx);
      // A service token's tenant was authenticated with it; an operator can name any.
      if (actor.type === "operator" && options.tenant !== "any") await loadTenant(unit, tenantId);
      const result = await work(unit);
      if (events.length > 0) {
        const outcome = await append(unit.query, tenantId, events, {
          raise: true,
          deadline: actor.deadline,
          token: liveness(actor),
        });
        if (outcome !== "appended") throw unappended(outcome);
      }
      return result;
    }),
  );
}

/**
 * Runs a read of metadata in one transaction of its tenant, judged in its append: if rights, states or keys changed
 * while it read, it reads again; the last time it holds the chain's lock from the start.
 */
export async function look<T>(call: Call, tenantId: string, work: (unit: Unit) => Promise<T>): Promise<T> {
  const { services, actor } = call;
  for (let attempt = 1; ; attempt++) {
    const last = attempt === ATTEMPTS;
    const answer = await again(() =>
      withTenant(services.db, tenantId, async (tx): Promise<{ result: T } | "stale"> => {
        const { unit, events } = begin(call, tenantId, tx);
        if (last)
          await unit.query("SELECT pg_advisory_xact_lock(hashtextextended($1::uuid::text, 7))::text", [
            tenantId,
          ]);
        const [row] = await unit.query<{ epoch: bigint }>(
          "SELECT control_plane.epoch_of($1::uuid) AS epoch",
          [tenantId],
        );
        if (actor.type === "operator") await loadTenant(unit, tenantId);
        const result = await work(unit);
        const outcome = await append(unit.query, tenantId, events, {
          expectedEpoch: row!.epoch,
          deadline: actor.deadline,
          token: liveness(actor),
        });
        if (outcome === "epoch") return "stale";
        if (outcome !== "appended") throw unappended(outcome);
        return { result };
      }),
    );
    if (answer !== "stale") return answer.result;
    if (last) throw new KeyfoldError("conflict");
  }
}

function begin(call: Call, tenantId: string, tx: Transaction): { unit: Unit; events: Buffer[] } {
  const events: Buffer[] = [];
  const unit: Unit = {
    ...tx,
    call,
    tenantId,
    query: inTransaction(tx),
    record: (happening) => events.push(eventBytes(call, tenantId, happening)),
  };
  return { unit, events };
}

/** Why a judged event was not appended, as its caller hears it: the credential ended, or the tenant is no more. */
export function unappended(outcome: AppendOutcome): KeyfoldError {
  return new KeyfoldError(outcome === "gone" ? "not_found" : "unauthenticated");
}

/** Runs a transaction again when it lost a race, a few times; database errors come out as ours. */
export async function again<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run();
    } catch (error) {
      const ours = error instanceof KeyfoldError ? error : databaseError(error);
      if (ours?.code === "conflict" && attempt < ATTEMPTS) continue;
      throw ours ?? error;
    }
  }
}
