import { z } from "zod";
import { onDeployment } from "../flow/deployment-change.ts";
import { defineVerb } from "../flow/verb.ts";
import { iso } from "../input/stored.ts";
import { moment } from "../input/text.ts";
import { listJobRuns } from "../job/runs.ts";
import { liveProcesses, processView } from "./live.ts";

const jobView = z.object({
  name: z.string(),
  everySeconds: z.int(),
  startedAt: moment.nullable(),
  finishedAt: moment.nullable(),
  problem: z.string().nullable().describe("Why the last run ended early: the code of an error."),
  idleSeconds: z.number().describe("How long ago it last did something."),
  overdue: z.boolean().describe("Nobody runs it."),
});

const deploymentStatusInput = z.strictObject({});
const deploymentStatusOutput = z.object({
  database: z.object({ version: z.string().describe("PostgreSQL's own.") }),
  processes: z.array(processView).describe("The processes that run now, with their versions."),
  jobs: z.array(jobView),
  checkpoint: z
    .object({ at: moment, chains: z.int() })
    .nullable()
    .describe("The newest signed checkpoint over the audit log; null: none was made yet."),
});

/** Whether the deployment is well: its processes and their versions, its jobs, its newest checkpoint. */
export const deploymentStatus = defineVerb({
  action: "deployment.status",
  changes: false,
  summary: "Processes, versions, background jobs and the newest checkpoint",
  input: deploymentStatusInput,
  output: deploymentStatusOutput,
  async run(call) {
    const jobs = await listJobRuns(call.services);
    return onDeployment(call, async (unit) => {
      const [database] = await unit.query<{ version: string }>(
        "SELECT current_setting('server_version') AS version",
        [],
      );
      const last = await unit.sql.checkpoint.findFirst({
        orderBy: [{ log: "desc" }, { number: "desc" }],
        select: { madeAt: true, chains: true },
      });
      const processes = await liveProcesses(unit);
      unit.record({ target: null, details: { processes: processes.length, jobs: jobs.length } });
      return {
        database: { version: database!.version.split(" ")[0]! },
        processes,
        jobs: jobs.map((job) => ({ ...job, startedAt: iso(job.startedAt), finishedAt: iso(job.finishedAt) })),
        checkpoint: last === null ? null : { at: last.madeAt.toISOString(), chains: last.chains },
      };
    });
  },
});
