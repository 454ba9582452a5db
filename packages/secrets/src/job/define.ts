import type { z } from "zod";
import type { Action } from "../access/actions.ts";
import type { Call } from "../flow/call.ts";
import type { Services } from "../flow/services.ts";
import type { Verb } from "../flow/verb.ts";

/** What one run of a job works with. */
export interface JobRun {
  readonly services: Services;
  /** Aborted when the process stops, or another one has taken the run over: end soon, what is left is the next run's. */
  readonly signal: AbortSignal;
  /** Whether this goes on with a run that answered "more". */
  readonly again: boolean;
  /** A call as this job: for `change`, `look` and `onDeployment`. @throws KeyfoldError `forbidden` */
  call(action: Action): Call;
  /** Runs a verb as this job. @throws KeyfoldError */
  perform<I extends z.ZodType, O extends z.ZodType>(
    verb: Verb<I, O>,
    input: z.input<I>,
  ): Promise<z.output<O>>;
}

/** Work that the deployment does by itself, every so often, in one process at a time. */
export interface Job {
  /** Its name in the log, the metrics and the audit log: noun and deed, such as "sessions.clean". */
  readonly name: string;
  /** How often it runs, in seconds; from 1. A run that takes longer is not joined by another. */
  readonly everySeconds: number;
  /** Whether it runs in every region: what it touches is not replicated. Else only where the deployment began. */
  readonly everyRegion?: boolean;
  /** What it may do: of what operators may. Nothing where it only tidies. */
  readonly actions: readonly Action[];
  /**
   * Does a part of the work, for a few seconds at most; "more" to be called again at once. What it leaves must be found by
   * the next call, whoever makes it: the process may be killed at any moment.
   */
  run(run: JobRun): Promise<"more" | "done">;
}

/** A job with its types checked where it is written. */
export function defineJob(job: Job): Job {
  return job;
}
