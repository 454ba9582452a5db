import type { Terminal } from "../terminal.ts";
import { type JobOptions, runJob } from "./job.ts";

export function rotateTenant(
  terminal: Terminal,
  tenant: string | undefined,
  options: JobOptions,
): Promise<number> {
  const body = tenant === undefined ? {} : { tenant };
  return runJob(terminal, { path: "/keys/rotate-tenant", body, doing: "Rotating", options });
}
