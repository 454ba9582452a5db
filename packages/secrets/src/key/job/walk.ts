import { setTimeout as delay } from "node:timers/promises";
import { asKeyfoldError, describeCause, type ErrorCode } from "../../error.ts";
import { databaseError } from "../../flow/database-error.ts";
import type { Services } from "../../flow/services.ts";
import { Slots } from "../../flow/slots.ts";
import { OwnKeyUnavailable } from "../opener/own-key.ts";
import type { Pacing } from "../schema.ts";

/** What a walk over tenants came to. */
export interface Walked {
  /** Keys that were worked on. */
  keys: number;
  seconds: number;
  /** Whether it came to the end of what there is, and not only of its time. */
  ended: boolean;
  /** Tenants whose keys could not be worked on; the walk went on. */
  failed: { tenant: string; code: ErrorCode }[];
  /** What ended the walk before its time: nobody would fare better until it is mended. */
  stoppedBy: ErrorCode | null;
}

export interface Walk extends Pacing {
  /** The next tenants, at most so many. */
  next(limit: number): Promise<string[]>;
  /** Works on one tenant's keys; answers how many, and whether it is to be called again for more of the same tenant's. */
  each(tenant: string, slot: Slot): Promise<number | { keys: number; more: boolean }>;
  /** Called after each lot of tenants of which none failed. */
  lotDone?(last: string, keys: number): Promise<void>;
  /** Tenants at once; 32 when left out. */
  atOnce?: number;
  /** Whether one tenant that fails ends the walk after its lot. */
  stopOnFailure?: boolean;
}

/** Runs what needs a connection, a few at once. */
export type Slot = <T>(work: () => Promise<T>) => Promise<T>;

/** Tenants that are worked on together; between two lots a walk looks at the time. */
const LOT = 128;
/** Tenants at once: what hides a key service's latency. */
const AT_ONCE = 32;
/** Connections at once: the pool's others are for whoever reads secrets meanwhile. */
const CONNECTIONS = 4;

/** Failures of one tenant's own; every other one ends the walk. */
const OF_ONE: ReadonlySet<ErrorCode> = new Set(["decryption_failed", "integrity_failed", "illegal_state"]);

/** Walks over tenants for a while, many at once. A tenant that is gone by the time it is its turn counts nothing. */
export async function walkTenants(services: Services, walk: Walk): Promise<Walked> {
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  const walked: Walked = { keys: 0, seconds: 0, ended: false, failed: [], stoppedBy: null };
  const slot = atMost(CONNECTIONS);
  const perSecond = walk.perSecond ?? Number.POSITIVE_INFINITY;
  // A lot that is held back to its rate must end about in time, too.
  const lot = Math.max(1, Math.min(LOT, Math.floor((perSecond * walk.forSeconds) / 2)));
  do {
    const tenants = await walk.next(lot);
    if (tenants.length === 0) {
      walked.ended = true;
      break;
    }
    const before = walked.keys;
    const failures = walked.failed.length;
    const queue = tenants.values();
    const work = async () => {
      for (const tenant of queue) {
        if (walked.stoppedBy !== null) return;
        try {
          for (let more = true; more && walked.stoppedBy === null; ) {
            const ahead = walked.keys / perSecond - seconds();
            if (ahead > 0) await delay(ahead * 1000);
            const did = await walk.each(tenant, slot);
            walked.keys += typeof did === "number" ? did : did.keys;
            more = typeof did !== "number" && did.more && seconds() < walk.forSeconds;
          }
        } catch (error) {
          const { code, cause } = asKeyfoldError(databaseError(error) ?? error);
          if (code === "not_found") continue;
          services.log.error({ code, tenant, cause: describeCause(cause) }, "a tenant's keys failed");
          if (!OF_ONE.has(code) && !(error instanceof OwnKeyUnavailable)) walked.stoppedBy ??= code;
          else walked.failed.push({ tenant, code });
        }
      }
    };
    await Promise.all(Array.from({ length: Math.min(walk.atOnce ?? AT_ONCE, tenants.length) }, work));
    if (walked.stoppedBy === null && walked.failed.length === failures)
      await walk.lotDone?.(tenants.at(-1)!, walked.keys - before);
    else if (walk.stopOnFailure) break;
  } while (walked.stoppedBy === null && seconds() < walk.forSeconds);
  walked.seconds = seconds();
  return walked;
}

/**
 * One tenant's turn in a walk that finds again what is left to do. What was lost to others again and again is no failure:
 * the turn goes on, and where there is no time left for it, comes again.
 */
export async function turnOf<T>(work: () => Promise<T>): Promise<T | { keys: number; more: boolean }> {
  try {
    return await work();
  } catch (error) {
    const { code } = asKeyfoldError(databaseError(error) ?? error);
    if (code === "conflict") return { keys: 0, more: true };
    throw error;
  }
}

function atMost(limit: number): Slot {
  const slots = new Slots(limit);
  return async (work) => {
    await slots.acquire();
    try {
      return await work();
    } finally {
      slots.release();
    }
  };
}
