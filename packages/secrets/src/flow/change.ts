import { type SqlTransaction, type Transaction, withTenant, withTenantSql } from "@keyfold/db";
import { ACTIONS } from "../access/actions.ts";
import { liveness, standsByEpoch } from "../access/actor.ts";
import { type AppendOutcome, append, type Told, toldNobody } from "../audit/append.ts";
import { type Ends, holdChain, settled } from "../audit/lost-commit.ts";
import { KeyfoldError } from "../error.ts";
import type { Refusal } from "../journal/journal.ts";
import { memberStands } from "../member/stands.ts";
import { formatMessageId } from "../message/id.ts";
import type { NewMessage } from "../message/tell.ts";
import { loadTenant } from "../tenant/store.ts";
import { ATTEMPTS, again } from "./again.ts";
import type { Call } from "./call.ts";
import { eventBytes, type Happening } from "./event.ts";
import type { Services } from "./services.ts";

/** A unit of work in one tenant: a transaction, and the events that commit with it. */
export interface Unit extends SqlTransaction {
  readonly call: Call;
  readonly tenantId: string;
  /** Whether others share the transaction, and so may share statements. */
  readonly shared: boolean;
  /** Tells the audit log what happened; appended when the work is done, before the commit. */
  record(happening: Happening): void;
  /** What the tenant's consumers are told of this, written with the events; see `tell` (message/tell.ts). Answers its id. */
  tell(message: NewMessage): string;
  /** What another chain was told, for the journal; see `tellDeployment`. */
  refused(told: { chain: string; batch: string; happening: Happening }): void;
}

/** A unit of work that has Prisma besides plain SQL: for all that is not called all day. */
export type PrismaUnit = Unit & Transaction;

type Door<Tx> = <T>(db: Services["db"], tenantId: string, work: (tx: Tx) => Promise<T>) => Promise<T>;

/**
 * Runs a change in one transaction of its tenant and, as its last statement, appends its events and raises the
 * tenant's epoch. If the events cannot be appended, nothing was changed. A change that lost a race runs again.
 * @param options.tenant "any": the work itself sees to whether the tenant exists
 * @param options.endsItself the work ends the very token that it is done with, which is not alive after it
 * @param options.attempts how often it is tried in all, where it loses races
 * @param options.raise false: nothing that anybody remembers becomes wrong by this, and so the epoch stays
 * @throws KeyfoldError what the work throws; `unauthenticated` when the token ended meanwhile; the database's
 */
export const change = changeThrough<Transaction>(withTenant);

/** `change` in plain SQL. */
export const changeSql = changeThrough<SqlTransaction>(withTenantSql);

/**
 * Runs a read of metadata in one transaction of its tenant, judged in its append: if rights, states or keys changed
 * while it read, it reads again; the last time it holds the chain's lock from the start.
 * @param options.tenant "any": the work itself sees to whether the tenant exists
 */
export const look = lookThrough<Transaction>(withTenant);

/** `look` in plain SQL. */
export const lookSql = lookThrough<SqlTransaction>(withTenantSql);

function changeThrough<Tx extends SqlTransaction>(door: Door<Tx>) {
  return async function change<T>(
    call: Call,
    tenantId: string,
    work: (unit: Unit & Tx) => Promise<T>,
    options: {
      tenant?: "live" | "any";
      endsItself?: boolean;
      raise?: boolean | (() => boolean);
      attempts?: number;
    } = {},
  ): Promise<T> {
    const { services, actor } = call;
    const transact = (ends: Ends<{ result: T; refusals: readonly Refusal[] }>) =>
      door(services.db, tenantId, async (tx) => {
        const { unit, events, told, refusals } = begin(call, tenantId, tx);
        // A service token's tenant is looked at with it in the append; an operator can name any, and a person's may be gone.
        if (actor.type !== "service_token" && options.tenant !== "any") await loadTenant(unit, tenantId);
        await memberStands(unit.query, actor, true);
        const result = await work(unit);
        if (events.length > 0) {
          const raise = typeof options.raise === "function" ? options.raise() : (options.raise ?? true);
          const judge = {
            raise,
            deadline: actor.deadline,
            token: options.endsItself ? null : liveness(actor),
          };
          const outcome = await append(unit.query, tenantId, events, judge, told);
          if (outcome !== "appended") throw unappended(outcome);
          // A raised epoch is told to whoever listens; where it stays, messages are told of by themselves.
          if (!raise && told.messages.length > 0) await unit.query(NOTIFY, [tenantId]);
        }
        const changed = { result, refusals };
        return events.length > 0 ? ends(tenantId, told.batch, changed) : changed;
      });
    const changed = await again(() => settled(services.db, transact), options.attempts);
    await services.journal?.note(changed.refusals);
    return changed.result;
  };
}

const NOTIFY =
  "SELECT pg_notify('keyfold_epoch', $1::uuid::text || ' ' || control_plane.epoch_of($1::uuid)::text)::text";

function lookThrough<Tx extends SqlTransaction>(door: Door<Tx>) {
  return async function look<T>(
    call: Call,
    tenantId: string,
    work: (unit: Unit & Tx) => Promise<T>,
    options: { tenant?: "live" | "any" } = {},
  ): Promise<T> {
    const { services, actor } = call;
    for (let attempt = 1; ; attempt++) {
      const last = attempt === ATTEMPTS;
      const transact = (ends: Ends<Looked<T> | "stale">) =>
        door(services.db, tenantId, async (tx): Promise<Looked<T> | "stale"> => {
          const { unit, events, told } = begin(call, tenantId, tx);
          if (last) await holdChain(unit.query, tenantId);
          const [row] = await unit.query<{ epoch: bigint | string }>(
            "SELECT control_plane.epoch_of($1::uuid) AS epoch",
            [tenantId],
          );
          if (actor.type !== "service_token" && options.tenant !== "any") await loadTenant(unit, tenantId);
          await memberStands(unit.query, actor, false);
          const result = await work(unit);
          const epoch = BigInt(row!.epoch);
          // The epoch says that the token still lives: its event shares a commit with others', and holds no lock here.
          if (!last && events.length === 1 && standsByEpoch(actor, epoch))
            return { result, event: events[0]!, epoch };
          const outcome = await append(
            unit.query,
            tenantId,
            events,
            {
              expectedEpoch: epoch,
              deadline: actor.deadline,
              token: liveness(actor),
            },
            told,
          );
          if (outcome === "epoch") return "stale";
          if (outcome !== "appended") throw unappended(outcome);
          return ends(tenantId, told.batch, { result });
        });
      const answer = await again(() => settled(services.db, transact));
      if (answer !== "stale") {
        const { result, event, epoch } = answer;
        if (event === undefined) return result;
        const outcome = await services.hot.appender.append(tenantId, event, epoch, actor.deadline);
        if (outcome === "appended") return result;
        if (outcome !== "epoch") throw unappended(outcome);
      }
      if (last) throw new KeyfoldError("conflict");
    }
  };
}

/** What a look found; with an event that is still to be appended, and the epoch to judge it by. */
type Looked<T> =
  | { result: T; event?: undefined; epoch?: undefined }
  | { result: T; event: Buffer; epoch: bigint };

/** What units of work that share a transaction leave behind, to be appended at its end. */
export interface Left {
  events: Buffer[];
  told: Told & { messages: NewMessage[] };
  refusals: Refusal[];
}

/** A transaction's events, messages and refusals before anything was recorded. */
export const nothingLeft = (): Left => ({
  events: [],
  told: toldNobody(),
  refusals: [],
});

export function begin<Tx extends SqlTransaction>(
  call: Call,
  tenantId: string,
  tx: Tx,
  left: Left | null = null,
): Left & { unit: Unit & Tx } {
  const { events, told, refusals } = left ?? nothingLeft();
  const unit = {
    ...tx,
    call,
    tenantId,
    shared: left !== null,
    record(happening: Happening) {
      events.push(eventBytes(call, tenantId, happening));
      refusals.push(refusalOf(call, tenantId, told.batch, happening));
    },
    refused: (other: { chain: string; batch: string; happening: Happening }) =>
      void refusals.push(refusalOf(call, other.chain, other.batch, other.happening)),
    tell: (message: NewMessage) => formatMessageId(told.batch, told.messages.push(message)),
  };
  return { unit, events, told, refusals };
}

const refusalOf = (call: Call, chain: string, batch: string, happening: Happening): Refusal => ({
  chain,
  batch,
  action: happening.action ?? ACTIONS[call.action].event,
  target: happening.target,
});

/** Why a judged event was not appended, as its caller hears it: the credential ended, or the tenant is no more. */
export function unappended(outcome: AppendOutcome): KeyfoldError {
  return new KeyfoldError(outcome === "gone" ? "not_found" : "unauthenticated");
}
