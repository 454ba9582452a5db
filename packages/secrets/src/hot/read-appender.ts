import type { Query } from "@keyfold/db";
import { leafHash } from "@keyfold/ledger";
import { type AppendOutcome, unwritten } from "../audit/append.ts";
import { newBatchId } from "../audit/batch-id.ts";
import { KeyfoldError } from "../error.ts";
import { leavesOpen } from "../flow/database-error.ts";
import { Slots } from "../flow/slots.ts";
import { LastNumbers } from "./last-numbers.ts";
import {
  appendMany,
  appendOne,
  deadlineOf,
  type Outcomes,
  type ReadBatch,
  type ReadEvent,
} from "./read-batch.ts";

/** One read that waits for its event to be durable. */
interface Waiting extends ReadEvent {
  resolve(outcome: AppendOutcome): void;
  reject(error: unknown): void;
}

interface Batch extends ReadBatch {
  waiting: readonly Waiting[];
  /** Of those whose commit was lost together: why the look for one of them failed, and then there is none for the others. */
  lost?: { reason: KeyfoldError | null };
}

/** Answers "appended" where the batch is in its chain, else does `otherwise` while nobody else appends; see `unlessThere`. */
export type UnlessThere = <T>(
  chain: string,
  batch: string,
  otherwise: (query: Query) => Promise<T>,
) => Promise<T | "appended">;

/** What became of batches that were written. */
interface Done {
  told: { batch: Batch; outcome: AppendOutcome | KeyfoldError }[];
  /** What is to be tried again by itself, its chain still being kept from others. */
  again: Batch[];
}

/** Most events of one batch: a reader waits for its whole batch. */
const MOST_EVENTS = 512;
/** So many who wait go together, whoever comes after them. */
const CROWD = 32;
/** Most readers that are told in one turn of the event loop. */
const MOST_TOLD = 64;
/** Most tenants in one transaction. */
const MOST_CHAINS = 128;

/**
 * Group commit for reads. While one transaction is on its way to the disk, the reads that come in wait and share the
 * next one: one batch per tenant, one commit for all. Each read is told when its event is durable, or why it is not.
 */
export class ReadAppender {
  readonly #query: Query;
  readonly #unlessThere: UnlessThere;
  readonly #most: number;
  readonly #queues = new Map<string, Waiting[]>();
  readonly #busy = new Set<string>();
  readonly #alone: Slots;
  readonly #numbers = new LastNumbers();
  #running = 0;
  #planned = false;

  /**
   * @param unlessThere asked about batches whose commit was lost
   * @param most how many transactions may be on their way at once
   */
  constructor(query: Query, unlessThere: UnlessThere, most = 2) {
    this.#query = query;
    this.#unlessThere = unlessThere;
    this.#most = most;
    this.#alone = new Slots(most);
  }

  /**
   * @param epoch the tenant's epoch that the read was built on
   * @param deadline the earliest of all that bound the read
   * @throws KeyfoldError when the event could not be stored
   */
  append(chain: string, event: Buffer, epoch: bigint, deadline: Date | null): Promise<AppendOutcome> {
    return new Promise((resolve, reject) => {
      const waiting = { event, leaf: leafHash(event), epoch, deadline, resolve, reject };
      const queue = this.#queues.get(chain);
      if (queue === undefined) this.#queues.set(chain, [waiting]);
      else queue.push(waiting);
      this.#plan();
    });
  }

  // Once per turn of the event loop, so that the reads of one turn share a batch.
  #plan(): void {
    if (this.#planned || this.#running >= this.#most) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#flush();
    });
  }

  /** @param done what was written just now */
  #flush(done: Done["told"] = []): void {
    if (this.#running >= this.#most) return;
    const batches: Batch[] = [];
    const left: [chain: string, queue: Waiting[]][] = [];
    for (const [chain, queue] of this.#queues) {
      if (this.#busy.has(chain)) continue;
      batches.push({ chain, id: newBatchId(), waiting: takeBatch(queue, comingBack(done, chain, queue)) });
      this.#queues.delete(chain);
      if (queue.length > 0) left.push([chain, queue]);
      if (batches.length === MOST_CHAINS) break;
    }
    // Behind the other tenants that wait.
    for (const [chain, queue] of left) this.#queues.set(chain, queue);
    if (batches.length > 0) void this.#run(batches);
  }

  async #run(batches: readonly Batch[]): Promise<void> {
    this.#running++;
    for (const { chain } of batches) this.#busy.add(chain);
    const done = await this.#write(batches, false);
    this.#running--;
    this.#next(done);
    for (const batch of done.again) void this.#runAlone(batch);
  }

  /**
   * A batch whose chain somebody holds waits for it by itself, and so is one that was lost looked for: it keeps neither a
   * slot from the others nor their chains, and of such there are few at once, since each keeps a connection.
   */
  async #runAlone(batch: Batch): Promise<void> {
    await this.#alone.acquire();
    let left: readonly Batch[] = [batch];
    while (left.length > 0) {
      const done = await this.#write(left, true);
      left = done.again;
      if (left.length === 0) this.#alone.release();
      this.#next(done);
    }
  }

  /** First what waits for these chains is sent on its way, and then their readers are told, which takes longer. */
  #next({ told, again }: Done): void {
    for (const { batch } of told) this.#busy.delete(batch.chain);
    if (this.#queues.size > 0) this.#flush(told);
    for (const { batch, outcome } of told) tellInTurns(batch.waiting, outcome);
    if (again.length > 0 || this.#queues.size > 0) this.#plan();
  }

  /**
   * Writes batches, and answers whose readers are to be told what, and which are to be tried again by themselves.
   * @param wait for one batch whose chain somebody else holds
   */
  async #write(batches: readonly Batch[], wait: boolean): Promise<Done> {
    const told: Done["told"] = [];
    const again: Batch[] = [];
    let outcomes: Outcomes;
    try {
      outcomes =
        batches[0]!.lost === undefined
          ? await (batches.length === 1
              ? appendOne(this.#query, batches[0]!, wait, this.#numbers)
              : appendMany(this.#query, batches, this.#numbers))
          : await this.#find(batches[0]!, batches[0]!.lost);
    } catch (error) {
      const reason = error instanceof KeyfoldError ? error : unwritten(error);
      // What was looked for already, and is not to be found out, is told.
      if (!leavesOpen(error) || batches[0]!.lost !== undefined)
        return { told: batches.map((batch) => ({ batch, outcome: reason })), again };
      const lost = { reason: null };
      return { told, again: batches.map((batch) => ({ ...batch, lost })) };
    }
    for (const [index, batch] of batches.entries()) {
      const outcome = outcomes[index]!;
      if (outcome === "held") again.push(batch);
      else if (outcome !== "deadline") told.push({ batch, outcome });
      else {
        const rest = refusePast(batch.waiting);
        const { chain } = batch;
        if (rest.length > 0) again.push({ chain, id: newBatchId(), waiting: rest });
        else told.push({ batch: { ...batch, waiting: rest }, outcome });
      }
    }
    return { told, again };
  }

  /**
   * What became of a batch whose commit was lost. Whatever the answer, it is the last: what may still be on its way to the
   * server is judged as this is, or refused for its id.
   */
  async #find(batch: Batch, lost: NonNullable<Batch["lost"]>): Promise<Outcomes> {
    if (lost.reason !== null) throw lost.reason;
    try {
      const found = await this.#unlessThere(batch.chain, batch.id, (query) =>
        appendOne(query, batch, true, this.#numbers),
      );
      return found === "appended" ? [found] : found;
    } catch (error) {
      lost.reason = unwritten(error);
      throw lost.reason;
    }
  }
}

/**
 * Tells the readers of a batch, a few in each turn of the event loop: what the first do next, such as another read, is on its
 * way to the database while the others are told.
 */
function tellInTurns(waiting: readonly Waiting[], outcome: AppendOutcome | KeyfoldError): void {
  const failed = outcome instanceof KeyfoldError;
  const now = Math.min(waiting.length, MOST_TOLD);
  for (let i = 0; i < now; i++)
    if (failed) waiting[i]!.reject(outcome);
    else waiting[i]!.resolve(outcome);
  if (waiting.length > MOST_TOLD) setImmediate(() => tellInTurns(waiting.slice(MOST_TOLD), outcome));
}

/** Tells those whose deadline was the earliest that it has passed, and gives back the others: it was not theirs. */
function refusePast(waiting: readonly Waiting[]): Waiting[] {
  const first = deadlineOf(waiting)!.getTime();
  const rest: Waiting[] = [];
  for (const one of waiting) {
    if (one.deadline?.getTime() === first) one.resolve("deadline");
    else rest.push(one);
  }
  return rest;
}

/**
 * How many readers of a chain are told now, and so may ask again at once, where a crowd waits behind them.
 * @returns null for no crowd, and where nobody is given anything
 */
function comingBack(done: Done["told"], chain: string, queue: readonly Waiting[]): number | null {
  if (queue.length <= CROWD) return null;
  const last = done.find(({ batch }) => batch.chain === chain);
  return last?.outcome === "appended" ? last.batch.waiting.length : null;
}

/**
 * The first in line and those behind it that were built on the same epoch.
 *
 * Of a crowd, half of those who wait and those who are told now. Who was told together comes back together, so that batches of 100
 * and 28 would stay what they are; and while the large one is on its way to the disk this process has little to do, and while it
 * tells the large one the disk has nothing.
 * @param coming back of those who are told now; null: that is not known, and all who wait go
 */
function takeBatch(queue: Waiting[], coming: number | null): Waiting[] {
  const { epoch } = queue[0]!;
  const half = coming === null ? MOST_EVENTS : Math.ceil((queue.length + coming) / 2);
  const most = Math.min(MOST_EVENTS, queue.length, half);
  let end = 1;
  while (end < most && queue[end]!.epoch === epoch) end++;
  return queue.splice(0, end);
}
