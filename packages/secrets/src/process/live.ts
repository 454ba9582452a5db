import type { Transaction } from "@keyfold/db";
import { z } from "zod";
import { moment } from "../input/text.ts";

/** A process that has not reported for so long is gone, in milliseconds, by the database's clock. */
const GONE_MS = 120_000;

/** Processes that have not reported themselves since then are gone. @param ms how long that takes, in milliseconds */
export const liveSince = (now: Date, ms = GONE_MS): Date => new Date(now.getTime() - ms);

export const processView = z.object({
  id: z.uuid(),
  name: z.string().describe("The host's name and the process's id."),
  version: z.string(),
  region: z.string().nullable(),
  currentKey: z.string().describe("The root key that it wraps under."),
  otherKeys: z.array(z.string()).describe("Root keys that it only opens with."),
  runsJobs: z.boolean(),
  startedAt: moment,
  seenAt: moment.describe("When it last reported itself."),
});
export type ProcessView = z.infer<typeof processView>;

type DeploymentTransaction = Pick<Transaction, "sql" | "now">;

/** The processes that run now. */
export async function liveProcesses({ sql, now }: DeploymentTransaction): Promise<ProcessView[]> {
  const rows = await sql.processRow.findMany({
    where: { seenAt: { gte: liveSince(now) } },
    orderBy: [{ startedAt: "asc" }, { id: "asc" }],
  });
  return rows.map(({ startedAt, seenAt, ...row }) => ({
    ...row,
    startedAt: startedAt.toISOString(),
    seenAt: seenAt.toISOString(),
  }));
}

/**
 * Why a root key cannot be retired now: a process that runs still wraps under it. One that only opens with it (as the one
 * that retires it does) is not in the way.
 * @returns a sentence that names the process, or null
 */
export async function stillWrapsUnder(tx: DeploymentTransaction, opener: string): Promise<string | null> {
  const processes = (await liveProcesses(tx)).filter(({ currentKey }) => currentKey === opener);
  const [first] = processes;
  if (first === undefined) return null;
  const others = processes.length === 1 ? "" : ` (and ${processes.length - 1} more)`;
  return `The process ${first.name}${others}, last seen at ${first.seenAt}, still has ${opener} as its root key. Start it with the new one, or stop it: it counts as gone two minutes after it was last seen.`;
}
