import { randomUUID } from "node:crypto";
import type { JobActor } from "../access/actor.ts";
import { authorize } from "../access/authorize.ts";
import { asKeyfoldError, describeCause } from "../error.ts";
import type { Call } from "../flow/call.ts";
import { databaseError } from "../flow/database-error.ts";
import type { Services } from "../flow/services.ts";
import { parseInput } from "../flow/verb.ts";
import type { Job } from "./define.ts";
import { jobs } from "./jobs.ts";
import { note } from "./runs.ts";

/** A background job, to be run by a host's scheduler. */
export interface RunnableJob {
  readonly name: string;
  readonly everySeconds: number;
  /**
   * Runs it to its end, or until the signal; notes when it ran. To run it in two places at once is wasteful and does no
   * harm. What fails is told to the log.
   * @throws KeyfoldError with nothing of what was worked on in it
   */
  run(signal?: AbortSignal): Promise<void>;
}

/** The jobs as a scheduler runs them, each in the deployment's own name. */
export const runnableJobs = (services: Services, table: readonly Job[] = jobs): RunnableJob[] =>
  table.map((job) => ({
    name: job.name,
    everySeconds: job.everySeconds,
    run: (signal = new AbortController().signal) => runJob(services, job, signal),
  }));

async function runJob(services: Services, job: Job, signal: AbortSignal): Promise<void> {
  try {
    await note(services, job, "started");
    for (let goingOn = false; !signal.aborted; goingOn = true) {
      const outcome = await job.run(runOf(services, job, signal, goingOn));
      if (outcome === "done") return await note(services, job, "finished");
      await note(services, job, "worked");
    }
  } catch (error) {
    const ours = asKeyfoldError(databaseError(error) ?? error);
    services.log.error(
      { code: ours.code, action: job.name, cause: describeCause(ours.cause) },
      "a background job failed",
    );
    await note(services, job, "failed", ours.code).catch(() => {});
    throw ours;
  }
}

function runOf(services: Services, job: Job, signal: AbortSignal, goingOn: boolean) {
  const actor: JobActor = {
    type: "job",
    id: job.name,
    name: job.name,
    via: "job",
    session: null,
    deadline: null,
    actions: job.actions,
  };
  const request = { credential: null, ip: null, userAgent: null, correlationId: randomUUID() };
  const call = (action: Call["action"]): Call => {
    authorize(actor, action);
    return { services, actor, action, request };
  };
  const run: Parameters<Job["run"]>[0] = {
    services,
    signal,
    again: goingOn,
    call,
    async perform(verb, input) {
      return verb.output.parse(await verb.run(call(verb.action), parseInput(verb.input, input)));
    },
  };
  return run;
}
